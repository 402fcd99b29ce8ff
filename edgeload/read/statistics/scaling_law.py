"""The Universal Scalability Law, fitted to the throughput of overloaded steps. Pure (method 12)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeload.read.statistics.windows import Floats

LEAST_LOADS = 6
"""Three parameters need clearly more than three different loads."""
FITS_WITHIN = 0.10
_ROUNDING = 1e-9
"""A term that changes no row by more, as a share of it, is none."""
_RESAMPLES = 1000
_SEED = 12


@dataclass(frozen=True)
class Estimate:
    """A fitted value and its 95 % limits."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ScalingLaw:
    """X(N) = rate N / (1 + contention (N - 1) + coherency N (N - 1)) (Gunther 2007).

    `rate_per_s` is the throughput of a single client. `peak_clients` is the load with the highest
    throughput; it is None beyond the largest load tried: nothing was measured there.
    `misfit` is the root mean square of the relative residuals.
    """

    loads: int
    rate_per_s: Estimate
    contention: Estimate
    coherency: Estimate
    peak_clients: float | None
    misfit: float

    @property
    def fits(self) -> bool:
        """Whether the law describes the steps to within 10 %."""
        return self.misfit <= FITS_WITHIN

    def throughput_per_s(self, clients: float) -> float:
        """Answers per second with so many clients."""
        return float(_curve(self._parameters, np.array([clients]))[0])

    @property
    def _parameters(self) -> Floats:
        return np.array([self.rate_per_s.value, self.contention.value, self.coherency.value])


def fit_scaling_law(clients: Sequence[int], throughput_per_s: Sequence[float]) -> ScalingLaw | None:
    """Fit by least squares of the relative error; no coefficient is below 0.

    `clients` and `throughput_per_s` have one value per step; steps without any answer are left out.
    None if fewer than six different loads remain. The limits are from a bootstrap of the residuals,
    which are scaled up because three fitted parameters have made them smaller.
    """
    n, x = np.array(clients, dtype=np.float64), np.array(throughput_per_s, dtype=np.float64)
    n, x = n[x > 0], x[x > 0]
    loads = len(np.unique(n))
    if loads < LEAST_LOADS:
        return None
    best = _fit(n, x)
    fitted = _curve(best, n)
    residuals = x / fitted - 1.0
    scale = math.sqrt(len(n) / (len(n) - len(best)))
    chance = np.random.default_rng(_SEED)
    noise = chance.choice(residuals * scale, size=(_RESAMPLES, len(n)))
    samples = np.array([_fit(n, fitted * np.maximum(1.0 + row, 0.05)) for row in noise])
    limits = np.quantile(samples, [0.025, 0.975], axis=0)
    rate, contention, coherency = (
        Estimate(float(value), min(float(low), float(value)), max(float(high), float(value)))
        for value, low, high in zip(best, *limits, strict=True)
    )
    return ScalingLaw(
        loads=loads,
        rate_per_s=rate,
        contention=contention,
        coherency=coherency,
        peak_clients=_peak(contention.value, coherency.value, float(n.max())),
        misfit=float(np.sqrt(np.mean(residuals**2))),
    )


def _curve(parameters: Floats, n: Floats) -> Floats:
    rate, contention, coherency = parameters
    curve: Floats = rate * n / (1.0 + contention * (n - 1.0) + coherency * n * (n - 1.0))
    return curve


def _fit(n: Floats, x: Floats) -> Floats:
    """(rate, contention, coherency), by N / X = a + b (N - 1) + c N (N - 1) with a, b, c >= 0.

    Each row is divided by N / X, which makes its error relative. a = 0 would be an infinite rate:
    then the best fit without contention, coherency or both is taken.
    """
    y = n / x
    columns = np.stack([np.ones_like(n), n - 1.0, n * (n - 1.0)], axis=1) / y[:, None]
    found, _ = _nnls(columns)
    if found[0] <= 0.0:
        held = [_nnls(columns * kept) for kept in ((1, 0, 1), (1, 1, 0), (1, 0, 0))]
        found, _ = min((fit for fit in held if fit[0][0] > 0.0), key=lambda fit: fit[1])
    best: Floats = np.array([1.0, found[1], found[2]]) / found[0]
    return best


def _nnls(columns: Floats) -> tuple[Floats, float]:
    """The non-negative weights with which the columns come closest to 1, and the distance left.

    A weight that no row can be told by is 0: with exact data, it would be an error of rounding.
    """
    from scipy.optimize import nnls  # noqa: PLC0415 - 0.1 s, needed for ramps of six loads only

    found, distance = nnls(columns, np.ones(len(columns)))
    counts = found * columns.max(axis=0) > _ROUNDING
    return np.where(counts, found, 0.0), float(distance)


def _peak(contention: float, coherency: float, largest: float) -> float | None:
    if coherency <= 0 or contention >= 1:
        return None
    peak = math.sqrt((1.0 - contention) / coherency)
    return peak if peak <= largest else None
