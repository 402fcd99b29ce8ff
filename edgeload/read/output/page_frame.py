"""The frame of a page: its head, styles, scripts, policy, and the charts that its script draws.

A page is one file that needs no network and runs no eval. Its template extends `frame.html.j2`,
and takes cards, tables and figures from `parts.html.j2`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import cache
from importlib.resources import files as resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from edgeload.palette import ON_DARK
from edgeload.read.figures.chart import Chart

_ASSETS = "html"
_OWN_SCRIPTS = ("colours.js", "drawing.js", "legend.js", "keyboard.js", "tables.js", "report.js")


def page(template: str, charts: Sequence[Chart], *, live: str = "", **values: Any) -> str:
    """A page of a template and its values, with the charts.

    Every text is escaped, and a Content-Security-Policy lets nothing run or load but the page's own
    scripts and styles, each by its hash. A page that is `live` says this on top, and asks the
    server that it came from whether there is more to see.
    """
    styles, scripts = _styles(), (*_scripts(), *(_live_scripts() if live else ()))
    return (
        _environment()
        .get_template(template)
        .render(
            policy=_policy(scripts, styles, asks=bool(live)),
            live=live,
            styles=[Markup(text) for text in styles],
            scripts=[Markup(text) for text in scripts],
            charts=charts,
            charts_json=_json([asdict(chart) for chart in charts]),
            on_dark_json=_json(ON_DARK),
            **values,
        )
    )


def waiting_page() -> str:
    """What is served before a run has anything to show."""
    styles, scripts = _styles(), _live_scripts()
    return (
        _environment()
        .get_template("waiting.html.j2")
        .render(
            policy=_policy(scripts, styles, asks=True),
            styles=[Markup(text) for text in styles],
            scripts=[Markup(text) for text in scripts],
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("edgeload.read.output", _ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_clean,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _clean(value: Any) -> Any:
    """Texts without control and direction characters; escaping follows."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return "".join(c if c.isprintable() else " " for c in value)
    return value


def _asset(name: str) -> str:
    return (resources("edgeload.read.output") / _ASSETS / name).read_text("utf-8")


@cache
def _styles() -> tuple[str, ...]:
    return (_asset("uplot/uPlot.min.css"), _asset("report.css"))


@cache
def _scripts() -> tuple[str, ...]:
    """uPlot under its licence, and the pages' own script."""
    licence = "/*\n" + _asset("uplot/LICENSE") + "*/\n"
    own = "".join(map(_asset, _OWN_SCRIPTS))
    return (licence + _asset("uplot/uPlot.iife.min.js"), own)


@cache
def _live_scripts() -> tuple[str, ...]:
    return (_asset("live.js"),)


def _policy(scripts: Iterable[str], styles: Iterable[str], *, asks: bool) -> str:
    """Nothing may load or run but these texts, known by their SHA-256 (CSP level 3).

    `asks`: the page may also ask the server that it came from.
    """
    parts = [
        "default-src 'none'",
        "script-src " + " ".join(map(_hash, scripts)),
        "style-src " + " ".join(map(_hash, styles)),
        *(["connect-src 'self'"] if asks else []),
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
    return "; ".join(parts)


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _json(values: Any) -> Markup:
    """JSON that may stand inside a script element: no text in it can end the element."""
    text = json.dumps(values, allow_nan=False, separators=(",", ":"))
    escaped = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(escaped)
