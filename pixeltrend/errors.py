"""What can go wrong, as one family of exceptions, without keys and passwords in what they say."""

from pixeltrend.hiding import hidden


class PixelTrendError(Exception):
    """Base of every error that pixeltrend raises on purpose: one clear line."""

    def __init__(self, *said: object) -> None:
        super().__init__(*(hidden(its) if isinstance(its, str) else its for its in said))


class ArgumentError(PixelTrendError, ValueError):
    """A parameter has a value that makes no sense, whatever the inputs are."""


class InputError(PixelTrendError):
    """The inputs are refused: not found, not dated, not on one grid, not readable as rasters."""

    def __init__(self, problem: str, others: tuple[str, ...] = ()) -> None:
        self.problem = hidden(problem)
        self.others = tuple(map(hidden, others))
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


class FunctionError(PixelTrendError):
    """A user's function raised, or gave what is no result."""


class CancelledError(PixelTrendError):
    """The caller cancelled the run."""


class MissingDependencyError(PixelTrendError, ImportError):
    """A package that this job needs is not installed."""
