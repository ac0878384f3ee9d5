"""Recipe: how to make an output again, from the record beside it or from its metadata alone."""

from __future__ import annotations

import dataclasses
import glob
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pixeltrend.errors import InputError, redact
from pixeltrend.options import from_keywords
from pixeltrend.raster.output import OutputOptions
from pixeltrend.raster.paths import container, is_virtual, within
from pixeltrend.reducers.composite_options import CompositeOptions
from pixeltrend.reducers.function_options import FunctionOptions
from pixeltrend.reducers.options import StatsOptions
from pixeltrend.series import record
from pixeltrend.series.facts import is_served, on_disk
from pixeltrend.series.options import InputOptions
from pixeltrend.series.patterns import find_inputs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pixeltrend.raster.provenance import Provenance
    from pixeltrend.series.opening import Patterns
    from pixeltrend.series.record import Record


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an output was made."""

    paths: list[str]
    """The inputs."""
    inputs: InputOptions
    """How they are read."""
    options: StatsOptions | FunctionOptions
    """What is computed."""
    composite: CompositeOptions = CompositeOptions()  # noqa: RUF009 - frozen
    """What is made of scenes first."""
    function: str = ""
    """What `map_pixels` was given."""
    changes: tuple[str, ...] = ()
    """What has changed since, as far as anything tells."""


def recipe_of(output: str, facts: Provenance, patterns: Patterns = ()) -> Recipe:
    """Return how an output was made.

    Parameters
    ----------
    output
        The raster.
    facts
        What its metadata say.
    patterns
        Where its inputs are now; none if they are where the record or the metadata say.

    Raises
    ------
    InputError
        That is not known, or what it was made from is gone.
    """
    made = record.read(output)
    if made is None:
        return _from_metadata(output, facts, patterns)
    if patterns:
        return dataclasses.replace(_of(made), paths=find_inputs(patterns))
    return _from_record(output, made)


def _from_record(output: str, made: Record) -> Recipe:
    request = record.ask_again(made, output)
    known = {path: facts for path, facts in request.facts.items() if path in made.files}
    reasons = record.differences(made, request._replace(facts=known))
    paths = [path for path in find_inputs(made.patterns) if _recorded_name(path) in made.files]
    return dataclasses.replace(_of(made), paths=paths, changes=tuple(reasons))


def _of(made: Record) -> Recipe:
    """Return a recipe without its inputs."""
    _, _, function = made.command.partition(" ")
    classes: tuple[type[Any], ...] = (InputOptions, CompositeOptions, OutputOptions)
    classes += (FunctionOptions if function else StatsOptions,)
    given = {n: tuple(v) if isinstance(v, list) else v for n, v in made.options.items()}
    _refuse_best(given)
    inputs, composite, _, options = from_keywords(given, *classes)
    return Recipe([], inputs, options, composite, function)


def _refuse_best(options: Mapping[str, Any]) -> None:
    if options.get("duplicates") == "best":
        raise InputError("which raster of a time counts was found from all pixels")


def _recorded_name(path: str) -> str:
    return redact(path) if is_served(path) else os.path.abspath(on_disk(path))


def stated_options(
    facts: Provenance,
) -> tuple[dict[str, Any], StatsOptions | None, CompositeOptions]:
    """Return what metadata say of options, without a look at the inputs.

    Returns
    -------
    inputs
        Fields of `InputOptions`.
    statistics
        What was computed; None if a function was.
    composite
        What was made of scenes first.
    """
    texts = dict(part.split("=", 1) for part in re.split(r" (?=\w+=)", facts.options) if part)
    inputs = _values(texts, InputOptions)
    if len(facts.bands) > 1:
        inputs["bands_are_times"] = True
    elif facts.bands:
        inputs["band"] = facts.bands[0]
    statistics = None
    if not facts.method.startswith("map "):
        statistics = StatsOptions(**{"method": facts.method} | _values(texts, StatsOptions))
    return inputs, statistics, CompositeOptions(**_values(texts, CompositeOptions))


def _from_metadata(output: str, facts: Provenance, patterns: Patterns) -> Recipe:
    inputs, statistics, composite = stated_options(facts)
    if statistics is None:
        raise InputError("where its function is stands only in what --update records")
    _refuse_best(inputs)
    paths = find_inputs(patterns) if patterns else _found(output, facts.inputs)
    inputs["allow_vrt"] = any(path.lower().endswith(".vrt") for path in paths)
    return Recipe(paths, InputOptions(**inputs), statistics, composite)


def _found(output: str, names: tuple[str, ...]) -> list[str]:
    """Return the inputs; only --update records the folder that they share."""
    folders = dict.fromkeys([os.path.dirname(os.path.realpath(output)), os.getcwd()])
    missing = []
    for folder in folders:
        found = [_files(folder, name) for name in names]
        if all(found) and found:
            return [path for files in found for path in files]
        missing += [f"{folder}{os.sep}{n}" for n, f in zip(names, found, strict=True) if not f][:1]
    raise InputError(
        f"no {' and no '.join(missing) or 'inputs'}; the inputs' folder, which only --update "
        "records, must be that of the output or the current one"
    )


def _files(folder: str, name: str) -> list[str]:
    """Return a file, or a variable in one, or the shards that bear a name."""
    path = os.path.join(folder, container(name))
    if os.path.exists(path) or is_virtual(path):
        return [within(name, path)]
    stem, extension = os.path.splitext(path)
    return sorted(glob.glob(f"{glob.escape(stem)}-*-*{glob.escape(extension)}"))


def _values(texts: Mapping[str, str], cls: type[Any]) -> dict[str, Any]:
    """Return the values of the fields of a class of options, written as `options.changed` does."""
    fields = {field.name: str(field.type) for field in dataclasses.fields(cls)}
    return {n: _value(text, fields[n]) for n, text in texts.items() if n in fields}


def _value(text: str, kind: str) -> Any:
    if kind.startswith("tuple[float"):
        return tuple(map(float, text.split(",")))
    if kind == "bool":
        return text == "True"
    if kind.startswith("float"):
        return float(text)
    return int(text) if kind.startswith("int") and text.lstrip("-").isdigit() else text
