"""The page of a mix in a real Chromium: cards, rows and panels of camera groups."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import synthetic_log as sl
from browser import Browser, chromium
from report_pages import HOSTILE, MIX_OBJECTIVES, Page, make, mix_run

from edgeload.camera_group import CameraGroup
from edgeload.interference_plan import interference_plan
from edgeload.plan import mix_plan
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.summarising import analyse
from edgeload.read.figures.shown import charts_of, prepare_figures
from edgeload.read.log.open import read_log
from edgeload.read.output.page import html_report
from edgeload.read.output.page_groups import group_cards
from edgeload.read.words.beside_words import beside_answers
from edgeload.read.words.group_words import group_answers
from edgeload.read.words.loads import Loads

ROWS = """[...document.querySelectorAll('#steps tbody tr')].map((row) => [row.className,
    Object.fromEntries([...row.cells].map((cell) => [cell.dataset.name, cell.dataset.value]))])"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return make(tmp_path_factory.mktemp("mix"), mix_run(), slo=MIX_OBJECTIVES)


def test_rows_are_those_of_summary_json_and_add_up(page: Page, browser: Browser) -> None:
    """Each step has a row, then one for each group; cameras, failed and missed are their sums."""
    browser.open(page.path)
    rows = browser.js(ROWS)
    for step in page.values["steps"]:
        (kind, whole), *parts = [row for row in rows if row[1]["index"] == str(step["index"])]
        assert kind.endswith("whole")
        assert [part["group"] for _, part in parts] == [g["name"] for g in step["groups"]]
        assert all(kind.endswith("part") for kind, _ in parts)
        for (_, part), known in zip(parts, step["groups"], strict=True):
            for key in ("cameras", "throughput_per_s", "arrival_rate_per_s", "failed", "missed"):
                assert json.loads(part[key]) == pytest.approx(known[key]), key
            assert part["state"] == known["state"]
            assert part["response_time_s.p95"] == (
                "" if (p95 := known["response_time_s"]["p95"]) is None else json.dumps(p95)
            )
        for key in ("cameras", "failed", "missed"):
            assert int(whole[key]) == sum(int(part[key]) for _, part in parts)


def test_the_cards_are_the_answers_of_the_groups(page: Page, browser: Browser) -> None:
    """In the plan's order, with the detector of each; one group alone is the first to fail."""
    browser.open(page.path)
    cards = browser.js(
        """[...document.querySelectorAll('#groups li')].map((card) => [card.dataset.group,
        card.className, card.querySelector('.verdict').textContent, card.textContent])"""
    )
    answers = group_answers(page.summary)
    assert [card[0] for card in cards] == [answer.group for answer in answers]
    for (name, kind, verdict, text), answer in zip(cards, answers, strict=True):
        assert kind == answer.verdict
        assert verdict.endswith(answer.said)
        assert f"det_{name}" in text
        assert answer.load in text
        assert answer.limit in text
    assert [card[0] for card in cards if card[1] == "first"] == ["person"]
    above_the_fold = browser.js("document.querySelector('#limit').getBoundingClientRect().bottom")
    assert above_the_fold < 844
    assert "person" in browser.js("document.querySelector('#limit').textContent")


def test_a_groups_name_stays_while_the_table_is_scrolled(page: Page, browser: Browser) -> None:
    """On a phone, at the far end of the table, names are still inside its left edge."""
    browser.open(page.path, 390)
    browser.js("document.querySelector('#steps').parentElement.scrollTo(10000, 0)")
    gaps = browser.js(
        """[...document.querySelectorAll('#steps .name')].map((cell) =>
        cell.getBoundingClientRect().left
        - document.querySelector('#steps').parentElement.getBoundingClientRect().left)"""
    )
    scrolled = browser.js("document.querySelector('#steps').parentElement.scrollLeft")
    assert scrolled > 100
    assert gaps == pytest.approx([0.0] * len(gaps), abs=1.0)
    last = browser.js(
        """[...document.querySelectorAll('#steps tbody tr')].every((row) => {
        const [name, end] = [row.querySelector('.name'), row.cells[row.cells.length - 1]];
        return end.getBoundingClientRect().left >= name.getBoundingClientRect().right - 1; })"""
    )
    assert last


