"""The difference of two shares: against the textbook, and over many runs that fail in bursts."""

from __future__ import annotations

import numpy as np
import pytest

from edgeload.read.statistics.shares import WindowedShare, difference_of_shares
from edgeload.read.statistics.two_samples import Shift, inflation

WINDOWS = 10


def independent(hits: int, of: int) -> WindowedShare:
    """Spread so evenly over so many windows that t is the normal quantile."""
    windows = 100_000
    return WindowedShare(np.full(windows, hits / windows), np.full(windows, of / windows))


@pytest.mark.parametrize(
    ("old", "new", "limits"),
    [
        ((48, 80), (56, 70), (0.0524, 0.3339)),  # Newcombe 1998, table II, (a)
        ((0, 29), (5, 56), (-0.0381, 0.1926)),  # with (d), (g): one side, or each, at its end
        ((0, 10), (0, 20), (-0.2775, 0.1611)),
        ((0, 10), (10, 10), (0.6075, 1.0)),
    ],
)
def test_the_interval_is_newcombes(
    old: tuple[int, int], new: tuple[int, int], limits: tuple[float, float]
) -> None:
    """For independent members, whose hits scatter over windows no more than chance allows."""
    found = difference_of_shares(independent(*old), independent(*new))
    assert (found.low, found.high) == pytest.approx(limits, abs=6e-5)


def burst(chance: np.random.Generator, rate: float, length: float, of: int = 300) -> WindowedShare:
    """Ten windows of requests that fail at a rate, in bursts of a mean length."""
    n = WINDOWS * of
    start = rate / (length * (1.0 - rate))
    failed = np.zeros(n)
    at = 0
    while at < n:
        at += chance.geometric(start)
        ends = at + chance.geometric(1.0 / length)
        failed[at:ends] = 1.0
        at = ends
    return WindowedShare(failed.reshape(WINDOWS, of).sum(axis=1), np.full(WINDOWS, float(of)))


def compared(old: WindowedShare, new: WindowedShare) -> Shift:
    return difference_of_shares(old, new, inflation([[old.hits / old.of], [new.hits / new.of]]))


@pytest.mark.parametrize("length", [1.0, 10.0, 60.0])
@pytest.mark.parametrize("rates", [(0.02, 0.02), (0.0005, 0.01), (0.05, 0.10)])
def test_the_interval_holds_the_truth_although_failures_come_in_bursts(
    length: float, rates: tuple[float, float]
) -> None:
    """No worse change is claimed than the true one in more than 2.5 of 100 pairs of runs.

    1,000 pairs, and three standard errors: 40. Where a run has two or three bursts, the interval
    may end too low: it holds the truth in 9 of 10. Nothing changed: at most 5 of 100 significant.
    """
    chance = np.random.default_rng(7)
    pairs = [[burst(chance, rate, length) for rate in rates] for _ in range(1_000)]
    found = [compared(*pair) for pair in pairs if any(side.hits.any() for side in pair)]
    silent = 1_000 - len(found)  # no failure on either side: nothing is claimed
    true = rates[1] - rates[0]
    assert sum(shift.low > true for shift in found) <= 40
    assert sum(shift.low <= true <= shift.high for shift in found) + silent >= 900
    if true == 0.0:
        assert sum(shift.p < 0.05 for shift in found) <= 70


def test_independent_failures_are_found() -> None:
    """4 % against none in 3,000 requests a side, failing one by one: always above 1 %.

    Ten windows may look alike by chance, so that not every pair is as significant as it deserves.
    """
    chance = np.random.default_rng(8)
    none = WindowedShare(np.zeros(WINDOWS), np.full(WINDOWS, 300.0))
    found = [compared(none, burst(chance, 0.04, 1.0)) for _ in range(200)]
    assert all(shift.low > 0.01 for shift in found)
    assert sum(shift.p < 0.05 / 6 for shift in found) >= 190  # as Holm asks of one of six


def test_one_burst_is_not_a_rate() -> None:
    """300 failures in one window of ten tell no more than one window: not significant."""
    none = WindowedShare(np.zeros(WINDOWS), np.full(WINDOWS, 300.0))
    outage = WindowedShare(np.eye(WINDOWS)[4] * 300.0, np.full(WINDOWS, 300.0))
    shift = compared(none, outage)
    assert shift.low < 0.0
    assert shift.high > 0.1
    assert shift.p > 0.05
