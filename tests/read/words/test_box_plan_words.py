"""How many boxes are needed, in words, in the terminal, on the page and in summary.json."""

from __future__ import annotations

from pathlib import Path

from headroom_runs import clients_run, copies_run, headroom_run, shared_pool
from rich.console import Console

from edgeload.read.analysis.box_planning import with_box_plan
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.output.page import html_report
from edgeload.read.output.summary_json import summary_values
from edgeload.read.output.terminal import print_report
from edgeload.read.words.box_plan_words import box_plan_note, box_plan_rows, box_plan_sentences
from edgeload.wanted_cameras import parse_wanted

LOADS = (5, 20, 30, *[20, 21] * 2)


def planned(summary: RunSummary, text: str) -> RunSummary:
    """The summary with the boxes for what somebody typed, and 20 % reserve."""
    return with_box_plan(summary, parse_wanted(text), 0.2)


def said(summary: RunSummary, text: str) -> str:
    """What is said about these cameras."""
    plan = planned(summary, text).box_plan
    assert plan is not None
    return " ".join(box_plan_sentences(plan))


def test_the_answer_at_the_rate_that_was_measured(tmp_path: Path) -> None:
    """The sentence of the issue."""
    text = said(clients_run(tmp_path / "run.log", LOADS, 2.0), "120@2")
    assert text.startswith("120 cameras at 2/s need 6 boxes")
    assert "like this one, which carry 20" in text and "cameras each; with 20 % reserve 8." in text
    assert "estimate" not in text and "calculated" not in text


def test_another_rate_says_what_it_rests_on(tmp_path: Path) -> None:
    """A number that was not measured never stands alone."""
    summary = clients_run(tmp_path / "run.log", LOADS, 2.0)
    assert "That is calculated from 2/s, the measured rate" in said(summary, "120@3")
    slow = said(summary, "120@0.5")
    assert "need about 2 boxes" in slow
    assert slow.endswith("This is an estimate: no trial had so many cameras.")
    fast = said(summary, "120@25")
    assert fast.startswith("No number of boxes serves 120 cameras at 25/s: ")
    assert "48.8 ms" in fast and "20.5/s" in fast


def test_an_objective_that_binds_is_named(tmp_path: Path) -> None:
    """So that everybody sees why it is an estimate."""
    summary = clients_run(tmp_path / "run.log", (5, *[12, 19] * 2), 2.0, slo=["p95<55ms"])
    assert "This is an estimate: p95<55ms is the limit at 2/s" in said(summary, "120@4")


def test_a_lower_bound_needs_at_most_so_many(tmp_path: Path) -> None:
    """No load failed: a box may carry more."""
    text = said(clients_run(tmp_path / "run.log", (5, 10, 10), 2.0), "120@2")
    assert "need at most 12 boxes like this one" in text
    assert "no load failed, so a box may carry more" in text


def test_an_unknown_capacity_is_said(tmp_path: Path) -> None:
    """Instead of a number."""
    trials = [("door", 5), ("person", 1)]
    summary = headroom_run(tmp_path / "run.log", shared_pool(1), trials)
    assert said(summary, "door:60,person:20") == (
        "How many boxes 60 door at 4/s and 20 person at 2/s need is unknown, because the capacity "
        "is."
    )


def test_a_mix_has_the_cameras_of_the_fullest_box(tmp_path: Path) -> None:
    """And no table: another rate is another mix."""
    summary = copies_run(tmp_path / "run.log", (1, 8, *[3, 4] * 2), workers=4)
    text = said(summary, "door:50,person:30")
    assert text.startswith("50 door at 4/s and 30 person at 2/s need 4 boxes")
    assert "of at most 13 door and 8 person each" in text
    plan = planned(summary, "door:50,person:30").box_plan
    assert plan is not None and box_plan_rows(plan) == []


def test_the_table_explains_its_own_words_only(tmp_path: Path) -> None:
    """One row is the one that was asked for."""
    plan = planned(clients_run(tmp_path / "run.log", LOADS, 2.0), "120@5").box_plan
    assert plan is not None
    rows = box_plan_rows(plan)
    assert [row.cells[0] for row in rows] == ["0.5", "1", "2", "5", "10"]
    assert [row.asked for row in rows] == [False, False, False, True, False]
    bases = [row.cells[-1] for row in rows]
    assert bases[2:] == ["measured", "calculated", "calculated"]
    assert ("Estimate: " in box_plan_note(plan)) == ("estimate" in bases)


def test_terminal_page_and_json_show_the_same(tmp_path: Path) -> None:
    """The terminal in 80 columns."""
    summary = planned(clients_run(tmp_path / "run.log", LOADS, 2.0), "120@2")
    console = Console(width=80, force_terminal=True, color_system=None)
    with console.capture() as capture:
        print_report(console, summary, (), ())
    text = capture.get()
    assert max(map(len, text.splitlines())) <= 80
    assert "120 cameras at 2/s need 6 boxes" in text
    page = html_report(summary, (), (), ())
    assert "120 cameras at 2/s need 6 boxes" in page
    table = page.partition('<table id="box-plan" class="sorts">')[2].partition("</table>")[0]
    assert table.count("<tr") == 6
    plan = summary_values(summary, ())["plan"]
    assert (plan["need"]["boxes"], plan["need"]["basis"]) == (6, "measured")
    assert plan["wanted"] == [{"group": None, "cameras": 120, "requests_per_s": 2.0}]
    assert plan["reserve_share"] == 0.2
    assert [rate["requests_per_s"] for rate in plan["rates"]] == [0.5, 1.0, 2.0, 5.0, 10.0]
    assert summary_values(clients_run(tmp_path / "no.log", (5,), 2.0), ())["plan"] is None
