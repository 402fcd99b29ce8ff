"""report.html under a user's hands, in a real Chromium: hide, zoom, point, sort, print."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import synthetic_log as sl
from browser import Browser, chromium, rgb
from report_pages import Page, long_run, make, mix_run, saturated_run
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from edgeload.palette import DARK, ON_DARK, PALETTE
from edgeload.read.statistics.format import number

TIME_FIGURES = "[...report.groups.get('time')]"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    folder = tmp_path_factory.mktemp("pages")
    return {
        "saturated": make(folder / "saturated", saturated_run()),
        "long": make(folder / "long", long_run()),
        "mix": make(folder / "mix", mix_run()),
    }


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


def test_a_click_hides_a_line_and_shows_it_again(pages: dict[str, Page], browser: Browser) -> None:
    """Its colour leaves the canvas, the others stay; a screen reader hears of it."""
    browser.open(pages["saturated"].path)
    blue, orange = rgb(PALETTE["blue"]), rgb(PALETTE["orange"])

    def pixels(colour: list[int]) -> int:
        return pixels_of(browser, "#figure-response canvas", colour)

    before = pixels(blue), pixels(orange)
    assert min(before) > 100
    name = browser.driver.find_elements(By.CSS_SELECTOR, "#figure-response .u-series th")[1]
    name.click()
    settle(browser)
    assert (pixels(blue), pixels(orange) >= before[1]) == (0, True)
    assert name.get_attribute("aria-checked") == "false"
    name.click()
    settle(browser)
    assert pixels(blue) == pytest.approx(before[0], rel=0.01)
    assert name.get_attribute("aria-checked") == "true"


def pixels_of(browser: Browser, canvas: str, colour: list[int]) -> int:
    """How many pixels of a canvas have a colour, or nearly."""
    count: int = browser.js(
        """((canvas, colour) => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let i = 0; i < data.length; i += 4)
          count += data[i + 3] > 200 && colour.every((c, j) => Math.abs(data[i + j] - c) < 12);
        return count; })(document.querySelector(arguments[0]), arguments[1])""",
        canvas,
        colour,
    )
    return count


def settle(browser: Browser) -> None:
    """Until the page has drawn what it was told."""
    browser.driver.execute_async_script(
        "requestAnimationFrame(() => requestAnimationFrame(arguments[0]))"
    )


def spans(browser: Browser, group: str) -> list[list[float]]:
    """The stretch of the x axis that each figure of a group shows."""
    settle(browser)
    found: list[list[float]] = browser.js(
        f"report.groups.get('{group}').map((p) => [p.scales.x.min, p.scales.x.max])"
    )
    return found


def test_zoom_is_one_for_all_figures_over_time(pages: dict[str, Page], browser: Browser) -> None:
    """A drag on one zooms all of them alike and no other; a double click shows all again."""
    browser.open(pages["long"].path)
    whole, clients = spans(browser, "time"), spans(browser, "clients")
    assert len(whole) == 6
    assert len({tuple(span) for span in whole}) == 1
    over = browser.driver.find_element(By.CSS_SELECTOR, "#figure-throughput .u-over")
    browser.js("arguments[0].scrollIntoView({block: 'center'})", over)
    width = over.size["width"]
    drag = ActionChains(browser.driver).move_to_element_with_offset(over, -width // 4, 0)
    drag.click_and_hold().move_by_offset(width // 4, 0).release().perform()
    zoomed = spans(browser, "time")
    assert len({tuple(span) for span in zoomed}) == 1
    end_s = whole[0][1]
    assert zoomed[0] == pytest.approx([end_s / 4, end_s / 2], abs=0.02 * end_s)
    assert spans(browser, "clients") == clients
    ActionChains(browser.driver).double_click(over).perform()
    assert spans(browser, "time") == whole
    ActionChains(browser.driver).move_to_element_with_offset(over, -width // 4, 0).perform()
    settle(browser)
    pointed = browser.js(f"{TIME_FIGURES}.map((plot) => plot.posToVal(plot.cursor.left, 'x'))")
    assert pointed == pytest.approx([end_s / 4] * 6, abs=0.02 * end_s)
    select = browser.driver.find_element(By.ID, "zoom")
    select.find_elements(By.TAG_NAME, "option")[2].click()
    assert {tuple(span) for span in spans(browser, "time")} == {(70.0, 140.0)}


@pytest.mark.parametrize(("place", "clients"), [(1, "30.0"), (2, "60.0, load not carried")])
def test_pointing_reads_the_values(
    pages: dict[str, Page], browser: Browser, place: int, clients: str
) -> None:
    """Over a step, the legend gives its figures, as summary.json does, and why it is hollow."""
    page = pages["saturated"]
    browser.open(page.path)
    step = page.values["steps"][place]
    over = browser.driver.find_element(By.CSS_SELECTOR, "#figure-load .u-over")
    browser.js("arguments[0].scrollIntoView({block: 'center'})", over)
    x = browser.js(f"report.plots.get('load').valToPos({step['clients']}, 'x')")
    offset = round(x - over.size["width"] / 2)
    ActionChains(browser.driver).move_to_element_with_offset(over, offset, 0).perform()
    settle(browser)
    shown = browser.js(
        "[...document.querySelectorAll('#figure-load .u-value')].map((cell) => cell.textContent)"
    )
    wanted = [number(step[key]) + " /s" for key in ("throughput_per_s", "arrival_rate_per_s")]
    assert shown == [clients, *wanted]


def test_tables_sort_by_value_with_no_data_last(pages: dict[str, Page], browser: Browser) -> None:
    """Up, then down; numbers as numbers; the cells without a number stay at the end."""
    browser.open(pages["saturated"].path)
    heads = browser.driver.find_elements(By.CSS_SELECTOR, "#steps th button")
    names = browser.js(
        "[...document.querySelectorAll('#steps tbody tr:first-child td')].map(c => c.dataset.name)"
    )
    for wanted in ("throughput_per_s", "response_time_s.p95"):
        place = names.index(wanted)
        column = (
            f"[...document.querySelectorAll('#steps tbody td[data-name=\"{wanted}\"]')]"
            ".map((cell) => cell.dataset.value)"
        )
        values = browser.js(column)
        known = sorted(float(value) for value in values if value)
        for order in (known, known[::-1]):
            heads[place].click()
            found = browser.js(column)
            assert [float(value) for value in found if value] == order
            assert found[len(known) :] == [""] * (len(values) - len(known))
    assert "" in values


def test_prints(pages: dict[str, Page], browser: Browser) -> None:
    """Figures take the width of paper for printing, and go back to the window's after it."""
    browser.open(pages["saturated"].path)
    widths = "[...report.plots.values()].map((plot) => plot.width)"
    before = browser.js(widths)
    browser.js("window.dispatchEvent(new Event('beforeprint'))")
    assert set(browser.js(widths)) == {680}
    browser.js("window.dispatchEvent(new Event('afterprint'))")
    assert browser.js(widths) == before
    pdf = base64.b64decode(browser.driver.execute_cdp_cmd("Page.printToPDF", {})["data"])
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 12


