"""Trials in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import searched_log as searches

from edgeload.objectives import parse_objective
from edgeload.read.analysis.finding import Finding
from edgeload.read.words.trial_words import (
    in_brief,
    missed_on_purpose,
    quantity_in_brief,
    trial_heads,
    trial_note,
    trial_rows,
)


def test_each_trial_has_a_row_with_its_load_its_verdict_and_why(tmp_path: Path) -> None:
    """In order of time; the box carries 40 clients, and a pass needs no reason."""
    summary = searches.summary_of(tmp_path / "s.log", searches.box_search())
    rows = trial_rows(summary)
    assert [int(row.load) for row in rows] == [load for load, _ in searches.BOX_TRIALS]
    assert [row.trial for row in rows] == [str(number + 1) for number in range(len(rows))]
    for row in rows:
        assert row.verdicts in {("pass",), ("fail",), ("undecided",)}
        assert (row.verdicts == ("pass",)) == (row.reason == "")
        assert (row.verdicts == ("fail",)) == (int(row.load) > 40)
        if row.verdicts == ("fail",):
            assert row.reason.startswith("backlog grows ")
    assert len(trial_heads(summary)) == len(rows[0].__dict__)


def test_each_named_tier_has_a_column(tmp_path: Path) -> None:
    """A trial may pass for one and fail for another."""
    slo = ["gold: p95<40ms", "silver: p95<300ms"]
    summary = searches.summary_of(tmp_path / "s.log", searches.box_search(), slo=slo)
    assert trial_heads(summary)[6:8] == ("gold", "silver")
    carried = next(row for row in trial_rows(summary) if row.load == "39")
    assert carried.verdicts == ("fail", "pass")
    assert carried.reason.startswith("p95 ")


def test_the_note_explains_what_stands_in_the_table(tmp_path: Path) -> None:
    """And nothing else."""
    found = searches.box_search(broken=(2,))
    summary = searches.summary_of(tmp_path / "s.log", found)
    note = trial_note(summary, trial_rows(summary))
    for word in ("pass: ", "fail: ", "broken: ", "never: "):
        assert word in note
    assert "invalid: " not in note


@pytest.mark.parametrize(
    ("text", "value", "said"),
    [
        ("p95<300ms", 1.8404, "p95 1,840 ms"),
        ("p99.9 service<1s", 0.0123, "service p99.9 12.3 ms"),
        ("p95<300ms", float("inf"), "p95 never answered"),
        ("p95<300ms", None, "p95: too few answers"),
        ("errors<1%", 0.032, "errors 3.2 %"),
        ("outage<1s", 4.06, "longest outage 4.06 s"),
        ("age p95<1s", 2.0, "age p95 2,000 ms"),
    ],
)
def test_a_quantity_in_brief(text: str, value: float | None, said: str) -> None:
    """With its unit, in three digits, and thousands apart."""
    assert quantity_in_brief(parse_objective(text), value) == said


def test_a_reason_of_a_group_names_it() -> None:
    """As the user called it."""
    numbers = {"growth": 0.17, "throughput_per_s": 40.0, "arrival_per_s": 48.0}
    finding = Finding("backlog_grows", "warning", (0,), numbers, group="person")
    assert in_brief(finding) == "person: backlog grows 17 %"


def test_the_rate_that_is_due_is_the_planned_one(tmp_path: Path) -> None:
    """A window of a few seconds holds a request more or less than its share."""
    summary = searches.summary_of(tmp_path / "s.log", searches.box_search())
    for row in trial_rows(summary):
        assert float(row.due_per_s) == 2.0 * int(row.load)


@pytest.mark.parametrize("load", [64, 8])
def test_missed_requests_of_overload_are_told_apart(tmp_path: Path, load: int) -> None:
    """Under VALID, they would look like a fault of the generator."""
    own = searches.summary_of(tmp_path / "s.log", searches.box_search())
    missed = replace(own.totals, missed=7)
    steps = tuple(
        replace(step, counts=replace(step.counts, missed=7 if step.clients == load else 0))
        for step in own.steps
    )
    summary = replace(own, totals=missed, steps=steps)
    assert missed_on_purpose(summary) == (load == 64)
    assert ("7 requests were never sent" in trial_note(summary, trial_rows(summary))) == (
        load == 64
    )


def test_a_percentile_among_unanswered_requests_says_how_many(tmp_path: Path) -> None:
    """64 clients are due 128/s, of which 80/s are answered: 37 % are not, and some are too late."""
    summary = searches.summary_of(tmp_path / "s.log", searches.box_search(), slo=["p95<300ms"])
    (row,) = (row for row in trial_rows(summary) if row.load == "64")
    said = re.fullmatch(r"(\d+) % unanswered", row.reason)
    assert said, row.reason
    assert int(said[1]) >= 37


@pytest.mark.parametrize(
    ("trials", "excused"), [(searches.BOX_TRIALS, True), (((1, 2), (2, 2)), False)]
)
def test_a_short_trial_is_excused_only_below_a_capacity(
    tmp_path: Path, trials: tuple[tuple[int, float], ...], excused: bool
) -> None:
    """If no trial told anything, none of them was long enough."""
    summary = searches.summary_of(tmp_path / "s.log", searches.box_search(trials))
    note = trial_note(summary, trial_rows(summary))
    assert "undecided: " in note
    assert ("below the capacity is enough" in note) == excused


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ((0.05, None), "p95 77.2 ms: too few answers"),
        ((0.05, 0.4), "p95 77.2 ms: too close to tell"),
    ],
)
def test_an_undecided_objective_says_why(limits: tuple[float, float | None], said: str) -> None:
    """Too few answers have no upper limit; otherwise the bound lies between both limits."""
    numbers: Mapping[str, Any] = {
        "objective": "p95<300ms",
        "value": 0.0772,
        "limits": limits,
        "never_share": 0.0,
    }
    assert in_brief(Finding("undecided", "note", (0,), numbers)) == said
