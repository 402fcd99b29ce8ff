"""Shifts of pairs against scipy's test, full enumeration and simulation."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy import stats

from edgeload.read.statistics.signed_ranks import signed_rank_shift


@pytest.mark.parametrize("n", [3, 6, 20, 50, 51, 400])
def test_value_and_limits_are_walsh_averages(n: int) -> None:
    """The median of all means of two, and order statistics of these at the ranks of the theory.

    Up to 50 pairs the rank is the largest w with P(W <= w) <= 2.5 %, counted over all signs.
    """
    differences = np.random.default_rng(n).normal(0.3, 1.0, n)
    found = signed_rank_shift(differences)
    averages = np.sort([(a + b) / 2 for i, a in enumerate(differences) for b in differences[i:]])
    assert found.value == pytest.approx(float(np.median(averages)), abs=1e-12)
    if n == 3:
        assert (found.low, found.high) == (-math.inf, math.inf)
        return
    if n <= 20:
        chances = np.ones(1)
        for rank in range(1, n + 1):
            chances = np.convolve(chances, [0.5] + [0] * (rank - 1) + [0.5])
        rank_of_low = int(np.searchsorted(np.cumsum(chances), 0.025, side="right"))
    else:
        spread = math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
        rank_of_low = round(n * (n + 1) / 4 - 1.959964 * spread)
    near = 0 if n <= 20 else 2
    for limit, place in ((found.low, rank_of_low - 1), (found.high, len(averages) - rank_of_low)):
        assert averages[place - near] - 1e-12 <= limit <= averages[place + near] + 1e-12


@pytest.mark.parametrize("n", [6, 20, 50, 51, 400])
def test_p_is_scipys(n: int) -> None:
    """Exact up to 50 pairs, and the normal approximation beyond."""
    differences = np.random.default_rng(n).normal(0.2, 1.0, n)
    method = "exact" if n <= 50 else "asymptotic"
    wanted = stats.wilcoxon(differences, method=method, correction=True).pvalue
    assert signed_rank_shift(differences).p == pytest.approx(float(wanted), rel=1e-9)


def test_p_of_few_pairs_is_a_count_of_signs() -> None:
    """Of all 2^6 ways to toss the signs, so many are at least as far out."""
    sizes = np.array([0.5, 1.1, 1.7, 2.2, 3.1, 4.5])
    ranks = np.arange(1, 7)
    for signs in product((-1, 1), repeat=6):
        observed = min(ranks[np.array(signs) > 0].sum(), ranks[np.array(signs) < 0].sum())
        as_far = sum(
            min(ranks[np.array(other) > 0].sum(), ranks[np.array(other) < 0].sum()) <= observed
            for other in product((-1, 1), repeat=6)
        )
        assert signed_rank_shift(sizes * signs).p == pytest.approx(min(1.0, as_far / 2**6))


def test_equal_pairs_do_not_differ() -> None:
    """Ties count for neither side."""
    found = signed_rank_shift(np.zeros(30))
    assert (found.value, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)
    assert signed_rank_shift(np.full(30, -0.2)).high == pytest.approx(-0.2)


@pytest.mark.parametrize("law", ["normal", "cauchy", "walk"])
def test_the_interval_covers_the_shift_of_tossed_signs(law: str) -> None:
    """In 95 % of samples, whatever the distribution; also if neighbouring sizes are alike, because
    the order in each pair is a coin toss. 400 samples: 95 % +- 3.3 points (3 sigma).
    """
    chance = np.random.default_rng(5)
    covered = 0
    for _ in range(400):
        sizes = {
            "normal": lambda: chance.normal(size=40),
            "cauchy": lambda: chance.standard_cauchy(40),
            "walk": lambda: np.cumsum(chance.normal(size=40)),
        }[law]()
        found = signed_rank_shift(0.3 + sizes * chance.choice((-1, 1), 40))
        covered += found.low <= 0.3 <= found.high
    assert abs(covered / 400 - 0.95) < 0.033
