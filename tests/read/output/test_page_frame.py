"""The frame of any page: it takes charts and texts, and lets nothing out of them run."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import asdict

from edgeload.palette import ON_DARK
from edgeload.read.figures.chart import Chart, Line
from edgeload.read.figures.scales import linear_axis
from edgeload.read.output.page_frame import page

_HOSTILE = "</script><b>bold</b>\u202e"


def _chart(title: str) -> Chart:
    axis = linear_axis("clients", 0.0, 10.0)
    line = Line("answered", "#05549F", (1.0, 2.0))
    return Chart("load", title, "clients", "/s", (1.0, 2.0), axis, axis, (line,))


def _json_in(html: str, name: str) -> object:
    (text,) = re.findall(rf'<script type="application/json" id="{name}">(.*?)</script>', html)
    return json.loads(text)


def test_a_page_carries_its_charts_and_what_their_colours_are_on_dark() -> None:
    """Whatever their titles hold; `frame.html.j2` alone is a page without a text."""
    chart = _chart(_HOSTILE)
    html = page("frame.html.j2", [chart])
    assert "<b>" not in html
    assert _json_in(html, "charts") == [json.loads(json.dumps(asdict(chart)))]
    assert _json_in(html, "on-dark") == ON_DARK


def test_the_policy_names_every_script_and_style() -> None:
    """By its hash, and nothing else may run."""
    html = page("frame.html.j2", [])
    for tag in ("script", "style"):
        texts = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        assert len(texts) == 2
        for text in texts:
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"sha256-{digest}" in html.replace("&#43;", "+")
