"""Shifts and ratios against definitions, scipy, and their promised rates of error."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from edgeload.read.statistics.two_samples import hodges_lehmann, holm, inflation, percentile_ratio
from edgeload.read.statistics.windows import Floats


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 14), st.integers(1, 14), st.integers(0, 2**32))
def test_p_value_is_scipys_and_the_shift_its_definition(m: int, n: int, seed: int) -> None:
    """Exact Mann-Whitney; the median of all pairwise differences."""
    chance = np.random.default_rng(seed)
    old, new = chance.normal(size=m), chance.normal(0.5, size=n)
    found = hodges_lehmann(old, new)
    assert found.p == pytest.approx(stats.mannwhitneyu(old, new, method="exact").pvalue)
    assert found.value == pytest.approx(np.median([b - a for a in old for b in new]))
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize(("m", "n"), [(5, 5), (10, 10), (5, 20)])
def test_the_interval_is_the_test_turned_round(m: int, n: int) -> None:
    """It holds exactly the shifts that the test at 5 % does not refuse."""
    chance = np.random.default_rng(m * n)
    old, new = chance.normal(size=m), chance.normal(size=n)
    found = hodges_lehmann(old, new)
    for shift, inside in (
        (found.low + 1e-9, True),
        (found.low - 1e-9, False),
        (found.high - 1e-9, True),
        (found.high + 1e-9, False),
    ):
        assert (hodges_lehmann(old, new - shift).p > 0.05) == inside


def test_what_is_equal_does_not_differ() -> None:
    """Ties all over, as in throughput below saturation: no shift, no evidence of one."""
    found = hodges_lehmann(np.full(10, 80.0), np.full(10, 80.0))
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)
    assert found.p > 0.5
    assert hodges_lehmann(np.zeros(3), np.ones(3)).low == -np.inf


@pytest.mark.parametrize("windows", [5, pytest.param(10, marks=pytest.mark.slow)])
@pytest.mark.parametrize("q", [0.5, 0.95])
def test_the_ratio_of_percentiles_is_covered_as_promised(windows: int, q: float) -> None:
    """A side 10 % slower, 150 pairs: the interval holds +10 % in 95 of 100, within chance."""
    chance = np.random.default_rng(windows)
    covered = 0
    for _ in range(150):
        old = [chance.lognormal(-3, 0.5, 120) for _ in range(windows)]
        new = [1.1 * chance.lognormal(-3, 0.5, 120) for _ in range(windows)]
        found = percentile_ratio(old, new, q)
        covered += found.low <= 0.1 <= found.high
        assert (found.p <= 0.05) == (found.low > 0 or found.high < 0)
    assert covered / 150 >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 150)


def test_holm_believes_step_by_step() -> None:
    """As Holm's paper: the smallest against error / count, and none after one that fails."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == [True, False, False, True]
    assert holm([0.02, 0.03]) == [True, True]
    assert holm([0.03, 0.04]) == [False, False]
    assert holm([]) == []


def _wandering(chance: np.random.Generator, correlation: float, count: int = 10) -> Floats:
    """Windows of a run whose speed wanders."""
    values: Floats = chance.normal(size=count) * np.sqrt(1 - correlation**2)
    values[0] = chance.normal()
    for i in range(1, count):
        values[i] += correlation * values[i - 1]
    return values


def _false_alarms(correlation: float, *, widened: bool) -> float:
    chance = np.random.default_rng(17)
    alarms = 0
    for _ in range(1000):
        old, new = (_wandering(chance, correlation) for _ in range(2))
        shift = hodges_lehmann(old, new)
        if widened:
            shift = shift.widened(inflation([[old], [new]]))
        alarms += shift.p <= 0.05 and (shift.low > 0 or shift.high < 0)
    return alarms / 1000


def test_windows_that_are_alike_raise_fewer_false_alarms() -> None:
    """Neighbours correlated by 0.5: one pair in four was called different; now one in ten at most.

    Ten windows cannot show more. Where they are independent, alarms stay as rare as promised.
    """
    assert _false_alarms(0.5, widened=False) > 0.2
    assert _false_alarms(0.5, widened=True) <= 0.12
    assert _false_alarms(0.0, widened=True) <= 0.05


def test_runs_that_differ_among_themselves_widen_the_interval() -> None:
    """Three runs a side with an offset each: their windows are not thirty independent ones."""
    chance = np.random.default_rng(18)
    alike = [[chance.normal(size=10) for _ in range(3)] for _ in range(2)]
    apart = [[3 * i + chance.normal(size=10) for i in range(3)] for _ in range(2)]
    assert inflation(alike) < 1.6
    assert inflation(apart) > 3
    assert inflation([[np.full(10, 80.0)], [np.full(10, 80.0)]]) == 1.0
