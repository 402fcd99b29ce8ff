"""The page of a search: cards, and a table whose every number is that of summary.json."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import searched_log
from browser import Browser, chromium, rgb
from report_pages import Page, make
from searched_log import GROUP_OBJECTIVES, TIERS

from edgeload.palette import PALE
from edgeload.read.output.page_search import search_columns, search_rows, trial_choices
from edgeload.read.words.headline import headline


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    folder = tmp_path_factory.mktemp("pages")
    return {
        "tiers": make(folder / "tiers", searched_log.box_search(), slo=TIERS),
        "rate": make(folder / "rate", searched_log.rate_search(), slo=["p95<300ms"]),
        "mix": make(folder / "mix", searched_log.three_groups_search(), slo=GROUP_OBJECTIVES),
        "near": make(
            folder / "near", searched_log.box_search(((1, 4), (64, 6), (39, 20), (41, 20)))
        ),
        "breaking": make(folder / "breaking", searched_log.breaking_search()),
    }


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


def _rows(page: Page) -> list[dict[str, Any]]:
    return [{cell.name: cell for cell in row.cells} for row in search_rows(page.summary)]


@pytest.mark.parametrize("name", ["tiers", "rate", "mix", "breaking"])
def test_the_table_has_a_row_for_each_trial_of_summary_json(
    pages: dict[str, Page], name: str
) -> None:
    """Rates, failures, verdicts and seconds are its own; each row has a cell for each column."""
    page = pages[name]
    rows, trials, steps = _rows(page), page.values["trials"], page.values["steps"]
    assert len(rows) == len(trials)
    columns = [column.name for column in search_columns(page.summary)]
    for row, trial in zip(rows, trials, strict=True):
        assert list(row) == columns
        step = steps[trial["step"]]
        for key in ("throughput_per_s", "failed"):
            assert json.loads(row[key].value or "null") == step[key]
        window_s = step["window"]["end_s"] - step["window"]["start_s"]
        error_per_s = (step["clients"] + 3 * step["planned"] ** 0.5) / window_s
        due_per_s = float(row["due_per_s"].value)
        assert due_per_s == pytest.approx(step["arrival_rate_per_s"], abs=error_per_s)
        verdicts = [row[key].value for key in columns if key.startswith("verdict")]
        own = [tier["verdict"] for tier in trial["tiers"]]
        assert verdicts == (["broken"] * len(own) if trial["broken"] else own)
        assert float(row["seconds"].value) == pytest.approx(trial["seconds"], abs=1e-3)
        assert float(row["load"].text) == trial["load"]


def test_a_verdict_has_a_sign(pages: dict[str, Page]) -> None:
    """It is told apart without colour, and each tier judges by itself."""
    rows = _rows(pages["tiers"])
    at_39 = next(row for row in rows if row["load"].text == "39")
    assert at_39["verdict.0"].text == "✗ fail"
    assert at_39["verdict.1"].text == "✓ pass"
    assert _rows(pages["breaking"])[2]["verdict.0"].text == "↯ broken"


def test_a_mix_has_a_p95_for_each_group(pages: dict[str, Page]) -> None:
    """Times of groups that ask different detectors say nothing together."""
    page = pages["mix"]
    heads = [column.head for column in search_columns(page.summary) if "p95" in column.head]
    assert heads == ["door p95", "person p95", "label p95"]
    for row, step in zip(_rows(page), page.values["steps"], strict=True):
        for number, group in enumerate(step["groups"]):
            own = group["response_time_s"]["p95"]
            assert json.loads(row[f"p95.{number}"].value or "null") == own


def test_figures_zoom_to_trials(pages: dict[str, Page]) -> None:
    """By number and load; not to what lies between them."""
    choices = trial_choices(pages["tiers"].summary)
    assert choices[0]["name"] == "trial 1: 1 client"
    assert choices[-1]["name"] == "trial 10: 41 clients"
    for before, after in itertools.pairwise(choices):
        assert before["end_s"] < after["start_s"]


def test_settings_of_a_ramp_are_left_out(tmp_path: Path) -> None:
    """They have no meaning in a search; the others are there."""
    settings = {"step_size": 1, "time_between_ramp": 3600.0, "max_clients": 1000}
    page = make(tmp_path, searched_log.box_search(((1, 4),)), **settings)
    text = page.path.read_text(encoding="utf-8")
    shown = [name for name in settings if f"<dt>{name.replace('_', ' ')}</dt>" in text]
    assert shown == ["max_clients"]


@pytest.mark.parametrize("name", ["tiers", "mix"])
def test_the_page_shows_the_answer_on_top(
    pages: dict[str, Page], browser: Browser, name: str
) -> None:
    """A line of the headline for each tier, then their cards, then those of the groups."""
    page = pages[name]
    browser.open(page.path)
    lines = browser.js(
        "[...document.querySelectorAll('#headline span')].map((line) => line.textContent)"
    )
    assert "\n".join(lines) == headline(page.summary)
    tops = browser.js(
        """[...document.querySelectorAll('#headline span')].map(
        (line) => line.getBoundingClientRect().top)"""
    )
    assert len(set(tops)) == len(lines) == {"tiers": 2, "mix": 1}[name]
    heads = browser.js(
        "[...document.querySelectorAll('#capacity h3, #groups h3')].map((h) => h.textContent)"
    )
    assert heads == {"tiers": ["gold", "silver"], "mix": ["door", "person", "label"]}[name]
    order = browser.js("[...document.querySelectorAll('h2')].map((head) => head.textContent)")
    assert order[0] == "Capacity"
    assert "Trials" in order and "Steps" not in order


def test_a_zoom_keeps_the_loads_near_the_capacity(pages: dict[str, Page], browser: Browser) -> None:
    """An axis that does not begin at 0 stays as it is when a stretch of time is looked at."""
    browser.open(pages["near"].path)
    near = "report.plots.get('ladder_near')"
    before = browser.js(f"[{near}.scales.y.min, {near}.scales.y.max]")
    assert before[0] > 0
    browser.js(f"{near}.setScale('x', {{min: 10, max: 40}})")
    assert browser.js(f"[{near}.scales.y.min, {near}.scales.y.max]") == before


def test_a_hidden_interval_leaves_the_canvas(pages: dict[str, Page], browser: Browser) -> None:
    """The ground of the interval is drawn by our script, and switched like any line."""
    browser.open(pages["near"].path)
    count = (
        """((colour) => { const canvas = document.querySelector('#figure-ladder canvas');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let i = 0; i < data.length; i += 4)
          count += colour.every((part, j) => data[i + j] === part);
        return count; })"""
        + f"({rgb(PALE['blue'])})"
    )
    assert browser.js(count) > 1000
    browser.js("document.querySelectorAll('#figure-ladder .u-series th')[1].click()")
    browser.driver.execute_async_script(
        "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done));"
    )
    assert browser.js(count) == 0
