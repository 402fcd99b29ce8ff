"""Laws of a figure over runs: what its interval holds, and when runs disagree."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from edgeload.read.statistics.over_runs import mean_over_runs, run_scatter
from edgeload.read.statistics.percentiles import distribution


@pytest.mark.parametrize("runs", [2, 3, 5])
def test_the_interval_over_runs_holds_the_mean_in_95_of_100_series(runs: int) -> None:
    """Student's t, for so few runs: 4,000 series of runs that scatter by 3 %."""
    chance = np.random.default_rng(runs)
    series = chance.normal(80.0, 2.4, (4000, runs))
    found = [mean_over_runs(values.tolist()) for values in series]
    held = sum(
        f is not None and f.low is not None and f.low <= 80.0 <= (f.high or 0) for f in found
    )
    assert 0.935 < held / 4000 < 0.965  # four standard errors on each side


def test_the_interval_is_that_of_scipy_and_stays_within_what_is_possible() -> None:
    """Another implementation gives the same limits; a share is never above 1 or below 0."""
    values = [61.2, 64.0, 58.9, 60.3]
    found = mean_over_runs(values)
    assert found is not None
    theirs = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high))
    shares = mean_over_runs([0.98, 1.0], most=1.0)
    assert shares is not None
    assert shares.high == 1.0
    assert shares.low == pytest.approx(0.99 - 12.7062 * 0.01)


def test_one_run_and_one_that_was_never_answered_have_no_interval() -> None:
    """Nothing tells how far one run lies from others; and "never" has no mean to be near."""
    one = mean_over_runs([3.0])
    never = mean_over_runs([3.0, math.inf, 4.0])
    assert one is not None
    assert (one.n, one.mean, one.low, one.high) == (1, 3.0, None, None)
    assert never is not None
    assert (never.n, never.mean, never.low, never.high) == (3, math.inf, None, None)
    assert mean_over_runs([]) is None


def shifted_runs(
    runs: int, times_as_much: float, chance: np.random.Generator, error: float = 0.02
) -> list[tuple[float, float, float]]:
    """Runs whose own standard error is `error` of the value, and whose true values scatter by so
    many times that.
    """
    true = chance.normal(1.0, times_as_much * error, runs)
    seen = chance.normal(true, error)
    half = 1.959964 * error
    return [(float(x), float(x) - half, float(x) + half) for x in seen]


def share_that_disagree(runs: int, times_as_much: float, series: int = 4000) -> float:
    chance = np.random.default_rng(runs)
    found = [run_scatter(shifted_runs(runs, times_as_much, chance)) for _ in range(series)]
    return sum(scatter is not None and scatter.p <= 0.01 for scatter in found) / series


@pytest.mark.parametrize("runs", [2, 3, 5])
def test_runs_that_differ_by_chance_alone_disagree_in_one_series_of_a_hundred(runs: int) -> None:
    """The test has the error that it says; four standard errors are allowed."""
    assert share_that_disagree(runs, 0.0) == pytest.approx(0.01, abs=0.0063)


@pytest.mark.parametrize("runs", [2, 3, 5])
@pytest.mark.parametrize("times", [4.0, 8.0])
def test_the_power_of_the_test_is_that_of_the_chi_square_distribution(
    runs: int, times: float
) -> None:
    """True values that scatter r times as much as one run's error make Q 1 + r² times as large.

    So five runs find r = 4 in 94 series of 100; three runs find r = 4 in 76, and r = 8 in 93.
    """
    critical = stats.chi2.ppf(0.99, runs - 1)
    theory = stats.chi2.sf(critical / (1 + times**2), runs - 1)
    assert share_that_disagree(runs, times) == pytest.approx(theory, abs=0.03)
    if (runs, times) in ((5, 4.0), (5, 8.0), (3, 8.0)):
        assert theory > 0.9


@pytest.mark.parametrize("name", ["p50", "p95"])
def test_intervals_of_percentiles_raise_no_false_alarms(name: str) -> None:
    """Real intervals, by order statistics, of three runs of one endpoint: at most 1 in 100."""
    chance = np.random.default_rng(8)
    alarms, series = 0, 400
    for _ in range(series):
        intervals = []
        for _ in range(3):
            found = distribution(0.05 * np.exp(0.4 * chance.normal(size=700))).quantile(name)
            assert found is not None
            assert found.low is not None
            assert found.high is not None
            intervals.append((found.value, found.low, found.high))
        scatter = run_scatter(intervals)
        alarms += scatter is not None and scatter.p <= 0.01
    assert alarms <= 8  # a rate of 1 % gives more in 2 of 100 tries


def test_differences_below_one_percent_are_no_disagreement() -> None:
    """However narrow the intervals within the runs are, even if they have no width at all."""
    alike = run_scatter([(50.0, 50.0, 50.0), (50.2, 50.2, 50.2), (50.4, 50.4, 50.4)])
    apart = run_scatter([(50.0, 50.0, 50.0), (52.0, 52.0, 52.0), (54.0, 54.0, 54.0)])
    assert alike is not None
    assert apart is not None
    assert alike.p > 0.01 > apart.p


def test_without_two_intervals_nobody_can_tell() -> None:
    """One run, or a limit that is infinite."""
    assert run_scatter([]) is None
    assert run_scatter([(1.0, 0.9, 1.1)]) is None
    assert run_scatter([(1.0, 0.9, 1.1), (1.0, 0.9, math.inf)]) is None
    nothing = run_scatter([(0.0, 0.0, 0.0)] * 3)
    assert nothing is not None
    assert nothing.p == 1.0
