"""Statistics of a run, pure: percentiles with their intervals, rates in a window, steadiness."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

CONFIDENCE = 0.95
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p999": 0.999}

STEADY_WINDOWS = 3
STEADY_TOLERANCE = 0.10
_SUB_WINDOWS = 5
_BATCHES = 20
_SCATTER_95 = 1.587  # chi-square over its 19 degrees of freedom: exceeded 5 times in 100
_LEAST_ANSWERS_A_WINDOW = 5
_TIME_RESOLUTION_S = 0.001  # mean times closer than this are one, whatever their ratio
# The range of three normal values exceeds this many standard errors 5 times in 100, where the
# error is estimated from them (studentised range: three groups, nine degrees of freedom).
_RANGE_OF_THREE = 3.95


Limits = tuple[float | None, float | None]


@dataclass(frozen=True)
class Window:
    """A span [start_s, end_s) of run time."""

    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        """Length in seconds, never below 0."""
        return max(0.0, self.end_s - self.start_s)

    def holds(self, at_s: Floats) -> npt.NDArray[np.bool_]:
        """Which of the instants fall into the window."""
        return (at_s >= self.start_s) & (at_s < self.end_s)

    def split(self, parts: int) -> list[Window]:
        """The window as `parts` windows of one length."""
        edges = np.linspace(self.start_s, self.end_s, parts + 1)
        return [Window(float(a), float(b)) for a, b in pairwise(edges)]


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

    `n` counts everything the percentiles are over, `never` those of it that had no answer; `mean`
    and `max` are of the answered ones, None where there are none.
    """

    n: int
    never: int
    mean: float | None
    max: float | None
    quantiles: dict[str, Quantile | None]

    def quantile(self, name: str) -> Quantile | None:
        """The percentile of that name (a key of QUANTILES); None: n too small."""
        return self.quantiles[name]


def distribution(values: Floats, never: int = 0) -> Distribution:
    """Summary of a sample of which `never` further members have no value but are above all.

    Such members (frames missed, requests timed out) take part in the percentiles: nobody who was
    never answered was answered fast (method 2 and 6). `values` are in the log's order, which is
    that of time: where neighbours are alike, intervals are those of the smaller sample that says as
    much, and from the smallest to the largest value where that is too small to bound anything.
    """
    ordered = np.sort(values)
    n = len(ordered) + never
    return Distribution(
        n=n,
        never=never,
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


def count_in(sorted_s: Floats, window: Window) -> int:
    """How many of the sorted instants fall into the window."""
    return int(np.searchsorted(sorted_s, window.end_s)) - int(
        np.searchsorted(sorted_s, window.start_s)
    )


def rate_in(sorted_s: Floats, window: Window) -> float | None:
    """Events per second inside [a, b) over b - a (method 5); None where the window is empty."""
    return count_in(sorted_s, window) / window.length_s if window.length_s > 0 else None


@dataclass(frozen=True)
class Steadiness:
    """Whether a step had settled: `steady` is None where too little was seen to tell.

    The ratios are largest over smallest of the windows' rates and mean times; None where a window
    has too few answers for one.
    """

    steady: bool | None
    rate_ratio: float | None
    time_ratio: float | None


def steadiness(done_s: Floats, at_s: Floats, time_s: Floats, window: Window) -> Steadiness:
    """Do the last three windows of a step agree within 10 % in rate and in mean time (method 8)?

    `done_s` are the sorted instants of the answers, `time_s` the times of the requests that fell
    due at `at_s`. The three windows cover all that is summarised, so nothing unsettled is in the
    figures. Chance alone makes windows differ, and that must not be called unsteady, so 10 % is
    widened by the range that chance gives three equal windows in 95 of 100 cases. The error of a
    count is the scatter of its sub-windows, at most Poisson's: what is burstier is not noise. The
    error of a mean time is by batch means, which see that times of neighbours are alike (method 6),
    about the window's own straight line, so that a steady growth is not taken for chance. Close to
    saturation, times wander for longer than a short step lasts: such a step is not steady.
    """
    windows = window.split(STEADY_WINDOWS)
    counts = [count_in(done_s, part) for part in windows]
    samples = [(at_s[inside], time_s[inside]) for inside in (part.holds(at_s) for part in windows)]
    sizes = [*counts, *(len(times) for _, times in samples)]
    if min(sizes) < _LEAST_ANSWERS_A_WINDOW:
        starved = sum(counts) >= 3 * STEADY_WINDOWS * _LEAST_ANSWERS_A_WINDOW
        return Steadiness(False if starved else None, None, None)
    count_error = _RANGE_OF_THREE * math.sqrt(_count_variance(done_s, windows)) + 1.0
    means = [float(times.mean()) for _, times in samples]
    parts = [_mean_variance(*s, part) for s, part in zip(samples, windows, strict=True)]
    variance = sum(parts) / STEADY_WINDOWS
    mean_error = _RANGE_OF_THREE * math.sqrt(variance) + _TIME_RESOLUTION_S
    steady = _agree([float(c) for c in counts], count_error) and _agree(means, mean_error)
    return Steadiness(steady, max(counts) / min(counts), max(means) / max(min(means), 1e-9))


def _agree(values: list[float], error: float) -> bool:
    return max(values) - min(values) <= STEADY_TOLERANCE * min(values) + error


def _count_variance(done_s: Floats, windows: list[Window]) -> float:
    """Variance of one window's count: the scatter within windows, at most that of Poisson."""
    parts = np.array(
        [[count_in(done_s, sub) for sub in part.split(_SUB_WINDOWS)] for part in windows],
        dtype=np.float64,
    )
    within = float(parts.var(axis=1, ddof=1).mean()) * _SUB_WINDOWS
    return min(within, float(parts.sum(axis=1).mean()))


def _mean_variance(at_s: Floats, time_s: Floats, window: Window) -> float:
    """Variance of a window's mean time: of its batch means about their straight line.

    With fewer than four batches that hold anything there is no line: the sample's own, as if its
    values were independent.
    """
    inside = [part.holds(at_s) for part in window.split(_SUB_WINDOWS)]
    batches = [(i, float(time_s[held].mean())) for i, held in enumerate(inside) if held.any()]
    if len(batches) < 4:
        return float(time_s.var(ddof=1)) / len(time_s)
    x, y = np.array(batches, dtype=np.float64).T
    x, y = x - x.mean(), y - y.mean()
    residual = y - x * (float(x @ y) / float(x @ x))
    return float(residual @ residual) / (len(y) - 2) / len(y)
