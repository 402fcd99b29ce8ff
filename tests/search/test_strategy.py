"""The search for the capacity against boxes that never err, and against some that always do."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgeload.read.statistics.boundary import GrowthCeiling, Trial, TrialVerdict
from edgeload.search.strategy import MOST_TRIALS, Decision, NextTrial, SearchOptions, next_trial

OPTIONS = SearchOptions(least_s=3.5)
Box = Callable[[NextTrial], Trial]


def _search(
    box: Box, options: SearchOptions = OPTIONS, budget_s: float = math.inf
) -> tuple[Decision, list[Trial]]:
    trials: list[Trial] = []
    while True:
        spent_s = sum(trial.seconds for trial in trials)
        asked = next_trial(trials, options, budget_s - spent_s)
        if isinstance(asked, Decision):
            return asked, trials
        assert asked.load >= 1
        assert asked.shortest_s <= asked.longest_s <= options.longest_s
        assert options.most is None or asked.load <= options.most
        trials.append(box(asked))
        assert len(trials) <= MOST_TRIALS


def _by_verdict(boundary: int) -> Box:
    """Says pass or fail, rightly, in as little time as it may."""
    return lambda asked: Trial(
        asked.load, "pass" if asked.load <= boundary else "fail", min(asked.longest_s, 8.0)
    )


def _by_backlog(capacity: float) -> Box:
    """Measures the growth of the backlog without an error."""

    def trial(asked: NextTrial) -> Trial:
        value, half = min(asked.load, capacity), 0.002 * asked.load
        verdict: TrialVerdict = "pass" if asked.load <= capacity else "fail"
        ceiling = GrowthCeiling(value, value - half, value + half)
        return Trial(asked.load, verdict, max(asked.shortest_s, 4.5), ceiling, True)

    return trial


def _narrow(found: Decision) -> bool:
    boundary = found.boundary
    assert boundary.high is not None
    assert boundary.best is not None
    return boundary.high - boundary.low <= max(1, 0.05 * boundary.best)


@given(st.integers(1, 5000))
@settings(deadline=None, max_examples=30)
def test_a_box_that_never_errs_is_found(boundary: int) -> None:
    """By verdicts alone: a narrow interval holds the boundary, after about 2 log2 n trials."""
    found, trials = _search(_by_verdict(boundary))
    assert found.ending == "found"
    assert _narrow(found)
    assert found.boundary.low <= boundary <= (found.boundary.high or 0)
    assert len(trials) <= 12 + 2 * math.log2(boundary + 1)
    assert abs((found.boundary.best or 0) - boundary) <= max(1, 0.03 * boundary)


@given(st.floats(1.05, 5000))
@example(4711.5)  # thirteen of them
@example(1.96875)  # at 2, the error of the ceiling never gets below the step to it
@settings(deadline=None, max_examples=30)
def test_a_measured_ceiling_is_used(capacity: float) -> None:
    """After the doubling, a handful of trials: the ceiling leads to the neighbourhood at once.

    Ten find the place, and at most five show that the answer is carried.
    """
    found, trials = _search(_by_backlog(capacity))
    assert found.ending == "found"
    assert _narrow(found)
    assert found.boundary.low <= math.floor(capacity) <= (found.boundary.high or 0)
    doubling = math.ceil(math.log2(capacity)) + 1
    assert len(trials) <= doubling + 15


def test_far_below_the_answer_trials_are_as_short_as_a_look() -> None:
    """No proof is asked for while loads double."""
    _, trials = _search(_by_backlog(40.5))
    asked: list[NextTrial] = []
    for index in range(7):
        step = next_trial(trials[:index], OPTIONS)
        assert isinstance(step, NextTrial)
        asked.append(step)
    assert [one.load for one in asked] == [1, 2, 4, 8, 16, 32, 64]
    assert {one.longest_s for one in asked} == {OPTIONS.least_s}


def test_the_answer_was_tried_and_so_was_a_little_more() -> None:
    """No capacity is told that was only computed."""
    for capacity in (3.5, 14.2, 40.5, 119.9, 700.0):
        found, trials = _search(_by_backlog(capacity))
        best = found.boundary.best or 0
        slack = max(1, 0.05 * best)
        assert any(best - slack <= t.load <= best and t.verdict == "pass" for t in trials)
        assert any(best < t.load <= best + 2 * slack and t.verdict == "fail" for t in trials)


@pytest.mark.parametrize("cliff", [5, 17, 30])
def test_a_cliff_below_the_ceiling_is_found(cliff: int) -> None:
    """Beyond the cliff requests fail, and the backlog says that 40 would be carried."""

    def box(asked: NextTrial) -> Trial:
        if asked.load > cliff:
            ceiling = GrowthCeiling(40.0, 39.0, 41.0)
            return Trial(asked.load, "fail", 5.0, ceiling, by_backlog=False)
        return _by_backlog(40.0)(asked)

    found, _ = _search(box)
    assert found.ending == "found"
    assert _narrow(found)
    assert found.boundary.low <= cliff <= (found.boundary.high or 0)


def test_overload_that_slows_the_box_does_not_lead_astray() -> None:
    """A box of 40 that manages only 32 while it is overloaded carries 40 all the same."""

    def box(asked: NextTrial) -> Trial:
        return _by_backlog(40.0 if asked.load <= 40 else 32.0)(asked)

    found, _ = _search(box)
    assert found.boundary.low <= 40 <= (found.boundary.high or 0)


def test_a_box_that_carries_nothing_is_tried_twice() -> None:
    """Then it is said that not even 1 is carried."""
    found, trials = _search(_by_verdict(0))
    assert found.ending == "none"
    assert found.boundary.best is None
    assert [trial.load for trial in trials] == [1, 1]


@given(st.integers(1, 300), st.integers(1, 300))
@settings(deadline=None, max_examples=30)
def test_the_largest_load_that_is_allowed_bounds_it(boundary: int, most: int) -> None:
    """`_search` checks that none larger is asked for; if it is carried, the answer is at least."""
    found, _ = _search(_by_verdict(boundary), SearchOptions(least_s=3.5, most=most))
    if boundary >= most:
        assert found.ending == "at_least"
        assert found.boundary.best == most
    elif boundary < most - max(1, 0.05 * most):
        assert found.ending == "found"


def test_a_rate_is_searched_downwards_as_well() -> None:
    """A search that begins at 100 hundredths finds 37 of them."""
    found, _ = _search(_by_verdict(37), SearchOptions(least_s=3.5, start=100))
    assert found.ending == "found"
    assert found.boundary.low <= 37 <= (found.boundary.high or 0)


def test_our_own_limit_ends_it_with_a_lower_end() -> None:
    """An invalid trial says nothing of the box; what was carried before stands."""

    def box(asked: NextTrial) -> Trial:
        if asked.load >= 32:
            return Trial(asked.load, "invalid", 5.0)
        return _by_backlog(1000.0)(asked)

    found, trials = _search(box)
    assert found.ending == "invalid"
    assert trials[-1].load == 32
    assert found.boundary.high is None
    assert 15 <= found.boundary.low <= 16


@given(st.floats(5, 400), st.floats(2, 300))
@settings(deadline=None, max_examples=30)
def test_the_budget_is_kept(budget_s: float, capacity: float) -> None:
    """No trial begins that could not end in time, and the best interval so far is given."""

    def box(asked: NextTrial) -> Trial:
        value, half = min(asked.load, capacity), 0.3 * asked.load
        ceiling = GrowthCeiling(value, value - half, value + half)
        return Trial(asked.load, "undecided", asked.longest_s, ceiling, True)

    options = SearchOptions(least_s=3.5, most=4096)
    found, trials = _search(box, options, budget_s)
    assert sum(trial.seconds for trial in trials) <= budget_s
    assert found.ending == "budget"


@given(st.integers(0, 10**6))
@settings(deadline=None, max_examples=25)
def test_a_box_that_contradicts_itself_still_ends(seed: int) -> None:
    """Verdicts drawn by lot: the search ends, with a point inside its interval."""
    chance = random.Random(seed)

    def box(asked: NextTrial) -> Trial:
        verdict: TrialVerdict = chance.choice(["pass", "fail", "undecided"])
        return Trial(asked.load, verdict, min(asked.longest_s, 10.0))

    found, _ = _search(box, SearchOptions(least_s=3.5, most=1000))
    assert found.boundary.low <= (found.boundary.best or 0)
