"""From trials of several loads to the largest load that is carried, with an interval. Pure.

A trial sends one load and says pass, fail or undecided, and verdicts err. So no single one is
believed: each load's chance of being the boundary is worked out from all trials together, by
Bayes's rule over a fine grid of possible capacities (Horstein 1963, "Sequential transmission using
noiseless feedback"; Waeber, Frazier & Henderson 2013, "Bisection search with noisy responses").
Before the first trial every capacity is
equally likely, up to the largest load that was tried, and larger ones less and less.

Three kinds of evidence enter. A verdict errs the more often the nearer its load lies to the
capacity. Where the backlog alone decides, its growth measures the capacity: load x (1 - growth) if
the load is too large, and no growth if it is not. And shares of bad requests enter as counts
(`share_boundary`): the capacity is the least of what they and all others allow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy import special

from edgeload.read.statistics.backlog import BacklogGrowth
from edgeload.read.statistics.share_boundary import (
    Counted,
    ShareCount,
    chance_at_or_above,
    pooled,
)
from edgeload.read.statistics.windows import Floats

TrialVerdict = Literal["pass", "fail", "undecided", "invalid"]

CONFIDENCE_OF_BOUNDARY = 0.95

_STEP = 0.001
"""Width of the grid's cells, as a share of the load."""
_ABOVE = 1.05
"""A load so many times the measured ceiling, or more, that passed twice contradicts it."""
_BEYOND = 2.0
"""The grid ends at so many times the largest load that was tried."""
_WRONG = 0.01
"""Share of verdicts that err however far from the boundary their load lies."""
_NEAR = 0.005
"""Scale of the distance, as a share of the load, over which verdicts become right."""
_SLOWED = 0.1
"""How wrong a ceiling may be per share of overload: overload itself may slow a box down, or not."""
_LEAST_ERROR = 0.001
"""A growth is never known better than this: a box's own pace wanders that much."""
_LEAST_CLIENTS = 0.1
"""Nor in loads: of a few requests, a window more or less holds one."""
_WIDER = 1.1
"""A growth's error comes from 10 to 20 windows, and is itself uncertain."""
_MOST_AGAINST = math.log(1e5)
"""No single trial makes a capacity less likely than this: something may have gone wrong in it."""
_T_975 = 2.131
_POWERS = (2.0, 4.0, 8.0, 16.0, 32.0)
_BENT = 0.5
_CHOSEN = 1.4
"""The error of the growth that was chosen for being the surest of several is larger."""
_STEEPER = 10.0
"""Near the boundary, a percentile grows about so much faster with the load than a backlog does."""
_LEAST_DRIFT = -1.0
"""A backlog that stays small tells no more than this: in reality it is never a pure random walk."""
_HALF_LOG_2_PI = math.log(2 * math.pi) / 2


