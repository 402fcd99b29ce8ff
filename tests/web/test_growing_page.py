"""The report of a run that goes on, from its log."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import synthetic_log as sl

from edgeload.read.analysis.findings import find
from edgeload.read.analysis.summarising import analyse
from edgeload.read.figures.shown import charts_of, prepare_figures
from edgeload.read.log.open import read_log
from edgeload.read.output.page import html_report
from edgeload.web.growing_page import GrowingPage

BEFORE = sl.WALL_S - 1.0


def log_of(path: Path) -> list[bytes]:
    """The lines of a run that is overloaded in its last step: 80 of 100 requests/s are answered."""
    played = sl.play(sl.plan_of([10, 30, 50], 10, 2.0), servers=4, service=sl.constant(0.05))
    return sl.write(path, played).read_bytes().splitlines(keepends=True)


def words(html: str, name: str) -> str:
    """The text of an element, by its id."""
    found = re.search(rf'<\w+ id="{name}"[^>]*>(.*?)</(?:p|h1)>', html, re.DOTALL)
    return re.sub("<[^>]*>", "", found[1]) if found else ""


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_run_that_goes_on_is_neither_stopped_nor_invalid(tmp_path: Path, share: float) -> None:
    """However much of the log is written, the page says that it goes on, and claims no end."""
    lines = log_of(tmp_path / "whole")
    growing = tmp_path / "growing"
    growing.write_bytes(b"".join(lines[: int(share * len(lines))]) + lines[-2][:20])
    html = GrowingPage(growing, BEFORE).html()
    assert html is not None
    assert re.fullmatch(r"The run is going on: \d+ of 30 s\. .*", words(html, "live"))
    assert words(html, "validity").startswith("VALID")
    for word in ("stopped", "interrupted", "INVALID", "not in the log"):
        assert word not in words(html, "headline")
        assert word not in html[html.index("<main>") : html.index("<script")]
    assert "serves fewer" not in html
    assert ": ." not in words(html, "headline")


def test_when_the_run_has_ended_the_page_is_its_report(tmp_path: Path) -> None:
    """Byte for byte, though the log was read piece by piece; then it no longer asks for more."""
    lines = log_of(tmp_path / "whole")
    growing = tmp_path / "growing"
    growing.write_bytes(b"")
    page = GrowingPage(growing, BEFORE)
    assert page.html() is None
    for start in range(0, len(lines), 500):
        with growing.open("ab") as file:
            file.writelines(lines[start : start + 500])
        html = page.html()
    summary = analyse(read_log(growing))
    charts = charts_of(prepare_figures(summary))
    assert html == html_report(summary, find(summary), charts, [])
    assert "/version" not in html


def test_the_log_of_an_earlier_run_is_not_shown(tmp_path: Path) -> None:
    """Until the new run has overwritten it, whether in the same file or with a new one."""
    lines = log_of(tmp_path / "whole")
    growing = tmp_path / "growing"
    growing.write_bytes(b"".join(lines))
    page = GrowingPage(growing, sl.WALL_S + 100.0)
    assert page.html() is None
    later = [re.sub(rb'"ts":\d+', b'"ts":1900000000', line) for line in lines[:900]]
    growing.write_bytes(b"".join(later))
    assert "The run is going on" in (page.html() or "")
    growing.unlink()
    growing.write_bytes(b"".join(later[:600]))
    assert "The run is going on" in (page.html() or "")


def test_what_is_no_log_shows_nothing(tmp_path: Path) -> None:
    """A missing file, or one without a header, is waited for."""
    page = GrowingPage(tmp_path / "log", BEFORE)
    assert page.html() is None
    (tmp_path / "log").write_bytes(b"x" * 2000 + b"\n")
    assert page.html() is None
