"""report.html in a real Chromium: it asks nobody anything, and its numbers are the summary's."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from html.parser import HTMLParser
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

import pytest
import synthetic_log as sl
from browser import Browser, chromium
from report_pages import HOSTILE, HOSTILE_CLASS, Page, make, write_pages

from edgeload.read.figures.shown import charts_of, prepare_figures
from edgeload.read.statistics.format import milliseconds, number
from edgeload.read.words.headline import headline, validity
from edgeload.read.words.limit import limit
from edgeload.read.words.objective_words import objective_lines

MOST_BYTES = 5_000_000


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    return write_pages(tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


class Elements(HTMLParser):
    """Text of every script and style, the policy, and every address that the page mentions."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[str, list[str]] = {"script": [], "style": []}
        self.policy = ""
        self.attributes: list[tuple[str, str | None]] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs
        named = dict(attrs)
        if named.get("http-equiv") == "Content-Security-Policy":
            self.policy = named["content"] or ""
        data = named.get("type") == "application/json"
        self._inside = tag if tag in self.texts and not data else ""
        if self._inside:
            self.texts[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[self._inside][-1] += data


def elements(page: Page) -> Elements:
    parser = Elements()
    parser.feed(page.path.read_text(encoding="utf-8"))
    return parser


def test_policy_admits_the_pages_own_texts_and_nothing_else(pages: dict[str, Page]) -> None:
    """default-src 'none', each script and style by its SHA-256, and nothing unsafe."""
    found = elements(pages["saturated"])
    directives = dict(part.split(" ", 1) for part in found.policy.split("; "))
    assert directives["default-src"] == "'none'"
    assert "unsafe" not in found.policy
    for tag in ("script", "style"):
        digests = [hashlib.sha256(text.encode()).digest() for text in found.texts[tag]]
        hashes = [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
        assert len(hashes) == 2
        assert directives[f"{tag}-src"].split() == hashes
    names = {name for name, _ in found.attributes}
    assert not names & {"src", "style", "srcset"}
    assert not [name for name in names if name.startswith("on")]


def test_the_plotting_library_is_the_one_its_page_names() -> None:
    """The vendored files have the sums that stand beside them."""
    folder = resources("edgeload.read.output") / "html" / "uplot"
    sums = re.findall(r"([0-9a-f]{64})  (\S+)", folder.joinpath("README.md").read_text("utf-8"))
    assert [name for _, name in sums] == ["uPlot.iife.min.js", "uPlot.min.css"]
    for digest, name in sums:
        assert hashlib.sha256(folder.joinpath(name).read_bytes()).hexdigest() == digest


def test_a_long_run_of_many_steps_stays_small(tmp_path: Path) -> None:
    """An hour in 120 steps: the page has few points, so it is far below 5 MB."""
    plan = sl.plan_of(list(range(1, 121)), 30, 0.2)
    page = make(tmp_path, sl.play(plan, servers=1, service=sl.exponential(0.1)))
    assert page.summary.ended_s >= 3600
    assert page.path.stat().st_size < MOST_BYTES / 5


RUNS = ["saturated", "clean", "failed", "long", "hostile", "mix", "search", "tiers", "mix search"]


@pytest.mark.parametrize("name", RUNS)
def test_the_page_holds_the_charts_that_the_pictures_show(
    pages: dict[str, Page], name: str
) -> None:
    """The values for its script are those of the pictures, every one, in their order."""
    page = pages[name]
    text = page.path.read_text(encoding="utf-8")
    found = re.findall(r'<script type="application/json" id="charts">(.*?)</script>', text)
    charts = charts_of(prepare_figures(page.summary))
    assert [json.loads(each) for each in found] == [
        json.loads(json.dumps([asdict(chart) for chart in charts]))
    ]


@pytest.mark.parametrize("name", RUNS)
def test_the_page_draws_the_charts_as_they_are_specified(
    pages: dict[str, Page], browser: Browser, name: str
) -> None:
    """Values, limits, ticks, names, colours and dashes of uPlot are those of the charts."""
    page = pages[name]
    browser.open(page.path)
    drawn = browser.js(
        """report.charts.map(({name}) => { const plot = report.plots.get(name);
        const series = plot.series.slice(1).filter((one) => one.label !== report.charts.find(
          (chart) => chart.name === name).heat?.label);
        const data = plot.data.slice(-series.length);
        const holder = document.getElementById(`figure-${name}`);
        return { name, x: [plot.scales.x.min, plot.scales.x.max],
          y: [plot.scales.y.min, plot.scales.y.max], log: plot.scales.y.distr === 3,
          labels: series.map((one) => one.label), values: series.length ? data : [],
          colours: series.map((one) => one.stroke()), dashes: series.map((one) => one.dash),
          ticks: plot.axes.map((axis) => axis._values), title:
          holder.querySelector('figcaption').textContent, axis:
          holder.querySelector('.axis').textContent,
          keys: [...holder.querySelectorAll('.key li')].map((li) => li.textContent),
          samples: [...holder.querySelectorAll('.sample')].map(
            (one) => [one.classList[1], one.style.getPropertyValue('--colour')]) }; })"""
    )
    charts = charts_of(prepare_figures(page.summary))
    assert len(drawn) == len(charts)
    for chart, found in zip(charts, drawn, strict=True):
        lines = chart.lines
        assert found["x"] == [chart.x_axis.low, chart.x_axis.high]
        assert found["y"] == [chart.y_axis.low, chart.y_axis.high]
        assert found["log"] == chart.y_axis.log
        assert found["labels"] == [line.label for line in lines]
        assert found["colours"] == [line.colour for line in lines]
        assert [tuple(dash or ()) for dash in found["dashes"]] == [line.dash for line in lines]
        for line, values in zip(lines, found["values"], strict=True):
            assert values == [
                value if value is None or not line.base else value + (line.base[place] or 0.0)
                for place, value in enumerate(line.values)
            ]
        for axis, ticks in zip((chart.x_axis, chart.y_axis), found["ticks"], strict=True):
            if axis.ticks:
                assert ticks == [tick.label for tick in axis.ticks]
        assert (found["title"], found["axis"]) == (chart.title, chart.y_axis.label)
        assert found["samples"] == [[key.sample, key.colour] for key in chart.keys]
        assert found["keys"][: len(chart.keys)] == [key.label for key in chart.keys]
        assert len(found["keys"]) == len(chart.keys) + bool(chart.heat)


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("width", [1280, 390])
def test_opens_without_complaint_and_asks_nobody(
    pages: dict[str, Page], browser: Browser, name: str, width: int
) -> None:
    """No console message, no request but for the file itself; every figure drawn, none too wide."""
    page = pages[name]
    browser.open(page.path, width)
    drawn = browser.js("document.querySelectorAll('figure canvas').length")
    assert drawn == browser.js("report.charts.length")
    assert drawn >= {"failed": 3, "long": 8}.get(name, 4)
    colours = browser.js(
        """[...document.querySelectorAll('figure canvas')].map((canvas) => new Set(new Uint32Array(
        canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size)
        """
    )
    assert min(colours) > 10
    assert browser.js("document.documentElement.scrollWidth") <= width
    assert browser.complaints() == []
    assert browser.requests() == [page.path.as_uri()]
    assert browser.js("performance.getEntriesByType('resource').length") == 0


def test_a_request_or_a_strangers_script_would_be_noticed(
    pages: dict[str, Page], browser: Browser, tmp_path: Path
) -> None:
    """The last test can fail: the policy stops and reports both; without it a request is seen."""
    text = pages["clean"].path.read_text(encoding="utf-8")
    added = "<img src='http://127.0.0.1:9/x'><script>window.pwned = 1</script></body>"
    guarded = tmp_path / "guarded.html"
    guarded.write_text(text.replace("</body>", added), encoding="utf-8")
    browser.open(guarded)
    assert len([c for c in browser.complaints() if "Content Security Policy" in c]) == 2
    assert browser.js("window.pwned") is None
    bare = tmp_path / "bare.html"
    bare.write_text(re.sub("<meta http-equiv.*>", "", guarded.read_text("utf-8")), "utf-8")
    browser.open(bare)
    assert "http://127.0.0.1:9/x" in browser.requests()
    assert browser.js("window.pwned") == 1


@pytest.mark.parametrize("name", ["saturated", "clean", "failed"])
def test_numbers_are_those_of_summary_json(
    pages: dict[str, Page], browser: Browser, name: str
) -> None:
    """Every cell of the steps: its value equals summary.json's and its text is that value."""
    page = pages[name]
    browser.open(page.path)
    rows = browser.js(
        """[...document.querySelectorAll('#steps tbody tr')].map((row) => [...row.cells].map(
        (cell) => [cell.dataset.name, cell.dataset.value, cell.firstChild.textContent,
        cell.textContent]))"""
    )
    assert len(rows) == len(page.values["steps"])
    compared = 0
    for row, step in zip(rows, page.values["steps"], strict=True):
        for key, value, text, whole in row:
            if key == "state":
                continue
            kind, _, quantile = key.partition(".")
            known = (step[kind] or {}).get(quantile) if quantile else step[kind]
            assert (None if value == "" else json.loads(value)) == known, key
            if known is None:
                assert text in ("-", "few", "never")
            elif quantile:
                assert text == milliseconds(known)
                assert ("no interval" in whole) == (step[kind]["limits"][quantile] is None)
            elif key.endswith("_per_s"):
                assert text == number(known)
            compared += known is not None
    assert compared >= 6 * len(rows)
    assert browser.js("document.querySelector('#headline').textContent") == headline(page.summary)
    assert browser.js("document.querySelector('#limit').textContent") == limit(page.summary)
    assert browser.js("document.querySelector('#validity').textContent") == validity(page.summary)
    load = browser.js("report.charts.find((chart) => chart.name === 'load')")
    steps = sorted(page.values["steps"], key=lambda step: step["clients"])
    answered = next(line for line in load["lines"] if line["label"] == "answered")
    assert answered["values"] == pytest.approx([s["throughput_per_s"] for s in steps], rel=1e-5)


def test_failures_are_those_of_summary_json(pages: dict[str, Page], browser: Browser) -> None:
    """Class, count, first and last time, and text of each."""
    page = pages["long"]
    browser.open(page.path)
    rows = browser.js(
        """[...document.querySelectorAll('#failures tbody tr')].map(
        (row) => [...row.cells].map((cell) => cell.dataset.value))"""
    )
    known = page.values["failure_texts"]
    assert len(rows) == len(known) == 2
    for row, failure in zip(rows, known, strict=True):
        assert row[0] == failure["outcome"]
        assert [float(cell) for cell in row[1:4]] == pytest.approx(
            [failure["count"], failure["first_s"], failure["last_s"]]
        )
        assert row[4] == failure["text"]


def test_objectives_are_those_of_summary_json(pages: dict[str, Page], browser: Browser) -> None:
    """Verdict, text and subject, in the order of summary.json; those of each step are one."""
    page = pages["saturated"]
    browser.open(page.path)
    rows = browser.js(
        """[...document.querySelectorAll('#objectives tbody tr')].map(
        (row) => [...row.cells].map((cell) => cell.dataset.value))"""
    )
    known: dict[str, list[dict[str, Any]]] = {}
    for judged in page.values["objectives"]:
        known.setdefault(judged["objective"], []).append(judged)
    worst = ("fail", "undecided", "pass")
    assert [row[:2] for row in rows] == [
        [next(v for v in worst if v in {j["verdict"] for j in found}), text]
        for text, found in known.items()
    ]
    assert [row[2] for row in rows] == [line.scope for line in objective_lines(page.summary)]
    assert {row[0] for row in rows} >= {"pass", "undecided"}
    assert browser.js("document.querySelectorAll('#steps td[data-name=goodput_per_s]').length") == 3


def test_a_strangers_html_stays_text(pages: dict[str, Page], browser: Browser) -> None:
    """In a failure's class and text and in a setting: shown letter by letter, never an element."""
    browser.open(pages["hostile"].path)
    assert browser.js("window.pwned") is None
    assert browser.js("document.querySelectorAll('img, figure b, td b, dd script').length") == 0
    assert browser.js("document.querySelectorAll('script').length") == 4
    cell = browser.js("document.querySelector('#failures td.long').textContent")
    assert cell == HOSTILE
    assert HOSTILE in browser.js("document.querySelector('details').textContent")
    label = browser.js(
        "document.querySelectorAll('#figure-failures .u-series .u-label')[1].textContent"
    )
    assert re.fullmatch(re.escape(HOSTILE_CLASS) + r" \(\d+\)", label)