@dataclass(frozen=True)
class GrowthCeiling:
    """The capacity in loads that a trial's growth of backlog measures, with its 95 % limits.

    A value at or above the trial's load means that nothing grew: any larger capacity is possible.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Margin:
    """The logarithm of a bound over the measured value: above 0, the objective is met.

    `error` is its standard error. Of several objectives it is the one with the least margin. A mix
    without objectives has the margin of its backlogs (`margin_of_groups`).
    """

    value: float
    error: float


@dataclass(frozen=True)
class Trial:
    """What one trial of a load showed.

    `load` is what the search counts, 1 or more: clients, copies, cameras of a group, hundredths of
    a rate. `seconds` is what it cost, with its drain. `by_backlog`: the backlog alone decided, so
    its `ceiling` measures the boundary itself; otherwise the boundary may lie below the ceiling.
    `margin` is how far its objective is from its bound; None: there is none. `shares` are its bad
    requests of each kind, and `apart` is the trial as it would be if nobody had asked for them;
    None: the same.
    """

    load: int
    verdict: TrialVerdict
    seconds: float
    ceiling: GrowthCeiling | None = None
    by_backlog: bool = False
    margin: Margin | None = None
    shares: tuple[ShareCount, ...] = ()
    apart: Trial | None = None

    @property
    def told_by_shares(self) -> bool:
        """Whether its bad requests made its verdict what it is."""
        return self.apart is not None


@dataclass(frozen=True)
class Boundary:
    """The largest load that is carried, by all trials together.

    `best` is the point answer: the largest load that is more likely carried than not, None if not
    even a load of 1 is. The true one is in [`low`, `high`] with the `confidence`; a `low` of 0
    means that perhaps no load is carried. `high` is None if no load failed: at least `low`.
    `by_shares` is the chance that a share of bad requests is what limits it.
    """

    best: int | None
    low: int
    high: int | None
    confidence: float
    by_shares: float = 0.0


def ceiling_of(load: int, growth: BacklogGrowth) -> GrowthCeiling | None:
    """The ceiling that a growth of the backlog measures at a load; None if none was measured."""
    if growth.value is None or growth.low is None or growth.high is None:
        return None
    return GrowthCeiling(
        value=load * (1 - growth.value), low=load * (1 - growth.high), high=load * (1 - growth.low)
    )


def margin_of_groups(growths: Sequence[BacklogGrowth]) -> Margin | None:
    """How far the backlogs of a mix are from growing; None if one was not measured.

    In overload, groups do not fall behind alike: a camera that sends often waits for its own
    requests first. So the growth of a mix does not measure its capacity, only on which side of it
    the load is. The group whose backlog grows most surely counts. A backlog that is a random walk
    without drift still grows, by 0.8 of its error on average.
    """
    told = [
        (growth.low, growth.value, (growth.high - growth.low) / 2 / _T_975)
        for growth in growths
        if growth.value is not None and growth.low is not None and growth.high is not None
    ]
    if not told or len(told) < len(growths):
        return None
    _, value, error = max(told)
    error = max(_CHOSEN * error, _LEAST_ERROR)
    return Margin(_STEEPER * (0.8 * error - value), _STEEPER * error)


def boundary_of(
    trials: Sequence[Trial],
    confidence: float = CONFIDENCE_OF_BOUNDARY,
    most: int | None = None,
) -> Boundary:
    """The boundary by all valid trials; without any, everything is possible.

    `most` is the largest load that was allowed: no larger one is an answer. Neither is a load of
    which every trial failed, whatever the others promise.
    """
    told = [trial for trial in trials if trial.verdict != "invalid"]
    if not told:
        return Boundary(None, 0, None, confidence)
    grid = capacity_grid(told)
    chances = likelihood([trial.apart or trial for trial in told], grid)
    chances, by_shares = _limited_by_shares(chances, told, grid)
    below = np.cumsum(chances)
    below /= below[-1]
    tail = (1 - confidence) / 2
    places = [grid[int(np.searchsorted(below, q))] for q in (tail, 0.5, 1 - tail)]
    edge = math.exp(_STEP)
    low, best, high = (
        math.floor(place) for place in (places[0] / edge, places[1], places[2] * edge)
    )
    if most is not None:
        low, best = min(low, most), min(best, most)
    failed = any(trial.verdict == "fail" for trial in told)
    if not failed:
        best = min(best, max(trial.load for trial in told))
    best = _not_only_failed(best, told)
    low = min(low, best)
    return Boundary(best or None, low, high if failed else None, confidence, by_shares)


def counted(trials: Sequence[Trial]) -> list[Counted]:
    """All that was counted, with its load."""
    return [(trial.load, count) for trial in trials for count in trial.shares]


def failed_at(trials: Sequence[Trial], load: int) -> bool:
    """Whether a load failed: in a trial, or by all bad requests of its trials together."""
    here = [trial for trial in trials if trial.load == load]
    counts = pooled(counted(here)).values()
    return any(trial.verdict == "fail" for trial in here) or any(
        count.limits[0] > count.bound for count in counts
    )


def _limited_by_shares(
    chances: Floats, trials: Sequence[Trial], grid: Floats
) -> tuple[Floats, float]:
    """From the chance of each capacity by all else to that of the least of it and of the shares'
    boundaries, and the chance that these are the least.
    """
    shares = counted(trials)
    if not shares:
        return chances, 0.0
    alone = chances / chances.sum()
    at_or_above = np.append(np.cumsum(alone[::-1])[::-1], 0.0)
    kept = np.append(chance_at_or_above(shares, grid), 0.0)
    kept[-1] = kept[-2]
    together = at_or_above * kept
    return together[:-1] - together[1:], 1.0 - float((alone * kept[1:]).sum())


def _slowed_down(trial: Trial, trials: Sequence[Trial]) -> bool:
    """Whether overload made the box slower than it is: two trials above its ceiling passed.

    Then its growth measures nothing, and only its verdict counts.
    """
    ceiling = trial.ceiling
    if ceiling is None or ceiling.high >= trial.load:
        return False
    above = _ABOVE * ceiling.high
    return sum(other.verdict == "pass" and other.load > above for other in trials) > 1


def _not_only_failed(best: int, trials: Sequence[Trial]) -> int:
    """The answer, or the next smaller load of which not every trial failed."""
    failed = {trial.load for trial in trials if trial.verdict == "fail"}
    failed -= {trial.load for trial in trials if trial.verdict != "fail"}
    while best in failed:
        best -= 1
    return best


def capacity_grid(trials: Sequence[Trial]) -> Floats:
    """The capacities that are thought of, in loads, equally spaced in ratio."""
    least, most = (pick(trial.load for trial in trials) for pick in (min, max))
    first = min(0.5, least / _BEYOND)
    return _grid((first, math.ceil(math.log(most * _BEYOND / first) / _STEP)))


def likelihood(trials: Sequence[Trial], grid: Floats) -> Floats:
    """How likely these trials are for each capacity of the grid, up to a factor.

    How steep a margin falls near the boundary is not known: several powers are equally likely.
    """
    ends = float(grid[0]), len(grid)
    top = max(trial.load for trial in trials)
    shared = np.log(np.minimum(grid, top**2 / grid))
    by_power = np.zeros((len(_POWERS) if any(t.margin for t in trials) else 1, len(grid)))
    for trial in trials:
        measured = None if _slowed_down(trial, trials) else trial.ceiling
        if trial.by_backlog and measured is not None:
            shared = shared + _of_ceiling(trial.load, measured, ends)
            continue
        if trial.margin is None:
            shared = shared + _of_verdict(trial.load, trial.verdict, ends)
        else:
            by_power += _of_margin(trial.load, trial.margin, ends)
        if measured is not None and measured.high < trial.load:  # it grew: a bound
            shared = shared + _at_most(_of_ceiling(trial.load, measured, ends))
    logs = shared + by_power
    chances: Floats = np.exp(logs - logs.max()).sum(axis=0)
    return chances


def _grid(ends: tuple[float, int]) -> Floats:
    grid: Floats = ends[0] * np.exp(_STEP * np.arange(ends[1]))
    return grid


@lru_cache(maxsize=256)
def _of_verdict(load: int, verdict: TrialVerdict, ends: tuple[float, int]) -> Floats:
    """How likely a verdict is: the more surely right, the farther from the boundary."""
    if verdict not in ("pass", "fail"):
        return np.zeros(ends[1])
    sign = 1.0 if verdict == "pass" else -1.0
    right = special.expit(sign * np.log(_grid(ends) / load) / _NEAR)
    logs: Floats = np.log(_WRONG + (1 - 2 * _WRONG) * right)
    return logs


@lru_cache(maxsize=256)
def _of_margin(load: int, margin: Margin, ends: tuple[float, int]) -> Floats:
    """How likely a margin is if the value grows as a power of the load, for each power.

    The farther from the boundary, the less a power is believed. A margin above 0 says that the load
    is carried, not how much more would be; and one below 0 not how much less.
    """
    expected = np.array(_POWERS)[:, None] * np.log(_grid(ends) / load)
    bent = np.where(expected * margin.value > 0, _BENT * expected, 0.0)
    variance = margin.error**2 + bent**2
    logs: Floats = -((margin.value - expected) ** 2) / variance / 2
    if margin.value >= 0:
        logs = np.maximum.accumulate(logs, axis=1)
    else:
        logs = np.maximum.accumulate(logs[:, ::-1], axis=1)[:, ::-1]
    bounded: Floats = np.logaddexp(logs, logs.max() - _MOST_AGAINST)
    return bounded


def _at_most(logs: Floats) -> Floats:
    """From the likelihood of a ceiling to that of a boundary at or below it."""
    tail = np.cumsum(np.exp(logs - logs.max())[::-1])[::-1]
    bounded: Floats = np.log(tail / tail[0] + math.exp(-_MOST_AGAINST))
    return bounded


@lru_cache(maxsize=256)
def _of_ceiling(load: int, ceiling: GrowthCeiling, ends: tuple[float, int]) -> Floats:
    """How likely a growth is for each capacity: of a random walk with drift that stays above 0.

    The backlog begins near 0. Its density after the trial is that of Brownian motion with drift u,
    reflected at 0: 2 phi(y - u) - 2 u exp(2 u y) Phi(-y - u), in units of its standard deviation
    (Harrison 1985, Brownian Motion and Stochastic Flow Systems, 1.8). Where the capacity is larger
    than the load, a queue that stays short tells no more than that.
    """
    drift = 1 - _grid(ends) / load
    error = max(_WIDER * (ceiling.high - ceiling.low) / 2 / _T_975, _LEAST_CLIENTS) / load
    scale = np.sqrt(error**2 + _LEAST_ERROR**2 + (_SLOWED * np.maximum(drift, 0)) ** 2)
    u, measured = np.maximum(drift / scale, _LEAST_DRIFT), (1 - ceiling.value / load) / scale
    y = np.maximum(measured, 0)
    ratio = special.log_ndtr(-y - u) + (y + u) ** 2 / 2 + _HALF_LOG_2_PI  # Mills's, its logarithm
    below = np.logaddexp(0, np.log(np.maximum(-u, 1e-300)) + ratio)
    above = np.log1p(-np.maximum(u, 0) * np.exp(np.minimum(ratio, 0)) * (1 - 1e-12))
    logs: Floats = -((y - u) ** 2) / 2 + np.where(u < 0, below, above) - np.log(scale)
    logs += np.minimum(measured, 0) * np.maximum(u, 0)
    bounded: Floats = np.logaddexp(logs, logs.max() - _MOST_AGAINST)
    return bounded
