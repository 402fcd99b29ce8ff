"""From counts of bad requests at several loads to the load beyond which too many are. Pure.

Of the requests of a trial, k of n were bad: failed, missed, or not the edge's. A load is carried if
its share of bad ones is within a bound. Few requests say little of that in either direction: 3 %
bad show none in 60 requests once in six times, and 0.5 % show one of 60 once in four. So trials
enter as counts, by the binomial distribution, and the share is taken to be unknown:

* a *jump*: within the bound up to the boundary, beyond it above, either one share on each side of
  it, or another one at each load;
* a *curve*: it grows as a power of the load through the bound, from a floor to a limit.

These are equally likely beforehand, and Bayes's rule over all of them gives the chance that the
boundary lies at or above each load (the evidence of a composite hypothesis is its mean over the
prior: Kass & Raftery 1995, "Bayes factors").
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from edgeload.read.statistics.percentiles import share_limits
from edgeload.read.statistics.windows import Floats

_NEVER = 0.8
"""The chance, before the first trial, that the share stays within its bound at every load."""
_CLEAN = 0.4
"""The chance that no request at all is bad where the share is within its bound."""
_STRAY = 1e-8
"""A share of 0 is taken for this: something else may have gone wrong."""
_RAREST = 5e-4
"""Where nothing may be bad, a box that is beyond its boundary shows at least such a share."""
_LEAST_SHARE = 1e-3
"""Within the bound, shares are thought of down to this part of it, equally likely in ratio."""
_POWERS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
_FLOORS = (1e-3, 0.2)
_LIMITS = (2.0, 5.0, math.inf)
"""Of a curve: its share at low loads and at high ones, as multiples of the bound."""
_EDGE = 1.0015
"""A load is carried from so much above it on: a cell of the grid and a half."""
_COARSE = 15
"""A curve is worked out for every so many cells of the grid."""
_SHARES = 40


ShareKind = tuple[str, str]
"""What is counted, and in which group."""


@dataclass(frozen=True)
class ShareCount:
    """How many of a trial's requests were bad, and the share that may be.

    `what` is counted: the code of a shortfall, or the text of an objective. `group` is the camera
    group of a mix that it was counted in.
    """

    what: str
    bad: int
    of: int
    bound: float
    group: str = ""

    @property
    def kind(self) -> ShareKind:
        """What tells counts of one trial apart."""
        return self.what, self.group

    @property
    def limits(self) -> tuple[float, float]:
        """The 95 % limits of the share, each by itself."""
        return share_limits(self.bad, self.of)


Counted = tuple[int, ShareCount]
"""A load, and what was counted at it."""


def enough_requests(bound: float, share: float = 0.0) -> int:
    """As many requests as show, with 95 % confidence, that the bound is kept if none is bad:
    n = ln 0.05 / ln (1 - bound). Where nothing may be bad, as many as show a `share` at least once.
    """
    told = bound or min(max(share, _RAREST), 0.5)
    return math.ceil(math.log(0.05) / math.log1p(-told))


def pooled(counted: Iterable[Counted]) -> dict[ShareKind, ShareCount]:
    """All counts of a kind as one."""
    found: dict[ShareKind, ShareCount] = {}
    for _, count in counted:
        before = found.get(count.kind, replace(count, bad=0, of=0))
        found[count.kind] = replace(count, bad=before.bad + count.bad, of=before.of + count.of)
    return found


def chance_at_or_above(counted: Sequence[Counted], grid: Floats) -> Floats:
    """For each load of the grid, the chance that every share has its boundary there or above."""
    chance: Floats = np.ones(len(grid))
    for kind in dict.fromkeys(count.kind for _, count in counted):
        chance = chance * _of_one([each for each in counted if each[1].kind == kind], grid)
    return chance


def _of_one(counted: Sequence[Counted], grid: Floats) -> Floats:
    """The same for one share. Its boundary is equally likely in each cell, or in none."""
    loads = sorted({load for load, count in counted if count.of})
    if not loads:
        return np.ones(len(grid))
    by_load = [pooled(each for each in counted if each[0] == load) for load in loads]
    counts = [next(iter(found.values())) for found in by_load]
    bad = np.array([count.bad for count in counts], dtype=np.float64)
    good = np.array([count.of for count in counts], dtype=np.float64) - bad
    bound, places = counts[0].bound, np.array(loads, dtype=np.float64)
    carried = np.searchsorted(places, grid / _EDGE, side="right")
    by_split = _jumps(bad, good, bound)
    models = [each[carried] for each in by_split]
    never = [float(each[-1]) for each in by_split]
    if bad.sum() and bound:
        models.append(_curves(places, bad, good, bound, grid))
    top = max(*map(float, map(np.max, models)), *never)
    inside = np.mean([np.exp(each - top) for each in models], axis=0) * (1 - _NEVER) / len(grid)
    outside = float(np.mean([math.exp(each - top) for each in never])) * _NEVER
    at_or_above = np.cumsum(inside[::-1])[::-1] + outside
    chances: Floats = at_or_above / at_or_above[0]
    return chances


def _jumps(bad: Floats, good: Floats, bound: float) -> tuple[Floats, Floats]:
    """How likely the counts are if the first 0, 1, 2, … loads are carried: with one share on each
    side of the boundary, and with another at each load. Logarithms.
    """
    least = max(bound, _RAREST)
    within = np.concatenate([[_STRAY], np.geomspace(_LEAST_SHARE, 1.0, _SHARES) * bound])
    if not bound:
        within = within[:1]
    prior = np.full(len(within), (1 - _CLEAN) / _SHARES)
    prior[0] = _CLEAN if bound else 1.0
    above = least * np.exp((np.arange(_SHARES) + 0.5) / _SHARES * math.log(0.9999 / least))
    below_logs, above_logs = (_binomial(bad, good, shares) for shares in (within, above))
    shared = special.logsumexp(_before(below_logs), b=prior, axis=1) + special.logsumexp(
        _after(above_logs), b=1 / _SHARES, axis=1
    )
    free = _before(special.logsumexp(below_logs, b=prior, axis=1)[:, None])[:, 0]
    free = free + _after(special.logsumexp(above_logs, b=1 / _SHARES, axis=1)[:, None])[:, 0]
    return shared, free


def _binomial(bad: Floats, good: Floats, shares: Floats) -> Floats:
    """The logarithm of the likelihood of each count (rows) for each share (columns)."""
    logs: Floats = bad[:, None] * np.log(shares) + good[:, None] * np.log1p(-shares)
    return logs


def _before(logs: Floats) -> Floats:
    """Sums of the first 0, 1, 2, … rows."""
    sums: Floats = np.concatenate([np.zeros((1, logs.shape[1])), np.cumsum(logs, axis=0)])
    return sums


def _after(logs: Floats) -> Floats:
    """Sums of all rows but the first 0, 1, 2, …"""
    sums: Floats = logs.sum(axis=0) - _before(logs)
    return sums


def _curves(loads: Floats, bad: Floats, good: Floats, bound: float, grid: Floats) -> Floats:
    """How likely the counts are if the share grows through the bound at each load of the grid."""
    places = np.append(np.arange(0, len(grid) - 1, _COARSE), len(grid) - 1)
    ratios = np.log(loads[None, :] / grid[places][:, None])
    made = []
    for power in _POWERS:
        grown = bound * np.exp(np.minimum(power * ratios, 50.0))
        for floor in _FLOORS:
            for limit in _LIMITS:
                most = min(0.9999, limit * bound)
                shares = np.clip(grown, floor * bound, most)
                made.append((bad * np.log(shares) + good * np.log1p(-shares)).sum(axis=1))
    coarse = special.logsumexp(made, axis=0) - math.log(len(made))
    fine: Floats = np.interp(np.arange(len(grid)), places, coarse)
    return fine
