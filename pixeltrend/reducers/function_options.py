"""FunctionOptions: how to call a user's function. Loads no NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pixeltrend.errors import ArgumentError
from pixeltrend.options import check_choices, option

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class FunctionOptions:
    """How to call a user's function, and what it returns."""

    bands: tuple[str, ...] | None = option(
        None,
        "Names of the function's results; of a result with field names, the fields to write, which "
        "NAME=FIELD renames.  [default: call it once and see]",
        group="Function",
        metavar="NAME[=FIELD],...",
    )
    arguments: Mapping[str, Any] | None = option(
        None,
        "Keyword argument of the function. Repeat the option for more.",
        group="Function",
        metavar="NAME=VALUE",
    )
    vectorized: bool = option(
        False,
        "The function takes times (N,) and values (N, P), NaN where missing, and returns (P,) or "
        "(bands, P).",
        group="Function",
    )
    min_valid: int = option(1, "Pixels with fewer values get NaN.", group="Function", metavar="N")
    on_error: str = option(
        "raise",
        "What to do when the function raises: end the run, or record NaN and count it.",
        group="Function",
        choices=("raise", "nan"),
    )

    def __post_init__(self) -> None:
        check_choices(self)
        if self.min_valid < 0:
            raise ArgumentError(f"min_valid {self.min_valid}: must not be negative")
        if self.bands is not None:
            bands: Any = self.bands
            names = bands.split(",") if isinstance(bands, str) else bands
            object.__setattr__(self, "bands", tuple(name.replace(" ", "") for name in names))
            self._check_bands()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the bands, if they are given."""
        return tuple(band.partition("=")[0] for band in self.bands or ())

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields of the function's result that the bands are; empty if it needs no fields."""
        pairs = [band.partition("=") for band in self.bands or ()]
        if not any(equals for _, equals, _ in pairs):
            return ()
        return tuple(field if equals else name for name, equals, field in pairs)

    def _check_bands(self) -> None:
        names = self.names
        if not names or len(set(names)) < len(names) or not all((*names, *self.fields)):
            text = ",".join(self.bands or ())
            raise ArgumentError(f"bands {text!r}: every band needs a name of its own")