@pytest.mark.parametrize(
    ("width", "table"), [(1400, "steps"), (1280, "steps"), (390, "objectives")]
)
def test_a_table_is_whole_where_it_is_read(
    page: Page, browser: Browser, width: int, table: str
) -> None:
    """All columns of the steps on a desktop, and of the objectives on a phone: no scrolling."""
    browser.open(page.path, width)
    room, needed = browser.js(
        """(({ parentElement: { clientWidth, scrollWidth } }) => [clientWidth, scrollWidth])(
        document.getElementById(arguments[0]))""",
        table,
    )
    assert needed <= room
    assert browser.js("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("width", "columns"), [(1280, 2), (390, 1)])
def test_panels_stand_side_by_side_where_there_is_room(
    page: Page, browser: Browser, width: int, columns: int
) -> None:
    """Two to a row on a desktop, one on a phone; left edges of a column are alike."""
    browser.open(page.path, width)
    lefts = browser.js(
        """[...document.querySelectorAll('figure.half')].map(
        (figure) => figure.getBoundingClientRect().left)"""
    )
    assert len(lefts) == 18
    assert len({round(left) for left in lefts}) == columns


def test_a_folded_chart_is_drawn_when_it_is_opened(browser: Browser, tmp_path: Path) -> None:
    """Twelve groups: titles of all, the charts of the one that fell short, the rest on request."""
    groups = tuple(CameraGroup(f"g{i}", 2, 4.0) for i in range(12))
    pools = {group.name: sl.Pool(4, sl.constant(0.01)) for group in groups}
    pools["g3"] = sl.Pool(1, sl.constant(0.2))
    page = make(tmp_path, sl.play_mix(mix_plan(groups, [1], 20), pools))
    browser.open(page.path)
    shown = browser.js(
        """[...document.querySelectorAll('figure.part')].filter((figure) =>
        figure.querySelector('canvas').checkVisibility()).map(
        (figure) => figure.dataset.part)"""
    )
    assert set(shown) == {"g3"}
    assert browser.js("document.querySelectorAll('#groups li').length") == 12
    browser.js("document.querySelector('#figure-load_1 summary').click()")
    browser.driver.execute_async_script(
        "requestAnimationFrame(() => requestAnimationFrame(arguments[0]))"
    )
    wide = browser.js("document.querySelector('#figure-load_1 .plot').clientWidth")
    assert wide > 300
    assert browser.js("report.plots.get('load_1').width") == wide
    assert browser.js("document.documentElement.scrollWidth") <= 1280
    assert browser.complaints() == []


def test_a_groups_name_is_readable_on_a_phone(browser: Browser, tmp_path: Path) -> None:
    """A short name is in one line; the longest that is legal leaves room for the figures."""
    names = ("conveyor-1", "a" * 40)
    groups = tuple(CameraGroup(name, 2, 4.0) for name in names)
    pools = {name: sl.Pool(4, sl.constant(0.01)) for name in names}
    browser.open(make(tmp_path, sl.play_mix(mix_plan(groups, [1], 20), pools)).path, 390)
    cells = browser.js(
        """[...document.querySelectorAll('#steps tr.part .name')].map((cell) => {
        const range = document.createRange(); range.selectNodeContents(cell);
        return [range.getClientRects().length, cell.getBoundingClientRect().width]; })"""
    )
    (lines, _), (_, wide) = cells
    assert lines == 1
    assert wide < 390 / 2


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Page:
    """Three rounds of two groups that share a pool."""
    groups = (CameraGroup("door", 4, 8.0), CameraGroup("person", 4, 6.0))
    pool = sl.Pool(2, sl.constant(0.03))
    played = sl.play_mix(interference_plan(groups, 1, 3, 6.0), {"door": pool, "person": pool})
    return make(tmp_path_factory.mktemp("beside"), played, interference=True)


def test_the_page_of_an_interference_run_speaks_of_pairs_and_not_of_copies(
    beside: Page, browser: Browser
) -> None:
    """Cards, the names of its steps, and the choices of a zoom; tables sort all the same."""
    browser.open(beside.path)
    cards = browser.js(
        "[...document.querySelectorAll('#groups li')].map((card) => card.textContent)"
    )
    assert beside.summary.interference is not None
    for card, answer in zip(cards, beside_answers(beside.summary.interference), strict=True):
        assert answer.said in card
        assert answer.alone in card
        assert answer.beside in card
    loads = [Loads(beside.summary).of_step(step) for step in beside.summary.steps]
    names = "[...document.querySelectorAll('#steps tr.whole small')].map((e) => e.textContent)"
    assert browser.js(f"{names}.filter((text) => /alone|beside/.test(text))") == loads
    choices = browser.js(
        "[...document.querySelectorAll('#zoom option')].slice(1).map((e) => e.textContent)"
    )
    assert choices == [f"step {i}: {load}" for i, load in enumerate(loads, 1)]
    assert not re.search(r"\bcop(y|ies)\b", browser.js("document.body.innerText"))
    browser.js("document.querySelectorAll('#steps th button')[0].click()")
    browser.js("document.querySelectorAll('#steps th button')[0].click()")
    first = browser.js("document.querySelector('#steps tbody tr').cells[0].textContent")
    assert first == str(len(loads))
    assert browser.complaints() == []


def test_the_pairs_fit_on_a_phone(beside: Page, browser: Browser) -> None:
    """Verdict, throughput and p95 stand inside the window without scrolling."""
    browser.open(beside.path, 390)
    room = browser.js("document.querySelector('#interference').parentElement.clientWidth")
    assert browser.js("document.querySelector('#interference').scrollWidth") <= room


def test_requests_by_detector_are_those_of_summary_json(browser: Browser, tmp_path: Path) -> None:
    """If groups share a detector; else the table of steps says the same, and there is no table."""
    groups = (CameraGroup("door", 4, 5.0), CameraGroup("gate", 2, 3.0))
    pools = {name: sl.Pool(8, sl.constant(0.01)) for name in ("door", "gate")}
    log = sl.write(tmp_path / "log", sl.play_mix(mix_plan(groups, [1, 2], 20), pools))
    first, *lines = log.read_text("utf-8").splitlines(keepends=True)
    for shared in (False, True):
        header = json.loads(first)
        for group in header["plan"]["groups"] if shared else []:
            group.update(detector_id="det_one", detector_name="one")
        log.write_text(json.dumps(header) + "\n" + "".join(lines), "utf-8")
        summary = analyse(read_log(log))
        path = tmp_path / "report.html"
        charts = charts_of(prepare_figures(summary))
        path.write_text(html_report(summary, find(summary), charts, []), "utf-8")
        browser.open(path)
        rows = browser.js(
            """[...document.querySelectorAll('#detectors tbody tr')].map((row) =>
            [...row.cells].slice(0, 4).map((cell) => cell.textContent))"""
        )
        counts = [step.counts.sent for step in summary.steps]
        expected = [[str(i), "one", f"{count:,}", "0"] for i, count in enumerate(counts, 1)]
        assert rows == (expected if shared else [])


def test_a_frame_with_a_chain_names_all_of_its_detectors(tmp_path: Path) -> None:
    """The first, then how many requests go to each further one."""
    log = sl.write(tmp_path / "log", mix_run())
    first, *lines = log.read_text("utf-8").splitlines(keepends=True)
    header = json.loads(first)
    header["plan"]["groups"][1]["then"] = [
        {"detector_id": "det_p", "requests": 2, "detector_name": "read-plate"},
        {"detector_id": "det_c", "requests": 1},
    ]
    log.write_text(json.dumps(header) + "\n" + "".join(lines), "utf-8")
    cards = {card.group: dict(card.facts) for card in group_cards(analyse(read_log(log)))}
    assert cards["person"]["detectors"] == "det_person, then 2 x read-plate (det_p) and 1 x det_c"
    assert cards["door"]["detector"] == "det_door"


def test_settings_are_those_of_each_group(page: Page, browser: Browser) -> None:
    """A section for each group with its detector and rate, and no detector of the whole run."""
    browser.open(page.path)
    sections = browser.js(
        """Object.fromEntries([...document.querySelectorAll('details')].map((one) => [
        one.querySelector('summary').textContent, Object.fromEntries([...one.querySelectorAll(
        'dl > div')].map((entry) => [...entry.children].map((each) => each.textContent)))]))"""
    )
    for group, rate in (("door", 5), ("person", 2), ("label", 4)):
        entries = sections[f"Camera group {group}"]
        assert entries["detector id"] == f"det_{group}"
        assert entries["requests per second"] == str(rate)
    assert "detector id" not in sections["Endpoint"]
    assert "detector id" not in sections["Settings"]


def test_a_strangers_detector_stays_text(browser: Browser, tmp_path: Path) -> None:
    """HTML in a detector's name and query is shown letter by letter."""
    log = sl.write(tmp_path / "log", mix_run())
    first, *lines = log.read_text("utf-8").splitlines(keepends=True)
    header = json.loads(first)
    header["plan"]["groups"][0].update(detector_name=HOSTILE, detector_query=HOSTILE)
    log.write_text(json.dumps(header) + "\n" + "".join(lines), "utf-8")
    summary = analyse(read_log(log))
    path = tmp_path / "report.html"
    charts = charts_of(prepare_figures(summary))
    path.write_text(html_report(summary, find(summary), charts, []), "utf-8")
    browser.open(path)
    assert browser.js("window.pwned") is None
    assert browser.js("document.querySelectorAll('img').length") == 0
    assert browser.js("document.querySelectorAll('script').length") == 4
    assert HOSTILE in browser.js("document.querySelector('#groups li').textContent")
    assert browser.complaints() == []
