"""Percentiles and shares of a sample, with their confidence intervals. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeload.read.statistics.windows import Floats

CONFIDENCE = 0.95
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p999": 0.999}


_BATCHES = 20
_SCATTER_95 = 1.587  # chi-square over its 19 degrees of freedom: exceeded 5 times in 100

Limits = tuple[float | None, float | None]


@dataclass(frozen=True)
class Quantile:
    """One percentile with the limits of its 95 % interval, in the unit of the sample.

    A limit of infinity means "never": so many requests were not answered at all.
    """

    value: float
    low: float
    high: float

    @property
    def never(self) -> bool:
        """True where the percentile falls on requests that were never answered."""
        return math.isinf(self.value)


@dataclass(frozen=True)
class Distribution:
    """A sample in a few numbers. A percentile is None where the sample is too small to claim it.

    `n` counts everything the percentiles are over, `unanswered` what of it had no answer; `mean`
    and `max` are of the answered ones, None where there are none.
    """

    n: int
    unanswered: int
    mean: float | None
    max: float | None
    quantiles: dict[str, Quantile | None]

    def quantile(self, name: str) -> Quantile | None:
        """The percentile of that name (a key of QUANTILES); None: n too small."""
        return self.quantiles[name]


def distribution(values: Floats, unanswered: int = 0) -> Distribution:
    """Summary of a sample of which `unanswered` further members have no value but are above all.

    Such members (frames missed, requests timed out) take part in the percentiles: nobody who was
    never answered was answered fast (method 2 and 6). `values` are in the log's order, which is
    that of time: where neighbours are alike, intervals are those of the smaller sample that says as
    much, and from the smallest to the largest value where that is too small to bound anything.
    """
    ordered = np.sort(values)
    n = len(ordered) + unanswered
    return Distribution(
        n=n,
        unanswered=unanswered,
        mean=float(ordered.mean()) if len(ordered) else None,
        max=float(ordered[-1]) if len(ordered) else None,
        quantiles={name: _quantile(values, ordered, n, q) for name, q in QUANTILES.items()},
    )


def _quantile(values: Floats, ordered: Floats, n: int, q: float) -> Quantile | None:
    if not enough(n, q):
        return None
    value = _at_rank(ordered, rank(n, q))
    size = math.floor(n * independent_share(values <= value))
    low, high = interval_ranks(size, q) or (1, size)
    return Quantile(
        value,
        _at_rank(ordered, max(1, low * n // size)),
        _at_rank(ordered, min(n, -(-high * n // size))),
    )


def _at_rank(ordered: Floats, at: int) -> float:
    return float(ordered[at - 1]) if at <= len(ordered) else math.inf


def rank(n: int, q: float) -> int:
    """Nearest rank, from 1: the least r with r / n >= q, so X(r) is the smallest x with F(x) >= q.

    The subtrahend takes back what floating point adds to a product such as 0.07 * 100.
    """
    return max(1, math.ceil(q * n - 1e-9 * max(1.0, q * n)))


def nearest_rank(values: Sequence[float] | Floats, q: float) -> float:
    """The q-quantile of a non-empty sample by nearest rank, however small the sample."""
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    return float(ordered[rank(len(ordered), q) - 1])


def enough(n: int, q: float, confidence: float = CONFIDENCE) -> bool:
    """Whether n values can bound the q-quantile at all.

    The widest interval there is, smallest to largest value, covers it with probability
    1 - q^n - (1-q)^n. At 95 % that takes n = 6 (p50), 59 (p95), 299 (p99), 2995 (p99.9).
    """
    return n > 0 and 1.0 - q**n - (1.0 - q) ** n >= confidence


def interval_ranks(n: int, q: float, confidence: float = CONFIDENCE) -> tuple[int, int] | None:
    """Ranks (l, u), from 1, with P(X(l) <= Q_q <= X(u)) >= confidence; None: n too small.

    Order statistics: the probability is B(u-1; n, q) - B(l-1; n, q), B the binomial distribution
    function (Hahn & Meeker 1991), whatever the sample's distribution, for independent values.
    What the upper tail leaves of the error is given to the lower one.
    """
    if not enough(n, q, confidence):
        return None
    if q < 0.5:
        mirrored = interval_ranks(n, 1.0 - q, confidence)
        return mirrored and (n + 1 - mirrored[1], n + 1 - mirrored[0])
    first, cumulated = _binomial_cdf(n, q)
    error = 1.0 - confidence
    upper = first + int(np.searchsorted(cumulated, 1.0 - error / 2)) + 1
    upper = min(upper, n)
    left = error - (1.0 - _cdf_at(first, cumulated, upper - 1))
    lower = first + int(np.searchsorted(cumulated, left, side="right"))
    return max(1, lower), upper


def independent_share(hits: npt.NDArray[np.bool_]) -> float:
    """What share of a series, in order of time, tells as much as if its members were independent.

    The share of hits scatters between 20 batches more than a binomial's would where neighbours are
    alike: by that ratio the sample is worth less (the variance inflation of batch means, Law 1983).
    1 unless the scatter is more than chance gives in 95 of 100 independent series.
    """
    n = len(hits)
    total = int(np.count_nonzero(hits))
    if n < 5 * _BATCHES or total in (0, n):
        return 1.0
    edges = np.linspace(0, n, _BATCHES + 1).astype(np.int64)
    sums = np.add.reduceat(hits, edges[:-1], dtype=np.int64)
    share = total / n
    ratio = float(np.var(sums / np.diff(edges), ddof=1)) / (share * (1 - share) * _BATCHES / n)
    return 1.0 if ratio <= _SCATTER_95 else max(1.0 / ratio, 1.0 / n)


def quantile_limits(ordered: Floats, n: int, q: float, size: int) -> Limits:
    """Limits below and above which the q-quantile lies with 95 % confidence each (one-sided).

    `ordered` are the n members that have a value, sorted, worth `size` independent ones (at most
    n). None where the sample is too small for a limit: an upper one of p95 takes 59 members, of p99
    299 (method 6). Infinity is "never", as in `Quantile`.
    """
    first, cumulated = _binomial_cdf(size, q)
    below = first + int(np.searchsorted(cumulated, 1.0 - CONFIDENCE, side="right"))
    above = first + int(np.searchsorted(cumulated, CONFIDENCE)) + 1
    low = _at_rank(ordered, max(1, below * n // size)) if below >= 1 else None
    high = _at_rank(ordered, min(n, -(-above * n // size))) if above <= size else None
    return low, high


def share_limits(hits: int, n: int) -> tuple[float, float]:
    """Limits below and above which a share lies with 95 % confidence each (Clopper and Pearson)."""
    error = 1.0 - CONFIDENCE
    low = _solve(lambda p: 1.0 - _cdf_at(*_binomial_cdf(n, p), hits - 1) < error) if hits else 0.0
    high = _solve(lambda p: _cdf_at(*_binomial_cdf(n, p), hits) > error) if hits < n else 1.0
    return low, high


def _solve(is_below: Callable[[float], bool]) -> float:
    """Where between 0 and 1 the answer turns from yes to no, by halving."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return low


def _cdf_at(first: int, cumulated: Floats, k: int) -> float:
    if k < first:
        return 0.0
    return float(cumulated[min(k - first, len(cumulated) - 1)])


def _binomial_cdf(n: int, q: float) -> tuple[int, Floats]:
    """B(k; n, q) for k = first, first + 1, ...: all k within 12 standard deviations of the mean.

    From the ratios of neighbouring probabilities, divided by their sum: no factorials, so it holds
    for n of any size; what lies outside is below 1e-30.
    """
    spread = 12.0 * math.sqrt(n * q * (1.0 - q)) + 12.0
    first = max(0, math.floor(n * q - spread))
    last = min(n, math.ceil(n * q + spread))
    k = np.arange(first, last, dtype=np.float64)
    logs = np.concatenate(([0.0], np.cumsum(np.log((n - k) / (k + 1.0) * (q / (1.0 - q))))))
    weights = np.exp(logs - logs.max())
    return first, np.cumsum(weights) / weights.sum()
