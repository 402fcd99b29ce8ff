"""The largest load that is carried, by trials that err: its interval against known capacities."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeload.read.statistics.backlog import BacklogGrowth
from edgeload.read.statistics.boundary import (
    Boundary,
    GrowthCeiling,
    Margin,
    Trial,
    boundary_of,
    ceiling_of,
    margin_of_groups,
)

_T_975 = 2.131


def _said(load: int, verdict: Literal["pass", "fail", "undecided"]) -> Trial:
    return Trial(load, verdict, 10.0)


def _measured(load: int, capacity: float, error: float, chance: np.random.Generator) -> Trial:
    """A trial whose backlog is a random walk with drift, reflected at 0, of so much error.

    The end of a reflected path is distributed as the maximum of the free one (Lévy), which its
    end b and a uniform U give: (b + sqrt(b^2 - 2 ln U)) / 2.
    """
    drift = (1 - capacity / load) / error
    end = drift + chance.standard_normal()
    growth = error * (end + math.sqrt(end**2 - 2 * math.log(chance.random()))) / 2
    half = _T_975 * error * load
    value = load * (1 - growth)
    return Trial(load, "undecided", 10.0, GrowthCeiling(value, value - half, value + half), True)


def test_without_a_trial_everything_is_possible() -> None:
    """No trial, no answer: no load is known to be carried, or not to be."""
    assert boundary_of([]) == Boundary(None, 0, None, 0.95)


def test_without_a_failure_there_is_no_upper_end() -> None:
    """Loads that were carried bound the capacity from below alone."""
    found = boundary_of([_said(load, "pass") for load in (1, 2, 4, 8, 16, 16, 16)])
    assert found.high is None
    assert found.best == 16
    assert 15 <= found.low <= 16


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 3000))
def test_repeated_verdicts_on_both_sides_leave_one_load(load: int) -> None:
    """A load that passes thrice, and a larger one by a tenth that fails thrice, bracket it."""
    above = load + max(1, load // 10)
    found = boundary_of([_said(load, "pass")] * 3 + [_said(above, "fail")] * 3)
    assert found.high is not None
    assert load * 0.97 - 1 <= found.low <= found.high <= above * 1.03 + 1
    assert found.best is not None
    assert load - 1 <= found.best <= above


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.tuples(st.integers(1, 500), st.sampled_from(["pass", "fail", "undecided", "invalid"])),
        max_size=25,
    )
)
def test_contradictions_never_break_it(said: list[tuple[int, str]]) -> None:
    """Whatever was said: a point inside its interval, in the range of what was tried."""
    trials = [Trial(load, verdict, 10.0) for load, verdict in said]  # type: ignore[arg-type]
    found = boundary_of(trials)
    assert found.low <= (found.best or 0)
    if found.high is not None:
        assert (found.best or 0) <= found.high <= 2 * max(load for load, _ in said)


def test_a_lone_wrong_verdict_is_outvoted() -> None:
    """One false failure far below loads that pass again and again moves nothing much."""
    honest = [_said(40, "pass")] * 3 + [_said(42, "fail")] * 3
    found = boundary_of([_said(10, "fail"), *honest])
    assert found.high is not None
    assert 39 <= found.low <= found.high <= 42


@pytest.mark.parametrize("capacity", [20.5, 41.0, 300.4])
@pytest.mark.parametrize("error", [0.003, 0.02, 0.08])
def test_intervals_of_measured_growths_hold_the_capacity(capacity: float, error: float) -> None:
    """In 95 of 100 boxes or more: two loads too large, one at the capacity, one too small."""
    chance = np.random.default_rng(1)
    loads = [round(share * capacity) for share in (1.3, 1.06, 1.0, 0.95)]
    held = 0
    for _ in range(200):
        clear = _said(2 * round(capacity), "fail")
        found = boundary_of([clear, *(_measured(n, capacity, error, chance) for n in loads)])
        assert found.high is not None
        held += found.low <= math.floor(capacity) <= found.high
    assert held >= 186


def test_more_measurements_narrow_the_interval() -> None:
    """Four times the trials of an overload halve the interval."""
    chance = np.random.default_rng(2)
    widths = []
    for repeats in (4, 16):
        trials = [_measured(1100, 1000.0, 0.02, chance) for _ in range(repeats)]
        found = boundary_of([*trials, Trial(1100, "fail", 10.0)])
        assert found.high is not None
        widths.append(found.high - found.low)
    assert widths[1] < 0.7 * widths[0]


def test_a_ceiling_without_growth_bounds_from_below_only() -> None:
    """A backlog that does not grow at 20 leaves 20 and 500 equally possible, and 15 not."""
    carried = Trial(20, "pass", 10.0, GrowthCeiling(20.0, 19.9, 20.1), by_backlog=True)
    found = boundary_of([carried, *[_said(500, "fail")] * 2])
    assert found.low >= 19
    assert found.high is not None
    assert found.high > 400


def test_with_an_objective_the_ceiling_is_only_an_upper_end() -> None:
    """The backlog grows from 40.5 on, but a percentile may be missed long before."""
    over = Trial(64, "fail", 10.0, GrowthCeiling(40.5, 40.0, 41.0), margin=Margin(-1.0, 0.2))
    alone = boundary_of([over])
    assert alone.low < 20
    assert alone.high is not None
    assert alone.high <= 48
    met, missed = Margin(0.5, 0.05), Margin(-0.5, 0.05)
    told = boundary_of(
        [over, Trial(30, "pass", 9.0, margin=met), Trial(33, "fail", 9.0, margin=missed)]
    )
    assert told.high is not None
    assert 29 <= told.low <= told.high <= 33


def test_a_growth_becomes_a_ceiling() -> None:
    """Load x (1 - growth), its limits turned round; nothing measured, no ceiling."""
    growth = BacklogGrowth("not_carried", value=0.1, low=0.05, high=0.15)
    assert ceiling_of(100, growth) == GrowthCeiling(90.0, 85.0, 95.0)
    assert ceiling_of(100, BacklogGrowth("too_short")) is None


def test_the_margin_of_a_mix_is_that_of_the_group_that_grows_most_surely() -> None:
    """Far below 0 if one group's backlog surely grows, about 0 if none does; None if unknown."""
    grows = BacklogGrowth("not_carried", value=0.1, low=0.08, high=0.12)
    noisy = BacklogGrowth("too_short", value=0.15, low=-0.2, high=0.5)
    still = BacklogGrowth("carried", value=0.0, low=-0.004, high=0.004)
    over = margin_of_groups([still, grows, noisy])
    assert over is not None
    assert over.value < -5 * over.error
    full = margin_of_groups([still, still])
    assert full is not None
    assert 0 <= full.value <= 2 * full.error
    assert margin_of_groups([grows, BacklogGrowth("too_short")]) is None
    assert margin_of_groups([]) is None


def test_a_load_that_only_failed_is_no_answer() -> None:
    """Whatever the margins of smaller loads promise: then the next smaller load is."""
    met = Margin(2.0, 0.05)
    trials = [
        *(Trial(38, "pass", 5.0, margin=met) for _ in range(8)),
        *(Trial(41, "fail", 5.0) for _ in range(2)),
    ]
    found = boundary_of(trials)
    assert found.best is not None
    assert 38 <= found.best < 41
    assert found.low <= found.best
