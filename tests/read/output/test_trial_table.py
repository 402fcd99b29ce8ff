"""The table of trials fits the terminal."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
import searched_log as searches
from rich.console import Console

from edgeload.read.analysis.findings import find
from edgeload.read.output.terminal import print_report


@pytest.mark.parametrize("slo", [[], ["gold: p95<58ms", "silver: p95<300ms"]])
@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_line_is_wider_than_the_terminal(tmp_path: Path, width: int, slo: list[str]) -> None:
    """And every trial has a line that begins with its number and its load."""
    summary = searches.summary_of(tmp_path / "s.log", searches.box_search(), slo=slo)
    text = StringIO()
    console = Console(file=text, width=width, force_terminal=True, color_system=None)
    print_report(console, summary, find(summary), [])
    lines = text.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    for number, (load, _) in enumerate(searches.BOX_TRIALS, 1):
        assert any(line.split()[:2] == [str(number), str(load)] for line in lines)
    assert ("A wider terminal also shows" in text.getvalue().replace("\n", " ")) == (width < 80)


def _shown(path: Path, height: int, *, terminal: bool = True) -> str:
    summary = searches.summary_of(path, searches.box_search(), slo=["a: p95<58ms", "b: p95<300ms"])
    text = StringIO()
    console = Console(
        file=text, width=80, height=height, force_terminal=terminal, color_system=None
    )
    print_report(console, summary, find(summary), [Path("out/report.html"), Path("out/a.png")])
    return text.getvalue()


@pytest.mark.parametrize(
    ("height", "terminal", "times"), [(24, True, 2), (200, True, 1), (24, False, 1)]
)
def test_a_capacity_that_has_scrolled_away_is_said_again(
    tmp_path: Path, height: int, terminal: bool, times: int
) -> None:
    """For each tier, at the end; not in a pipe, and not if all of it is still seen."""
    text = _shown(tmp_path / "s.log", height, terminal=terminal)
    for tier in ("a", "b"):
        assert text.count(f"CAPACITY {tier}: ") == times
    last = text.strip().splitlines()[-20:]
    assert any(line.startswith("CAPACITY b: ") for line in last) == (times == 2)


def test_the_files_of_a_folder_are_one_line(tmp_path: Path) -> None:
    """A list of a dozen paths would push the answer off the terminal."""
    assert "\nout/report.html a.png\n" in _shown(tmp_path / "s.log", 24)
