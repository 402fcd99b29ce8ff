"""report.html under a user's hands, in a real Chromium: hide, zoom, point, sort, print."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Browser, chromium
from report_pages import Page, long_run, make, saturated_run
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from edgeload.read.statistics.format import number

TIME_FIGURES = "[...report.groups.get('time')]"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    folder = tmp_path_factory.mktemp("pages")
    return {
        "saturated": make(folder / "saturated", saturated_run()),
        "long": make(folder / "long", long_run()),
    }


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


def test_a_click_hides_a_line_and_shows_it_again(pages: dict[str, Page], browser: Browser) -> None:
    """Its colour leaves the canvas, the others stay; a screen reader hears of it."""
    browser.open(pages["saturated"].path)
    blue, orange = (0, 0x72, 0xB2), (0xE6, 0x9F, 0)

    def pixels(colour: tuple[int, int, int]) -> int:
        count: int = browser.js(
            """((colour) => { const canvas = document.querySelector('#figure-response canvas');
            const { data } = canvas.getContext('2d').getImageData(
              0, 0, canvas.width, canvas.height);
            let count = 0;
            for (let i = 0; i < data.length; i += 4)
              count += colour.every((part, j) => Math.abs(data[i + j] - part) < 12);
            return count; })(arguments[0])""",
            list(colour),
        )
        return count

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
    wanted = [number(step[key]) + " /s" for key in ("arrival_rate_per_s", "throughput_per_s")]
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
