"""Click options made from the fields of dataclasses of options, and help in groups."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pixeltrend.errors import ArgumentError
from pixeltrend.options import nearest, parse_size

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

F = TypeVar("F", bound="Callable[..., Any]")

# The headings of --help, in order.
GROUPS = (
    "Inputs", "Times", "Missing values", "Composites", "Statistics", "Significance", "Function",
    "Map", "Table", "Zones", "Pixel", "Page", "Running", "Output",
)  # fmt: skip
_TYPES: dict[str, Any] = {
    "int": int,
    "float": float,
    "tuple[float, float]": (float, float),
    "tuple[int, int, int, int]": (int, int, int, int),
    "tuple[float, float, float, float]": (float, float, float, float),
}


class Choice(click.Choice):  # type: ignore[type-arg] # generic from Click 8.2 on
    """A choice that names the nearest of the known words."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the known word; end with the nearest to one that is not known."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            text = error.message.rstrip(".") + nearest(value, map(str, self.choices))
            raise click.BadParameter(text, ctx, param) from error


class Option(click.Option):
    """An option with the heading that it stands under."""

    def __init__(self, *arguments: Any, group: str = "Output", **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.group = group


class Command(click.Command):
    """A command whose help has its options in groups."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, group by group."""
        groups: dict[str, list[tuple[str, str]]] = {name: [] for name in GROUPS}
        for parameter in self.get_params(ctx):
            if not isinstance(parameter, click.Option):
                continue
            record = parameter.get_help_record(ctx)
            if record is not None:
                groups[getattr(parameter, "group", "Output")].append(record)
        for name, records in groups.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)


def options_from(
    cls: type[Any], special: dict[str, dict[str, Any]], *, only: Sequence[str] = ()
) -> list[Callable[[F], F]]:
    """Return a Click option for each field of a dataclass that was made with `options.option`.

    Parameters
    ----------
    cls
        The dataclass.
    special
        By names of fields, what Click is told besides: other names (`names`), a callback.
    only
        The fields to take; all by default.
    """
    fields = [field for field in dataclasses.fields(cls) if "help" in field.metadata]
    return [
        _option(field, **special.get(field.name, {}))
        for field in fields
        if not only or field.name in only
    ]


def add_options(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Decorate a command with several options, in this order."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def _option(
    field: dataclasses.Field[Any], names: Iterable[str] = (), **settings: Any
) -> Callable[[F], F]:
    facts, flag = field.metadata, "--" + field.name.replace("_", "-")
    settings = {"default": field.default, "metavar": facts["metavar"] or None} | settings
    kind = str(field.type).removesuffix(" | None").replace(" | os.PathLike[str]", "")
    if facts["choices"]:
        settings.setdefault("type", Choice(facts["choices"], case_sensitive=False))
        settings["metavar"] = f"[{'|'.join(facts['choices'])}]"
    elif kind == "bool":
        settings.setdefault("is_flag", True)
    else:
        settings.setdefault("type", _TYPES.get(kind, str))
    shown = field.default is not None and field.default is not False and field.default != ()
    return click.option(
        *(names or (flag,)),
        field.name,
        cls=Option,
        group=facts["group"],
        help=facts["help"],
        show_default=shown and "[default" not in facts["help"],
        **settings,
    )


def parse_bytes(_ctx: click.Context, param: click.Parameter, value: Any) -> int | None:
    """Return the bytes of 64MB, 1GB or 512K; a bare number counts megabytes."""
    if value is None:
        return None
    try:
        return parse_size(str(param.name), str(value))
    except ArgumentError as error:
        raise click.BadParameter(str(error), param=param) from error


def parse_pairs(
    _ctx: click.Context, param: click.Parameter, values: Iterable[str]
) -> dict[str, str]:
    """Return NAME=VALUE as a dictionary; a name has one value."""
    pairs: dict[str, str] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{text!r}: expected NAME=VALUE", param=param)
        if pairs.setdefault(name, value) != value:
            raise click.BadParameter(
                f"{name} has two values, {pairs[name]} and {value}", param=param
            )
    return pairs


def parse_creation_options(
    ctx: click.Context, param: click.Parameter, values: Iterable[str]
) -> dict[str, str]:
    """Return NAME=VALUE as `parse_pairs` does, also packed as GDAL takes them: A=1,B=2."""
    packed = [re.split(r",(?=[A-Za-z_]\w*=)", text) for text in values]
    return parse_pairs(ctx, param, [pair for pairs in packed for pair in pairs])


def aligned(rows: Sequence[tuple[str, ...]], left: Collection[int] = (0,)) -> Iterator[str]:
    """Yield rows as lines, some columns to the left and the others, of numbers, to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            text.ljust(width) if column in left else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
