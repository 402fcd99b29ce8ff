"""Where the level of a short series changed, with the probability of a false alarm. Pure.

A series has one value for each run, in order of time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import special

from edgeload.read.statistics.windows import Floats

LEAST_RUNS = 8
"""A shorter series says too little about its own noise."""
FALSE_ALARMS = 0.01
"""Of so many flat series, one is said to have changed."""

_LEAST_BEFORE, _LEAST_AFTER = 3, 2  # a single run that is off is no change of level
# Of the false alarms, the share that may be raised for a change so many runs before the end. There
# a delay costs most, and few runs must be enough; in the middle many runs tell even strictly.
_NEWEST = {2: 0.10, 3: 0.45, 4: 0.10}
_FLAT_SERIES = 10_000
_SEED = 16

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ChangePoint:
    """The members from `at` on (counted from 0) have another mean than those before.

    `p` is the probability that a flat series shows as much, anywhere.
    """

    at: int
    before: float
    after: float
    p: float


def last_change(series: Floats, level: float = FALSE_ALARMS) -> ChangePoint | None:
    """The newest significant change; None if there is none, or fewer than eight values.

    Where a series has changed, each part is a series of its own (binary segmentation, Scott & Knott
    1974), so that an old change does not hide a new one. A change that was soon taken back may hide
    itself: the level is what it was.
    """
    found = likeliest_change(series)
    if found is None or found.p > level:
        return None
    later = last_change(series[found.at :], level)
    if later is None:
        return found
    return ChangePoint(found.at + later.at, later.before, later.after, later.p)


def likeliest_change(series: Floats) -> ChangePoint | None:
    """The place that divides a series best; None if it has fewer than eight values.

    Each place is tested by Student's t for two samples: the likelihood ratio test for a shift of
    the mean in normal noise of unknown size (Hawkins 1977). Its p-value is divided by the share of
    the false alarms that the place may raise, and the place with the least quotient is taken. The
    sum of these shares is 1, so the quotient bounds the probability that a flat series shows as
    much anywhere (Bonferroni). Neighbouring places are alike, so that the bound is twice too large;
    10,000 flat series of normal noise tell the probability itself.
    """
    n = len(series)
    if n < LEAST_RUNS:
        return None
    sizes = _sizes_before(n)
    weights = _weights(n - sizes)
    quotients = 2.0 * special.stdtr(n - 2, -_t_of_places(series[None, :])[0]) / weights
    best = int(np.argmin(quotients))
    bound = min(1.0, float(quotients[best]))
    limits = special.stdtrit(n - 2, 1.0 - bound * weights / 2.0)
    as_much = int(np.count_nonzero((_t_of_flat_series(n) >= limits).any(axis=1)))
    at = int(sizes[best])
    before, after = float(series[:at].mean()), float(series[at:].mean())
    return ChangePoint(at, before, after, min(bound, (as_much + 1) / (_FLAT_SERIES + 1)))


def _sizes_before(n: int) -> _Ints:
    """How many members may stand before a change."""
    return np.arange(_LEAST_BEFORE, n - _LEAST_AFTER + 1)


def _weights(after: _Ints) -> Floats:
    """The share of the false alarms for each place, by the number of members after it."""
    newest = np.array([_NEWEST.get(int(count), 0.0) for count in after])
    others = newest == 0.0
    weights: Floats = np.where(others, (1.0 - newest.sum()) / max(1, others.sum()), newest)
    return weights


def _t_of_places(series: Floats) -> Floats:
    """Student's t of each place, without its sign, for each of many series (rows)."""
    n = series.shape[1]
    sizes = _sizes_before(n)
    centred = series - series.mean(axis=1, keepdims=True)
    sums = np.cumsum(centred, axis=1)[:, sizes - 1]
    between = sums**2 * n / (sizes * (n - sizes))
    total = np.sum(centred**2, axis=1, keepdims=True)
    between = np.where(between > 1e-12 * np.sum(series**2, axis=1, keepdims=True), between, 0.0)
    within = np.maximum(total - between, 1e-12 * total) / (n - 2)  # never 0 but for no scatter
    t: Floats = np.sqrt(np.divide(between, within, out=np.zeros_like(between), where=within > 0))
    return t


@cache
def _t_of_flat_series(n: int) -> Floats:
    return _t_of_places(np.random.default_rng(_SEED).standard_normal((_FLAT_SERIES, n)))
