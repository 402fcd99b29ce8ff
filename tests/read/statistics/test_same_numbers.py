"""What scipy computes equals what we computed by hand before, number by number.

The functions here are the earlier implementations, kept as they were. Each test says within which
tolerance the new ones agree with them.
"""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from edgeload.read.analysis import age_bound, objective_results, utilisation_law
from edgeload.read.statistics import (
    effective_size,
    percentiles,
    scaling_law,
    steadiness,
    two_samples,
)
from edgeload.read.statistics.windows import Floats, Window

SIZES = [*range(1, 130), 298, 299, 300, 1000, 2994, 2995, 12_345, 10**5, 10**6, 10**7]
QUANTILES = (0.05, 0.3, 0.5, 0.9, 0.95, 0.99, 0.999)


def binomial_cdf(n: int, q: float) -> tuple[int, Floats]:
    """B(k; n, q) for k = first, first + 1, ..., from the ratios of neighbouring probabilities."""
    spread = 12.0 * math.sqrt(n * q * (1.0 - q)) + 12.0
    first = max(0, math.floor(n * q - spread))
    last = min(n, math.ceil(n * q + spread))
    k = np.arange(first, last, dtype=np.float64)
    logs = np.concatenate(([0.0], np.cumsum(np.log((n - k) / (k + 1.0) * (q / (1.0 - q))))))
    weights = np.exp(logs - logs.max())
    return first, np.cumsum(weights) / weights.sum()


def cdf_at(first: int, cumulated: Floats, k: int) -> float:
    return 0.0 if k < first else float(cumulated[min(k - first, len(cumulated) - 1)])


def interval_ranks(n: int, q: float, confidence: float = 0.95) -> tuple[int, int] | None:
    if not percentiles.enough(n, q, confidence):
        return None
    if q < 0.5:
        mirrored = interval_ranks(n, 1.0 - q, confidence)
        return mirrored and (n + 1 - mirrored[1], n + 1 - mirrored[0])
    first, cumulated = binomial_cdf(n, q)
    error = 1.0 - confidence
    upper = min(n, first + int(np.searchsorted(cumulated, 1.0 - error / 2)) + 1)
    left = error - (1.0 - cdf_at(first, cumulated, upper - 1))
    lower = first + int(np.searchsorted(cumulated, left, side="right"))
    return max(1, lower), upper


def limit_ranks(size: int, q: float) -> tuple[int, int]:
    """The ranks of quantile_limits: 0 and more than `size` are no limit."""
    first, cumulated = binomial_cdf(size, q)
    below = first + int(np.searchsorted(cumulated, 1.0 - 0.95, side="right"))
    return below, first + int(np.searchsorted(cumulated, 0.95)) + 1


def solve(is_below: Callable[[float], bool]) -> float:
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return low


def share_limits(hits: int, n: int) -> tuple[float, float]:
    error = 1.0 - 0.95
    low = solve(lambda p: 1.0 - cdf_at(*binomial_cdf(n, p), hits - 1) < error) if hits else 0.0
    high = solve(lambda p: cdf_at(*binomial_cdf(n, p), hits) > error) if hits < n else 1.0
    return low, high


def scaling_fit(n: Floats, x: Floats) -> Floats:
    """The best of four unconstrained fits that has no coefficient below 0."""
    y = n / x
    columns = np.stack([np.ones_like(n), n - 1.0, n * (n - 1.0)], axis=1) / y[:, None]
    best, least = np.array([1.0 / float(y.mean()), 0.0, 0.0]), math.inf
    for free in product((True, False), repeat=2):
        used = [0, *(i for i, is_free in enumerate(free, start=1) if is_free)]
        found, *_ = np.linalg.lstsq(columns[:, used], np.ones_like(y), rcond=None)
        error = float(np.sum((columns[:, used] @ found - 1.0) ** 2))
        if found[0] > 0 and (found >= 0).all() and error < least:
            whole = np.zeros(3)
            whole[used] = found
            best, least = np.array([1.0, whole[1], whole[2]]) / whole[0], error
    return best


