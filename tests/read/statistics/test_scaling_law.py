"""The scaling law against points made from it, against noise, and against another optimiser."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeload.read.statistics.scaling_law import ScalingLaw, fit_scaling_law
from edgeload.read.statistics.windows import Floats

LOADS = [1, 2, 4, 8, 16, 24, 32, 48, 64]


def law(n: Floats, rate: float, contention: float, coherency: float) -> Floats:
    """Gunther's formula, written independently."""
    bottom = 1 + contention * (n - 1) + coherency * n * (n - 1)
    result: Floats = rate * n / bottom
    return result


def fitted(x: Floats, loads: list[int] = LOADS) -> ScalingLaw:
    found = fit_scaling_law(loads, x.tolist())
    assert found is not None
    return found


@settings(max_examples=50, deadline=None)
@given(st.floats(0.5, 50), st.floats(0.0, 0.4), st.floats(0.0, 0.01))
def test_points_of_the_law_give_its_parameters(
    rate: float, contention: float, coherency: float
) -> None:
    """Without noise they are found exactly, and the law is called fitting."""
    found = fitted(law(np.array(LOADS, dtype=np.float64), rate, contention, coherency))
    assert found.rate_per_s.value == pytest.approx(rate, rel=1e-6)
    assert found.contention.value == pytest.approx(contention, abs=1e-6)
    assert found.coherency.value == pytest.approx(coherency, abs=1e-7)
    assert found.fits
    peak = np.sqrt((1 - contention) / coherency) if coherency > 0 else np.inf
    if peak < 0.995 * 64:
        assert found.peak_clients == pytest.approx(peak, rel=1e-3)
    elif peak > 1.005 * 64:
        assert found.peak_clients is None


def test_a_peak_beyond_the_largest_load_is_not_claimed() -> None:
    """Points of a law whose peak lies at 1.5 times the largest load: nothing was measured there."""
    coherency = 0.9 / (1.5 * 64) ** 2
    found = fitted(law(np.array(LOADS, dtype=np.float64), 2.0, 0.1, coherency))
    assert found.coherency.value == pytest.approx(coherency, rel=1e-3)
    assert found.peak_clients is None


@pytest.mark.slow
def test_the_limits_hold_the_truth_in_95_of_100() -> None:
    """Over 200 ramps with 3 % of noise, for each of the parameters."""
    chance = np.random.default_rng(1)
    truth = (10.0, 0.08, 0.002)
    exact = law(np.array(LOADS, dtype=np.float64), *truth)
    covered = np.zeros(3)
    for _ in range(200):
        found = fitted(exact * (1 + 0.03 * chance.normal(size=len(LOADS))))
        for i, estimate in enumerate((found.rate_per_s, found.contention, found.coherency)):
            covered[i] += estimate.low <= truth[i] <= estimate.high
    assert covered.min() / 200 >= 0.88


def test_no_coefficient_is_below_zero_and_none_is_better() -> None:
    """Against a search of the whole neighbourhood: random changes never lower the error."""
    chance = np.random.default_rng(2)
    n = np.array(LOADS, dtype=np.float64)
    for _ in range(20):
        x = law(n, 10.0, chance.uniform(-0.005, 0.1), 0.0) * (1 + 0.05 * chance.normal(size=9))
        found = fitted(x)
        best = np.array([found.rate_per_s.value, found.contention.value, found.coherency.value])
        assert (best >= 0).all()

        def error(p: Floats, x: Floats = x) -> float:
            return float(np.sum((x / law(n, *p) - 1) ** 2))

        near = np.abs(best * (1 + 0.02 * chance.normal(size=(300, 3))) + [0, 1e-5, 1e-7])
        assert error(best) <= min(map(error, near)) + 1e-12


def test_fewer_than_six_loads_give_no_law() -> None:
    """Repeating a load does not make it another one; a step that answered nothing is none."""
    assert fit_scaling_law([1, 2, 3, 4, 5], [1.0, 2.0, 3.0, 4.0, 5.0]) is None
    assert fit_scaling_law([1, 2, 3, 4, 5, 5], [1.0, 2.0, 3.0, 4.0, 5.0, 5.1]) is None
    assert fit_scaling_law([1, 2, 3, 4, 5, 6], [1.0, 2.0, 3.0, 4.0, 5.0, 0.0]) is None


def test_a_cliff_is_not_called_a_law() -> None:
    """Throughput that collapses at once is no contention: the misfit says so."""
    assert not fitted(np.array([1.0, 2, 4, 8, 16, 24, 2, 2, 2])).fits
