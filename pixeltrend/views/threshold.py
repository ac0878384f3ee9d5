"""Threshold: a condition on a band, such as ``pvalue<0.05``, that pixels meet or not."""

from __future__ import annotations

import math
import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import ArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HOLDS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
_OPPOSITE = {"<": "≥", "<=": ">", ">": "≤", ">=": "<", "=": "≠", "!=": "="}
_SIGNS = {"<=": "≤", ">=": "≥", "!=": "≠"}
_CONDITION = re.compile(r"\s*(?P<band>.*?)\s*(?P<sign><=|>=|!=|==|<|>|=)\s*(?P<number>\S+)\s*")


@dataclass(frozen=True, slots=True)
class Threshold:
    """A condition on one band. A missing value does not meet it."""

    band: str
    """The description of the band, or its number, from 1."""
    sign: str
    """One of < <= > >= = !=."""
    number: float
    """What its values are compared with."""

    @classmethod
    def parse(cls, text: str) -> Threshold:
        """Return the condition that a text says.

        Raises
        ------
        ArgumentError
            It says none.
        """
        match = _CONDITION.fullmatch(text)
        try:
            number = float(match["number"]) if match and match["band"] else math.nan
        except ValueError:
            number = math.nan
        if match is None or math.isnan(number):
            raise ArgumentError(
                f"where {text!r}: expected a band, one of {' '.join(_HOLDS)}, and a number, such "
                "as 'pvalue<0.05'"
            )
        return cls(match["band"], match["sign"].replace("==", "="), number)

    def holds(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return where values meet the condition; a missing one, which is NaN, never does."""
        met = _HOLDS[self.sign](values, self.number)
        if self.sign == "!=":  # which NaN meets
            met &= ~(np.isnan(values))
        return met

    def __str__(self) -> str:
        return f"{self.band} {_SIGNS.get(self.sign, self.sign)} {self.number:g}"

    @property
    def opposite(self) -> str:
        """What holds, as text, where the condition does not and no value is missing."""
        return f"{self.band} {_OPPOSITE[self.sign]} {self.number:g}"
