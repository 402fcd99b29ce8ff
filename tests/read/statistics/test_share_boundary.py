"""The load beyond which too many requests are bad, from counts whose shares are known."""

from __future__ import annotations

import numpy as np
import pytest

from edgeload.read.statistics.boundary import Boundary, Trial, TrialVerdict, boundary_of
from edgeload.read.statistics.share_boundary import (
    ShareCount,
    chance_at_or_above,
    enough_requests,
    pooled,
)
from edgeload.read.statistics.windows import Floats

GRID: Floats = 0.5 * np.exp(0.001 * np.arange(6000))


def _chance(load: int, *counts: tuple[int, int, int], bound: float = 0.01) -> float:
    """That the boundary is at a load or above it, by `(load, bad, of)`."""
    told = [(at, ShareCount("failures", bad, of, bound)) for at, bad, of in counts]
    place = int(np.searchsorted(GRID, load * 1.003))
    return float(chance_at_or_above(told, GRID)[place])


def _boundary(*counts: tuple[int, int, int]) -> Boundary:
    """By trials that nothing but their failures decides, and that all others pass up to 40."""

    def trial(load: int, bad: int, of: int) -> Trial:
        passed: TrialVerdict = "pass" if load <= 40 else "fail"
        apart = Trial(load, passed, 10.0)
        verdict: TrialVerdict = "fail" if bad > 0.02 * of else passed
        return Trial(
            load, verdict, 10.0, shares=(ShareCount("failures", bad, of, 0.01),), apart=apart
        )

    return boundary_of([trial(*each) for each in (*counts, (41, 0, 1), (40, 0, 1), (41, 0, 1))])


def test_few_requests_say_little() -> None:
    """None bad of 14 leaves it open; none of 1,000 does not; 1 of 14 leaves it open as well."""
    assert 0.2 < _chance(8, (8, 0, 14), (16, 5, 50)) < 0.8
    assert _chance(8, (8, 0, 1000), (16, 5, 50)) > 0.995
    assert _chance(8, (8, 1, 14)) > 0.1
    assert _chance(8, (8, 30, 1000)) < 0.001


def test_trials_of_a_load_count_as_one() -> None:
    """Ten short trials say what one long one does: counts add up (they are sufficient)."""
    once = _chance(8, (8, 3, 600), (16, 60, 1000))
    assert _chance(8, *[(8, 0, 60)] * 7, *[(8, 1, 60)] * 3, (16, 60, 1000)) == pytest.approx(once)


def test_a_share_that_is_the_same_everywhere() -> None:
    """3 % at every load, each tried with a few requests: not even a load of 1 is carried."""
    found = _boundary((1, 7, 240), (2, 1, 28), (4, 2, 56), (8, 3, 110), (16, 7, 220))
    assert (found.best, found.high) == (None, 0)
    assert found.by_shares > 0.99


def test_a_share_that_jumps() -> None:
    """4 % beyond 25, 0.1 % up to it: the counts on both sides show where."""
    found = _boundary((12, 1, 700), (24, 1, 900), (25, 1, 900), (26, 38, 900), (32, 40, 1000))
    assert found.high is not None
    assert 24 <= found.low <= 25 <= found.high <= 26


def test_a_share_that_grows() -> None:
    """Of load/2000 at any load, the bound of 1 % is met at 20; the curve through many counts shows
    it more narrowly than those at 19 and 21 alone would.
    """
    loads = (5, 10, 15, 18, 20, 22, 25, 30, 40)
    found = _boundary(*[(load, round(load / 2000 * 8000), 8000) for load in loads])
    assert found.high is not None
    assert found.low <= 20 <= found.high <= 22
    assert found.low >= 17


def test_nothing_may_be_bad() -> None:
    """A single answer from the cloud says that its load is not carried, and what no answer of many
    said at a smaller one is measured by how rare they are beyond.
    """
    assert _chance(16, (16, 1, 1000), bound=0.0) < 0.01
    rare = _chance(8, (8, 0, 100), (16, 5, 1000), bound=0.0)
    often = _chance(8, (8, 0, 100), (16, 300, 1000), bound=0.0)
    assert rare < 0.4 and often > 0.5
    assert _chance(8, (8, 0, 2000), (16, 300, 1000), bound=0.0) > 0.9


def test_no_bad_request_at_all_leaves_a_search_alone() -> None:
    """A box that never fails is believed after the few requests that its short trials send."""
    found = _boundary((1, 0, 3), (2, 0, 7), (4, 0, 14), (8, 0, 28), (16, 0, 55), (32, 0, 110))
    assert found.by_shares < 0.02
    assert (found.best, found.high) == (40, 41)


def test_enough_requests_is_ln_005_over_ln_of_what_may_pass() -> None:
    """299 without one show at most 1 % with 95 % confidence, 59 at most 5 %."""
    assert [enough_requests(bound) for bound in (0.01, 0.05)] == [299, 59]
    assert enough_requests(0.0, share=0.05) == 59


def test_counts_of_a_kind_are_pooled() -> None:
    """Those of another group or another objective are not."""
    counts = [
        (1, ShareCount("failures", 1, 10, 0.01, "a")),
        (2, ShareCount("failures", 2, 20, 0.01, "a")),
        (2, ShareCount("failures", 4, 40, 0.01, "b")),
    ]
    assert [(each.bad, each.of) for each in pooled(counts).values()] == [(3, 30), (4, 40)]
