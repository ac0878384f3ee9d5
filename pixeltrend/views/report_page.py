"""The page: figures and all that is said of a trend, as one file of HTML.

What comes from names and metadata is escaped by the template, or is text of JSON; a policy in the
page lets no script run but ours and Bokeh's, by their checksums, and nothing be loaded.
"""

from __future__ import annotations

import base64
import hashlib
import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import MissingDependencyError
from pixeltrend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping


def require_bokeh() -> None:
    """Raise MissingDependencyError without Bokeh."""
    try:
        import bokeh.embed  # noqa: F401
        import jinja2  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            f"a page needs Bokeh, but {error}: pip install bokeh (or pixeltrend's extra report)"
        ) from error


def render(facts: Mapping[str, Any], data: Mapping[str, Any], figures: Mapping[str, Any]) -> str:
    """Return the page.

    Parameters
    ----------
    facts
        What the template shows.
    data
        What the script shows, for JSON.
    figures
        Bokeh's, by the id of the element that each is drawn in.
    """
    from bokeh.embed import json_item
    from bokeh.resources import Resources
    from jinja2 import Environment, select_autoescape
    from markupsafe import Markup

    here = resources.files("pixeltrend.views") / "page"
    files = {name: (here / f"page.{name}").read_text("utf-8") for name in ("html", "css", "js")}
    bokeh = Resources(mode="inline", components=["bokeh"], log_level="error").js_raw
    scripts = [*bokeh, files["js"]]
    parts: dict[str, Any] = {f"{name}-figure": json_item(each) for name, each in figures.items()}
    sums = " ".join(f"'sha256-{_sum(script)}'" for script in scripts)
    policy = (
        f"default-src 'none'; script-src {sums}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    environment = Environment(autoescape=select_autoescape(default=True, default_for_string=True))
    return environment.from_string(files["html"]).render(
        **facts,
        policy=policy,
        version=__version__,
        css=Markup(files["css"]),  # noqa: S704 - our own
        scripts=[Markup(script) for script in scripts],  # noqa: S704 - our own, and Bokeh's
        data={name: _json(part) for name, part in {**parts, "data": data}.items()},
    )


def _json(part: Any) -> Any:
    """Return JSON in which nothing ends an element or begins one."""
    from markupsafe import Markup

    text = json.dumps(part, separators=(",", ":"))
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)  # noqa: S704 - see above


def _sum(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def packed(array: Any) -> dict[str, str]:
    """Return an array as the script takes it."""
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    kind = f"{little.dtype.kind}{little.dtype.itemsize}"
    return {"type": kind, "text": base64.b64encode(little.tobytes()).decode()}
