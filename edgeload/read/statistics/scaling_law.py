"""The Universal Scalability Law through the throughput of a ramp's steps. Pure (method 12)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from edgeload.read.statistics.windows import Floats

LEAST_LOADS = 6
FITS_WITHIN = 0.10
_RESAMPLES = 1000
_SEED = 12
_FARTHEST = 2.0


@dataclass(frozen=True)
class Estimate:
    """A fitted value and its 95 % limits."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ScalingLaw:
    """X(N) = rate N / (1 + contention (N - 1) + coherency N (N - 1)) (Gunther 2007).

    `rate_per_s` is what one client alone gets. `peak_clients` is where throughput is largest, None
    where that is past twice the largest load tried: nothing is said about what lies there.
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
        """Whether the law describes the steps: within 10 %."""
        return self.misfit <= FITS_WITHIN

    def throughput_per_s(self, clients: float) -> float:
        """Answers per second at a load."""
        return float(_curve(self._parameters, np.array([clients]))[0])

    @property
    def _parameters(self) -> Floats:
        return np.array([self.rate_per_s.value, self.contention.value, self.coherency.value])


def fit_scaling_law(clients: Sequence[int], throughput_per_s: Sequence[float]) -> ScalingLaw | None:
    """Least squares of relative error, neither coefficient below 0; None: under six loads.

    Limits are of a bootstrap of the residuals, made as large as they were before three parameters
    were fitted to them.
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
    """(rate, contention, coherency): linear in N / X = a + b (N - 1) + c N (N - 1), a, b, c >= 0.

    Rows are divided by N / X, which makes their errors relative. Of the fits with b, c or both held
    at 0, the best that has no coefficient below 0 is the constrained optimum.
    """
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


def _peak(contention: float, coherency: float, largest: float) -> float | None:
    if coherency <= 0 or contention >= 1:
        return None
    peak = math.sqrt((1.0 - contention) / coherency)
    return peak if peak <= _FARTHEST * largest else None
