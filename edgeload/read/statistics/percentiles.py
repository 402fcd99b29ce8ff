"""Percentiles and shares of a sample, with their confidence intervals. Pure."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import special

from edgeload.read.statistics.effective_size import (
    LEAST_INDEPENDENT,
    SAME,
    independent_share,
    share_at_levels,
)
from edgeload.read.statistics.windows import Floats

CONFIDENCE = 0.95
"""Probability with which an interval holds the true value, and each limit by itself does."""
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p999": 0.999}
"""The percentiles that are reported, by their names in files."""

Limits = tuple[float | None, float | None]
"""A lower and an upper limit; None if the sample is too small for one."""


@dataclass(frozen=True)
class Quantile:
    """A percentile and the limits of its 95 % interval, in the unit of the sample.

    Infinity means "never": the percentile or limit falls on a request without an answer. Both
    limits are None if the sample says nothing about the percentile of a longer one: it holds too
    few independent values.
    """

    value: float
    low: float | None
    high: float | None

    @property
    def never(self) -> bool:
        """Whether the percentile falls on requests that were never answered."""
        return math.isinf(self.value)


@dataclass(frozen=True)
class Distribution:
    """A sample in a few numbers.

    `n` counts all members, `unanswered` those without a value: requests that never got an answer.
    `mean` and `max` describe the answered ones and are None if there are none. A percentile covers
    all members and is None if the sample is too small to bound it.
    """

    n: int
    unanswered: int
    mean: float | None
    max: float | None
    quantiles: dict[str, Quantile | None]

    def quantile(self, name: str) -> Quantile | None:
        """The percentile with this name, a key of QUANTILES. None: n is too small."""
        return self.quantiles[name]

    def is_never(self, name: str) -> bool:
        """Whether this percentile falls among unanswered members. It does if a lower one does,
        however small the sample is.
        """
        names = list(QUANTILES)[: list(QUANTILES).index(name) + 1]
        return any(found.never for each in names if (found := self.quantiles[each]))


def distribution(values: Floats, unanswered: int = 0) -> Distribution:
    """Summarise a sample that has `unanswered` further members above all `values`.

    Requests that timed out or were never sent have no time, yet they belong to the sample: without
    them the percentiles would describe the lucky requests only (method 2 and 6).

    `values` are in order of time, as in the log. If neighbouring values are alike, the sample holds
    less information than its size suggests, so the intervals are computed for the equivalent
    number of independent values. If that number is too small to bound a percentile, it has no
    interval.
    """
    ordered = np.sort(values)
    n = len(ordered) + unanswered
    middle = _at_rank(ordered, rank(len(ordered), 0.5))
    share = independent_share(values <= SAME * middle)
    return Distribution(
        n=n,
        unanswered=unanswered,
        mean=float(ordered.mean()) if len(ordered) else None,
        max=float(ordered[-1]) if len(ordered) else None,
        quantiles={name: _quantile(values, ordered, n, q, share) for name, q in QUANTILES.items()},
    )


def _quantile(
    values: Floats, ordered: Floats, n: int, q: float, share_at_median: float
) -> Quantile | None:
    """A percentile, whose interval the effective size at its value or the median's determines.

    In a calm step hardly any value exceeds a high percentile, and the median still shows for how
    long a queue remembers.
    """
    if not enough(n, q):
        return None
    value = _at_rank(ordered, rank(n, q))
    size = math.floor(n * min(share_at_median, independent_share(values <= value)))
    ranks = interval_ranks(size, q) if size >= LEAST_INDEPENDENT else None
    if ranks is not None:
        low = _at_rank(ordered, max(1, ranks[0] * n // size))
        high = _at_rank(ordered, min(n, -(-ranks[1] * n // size)))
        return Quantile(value, low, high)
    coarse = value / SAME, value * SAME
    if _lies_between(values, n, q, coarse, share_at_median):
        return Quantile(value, *coarse)
    return Quantile(value, None, None)


def _lies_between(
    values: Floats, n: int, q: float, limits: tuple[float, float], most_share: float
) -> bool:
    """Whether the q-quantile lies between two values, by the shares of the sample up to each.

    It does if both shares differ from q with 97.5 % confidence, each at its own effective size.
    That is how a box whose times wander by less than 5 % keeps an interval.
    """
    if math.isinf(limits[1]):
        return False
    low, high = (values <= limit for limit in limits)
    sizes = [math.floor(n * min(most_share, independent_share(hits))) for hits in (low, high)]
    if min(sizes) < LEAST_INDEPENDENT:
        return False
    fewest = math.ceil(np.count_nonzero(low) / n * sizes[0])
    most = math.floor(np.count_nonzero(high) / n * sizes[1])
    error = (1.0 - CONFIDENCE) / 2
    return (
        binomial_cdf(fewest, sizes[0], q) <= error
        and 1.0 - binomial_cdf(most - 1, sizes[1], q) <= error
    )


def _at_rank(ordered: Floats, at: int) -> float:
    """The value at a rank from 1; ranks beyond the values belong to unanswered requests."""
    return float(ordered[at - 1]) if at <= len(ordered) else math.inf


def rank(n: int, q: float) -> int:
    """Nearest rank of the q-quantile among n values: the least r >= 1 with r / n >= q.

    The subtraction undoes what floating point adds to products such as 0.07 * 100.
    """
    return max(1, math.ceil(q * n * (1.0 - 1e-15)))


def nearest_rank(values: Sequence[float] | Floats, q: float) -> float:
    """The q-quantile of a non-empty sample by nearest rank, however small the sample."""
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    return float(ordered[rank(len(ordered), q) - 1])


def enough(n: int, q: float, confidence: float = CONFIDENCE) -> bool:
    """Whether n values can bound the q-quantile at all.

    The widest possible interval, smallest to largest value, covers it with probability
    1 - q^n - (1-q)^n. At 95 % that needs n = 6 (p50), 59 (p95), 299 (p99), 2995 (p99.9).
    """
    return n > 0 and 1.0 - q**n - (1.0 - q) ** n >= confidence


def interval_ranks(n: int, q: float, confidence: float = CONFIDENCE) -> tuple[int, int] | None:
    """Ranks (l, u), from 1, with P(X(l) <= Q_q <= X(u)) >= confidence. None: n is too small.

    For independent values of any distribution that probability is B(u-1; n, q) - B(l-1; n, q),
    where B is the binomial distribution function (order statistics, Hahn & Meeker 1991). Each tail
    may hold half of the error; what the upper tail leaves unused goes to the lower one.
    """
    if not enough(n, q, confidence):
        return None
    if q < 0.5:
        mirrored = interval_ranks(n, 1.0 - q, confidence)
        return mirrored and (n + 1 - mirrored[1], n + 1 - mirrored[0])
    at_most = partial(binomial_cdf, n=n, q=q)
    error = 1.0 - confidence
    upper = min(n, bisect_left(range(n), 1.0 - error / 2, key=at_most) + 1)
    left = error - (1.0 - at_most(upper - 1))
    lower = bisect_right(range(upper), left, key=at_most)
    return max(1, lower), upper


def binomial_cdf(k: int, n: int, q: float) -> float:
    """B(k; n, q): the probability of at most k hits in n independent tries of probability q.

    By the incomplete beta function (DLMF 8.17.5), which is exact to 1e-12 up to n = 10^7, while
    scipy.special.bdtr is wrong by 1e-3 there. scipy.stats.binom gives the same values, but takes
    twenty times as long per call and a third of a second to import.
    """
    if k < 0:
        return 0.0
    return float(special.betainc(n - k, k + 1, 1.0 - q)) if k < n else 1.0


def quantile_limits(
    ordered: Floats, n: int, q: float, size: int, confidence: float = CONFIDENCE
) -> Limits:
    """One-sided limits of the q-quantile, each of which holds with the given confidence.

    `ordered` holds the sorted values of those of the n members that have one; the sample carries
    as much information as `size` independent values (at most n). A limit is None if the sample is
    too small for it: the upper limit of p95 needs 59 members, of p99 299 (method 6), at 95 %
    confidence. Infinity means "never", as in `Quantile`.
    """
    at_most = partial(binomial_cdf, n=size, q=q)
    # The lower limit of p95 from a single value is a tie, 0.05 against 0.05: no limit then.
    below = bisect_right(range(size), 1.0 - confidence - 1e-12, key=at_most)
    above = bisect_left(range(size), confidence, key=at_most) + 1
    low = _at_rank(ordered, max(1, below * n // size)) if below >= 1 else None
    high = _at_rank(ordered, min(n, -(-above * n // size))) if above <= size else None
    return low, high


def share_of_windows(windows: Sequence[Floats], levels: tuple[float, ...]) -> float:
    """Effective size of several windows together as a share of their size.

    Each window is a series by itself: it is planned that they differ in load. Its median and its
    upper quartile show for how long its queue remembers, even if no value comes near the levels.
    """
    filled = [window for window in windows if len(window)]
    worth = 0.0
    for window in filled:
        usual = [SAME * nearest_rank(window, q) for q in (0.5, 0.75)]
        worth += len(window) * share_at_levels(window, (*usual, *levels))
    return worth / sum(map(len, filled)) if filled else 1.0


def share_limits(hits: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """One-sided limits of a share of which `hits` of n were seen (Clopper & Pearson 1934).

    Each holds with the given confidence, 95 % if none is.
    """
    error = 1.0 - confidence
    low = float(special.betaincinv(hits, n - hits + 1, error)) if hits else 0.0
    high = float(special.betaincinv(hits + 1, n - hits, 1.0 - error)) if hits < n else 1.0
    return low, high
