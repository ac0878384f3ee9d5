"""Options: each declared once, as a dataclass field that carries its default, help and choices."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from pixeltrend.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def option(
    default: Any, text: str, *, group: str, metavar: str = "", choices: Iterable[str] = ()
) -> Any:
    """Return the field of a dataclass of options.

    Parameters
    ----------
    default
        What holds if nobody says otherwise.
    text
        One or two sentences, as ``--help`` shows them.
    group
        The heading that it stands under in ``--help``.
    metavar
        What stands for its value in ``--help``.
    choices
        The texts that it can be; any other is refused.
    """
    facts = {"help": text, "group": group, "metavar": metavar, "choices": tuple(choices)}
    return dataclasses.field(default=default, metadata=facts)


def check_choices(options: Any) -> None:
    """Refuse a value that is not one of its field's choices.

    Raises
    ------
    ArgumentError
        A field has another value.
    """
    for field in dataclasses.fields(options):
        value, choices = getattr(options, field.name), field.metadata.get("choices")
        if choices and value is not None and value not in choices:
            known = ", ".join(choices) + nearest(value, choices)
            raise ArgumentError(f"{field.name} {value!r}: is not one of {known}")


def changed(options: Any, write: Callable[[float], str] = repr) -> dict[str, str]:
    """Return the options that differ from their defaults, as text; floats by `write`."""

    def text(value: object) -> str:
        if isinstance(value, tuple):
            return ",".join(map(text, value))
        return write(value) if isinstance(value, float) else str(value)

    return {
        field.name: text(getattr(options, field.name))
        for field in dataclasses.fields(options)
        if getattr(options, field.name) != field.default
    }


def from_keywords(keywords: Mapping[str, Any], *classes: type[Any]) -> list[Any]:
    """Return an object of each class, made of the keywords that are its fields.

    Raises
    ------
    ArgumentError
        A keyword is not a field of any class, or a value makes no sense.
    """
    names = [[field.name for field in dataclasses.fields(cls)] for cls in classes]
    known = [name for fields in names for name in fields]
    for name in keywords.keys() - set(known):
        raise ArgumentError(f"{name}: is not an option{nearest(name, known)}")
    return [
        cls(**{name: keywords[name] for name in fields if name in keywords})
        for cls, fields in zip(classes, names, strict=True)
    ]


def takes(*classes: type[Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let `help` show the fields of the classes in place of a function's ``**options``."""
    import inspect  # as dataclasses do

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        own = inspect.signature(function).parameters.values()
        parameters = [p for p in own if p.kind is not inspect.Parameter.VAR_KEYWORD]
        parameters += [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=field.default,
                annotation=field.type,
            )
            for cls in classes
            for field in dataclasses.fields(cls)
            if field.name not in {p.name for p in own}
        ]
        function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return function

    return decorate


def nearest(name: object, known: Iterable[str]) -> str:
    """Return "; did you mean NAME?" for the known name most like `name`; empty if none is."""
    import difflib  # a mistake alone needs it

    close = difflib.get_close_matches(str(name), list(known), 1)
    return f"; did you mean {close[0]}?" if close else ""
