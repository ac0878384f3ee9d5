"""Options: each declared once, as a dataclass field that carries its default, help and choices."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from pixeltrend.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

# An option of the command line in a text that Python callers read too.
_OPTION = re.compile(r"(?<![\w-])--([a-z][a-z-]*)")
# What others call what has another name here, without hyphens and underscores.
_ALIASES = {
    "r2": "rsquared", "rsq": "rsquared", "r": "rvalue", "correlation": "rvalue", "p": "pvalue",
    "pval": "pvalue", "pvalues": "pvalue", "se": "stderr", "n": "n_valid", "count": "n_valid",
    "offset": "intercept", "scale": "slope", "trend": "slope", "gain": "slope", "t": "tvalue",
    "kendall": "mann-kendall", "mk": "mann-kendall", "sen": "theil-sen", "sens": "theil-sen",
    "senslope": "theil-sen", "sensslope": "theil-sen", "lm": "ols", "linear": "ols",
    "linearfit": "ols",
}  # fmt: skip
# The sections of a docstring before which further parameters stand.
_AFTER = ("Raises\n------", "References\n----------", "Examples\n--------")


def option(
    default: Any,
    text: str,
    *,
    group: str,
    metavar: str = "",
    choices: Iterable[str] = (),
    also: str = "",
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
    also
        A type that Python callers may give besides, which becomes that of the field.
    """
    facts = {
        "help": text, "group": group, "metavar": metavar, "choices": tuple(choices), "also": also,
    }  # fmt: skip
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
    """Let `help` show the fields of the classes, with types, defaults and what they mean.

    They stand in the signature in place of ``**options``, and in the docstring.
    """
    import inspect  # as dataclasses do

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        own = inspect.signature(function).parameters.values()
        parameters = [p for p in own if p.kind is not inspect.Parameter.VAR_KEYWORD]
        names = {p.name for p in own}
        fields = [f for cls in classes for f in dataclasses.fields(cls) if f.name not in names]
        parameters += [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=field.default,
                annotation=_type_of(field),
            )
            for field in fields
        ]
        function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        if function.__doc__:  # python -OO has none
            function.__doc__ = _with_parameters(function.__doc__, fields)
        return function

    return decorate


def _type_of(field: dataclasses.Field[Any]) -> str:
    """Return the types that a field takes, as text."""
    own, also = str(field.type), field.metadata.get("also")
    return f"{own.removesuffix(' | None')} | {also} | None" if also else own


def _with_parameters(text: str, fields: Iterable[dataclasses.Field[Any]]) -> str:
    """Return a docstring with the fields as numpydoc's other parameters."""
    import inspect
    import textwrap

    lines = ["Other Parameters", "----------------"]
    for field in fields:
        meaning = _OPTION.sub(lambda match: match[1].replace("-", "_"), field.metadata["help"])
        choices = field.metadata["choices"]
        one_of = f"One of {', '.join(choices)}. " if choices else ""
        lines.append(f"{field.name} : {_type_of(field)}, default {field.default!r}")
        lines += textwrap.wrap(
            one_of + meaning, 96, initial_indent=" " * 4, subsequent_indent=" " * 4,
            break_on_hyphens=False, break_long_words=False,
        )  # fmt: skip
    text = inspect.cleandoc(text)
    place = min((text.index(head) for head in _AFTER if head in text), default=len(text))
    return f"{text[:place].rstrip()}\n\n" + "\n".join(lines) + f"\n\n{text[place:]}"


def parse_size(name: str, text: str) -> int:
    """Return the bytes of 64MB, 1GB or 512K; a bare number counts megabytes.

    Raises
    ------
    ArgumentError
        The text is not a size.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?", text.strip(), re.IGNORECASE)
    if not match or float(match[1]) == 0:
        raise ArgumentError(f"{name} {text!r}: is not a size: write 64MB or 1GB")
    return int(float(match[1]) * 1024 ** " KMGT".index(match[2].upper() or "M"))


def nearest(name: object, known: Iterable[str]) -> str:
    """Return "; did you mean NAME?" for the known name most like `name`; empty if none is."""
    import difflib  # a mistake alone needs it

    names = {each.lower(): each for each in known}
    text = str(name).lower()
    close = [alias for alias in (_ALIASES.get(re.sub(r"[\W_]", "", text)),) if alias in names]
    close = close or difflib.get_close_matches(text, list(names), 1)
    return f"; did you mean {names[close[0]]}?" if close else ""