def test_labels_of_an_axis_do_not_touch_on_paper(pages: dict[str, Page], browser: Browser) -> None:
    """Half of its width is narrower than half of a window, so fewer of them fit."""
    browser.open(pages["mix"].path)
    browser.js("window.dispatchEvent(new Event('beforeprint'))")
    settle(browser)
    shown = browser.js(
        """[...report.plots.values()].map(({axes: [axis], valToPos}) => axis._splits
        .map((at, i) => [valToPos(at, 'x'), String(axis._values[i] || '').length])
        .filter(([, length]) => length))"""
    )
    assert len(shown) == len(browser.js("report.charts"))
    for labels in shown:
        for (at, length), (next_at, next_length) in pairwise(labels):
            assert next_at - at > 3.4 * (length + next_length)
    browser.js("window.dispatchEvent(new Event('afterprint'))")


def test_the_keyboard_zooms_moves_and_reads(pages: dict[str, Page], browser: Browser) -> None:
    """As a mouse does: all figures over time zoom together, and a reader hears the values."""
    browser.open(pages["long"].path)
    ((low, high), *_) = whole = spans(browser, "time")
    plot = browser.driver.find_element(By.CSS_SELECTOR, "#figure-throughput .plot")
    browser.js("arguments[0].focus()", plot)
    plot.send_keys("+")
    quarter = (high - low) / 4
    assert spans(browser, "time") == [pytest.approx([low + quarter, high - quarter])] * len(whole)
    ticks = browser.js("report.plots.get('throughput').axes.map((axis) => axis._splits)")
    assert all(f"{at[1] - at[0]:.3e}"[0] in "125" for at in ticks), ticks
    plot.send_keys(Keys.SHIFT, Keys.ARROW_LEFT)
    assert spans(browser, "time")[0] == pytest.approx([low + quarter / 2, high - 1.5 * quarter])
    plot.send_keys(Keys.ESCAPE)
    assert spans(browser, "time") == whole
    plot.send_keys("-")
    assert spans(browser, "time") == whole
    plot.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    settle(browser)
    load = browser.js("report.charts.find((chart) => chart.name === 'throughput')")
    answered = load["lines"][0]["values"][1]
    spoken = browser.js("document.getElementById('spoken').textContent")
    assert spoken.startswith(f"time {load['x'][1]:.2f} s; answered {answered:.1f}"), spoken


