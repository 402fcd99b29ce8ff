"""Comparing two samples: shifts with intervals and p-values, ratios of percentiles. Pure.

The members of a sample are time windows of runs, not requests: neighbouring requests are alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import special

from edgeload.read.statistics.percentiles import rank
from edgeload.read.statistics.windows import Floats

_BIN = 1.001
_LEAST_S = 1e-6
_BINS = math.ceil(math.log(1e4 / _LEAST_S) / math.log(_BIN))
_RESAMPLES = 1000
_MOST_ALIKE = 0.8
_SEED = 13


@dataclass(frozen=True)
class Shift:
    """How far the second sample lies above the first, with the limits of a confidence interval.

    `p` is the p-value of the hypothesis that the samples do not differ.
    """

    value: float
    low: float
    high: float
    p: float

    def widened(self, factor: float) -> Shift:
        """The same shift with limits `factor` times as far away, and the p-value that matches."""
        z = -float(special.ndtri(self.p / 2)) / factor
        return Shift(
            self.value,
            self.value - factor * (self.value - self.low),
            self.value + factor * (self.high - self.value),
            2.0 * float(special.ndtr(-z)),
        )


def hodges_lehmann(old: Floats, new: Floats, confidence: float = 0.95) -> Shift:
    """Median of all differences new - old, with the interval and p-value of Mann and Whitney.

    The limits are order statistics of the differences, at ranks from the exact distribution of U
    (Hodges & Lehmann 1963). They are infinite if the samples are too small for the confidence. A
    tie counts half for each sample, rounded towards "no difference".
    """
    differences = np.sort((new[:, None] - old[None, :]).ravel())
    cumulated = _u_distribution(len(old), len(new))
    lowest = int(np.searchsorted(cumulated, (1.0 - confidence) / 2, side="right"))
    count = len(differences)
    below = float(np.count_nonzero(differences < 0)) + np.count_nonzero(differences == 0) / 2
    u = math.ceil(min(below, count - below))
    return Shift(
        value=float(np.median(differences)),
        low=float(differences[lowest - 1]) if lowest else -math.inf,
        high=float(differences[count - lowest]) if lowest else math.inf,
        p=min(1.0, 2.0 * float(cumulated[u])),
    )


@cache
def _u_distribution(m: int, n: int) -> Floats:
    """P(U <= u) for u = 0 ... m n, if the samples do not differ (Mann & Whitney 1947).

    The number of arrangements with a given U is a coefficient of the Gaussian binomial polynomial:
    the product of (1 - x^(l + k)) / (1 - x^k) over k = 1 ... s, for sizes s <= l.
    """
    counts = np.zeros(m * n + 1)
    counts[0] = 1.0
    for k in range(1, min(m, n) + 1):
        top = max(m, n) + k
        counts[top:] -= counts[:-top].copy()
        for residue in range(k):
            counts[residue::k] = np.cumsum(counts[residue::k])
    cumulated: Floats = np.cumsum(counts) / counts.sum()
    return cumulated


def percentile_ratio(
    old: Sequence[Floats], new: Sequence[Floats], q: float, confidence: float = 0.95
) -> Shift:
    """Relative change of the q-quantile, from a bootstrap of whole windows (Kuensch 1989).

    Each of the 1000 resamples draws windows with replacement and merges them, because percentiles
    must not be averaged. The scatter of the logarithm of the quantile gives the interval by
    Student's t; it is scaled up because the scatter of few windows is too small on average.
    `old` and `new` are windows of times in seconds, infinite for requests that were never answered.
    The quantile itself must be finite in both samples.
    """
    (old_log, old_error), (new_log, new_error) = (_log_quantile(part, q) for part in (old, new))
    error = math.hypot(old_error, new_error)
    freedom = min(len(old), len(new)) - 1
    ratio = new_log - old_log
    if error == 0.0:
        return Shift(math.expm1(ratio), math.expm1(ratio), math.expm1(ratio), float(ratio == 0.0))
    t = float(special.stdtrit(freedom, (1.0 + confidence) / 2))
    p = 2.0 * float(special.stdtr(freedom, -abs(ratio) / error))
    low, high = math.expm1(ratio - t * error), math.expm1(ratio + t * error)
    return Shift(math.expm1(ratio), low, high, p)


def _log_quantile(windows: Sequence[Floats], q: float) -> tuple[float, float]:
    """The logarithm of the quantile of all windows merged, and its standard error.

    Resamples are made of histograms with bins 0.1 % wide: merging windows is adding histograms.
    """
    merged = np.sort(np.concatenate(windows))
    value = float(merged[rank(len(merged), q) - 1])
    edge = np.log(_BIN)
    histograms = np.stack([np.bincount(_bins(window), minlength=_BINS + 2) for window in windows])
    used = np.flatnonzero(histograms.any(axis=0))
    chance = np.random.default_rng(_SEED)
    drawn = chance.multinomial(
        len(windows), np.full(len(windows), 1.0 / len(windows)), size=_RESAMPLES
    )
    cumulated = np.cumsum(drawn @ histograms[:, used], axis=1)
    at = np.argmax(cumulated >= q * cumulated[:, -1:] * (1.0 - 1e-12), axis=1)
    logs = used[at] * edge
    error = float(logs.std(ddof=1)) * math.sqrt(len(windows) / max(1, len(windows) - 1))
    return math.log(max(value, _LEAST_S)), error


def _bins(window: Floats) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    finite = np.clip(window, _LEAST_S, 1e4)
    bins = (np.log(finite / _LEAST_S) / math.log(_BIN)).astype(np.int64)
    bins[np.isinf(window)] = _BINS + 1
    return bins


def inflation(sides: Sequence[Sequence[Floats]]) -> float:
    """The factor by which intervals must be widened because windows are not independent.

    `sides` are the two samples; a sample is a list of runs, a run the values of its windows in
    order of time. The factor is the largest of three:

    - sqrt((1 + r) / (1 - r)) because neighbouring windows are alike. r is the lag-1 correlation,
      pooled over all runs, and corrected for its bias of about -(1 + 3 r) / k in runs of k windows
      (Kendall 1954).
    - sqrt(F) because windows of one run are alike. F is the mean square between the runs of a
      sample, divided by the mean square within runs.
    - 1.

    All are computed from ranks within a sample, so one stall cannot decide the result.
    """
    ranked = [_ranks(side) for side in sides]
    centred = [run - run.mean() for side in ranked for run in side]
    total = sum(float(run @ run) for run in centred)
    length = sum(map(len, centred)) / max(1, len(centred))
    if total == 0 or length <= 3:
        return 1.0
    lagged = sum(float(run[1:] @ run[:-1]) for run in centred)
    alike = (lagged / total + 1 / length) / (1 - 3 / length)
    alike = min(max(alike, 0.0), _MOST_ALIKE)
    within = total / (sum(map(len, centred)) - len(centred))
    between = max((_between(side) / within for side in ranked if len(side) > 1), default=1.0)
    return math.sqrt(max(1.0, between, (1 + alike) / (1 - alike)))


def _ranks(side: Sequence[Floats]) -> list[Floats]:
    """Each run's values as ranks among all values of its sample; equal values share a rank."""
    from scipy.stats import rankdata  # noqa: PLC0415 - 0.3 s, which reports of one run save

    cuts = np.cumsum([len(run) for run in side])[:-1]
    return np.split(rankdata(np.concatenate(side)), cuts)


def _between(side: Sequence[Floats]) -> float:
    """Mean square between the runs of a sample."""
    middle = float(np.concatenate(side).mean())
    return sum(len(run) * (float(run.mean()) - middle) ** 2 for run in side) / (len(side) - 1)


def holm(p_values: Sequence[float], error: float = 0.05) -> list[bool]:
    """Which of many tests are significant if even one false alarm has at most probability `error`.

    The smallest p-value is compared with error / count, the next with error / (count - 1), and so
    on until the first that is larger (Holm 1979).
    """
    significant = [False] * len(p_values)
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    for place, i in enumerate(order):
        if p_values[i] > error / (len(p_values) - place):
            break
        significant[i] = True
    return significant
