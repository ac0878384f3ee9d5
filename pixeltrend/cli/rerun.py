"""--update: whether there is nothing to do, found out before NumPy and GDAL are loaded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pixeltrend.cli.exits import say, show
from pixeltrend.options import from_keywords
from pixeltrend.raster.output import OutputOptions
from pixeltrend.reducers.composite_options import CompositeOptions
from pixeltrend.series.options import InputOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def is_current(
    patterns: Sequence[str],
    output: str,
    settings: Mapping[str, Any],
    others: Mapping[str, Any],
    *,
    quiet: bool,
) -> bool:
    """Return whether an output is what this run would make, and say so, or why it is not.

    Parameters
    ----------
    patterns, output
        As for `slope`.
    settings
        What the command was given: `as_json`, and the fields of the dataclasses of options.
    others
        ``options``, the dataclass of the method's options; and ``function``, the name of a user's.
    quiet
        Whether only warnings and errors are said.
    """
    from pixeltrend.series import record

    classes = (InputOptions, CompositeOptions, OutputOptions, others["options"])
    known = {name for cls in classes for name in cls.__dataclass_fields__}
    options = from_keywords({n: v for n, v in settings.items() if n in known}, *classes)
    request = record.ask(patterns, output, options, *_origin(others.get("function")))
    made = record.read(output)
    reasons = record.why_stale(request, output, made)
    if made is None or reasons:
        if not quiet:
            say(f"{output}: not up to date: {record.in_short(reasons)}")
        return False
    summary = record.keep(request, output, made)
    if settings["as_json"]:
        show(json.dumps(summary))
    elif not quiet:
        say(f"{output}: up to date with {len(request.facts):,} files")
    return True


def _origin(function: str | None) -> tuple[Any, ...]:
    if function is None:
        return ()
    from pixeltrend.reducers.named import origin_of

    return origin_of(function)
