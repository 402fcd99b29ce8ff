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
    assert ("Not shown for lack of width" in text.getvalue().replace("\n", " ")) == (width < 80)