def u_distribution(m: int, n: int) -> Floats:
    counts = np.zeros(m * n + 1)
    counts[0] = 1.0
    for k in range(1, min(m, n) + 1):
        top = max(m, n) + k
        for u in range(len(counts) - 1, top - 1, -1):
            counts[u] -= counts[u - top]
        for u in range(k, len(counts)):
            counts[u] += counts[u - k]
    cumulated: Floats = np.cumsum(counts) / counts.sum()
    return cumulated


def ranks(side: list[Floats]) -> list[Floats]:
    """From 0, where rankdata counts from 1 and gives equal values the mean of their ranks."""
    values = np.concatenate(side)
    ordered = np.sort(values)
    low, high = np.searchsorted(ordered, values), np.searchsorted(ordered, values, side="right")
    cuts = np.cumsum([len(run) for run in side])[:-1]
    return [part.astype(np.float64) for part in np.split((low + high) / 2, cuts)]


def line(x: Floats, u: Floats, t: float) -> tuple[float, float, float]:
    """(slope, intercept, half of the slope's interval)."""
    spread = float(((x - x.mean()) ** 2).sum())
    slope = float(((x - x.mean()) * (u - u.mean())).sum()) / spread
    idle = float(u.mean() - slope * x.mean())
    residual = u - idle - slope * x
    error = math.sqrt(float(residual @ residual) / (len(x) - 2) / spread)
    return slope, idle, t * error


@pytest.mark.parametrize("q", QUANTILES)
def test_ranks_of_intervals_are_the_same(q: float) -> None:
    """Exactly, from samples of one to ten million."""
    for n in SIZES:
        assert percentiles.interval_ranks(n, q) == interval_ranks(n, q), n


@pytest.mark.parametrize("q", QUANTILES)
def test_ranks_of_limits_are_the_same(q: float) -> None:
    """Exactly, up to a hundred thousand values: each value here is its own rank."""
    for n in (size for size in SIZES if size <= 10**5):
        below, above = limit_ranks(n, q)
        expected = (below if below >= 1 else None, above if above <= n else None)
        assert percentiles.quantile_limits(np.arange(1.0, n + 1), n, q, n) == expected, n


def test_the_binomial_distribution_is_the_same() -> None:
    """To 1e-12 of yesterday's and of scipy.stats.binom, within six standard deviations."""
    for n, q in product((1, 7, 60, 3000, 10**5, 10**7), QUANTILES):
        spread = 6 * math.sqrt(n * q * (1 - q))
        by_hand = binomial_cdf(n, q)
        for k in np.linspace(max(0.0, n * q - spread), min(float(n), n * q + spread), 9).astype(
            int
        ):
            found = percentiles.binomial_cdf(int(k), n, q)
            assert found == pytest.approx(cdf_at(*by_hand, int(k)), abs=1e-12)
            assert found == pytest.approx(stats.binom.cdf(k, n, q), abs=1e-12)
    assert [percentiles.binomial_cdf(k, 5, 0.3) for k in (-1, 5, 6)] == [0.0, 1.0, 1.0]


