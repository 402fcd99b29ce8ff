"""The live view of a search."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from edgeload.plan import one_group_plan
from edgeload.read.statistics.boundary import Trial
from edgeload.records import SearchRecord
from edgeload.run.counters import NO_COUNTS
from edgeload.run.trials import TrialProgress
from edgeload.search.driver import SearchSetup, SearchState
from edgeload.search.strategy import NextTrial
from edgeload.search.view import SearchView, expected_s
from edgeload.search_axis import SearchAxis

AXIS, PLAN = SearchAxis("clients"), one_group_plan((), 2.0)
BEFORE = (Trial(16, "pass", 4.0), Trial(32, "pass", 4.0), Trial(64, "fail", 5.0))


def shown(trials: tuple[Trial, ...], *, terminal: bool, budget_s: float | None = None) -> str:
    """What the view shows of the next trial, with 40 clients, five seconds after its start."""
    record = SearchRecord("clients", 1000, 0.05, budget_s=budget_s)
    text = StringIO()
    console = Console(
        file=text,
        width=80,
        height=24,
        force_terminal=terminal,
        color_system=None,
        legacy_windows=False,
    )
    step = AXIS.step(PLAN, 40, 3, 20.0, 60.0)
    state = SearchState(trials, NextTrial(40, 40.0, "bracket"), "", step)
    with SearchView(console, SearchSetup(PLAN, AXIS, record, (), None)) as view:
        view.begins(state)
        view.show(TrialProgress(25.0, step, NO_COUNTS, False))
        view.show(TrialProgress(25.0, step, NO_COUNTS, False, "the endpoint broke"))
    return text.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_the_bracket_the_trial_and_the_time_are_shown(terminal: bool) -> None:
    """In a terminal of 80 columns and in a pipe; a message is shown as well."""
    text = shown(BEFORE, terminal=terminal, budget_s=60.0)
    for said in (
        "so far: ",
        "clients (95 % sure)",
        "closing in",
        "25 s used",
        "35 s of the budget",
    ):
        assert said in text
    assert "the endpoint broke" in text
    if terminal:
        assert max(len(line) for line in text.splitlines()) <= 80 + 20  # and control sequences


def test_nothing_is_known_before_a_load_passes_or_fails() -> None:
    """Neither an interval nor how long it will take."""
    text = shown((Trial(1, "undecided", 4.0),), terminal=False)
    assert "capacity so far: unknown, no load up to 1 client failed; 25 s used\n" in text


def test_a_narrower_interval_takes_less_time() -> None:
    """None as long as nothing failed; then each halving costs a trial."""
    assert expected_s(BEFORE[:2], 0.05) is None
    wide = expected_s(BEFORE, 0.05)
    narrow = expected_s((*BEFORE, Trial(41, "fail", 5.0), Trial(39, "pass", 5.0)) * 2, 0.05)
    assert wide is not None
    assert narrow is not None
    assert narrow < wide
