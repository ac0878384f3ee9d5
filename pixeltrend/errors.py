"""What can go wrong, as one family of exceptions, without keys and passwords in what they say."""

from __future__ import annotations

import re

# An address ends at a space, a quote, or the brace that GDAL puts around an archive's path.
_ADDRESS = re.compile(
    r"(?:(?<![\w/])/vsicurl/)?(?P<scheme>https?://)(?:[^\s/@'\"}]*@)?(?P<place>[^\s?'\"}]*)"
    r"(?P<query>\?[^\s'\"}]*?)?(?P<rest>[:,;)]*)(?=[\s'\"}]|$)",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """Return the text without the queries and passwords of its addresses, which may hold keys."""
    return _ADDRESS.sub(_cut, text)


def _cut(match: re.Match[str]) -> str:
    query = "?..." if match["query"] else ""
    return f"{match['scheme']}{match['place']}{query}{match['rest']}"


class PixelTrendError(Exception):
    """Base of every error that pixeltrend raises on purpose: one clear line."""

    def __init__(self, *parts: object) -> None:
        super().__init__(*(redact(part) if isinstance(part, str) else part for part in parts))


class ArgumentError(PixelTrendError, ValueError):
    """A parameter has a value that makes no sense, whatever the inputs are."""


class InputError(PixelTrendError):
    """The inputs are refused: not found, not dated, not on one grid, not readable as rasters."""

    def __init__(self, problem: str, others: tuple[str, ...] = ()) -> None:
        self.problem = redact(problem)
        self.others = tuple(map(redact, others))
        super().__init__(self.problem, self.others)

    def __str__(self) -> str:
        if not self.others:
            return self.problem
        return f"{self.problem} (and {len(self.others)} more: `pixeltrend check` lists them)"


class ReadError(PixelTrendError):
    """An input passed the checks, but its pixels could not be read."""


class OutputError(PixelTrendError):
    """The output could not be written; an older output is still there."""


class WorkerError(PixelTrendError):
    """A worker process died."""


# What a worker that was killed most likely died of.
OUT_OF_MEMORY = (
    "; the system kills what takes too much memory: fewer --workers or less --memory may help"
)


class FunctionError(PixelTrendError):
    """A user's function raised, or what it returned is not a result."""


class CancelledError(PixelTrendError):
    """The caller cancelled the run."""


class MissingDependencyError(PixelTrendError, ImportError):
    """A package that this job needs is not installed."""
