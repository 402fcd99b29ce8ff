"""Which load a search for the capacity tries next, for how long, and when it ends. Pure.

It begins low and doubles, with trials that are as short as a look takes: far below the capacity no
proof is needed. An overloaded trial measures the ceiling, and the search jumps to its
neighbourhood. From then on each trial is where it tells most, until the interval of the boundary
is narrow enough.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from edgeload.read.statistics.boundary import Boundary, Trial, boundary_of

Purpose = Literal["double", "halve", "bracket", "confirm", "extend"]
SearchEnding = Literal["found", "at_least", "none", "invalid", "budget"]


@dataclass(frozen=True)
class SearchOptions:
    """How a search goes.

    Loads are counted from 1; a search over a rate counts hundredths of it, and begins at 100.
    `least_s` is how long a trial must be to show anything (`edgeload.plan.least_step_s`),
    `longest_s` how long one trial may be. The search ends when the interval is one load wide, or
    `resolution` of the load. `most` bounds the loads, None: nothing does. `gap_s` passes between
    trials.
    """

    least_s: float
    start: int = 1
    resolution: float = 0.05
    longest_s: float = 120.0
    most: int | None = None
    gap_s: float = 1.0
    cut_s: float = 2.0


@dataclass(frozen=True)
class NextTrial:
    """A trial to make: its load, how long it may last at most, and what for.

    It lasts at least `shortest_s`, even if its verdict is certain before: it is to measure as well.
    """

    load: int
    longest_s: float
    purpose: Purpose
    shortest_s: float = 0.0


@dataclass(frozen=True)
class Decision:
    """The search is over: why, and what it found.

    "found": the interval is narrow enough. "at_least": the largest load that is allowed, or that
    our generator manages, was carried. "none": a load of 1 is not carried. "invalid": our own
    machine was the limit; the interval is what was reached before. "budget": time was up, or
    nothing more can be told.
    """

    ending: SearchEnding
    boundary: Boundary


_TRIALS_AT_ONE_LOAD = 4
_NEAR = 0.3
_CHEAP = 0.1
"""A narrow interval is narrowed further, to one load, by trials that cost less than this share."""
_FINER = 3
_USUALLY_STEEP = 10.0
_OVER = 0.05
_SHARE_UNDER = 0.3


def next_trial(
    trials: Sequence[Trial], options: SearchOptions, left_s: float = math.inf
) -> NextTrial | Decision:
    """What to do after these trials, if `left_s` seconds of the budget are left."""
    boundary = boundary_of(trials)
    if any(trial.verdict == "invalid" for trial in trials):
        return Decision("invalid", boundary)
    if not trials or boundary.high is None:
        asked = _doubled(trials, options)
        ending: SearchEnding = "at_least"
    elif boundary.high == 0:
        return Decision("none", boundary)
    else:
        asked = _near(trials, boundary, options)
        ending = "found"
    if asked is None:
        return Decision(ending, boundary)
    if left_s < options.least_s:
        return Decision("budget", boundary)
    longest_s = min(asked.longest_s, left_s)
    return replace(asked, longest_s=longest_s, shortest_s=min(asked.shortest_s, longest_s))


def _doubled(trials: Sequence[Trial], options: SearchOptions) -> NextTrial | None:
    """While nothing has failed; None: the largest load that is allowed is carried."""
    if not trials:
        return NextTrial(_allowed(options.start, options), options.least_s, "double")
    top = max(trial.load for trial in trials)
    if top != options.most:
        return NextTrial(_allowed(2 * top, options), options.least_s, "double")
    at_top = [trial for trial in trials if trial.load == top]
    if any(t.verdict == "pass" for t in at_top) or len(at_top) > _TRIALS_AT_ONE_LOAD:
        return None
    return NextTrial(top, options.longest_s, "confirm")


def _near(trials: Sequence[Trial], boundary: Boundary, options: SearchOptions) -> NextTrial | None:
    """Once a load has failed; None: the interval is narrow, and both of its sides were tried."""
    best, high = boundary.best or 1, boundary.high or 0
    width = max(1, math.floor(options.resolution * best))
    narrow = high - boundary.low <= width and boundary.best is not None
    below = [t for t in trials if best - width <= t.load <= best]
    above = [t for t in trials if best < t.load <= best + 1 + width]
    held = any(t.verdict != "fail" for t in below)
    broke = any(t.verdict != "pass" for t in above) or best == options.most
    if narrow and held and broke and high == boundary.low:
        return None
    needed_s = _needed_s(trials, best, width, options)
    if narrow and held and broke:
        finer = sum(t.load in (best, best + 1) for t in trials)
        if finer > _FINER or needed_s > _CHEAP * sum(t.seconds for t in trials):
            return None
    over = best + max(1, round(_OVER * best))
    if narrow and held and broke:
        side = min((best, best + 1), key=lambda n: sum(t.seconds for t in trials if t.load == n))
        return NextTrial(_allowed(side, options), needed_s, "confirm")
    if narrow:
        side = _allowed(best if broke else best + 1, options)
        return NextTrial(side, max(_SHARE_UNDER * needed_s, 2.5 * options.least_s), "confirm")
    under = [t for t in trials if best - width <= t.load <= best]
    beyond = [t for t in trials if best < t.load <= over + width]
    if not any(t.by_backlog for t in under + beyond):
        return _bisected(trials, boundary, needed_s, options)
    if sum(t.seconds for t in under) < _SHARE_UNDER * sum(t.seconds for t in beyond):
        return NextTrial(best, max(_SHARE_UNDER * needed_s, 1.6 * options.least_s), "confirm")
    return NextTrial(_allowed(over, options), needed_s, "bracket", needed_s)


def _bisected(
    trials: Sequence[Trial], boundary: Boundary, needed_s: float, options: SearchOptions
) -> NextTrial | None:
    """Where an objective decides: the load that is as likely carried as not, or the next one."""
    best = boundary.best or 1
    sides = (best, _allowed(best + 1, options))
    load = min(sides, key=lambda n: sum(t.seconds for t in trials if t.load == n))
    return NextTrial(load, max(needed_s, 6 * options.least_s), "bracket")


def _needed_s(trials: Sequence[Trial], best: int, width: int, options: SearchOptions) -> float:
    """How long a trial near the answer must be to make the interval narrow enough.

    The variance of a measured ceiling falls as capacity / seconds.
    """
    measured = [
        (error, _measuring_s(trial, options), trial.load)
        for trial in trials
        if (error := _error(trial)) is not None
    ]
    if not measured:
        return options.longest_s
    near = [one for one in measured if abs(one[2] / best - 1) < _NEAR] or measured[-1:]
    size = sum(error**2 * s**2 / min(n, best) for error, s, n in near) / sum(s for _, s, _ in near)
    known = sum(error**-2 for error, _, load in near if load > best and error > 0)
    target = ((width + 0.3) / 4.3) ** -2
    needed_s = size * best * max(target - known, 0.3 * target)
    return min(max(options.cut_s + needed_s, 1.6 * options.least_s), options.longest_s)


def _error(trial: Trial) -> float | None:
    """The standard error, in loads, of the capacity that a trial measured."""
    if trial.by_backlog and trial.ceiling is not None:
        return (trial.ceiling.high - trial.ceiling.low) / 4.2
    return None if trial.margin is None else trial.load * trial.margin.error / _USUALLY_STEEP


def _measuring_s(trial: Trial, options: SearchOptions) -> float:
    return max(trial.seconds - options.gap_s - options.cut_s, options.least_s - options.cut_s)


def _allowed(load: int, options: SearchOptions) -> int:
    return load if options.most is None else min(load, options.most)
