"""Ratios of pairs against simulation and against scipy's own tests."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from edgeload.read.statistics.paired_ratios import paired_ratio
from edgeload.read.statistics.windows import Floats


def _pairs(chance: np.random.Generator, count: int, ratio: float) -> tuple[Floats, Floats]:
    """Pairs whose common factor drifts by far more than the ratio does."""
    common = np.exp(np.cumsum(chance.normal(0, 0.5, count)))
    return common, common * ratio * np.exp(chance.normal(0, 0.2, count))


@pytest.mark.parametrize("count", [3, 8, 20])
def test_the_interval_holds_the_true_ratio(count: int) -> None:
    """In 95 of 100 cases, whatever drifts in both members; 3000 cases leave 4 standard errors."""
    chance = np.random.default_rng(count)
    found = [paired_ratio(*_pairs(chance, count, 1.3), 1e9) for _ in range(3000)]
    held = sum((r.low or 0.0) <= 1.3 <= (r.high or 0.0) for r in found if r is not None)
    assert abs(held / 3000 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 3000)


def test_p_values_are_those_of_a_t_test_on_logarithms() -> None:
    """Another implementation: scipy's one-sample t test, one-sided."""
    first, second = _pairs(np.random.default_rng(7), 9, 1.2)
    ratio = paired_ratio(first, second, 1e9)
    assert ratio is not None
    logs = np.log(second / first)
    for bound in (0.8, 1.0, 1.05, 1.5):
        greater = stats.ttest_1samp(logs, math.log(bound), alternative="greater").pvalue
        less = stats.ttest_1samp(logs, math.log(bound), alternative="less").pvalue
        assert ratio.p_at_most(bound) == pytest.approx(greater)
        assert ratio.p_at_least(bound) == pytest.approx(less)
    inverse = paired_ratio(second, first, 1e9)
    assert inverse is not None
    for name in ("value", "low", "high", "log_mean", "log_error"):
        assert getattr(ratio.inverse, name) == pytest.approx(getattr(inverse, name))


def test_infinite_members_leave_a_lower_limit() -> None:
    """The value is the median ratio, nothing bounds it above, and how large infinity is taken to
    be does not decide whether the ratio is clearly above 1.
    """
    first = np.ones(8)
    mostly = np.array([np.inf] * 7 + [1.0])
    for infinity in (1e2, 1e6):
        ratio = paired_ratio(first, mostly, infinity)
        assert ratio is not None
        assert (ratio.value, ratio.high) == (math.inf, math.inf)
        assert ratio.p_at_most(1.0) < 0.001
        once = paired_ratio(first, np.where(np.arange(8) == 0, np.inf, 1.0), infinity)
        assert once is not None
        assert once.value == 1.0
        assert once.low is not None
        assert once.low <= 1.0
        assert once.p_at_most(1.0) > 0.1


def test_too_few_pairs_have_no_interval() -> None:
    """None of none; two give a value that proves nothing."""
    assert paired_ratio(np.zeros(0), np.zeros(0), 1.0) is None
    two = paired_ratio(np.ones(2), np.full(2, 3.0), 1e9)
    assert two is not None
    assert two.value == pytest.approx(3.0)
    assert two.low is two.high is None
    assert two.p_at_most(1.0) == two.p_at_least(1.0) == 1.0
    assert two.pairs_to_tell(1.1) is None


def test_pairs_without_scatter_are_certain() -> None:
    """As with constant service times: the interval has no width, the p-values are 0 or 1."""
    same = paired_ratio(np.full(5, 0.05), np.full(5, 0.05), 1e9)
    assert same is not None
    assert same.value == same.low == same.high == 1.0
    assert (same.p_at_most(1.05), same.p_at_least(0.95)) == (1.0, 1.0)
    assert same.p_at_least(1.05) == 0.0


def test_the_pairs_to_tell_tell() -> None:
    """With so many pairs, three runs in four at least have their interval on one side of it."""
    chance = np.random.default_rng(3)
    first = paired_ratio(*_pairs(chance, 200, 1.0), 1e9)
    assert first is not None
    needed = first.pairs_to_tell(1.1)
    assert needed is not None
    told = 0
    for _ in range(300):
        ratio = paired_ratio(*_pairs(chance, needed, 1.0), 1e9)
        assert ratio is not None
        told += ratio.p_at_least(1.1) < 0.025
    assert told > 0.75 * 300