def test_limits_of_shares_are_the_same() -> None:
    """To 1e-11: what fifty halvings and the sums behind them leave."""
    for n in (1, 2, 10, 59, 1000, 12_345, 10**6):
        for hits in sorted({0, 1, n // 100, n // 3, n // 2, n - 1, n}):
            expected = share_limits(hits, n)
            assert percentiles.share_limits(hits, n) == pytest.approx(expected, abs=1e-11)


def test_fits_of_the_scaling_law_are_the_same() -> None:
    """To 1e-7 of the parameters, for 500 noisy ramps: rising, flat, and falling too fast for any
    rate of a single client."""
    chance = np.random.default_rng(3)
    steep = 0
    for loads in ([1, 2, 4, 8, 16, 24, 32, 48, 64], [10, 20, 30, 40, 50, 60]):
        n = np.array(loads, dtype=np.float64)
        for _ in range(250):
            contention, coherency = chance.uniform(0, 1.2), chance.choice([0.0, 0.001, 0.02])
            x = 10 * n / (1 + contention * (n - 1) + coherency * n * (n - 1))
            x *= np.maximum(1 + 0.1 * chance.normal(size=len(n)), 0.05)
            expected = scaling_fit(n, x)
            y = n / x
            columns = np.stack([np.ones_like(n), n - 1.0, n * (n - 1.0)], axis=1) / y[:, None]
            steep += scaling_law._nnls(columns)[0][0] == 0
            assert scaling_law._fit(n, x) == pytest.approx(expected, rel=1e-7, abs=1e-9)
    assert steep > 20


@pytest.mark.parametrize(("m", "n"), [(1, 1), (1, 9), (5, 3), (10, 10), (30, 20)])
def test_the_distribution_of_u_is_the_same(m: int, n: int) -> None:
    """Exactly: the same additions in the same order."""
    assert np.array_equal(two_samples._u_distribution(m, n), u_distribution(m, n))


def test_ranks_of_windows_are_the_same() -> None:
    """Exactly, apart from where counting starts, with ties and without."""
    chance = np.random.default_rng(4)
    for _ in range(50):
        lengths = chance.integers(1, 12, size=3)
        values = [chance.choice([0, 1, 2, math.pi, 1e9], size=length) for length in lengths]
        continuous = [chance.normal(size=length) for length in lengths]
        for side in (values, continuous):
            for found, expected in zip(two_samples._ranks(side), ranks(side), strict=True):
                assert np.array_equal(found - 0.5, expected)


def test_straight_lines_are_the_same() -> None:
    """Demands of a host's resources: slope, intercept and interval to 1e-9."""
    chance = np.random.default_rng(5)
    for points in (6, 7, 12):
        x = np.sort(chance.uniform(1, 100, size=points))
        u = 0.1 + 0.005 * x + 0.01 * chance.normal(size=points)
        slope, idle, half = line(x, u, float(stats.t.ppf(0.975, points - 2)))
        found, intercept = utilisation_law.fit_line(x, u)
        assert intercept == pytest.approx(idle, rel=1e-9)
        assert found.value == pytest.approx(slope, rel=1e-9)
        assert (found.low, found.high) == pytest.approx((slope - half, slope + half), rel=1e-9)


def test_the_error_of_a_mean_time_is_the_same() -> None:
    """The variance of batch means about their own line, to 1e-9."""
    chance = np.random.default_rng(6)
    window = Window(3.0, 13.0)
    for _ in range(20):
        at_s = np.sort(chance.uniform(3, 13, size=60))
        time_s = 0.05 + 0.01 * at_s + 0.02 * chance.normal(size=60)
        means = [time_s[part.holds(at_s)].mean() for part in window.split(5)]
        x, y = np.arange(5.0) - 2.0, np.array(means) - np.mean(means)
        residual = y - x * (float(x @ y) / float(x @ x))
        expected = float(residual @ residual) / 3 / 5
        _, variance = steadiness._mean_and_variance(at_s, time_s, window)
        assert variance == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("constant", "rounded", "exact"),
    [
        (effective_size._widening(10), 1.332, (stats.t.ppf(0.975, 9) / stats.norm.ppf(0.975)) ** 2),
        (age_bound.T_95, 1.833, stats.t.ppf(0.95, 9)),
        (objective_results._Z_95, 1.645, stats.norm.ppf(0.95)),
    ],
)
def test_constants_are_what_tables_say(constant: float, rounded: float, exact: float) -> None:
    """Each is the exact value, of which the rounded one of a table stood here before."""
    assert constant == pytest.approx(exact, rel=1e-12)
    assert constant == pytest.approx(rounded, abs=0.0005)


def test_the_constant_that_stayed_is_what_scipy_says() -> None:
    """The studentised range is rounded to two decimals."""
    found = steadiness._RANGE_OF_THREE
    assert found == round(stats.studentized_range.ppf(0.95, 3, 9), 2)


def test_help_does_not_wait_for_scipy_stats() -> None:
    """scipy.stats and scipy.optimize load when they are first needed: together they take as long
    as everything else that the reading side imports."""
    code = (
        "import sys, edgeload.read.results.run_results; "
        "print(sorted({'scipy.stats', 'scipy.optimize'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
