"""What a user calls a run stands in everything that is shown of it, and harms nothing."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import synthetic_log as sl
from rich.console import Console

from edgeload.read.analysis.comparison import compare
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.figures.comparison_shown import prepare_comparison
from edgeload.read.figures.shown import prepare_figures
from edgeload.read.log.log_error import LogError
from edgeload.read.log.open import read_log
from edgeload.read.output.comparison_terminal import print_comparison
from edgeload.read.output.page import html_report
from edgeload.read.output.summary_json import summary_values
from edgeload.read.output.terminal import print_report
from edgeload.read.words.run_names import named_line, run_words, side_names, sides_line

HOSTILE = "<script>\x1b[31m\u202e"


def summary_of(path: Path, **settings: Any) -> RunSummary:
    """A small run with these settings."""
    played = sl.play(sl.plan_of([4], 5, 5.0), servers=8, service=sl.constant(0.01))
    return analyse(read_log(sl.write(path, played, **settings)))


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({}, ""),
        ({"name": None, "notes": None, "box_label": None}, ""),
        ({"name": "4-workers"}, "4-workers"),
        ({"box_label": "NUC 12"}, "NUC 12"),
        ({"name": "a", "box_label": "NUC", "notes": "new driver"}, "a on NUC: new driver"),
        ({"notes": "new driver"}, "new driver"),
    ],
)
def test_the_line_of_a_run(tmp_path: Path, settings: dict[str, Any], line: str) -> None:
    """What there is of name, box and notes; also of a log that has no such settings."""
    assert named_line(summary_of(tmp_path / "log", **settings)) == (f"Run: {line}" if line else "")


def test_a_named_run_is_named_in_everything_that_is_shown(tmp_path: Path) -> None:
    """Terminal, page, pictures and summary.json, without anything that controls a terminal."""
    given = {"name": "4-workers", "box_label": HOSTILE, "notes": f"{HOSTILE}note"}
    summary = summary_of(tmp_path / "log", **given)
    text = io.StringIO()
    print_report(Console(file=text), summary, (), ())
    page = html_report(summary, (), (), ())
    titles = [picture.subject for picture in prepare_figures(summary)]
    for shown in (text.getvalue(), *titles):
        assert "4-workers on <script>" in shown
    assert "<title>4-workers on &lt;script&gt;" in page
    for shown in (text.getvalue(), page, *titles):
        assert not {"\x1b", "\u202e"} & set(shown)
    assert "<script>\\u" not in page
    values = summary_values(summary, ())
    assert {name: values[name] for name in given} == given
    assert json.dumps(values)


def test_a_run_without_a_name_is_shown_as_ever(tmp_path: Path) -> None:
    """No empty line, and no title without a word."""
    summary = summary_of(tmp_path / "log")
    page = html_report(summary, (), (), ())
    assert 'id="run-name"' not in page
    assert 'id="notes"' not in page
    assert {picture.subject for picture in prepare_figures(summary)} == {""}


def test_a_setting_that_is_no_text_is_a_damaged_header(tmp_path: Path) -> None:
    """The program itself writes none."""
    for name in ("name", "notes", "box_label"):
        with pytest.raises(LogError, match=f"settings.{name} is "):
            summary_of(tmp_path / "log" / name, **{name: {"a": 1}})


def test_the_sides_of_a_comparison_are_named_alike(tmp_path: Path) -> None:
    """By their names if all have one; otherwise all by their files."""
    old = [summary_of(tmp_path / f"old-{n}", name="old", box_label="NUC") for n in (1, 2)]
    new = summary_of(tmp_path / "new", name="new")
    bare = summary_of(tmp_path / "bare")
    assert side_names(old, [new]) == ("old on NUC (2 runs)", "new")
    assert side_names(old, [new, bare]) == ("old-1, old-2", "new, bare")
    assert run_words(bare) == ""


def test_a_comparison_says_which_side_is_which(tmp_path: Path) -> None:
    """In the terminal, and in its pictures unless both are called the same."""
    old, new = (summary_of(tmp_path / name, name=name) for name in ("old", "new"))
    comparison, text = compare([old], [new]), io.StringIO()
    sides = side_names([old], [new])
    print_comparison(Console(file=text), comparison, None, [], sides)
    line = sides_line(*sides)
    assert line == "Before: old. After: new."
    assert line in text.getvalue()
    assert {picture.subject for picture in prepare_comparison(comparison, [old], [new])} == {line}
    same = prepare_comparison(comparison, [old], [old])
    assert {picture.subject for picture in same} == {""}