def test_a_screen_reader_hears_what_a_figure_shows(
    pages: dict[str, Page], browser: Browser
) -> None:
    """Its title, axes, and from where to where each line goes; each figure can be reached."""
    browser.open(pages["saturated"].path)
    for chart in browser.js("report.charts"):
        plot = f"document.querySelector('#figure-{chart['name']} .plot')"
        label = browser.js(f"{plot}.getAttribute('aria-label')")
        assert chart["title"] in label
        assert chart["x_axis"]["label"] in label
        assert all(f"{line['label']}: " in label for line in chart["lines"])
        assert browser.js(f"{plot}.tabIndex") == 0
        described = browser.js(f"{plot}.getAttribute('aria-describedby')")
        assert "Escape" in browser.js(
            "document.getElementById(arguments[0]).textContent", described
        )


def test_a_legend_shows_the_dashes_of_its_lines(pages: dict[str, Page], browser: Browser) -> None:
    """Each sample has the colour and the dash that the line has on the canvas."""
    browser.open(pages["saturated"].path)
    for chart in browser.js("report.charts"):
        drawn = browser.js(
            """[...document.querySelectorAll(`#figure-${arguments[0]} .swatch line`)].map((one) =>
            [one.getAttribute('stroke'), one.getAttribute('stroke-dasharray')])""",
            chart["name"],
        )
        assert drawn == [
            [line["colour"], " ".join(map(str, line["dash"]))] for line in chart["lines"]
        ]


def test_a_dark_screen_gets_a_dark_page_and_paper_a_light_one(
    pages: dict[str, Page], browser: Browser
) -> None:
    """By prefers-color-scheme, also when it changes; lines and texts have the colours for it."""
    browser.open(pages["saturated"].path)
    lights = {True: rgb(PALETTE["blue"]), False: rgb(ON_DARK[PALETTE["blue"]])}

    def is_light() -> bool:
        settle(browser)
        found = {light: pixels_of(browser, "#figure-load canvas", c) for light, c in lights.items()}
        page = browser.js("getComputedStyle(document.body).backgroundColor")
        light = bool(found[True])
        assert (found[True] > 100) != (found[False] > 100), found
        assert page == ("rgb(255, 255, 255)" if light else "rgb({}, {}, {})".format(*rgb(DARK)))
        return light

    assert is_light()
    try:
        browser.prefer("dark")
        assert not is_light()
        browser.js("window.dispatchEvent(new Event('beforeprint'))")
        assert is_light()
        browser.js("window.dispatchEvent(new Event('afterprint'))")
        assert not is_light()
    finally:
        browser.prefer("light")


def test_a_phone_shows_state_and_response_p95(pages: dict[str, Page], browser: Browser) -> None:
    """Without scrolling sideways: they stand before what is less asked for."""
    browser.open(pages["saturated"].path, 390)
    for name in ("clients", "state", "response_time_s.p95"):
        right = browser.js(
            "document.querySelector('#steps td[data-name=\"' + arguments[0] + '\"]')"
            ".getBoundingClientRect().right",
            name,
        )
        assert right <= 390, name


def test_many_steps_are_folded_until_asked_for(browser: Browser, tmp_path: Path) -> None:
    """Those that tell most are shown; a button shows all, and paper has all."""
    plan = sl.plan_of(range(2, 42, 2), 8, 2.0)
    page = make(tmp_path, sl.play(plan, servers=2, service=sl.constant(0.05)))
    browser.open(page.path)
    rows = "[...document.querySelectorAll('#steps tbody tr')].filter((r) => r.offsetParent).length"
    few = browser.js(rows)
    assert 5 <= few <= 12
    button = browser.driver.find_element(By.CSS_SELECTOR, "button.unfold")
    assert button.text == "Show all 20 steps"
    capacity = page.values["capacity"]["step"]
    shown = "document.querySelectorAll('#steps tbody tr')[arguments[0]].offsetParent !== null"
    assert [browser.js(shown, place) for place in (0, capacity, 19)] == [True] * 3
    browser.js("arguments[0].click()", button)
    assert browser.js(rows) == 20
    browser.js("arguments[0].click()", button)
    assert browser.js(rows) == few


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail), ("", pytest.skip)])
def test_without_chromium_the_page_is_not_called_tested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ci: str, outcome: Any
) -> None:
    """Under CI it is a failure; elsewhere the tests are skipped. Both say how to get Chromium."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CI", ci)
    with (
        pytest.raises(outcome.Exception, match="apt-get install chromium"),
        chromium(tmp_path),
    ):
        raise AssertionError("a browser was found")
