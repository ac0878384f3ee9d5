"""A chart of plain characters, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ROWS, _MOST_COLUMNS, _FEWEST_COLUMNS = 11, 100, 20
_LABELLED = 5  # every so many rows
_VALUE, _LINE, _MISSING = "o", ".", "x"


def chart(
    times: Sequence[float],
    values: Sequence[float | None],
    line: Sequence[float | None],
    labels: tuple[str, str],
    width: int,
) -> list[str]:
    """Return the rows of a chart: o a value, . the line, x at the bottom a missing value.

    Parameters
    ----------
    times, values, line
        One number a raster each, (N,); None where missing.
    labels
        What stands below the first and the last time.
    width
        Columns of the terminal.
    """
    known = [number for number in (*values, *line) if number is not None]
    if not known or times[-1] <= times[0]:
        return []
    low, high = min(known), max(known)
    if low == high:
        low, high = low - (abs(low) or 1.0) / 2, high + (abs(high) or 1.0) / 2
    scale = [
        "" if row % _LABELLED else f"{high - (high - low) * row / (_ROWS - 1):.4g}"
        for row in range(_ROWS)
    ]
    margin = max(map(len, scale))
    columns = max(_FEWEST_COLUMNS, min(_MOST_COLUMNS, width - margin - 3))
    cells = [[" "] * columns for _ in range(_ROWS + 1)]

    def at(time: float) -> int:
        return round((time - times[0]) / (times[-1] - times[0]) * (columns - 1))

    def down(number: float) -> int:
        return round((high - number) / (high - low) * (_ROWS - 1))

    for column, number in _between(times, line, columns):
        cells[down(number)][column] = _LINE
    for time, value in zip(times, values, strict=True):
        if value is None:
            cells[_ROWS][at(time)] = _MISSING
    for time, value in zip(times, values, strict=True):
        if value is not None:
            cells[down(value)][at(time)] = _VALUE
    rows = [f"{label:>{margin}} |{''.join(cells[row]).rstrip()}" for row, label in enumerate(scale)]
    missing = "".join(cells[_ROWS]).rstrip()
    first, last = labels
    below = f"{first}{' ' * max(1, columns - len(first) - len(last))}{last}"
    axis = " " * margin + " +" + "-" * columns
    return [
        *rows,
        axis,
        *([f"{'':{margin}}  {missing}"] if missing else []),
        f"{'':{margin}}  {below}",
    ]


def _between(
    times: Sequence[float], line: Sequence[float | None], columns: int
) -> Iterator[tuple[int, float]]:
    """Yield a line in each column, from its first to its last point."""
    known = [(time, number) for time, number in zip(times, line, strict=True) if number is not None]
    if len(known) < 2:  # noqa: PLR2004 - two points make a line
        return
    (start, first), (stop, last) = known[0], known[-1]
    for column in range(columns):
        time = times[0] + (times[-1] - times[0]) * column / (columns - 1)
        if start <= time <= stop:
            yield column, first + (last - first) * (time - start) / (stop - start)
