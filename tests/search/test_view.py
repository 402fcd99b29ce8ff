"""The live view of a search."""

from __future__ import annotations

import re
from dataclasses import replace
from io import StringIO

import msgspec
import pytest
from rich.console import Console

from edgeload.plan import one_group_plan
from edgeload.read.statistics.boundary import Trial
from edgeload.records import SearchRecord
from edgeload.run.counters import NO_COUNTS
from edgeload.run.progress_record import (
    MessageLine,
    ProgressLine,
    TrialEndLine,
    TrialProgressLine,
)
from edgeload.run.progress_screen import ProgressForm
from edgeload.run.trials import TrialProgress
from edgeload.search.driver import SearchSetup, SearchState
from edgeload.search.strategy import NextTrial
from edgeload.search.view import SearchView, expected_s
from edgeload.search_axis import SearchAxis

ASKED = NextTrial(40, 40.0, "bracket")
AXIS, PLAN = SearchAxis("clients"), one_group_plan((), 2.0)
BEFORE = (Trial(16, "pass", 4.0), Trial(32, "pass", 4.0), Trial(64, "fail", 5.0))


def shown(
    trials: tuple[Trial, ...],
    *,
    terminal: bool,
    budget_s: float | None = None,
    form: ProgressForm = "auto",
    width: int = 80,
) -> str:
    """What the view shows of the next trial, with 40 clients, five seconds after its start."""
    record = SearchRecord("clients", 1000, 0.05, budget_s=budget_s)
    text = StringIO()
    console = Console(
        file=text,
        width=width,
        height=24,
        force_terminal=terminal,
        color_system=None,
        legacy_windows=False,
    )
    step = AXIS.step(PLAN, 40, 3, 20.0, 60.0)
    state = SearchState(trials, ASKED, "", step)
    setup = SearchSetup(PLAN, AXIS, record, (), None)
    with SearchView(console, setup, form) as view:
        view.begins(state)
        view.show(TrialProgress(25.0, step, NO_COUNTS, False))
        view.show(TrialProgress(25.0, step, NO_COUNTS, False, "the endpoint broke"))
        if form != "auto":
            view.begins(SearchState(trials, ASKED, "", replace(step, index=4), None, "pass"))
            view.ends("fail")
            view.ends("fail")  # it is over already
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
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
        assert max(len(line) for line in re.split(r"[\r\n]+", plain)) <= 80


def test_a_search_as_json_lines() -> None:
    """A record for each second and for each trial's end; messages are records, too."""
    text = shown(BEFORE, terminal=False, form="json")
    now, said, *over = (msgspec.json.decode(line, type=ProgressLine) for line in text.splitlines())
    assert isinstance(now, TrialProgressLine)
    assert (now.trial, now.load, now.purpose, now.trial_at_s) == (4, 40, "bracket", 5.0)
    assert now.low is not None
    assert now.high is not None
    assert 32 <= now.low < now.high <= 64
    assert said == MessageLine("the endpoint broke")
    assert over == [TrialEndLine(4, 40, "pass"), TrialEndLine(5, 40, "fail")]


def test_a_search_without_progress_shows_messages_only() -> None:
    """As a ramp does."""
    assert shown(BEFORE, terminal=False, form="none") == "the endpoint broke\n"


@pytest.mark.parametrize("width", [40, 60, 140])
def test_the_view_of_a_search_fits(width: int) -> None:
    """No line is wider than the terminal, and the trials that are over have a row each."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown(BEFORE, terminal=True, width=width))
    lines = re.split(r"[\r\n]+", text)
    assert max(map(len, lines)) <= width
    rows = [line.split()[:2] for line in lines if re.match(r" +\d+ +[a-z]+", line)]
    assert rows[:4] == [["16", "pass"], ["32", "pass"], ["64", "fail"], ["40", "closing"]]


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
