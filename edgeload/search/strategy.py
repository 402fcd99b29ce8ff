"""Which load a search for the capacity tries next, for how long, and when it ends. Pure.

It begins low and doubles, with trials that are as short as a look takes: far below the capacity no
proof is needed. An overloaded trial measures the ceiling, and the search jumps to its
neighbourhood. From then on each trial is where it tells most, until the interval of the boundary
is narrow enough.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class NextTrial:
    """A trial to make: its load, how long it may last at most, and what for."""

    load: int
    longest_s: float
    purpose: Purpose


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


def next_trial(
    trials: Sequence[Trial], options: SearchOptions, left_s: float = math.inf
) -> NextTrial | Decision:
    """What to do after these trials, if `left_s` seconds of the budget are left."""
    boundary = boundary_of(trials)
    if any(trial.verdict == "invalid" for trial in trials):
        return Decision("invalid", boundary)
    ending = _ending(trials, boundary, options)
    if ending is not None:
        return Decision(ending, boundary)
    asked = _asked(trials, boundary, options)
    if asked is None:
        return Decision("budget", boundary)
    longest_s = min(asked.longest_s, left_s)
    if longest_s < options.least_s:
        return Decision("budget", boundary)
    return NextTrial(asked.load, longest_s, asked.purpose)


def _ending(
    trials: Sequence[Trial], boundary: Boundary, options: SearchOptions
) -> SearchEnding | None:
    passed = {t.load for t in trials if t.verdict == "pass"}
    if options.most in passed and (boundary.high is None or boundary.high >= (options.most or 0)):
        return "at_least"
    if boundary.high is None or not trials:
        return None
    if boundary.high == 0:
        return "none"
    narrow = boundary.high - boundary.low <= math.floor(options.resolution * boundary.low)
    return "found" if narrow and boundary.low > 0 else None


def _asked(trials: Sequence[Trial], boundary: Boundary, options: SearchOptions) -> NextTrial | None:
    most = options.most if options.most is not None else 10**9
    if not trials:
        return NextTrial(min(options.start, most), options.least_s, "double")
    if boundary.high is None:
        top = max(trial.load for trial in trials)
        if top == most:
            return NextTrial(most, options.longest_s, "confirm")
        return NextTrial(min(2 * top, most), options.least_s, "double")
    low, high = max(boundary.low, 1), min(boundary.high + 1, most)
    middle = boundary.best or 1
    for load in sorted(range(low, high + 1), key=lambda n: abs(n - middle - 0.5)):
        if sum(t.load == load for t in trials) < _TRIALS_AT_ONE_LOAD:
            return NextTrial(load, options.longest_s, "bracket")
    return None
