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

from edgeload.read.statistics.boundary import Boundary, Trial, boundary_of, failed_at
from edgeload.search.counting import clean_s, proof_s, telling_s

Purpose = Literal["double", "bracket", "confirm"]
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
    That it passes counts only after `proof_s`: before, it has had too few requests to say so.
    """

    load: int
    longest_s: float
    purpose: Purpose
    shortest_s: float = 0.0
    proof_s: float = 0.0


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


MOST_TRIALS = 100
"""A search ends then, whatever its budget: such a box contradicts itself."""
_TRIALS_AT_THE_TOP = 4
"""So many trials of the largest load that is allowed, or of the answer, may be undecided."""
_NEAR = 0.3
"""Trials up to this far from the answer, as a share of it, tell how much service times scatter."""
_OVER = 0.05
"""A trial that measures the ceiling has so much more load than the answer: surely an overload, but
one too small to change how the box works."""
_SHARE_UNDER = 0.3
"""The answer itself is tried for this share of the time that is spent above it."""
_USUALLY_STEEP = 10.0
"""A percentile of response time grows about as this power of the load near its boundary."""
_CHEAP = 0.1
"""A narrow interval is narrowed further, to one load, by trials that cost less than this share."""
_MOST_FINER = 3
"""And by no more of them."""
_MAY_BE, _LIKELY = 0.05, 0.5
"""The chance that a share of bad requests is the limit, from which on it may be or likely is."""
_ALIKE = 0.01
_SHORTEST = 1.6
_CONFIRMING = 2.5
_PROVING = 12.0
_BISECTING = 6.0
"""Trials near the answer last at least so many times as long as the first look takes."""


def next_trial(
    trials: Sequence[Trial], options: SearchOptions, left_s: float = math.inf
) -> NextTrial | Decision:
    """What to do after these trials, if `left_s` seconds of the budget are left."""
    boundary = boundary_of(trials, most=options.most)
    if any(trial.verdict == "invalid" for trial in trials):
        return Decision("invalid", boundary)
    if boundary.high == 0 and sum(t.load == 1 for t in trials) > 1 and failed_at(trials, 1):
        return Decision("none", boundary)
    doubles = not trials or boundary.high is None
    asked = _doubled(trials, boundary, options) if doubles else _near(trials, boundary, options)
    if asked is None:
        at_the_top = doubles or boundary.best == options.most
        return Decision("at_least" if at_the_top else "found", boundary)
    if left_s < options.least_s or len(trials) >= MOST_TRIALS:
        return Decision("budget", boundary)
    longest_s = min(asked.longest_s, left_s)
    return replace(
        asked,
        longest_s=longest_s,
        shortest_s=min(asked.shortest_s, longest_s),
        proof_s=min(asked.proof_s, longest_s),
    )


def _doubled(
    trials: Sequence[Trial], boundary: Boundary, options: SearchOptions
) -> NextTrial | None:
    """While nothing has failed; None: the largest load that is allowed is carried.

    The short trial that reached it may have had too few requests for one to fail: it is tried once
    more, with as many as would show that.
    """
    if not trials:
        return NextTrial(_allowed(options.start, options), options.least_s, "double")
    top = max(trial.load for trial in trials)
    if top != options.most:
        return NextTrial(_allowed(2 * top, options), options.least_s, "double")
    at_top = [trial for trial in trials if trial.load == top]
    if len(at_top) > _TRIALS_AT_THE_TOP:
        return None
    passed = sum(t.verdict == "pass" for t in at_top)
    if not passed:
        return NextTrial(top, options.longest_s, "confirm")
    needed_s = clean_s(trials, top, options.cut_s, options.gap_s)
    open_ = boundary.by_shares >= _MAY_BE
    if open_:
        needed_s = max(needed_s, telling_s(trials, top, options.cut_s, options.gap_s))
    if not needed_s or (passed > 1 and not open_):
        return None
    longest_s = min(max(needed_s, _SHORTEST * options.least_s), options.longest_s)
    return NextTrial(top, longest_s, "confirm", proof_s=longest_s)


@dataclass(frozen=True)
class _Near:
    """Where a search stands once a load has failed."""

    trials: Sequence[Trial]
    options: SearchOptions
    best: int
    width: int
    """The interval may be so wide, in loads."""

    @property
    def over(self) -> int:
        """The load at which the ceiling is measured."""
        return _allowed(self.best + max(1, round(_OVER * self.best)), self.options)

    @property
    def sides(self) -> tuple[int, int]:
        """The answer, and one step above."""
        return self.best, _allowed(self.best + 1, self.options)

    @property
    def under(self) -> list[Trial]:
        """Trials of the answer, or of so little less that they stand for it."""
        return [t for t in self.trials if self.best - self.width <= t.load <= self.best]

    @property
    def beyond(self) -> list[Trial]:
        """Trials of little more than the answer."""
        return [t for t in self.trials if self.best < t.load <= self.over + self.width]

    @property
    def at_best(self) -> list[Trial]:
        """Trials of the answer itself, or of less by up to a hundredth."""
        far = math.floor(_ALIKE * self.best)
        return [t for t in self.trials if self.best - far <= t.load <= self.best]

    @property
    def not_yet_held(self) -> int:
        """A load to show that the answer is carried; a little less, if that failed before."""
        if any(t.verdict != "fail" for t in self.at_best) or not self.at_best:
            return self.best
        return max(1, min(t.load for t in self.under) - max(1, self.width // 2))

    @property
    def not_yet_broke(self) -> int:
        """A load to show that no more is carried; a little larger, if the next one was."""
        more = max((t.load + max(1, self.width // 2) for t in self.beyond), default=self.best + 1)
        return _allowed(more, self.options)

    @property
    def held(self) -> bool:
        """Whether the answer itself was tried and did not fail.

        If not the backlog alone decides, which measures, a trial of it must have passed, or of so
        little less that it stands for it; but an answer at the edge of its objective may never.
        """
        if not any(t.verdict != "fail" for t in self.at_best):
            return False
        told = any(t.verdict == "pass" or t.by_backlog for t in self.under)
        return told or len(self.at_best) > _TRIALS_AT_THE_TOP

    @property
    def broke(self) -> bool:
        """Whether a little more than the answer was tried and not carried."""
        top = self.best == self.options.most
        return top or any(t.verdict != "pass" for t in self.beyond)


def _near(trials: Sequence[Trial], boundary: Boundary, options: SearchOptions) -> NextTrial | None:
    """Once a load has failed; None: the interval is narrow, and both of its sides were tried."""
    best = boundary.best or 1
    near = _Near(trials, options, best, max(1, math.floor(options.resolution * best)))
    needed_s = _needed_s(near)
    high = boundary.low if boundary.high is None else boundary.high
    if boundary.best is None and not _limited_by_shares(near, boundary):
        return NextTrial(1, _CONFIRMING * options.least_s, "confirm")
    if _limited_by_shares(near, boundary):
        return _count(near, 1 if best == 1 else min(near.sides, key=lambda n: _spent_s(near, n)))
    if high - boundary.low > near.width:
        measures = any(t.by_backlog for t in near.under + near.beyond)
        return _measure(near, needed_s) if measures else _bisect(near, needed_s)
    if not (near.held and near.broke):
        load = near.not_yet_broke if near.held else near.not_yet_held
        if sum(t.load == load for t in trials) > _TRIALS_AT_THE_TOP:
            return None
        longest_s = max(_SHARE_UNDER * needed_s, _CONFIRMING * options.least_s)
        if not any(t.by_backlog for t in near.under + near.beyond):  # it ends once it is decided
            longest_s = min(max(longest_s, _PROVING * options.least_s), options.longest_s)
        if not near.held and any(t.verdict == "undecided" for t in near.at_best):
            longest_s = options.longest_s
        return _proving(near, NextTrial(load, longest_s, "confirm"))
    return None if high == boundary.low else _finer(near, needed_s)


def _measure(near: _Near, needed_s: float) -> NextTrial:
    """Where the backlog decides: above the answer, to measure the ceiling; some time at it."""
    above_s = sum(t.seconds for t in near.beyond)
    if sum(t.seconds for t in near.under) < _SHARE_UNDER * above_s:
        least_s = _SHORTEST * near.options.least_s
        return NextTrial(near.best, max(_SHARE_UNDER * needed_s, least_s), "confirm")
    load = near.over
    if sum(t.load == load for t in near.trials) > _TRIALS_AT_THE_TOP:
        # So near to the ceiling that its error stays as large as the step to it.
        load = _allowed(load + near.width, near.options)
    return NextTrial(load, needed_s, "bracket", needed_s)


def _bisect(near: _Near, needed_s: float) -> NextTrial:
    """Where an objective or failures decide: at the answer and one step above, in turn."""
    load = min(near.sides, key=lambda n: _spent_s(near, n))
    return NextTrial(load, max(needed_s, _BISECTING * near.options.least_s), "bracket")


def _limited_by_shares(near: _Near, boundary: Boundary) -> bool:
    """Whether it is open because of bad requests: if the interval without them is narrow, or they
    most likely are the limit. That not even a load of 1 is carried needs proof as well.
    """
    if boundary.by_shares < _MAY_BE:
        return False
    high = math.inf if boundary.high is None else boundary.high
    if boundary.best in (None, 1) and boundary.low == 0:
        return True
    if high - boundary.low <= near.width:
        return False
    if boundary.by_shares > _LIKELY:
        return True
    apart = boundary_of([t.apart or replace(t, shares=()) for t in near.trials])
    return apart.high is not None and apart.high - apart.low <= near.width


def _count(near: _Near, load: int) -> NextTrial:
    """A trial of as many requests as tell of a share near its bound; sooner if it is surely not."""
    options = near.options
    longest_s = telling_s(near.trials, load, options.cut_s, options.gap_s)
    longest_s = min(max(longest_s, _SHORTEST * options.least_s), options.longest_s)
    return NextTrial(load, longest_s, "bracket", proof_s=longest_s)


def _proving(near: _Near, asked: NextTrial) -> NextTrial:
    """A trial that is believed to pass only after enough requests."""
    options = near.options
    needed_s = proof_s(near.trials, asked.load, options.cut_s, options.gap_s)
    needed_s = min(needed_s, options.longest_s)
    return replace(asked, longest_s=max(asked.longest_s, needed_s), proof_s=needed_s)


def _finer(near: _Near, needed_s: float) -> NextTrial | None:
    """A trial that leaves only one load, if it is cheap; None: it is not."""
    far = max(1, math.floor(_ALIKE * near.best))
    tried = near.at_best + [t for t in near.trials if near.best < t.load <= near.best + far]
    clear = [t.seconds for t in tried if t.verdict != "undecided"]
    cost_s = min(needed_s, max(clear)) if clear else needed_s
    cheap = cost_s <= _CHEAP * sum(t.seconds for t in near.trials)
    if len(tried) > _MOST_FINER or len(clear) < len(tried) or not cheap:
        return None
    return NextTrial(min(near.sides, key=lambda n: _spent_s(near, n)), needed_s, "confirm")


def _spent_s(near: _Near, load: int) -> float:
    return sum(t.seconds for t in near.trials if t.load == load)


def _needed_s(near: _Near) -> float:
    """How long a trial near the answer must be to make the interval narrow enough.

    The variance of a measured capacity falls as capacity / seconds.
    """
    best, options = near.best, near.options
    measured = [
        (error, _measuring_s(trial, options), trial.load)
        for trial in near.trials
        if (error := _error(trial)) is not None
    ]
    if not measured:
        return options.longest_s
    told = [one for one in measured if abs(one[2] / best - 1) < _NEAR] or measured[-1:]
    size = sum(error**2 * s**2 / min(n, best) for error, s, n in told) / sum(s for _, s, _ in told)
    known = sum(error**-2 for error, _, load in told if load > best and error > 0)
    target = ((near.width + 0.3) / 4.3) ** -2
    needed_s = size * best * max(target - known, 0.3 * target)
    return min(max(options.cut_s + needed_s, _SHORTEST * options.least_s), options.longest_s)


def _error(trial: Trial) -> float | None:
    """The standard error, in loads, of the capacity that a trial measured."""
    if trial.by_backlog and trial.ceiling is not None:
        return (trial.ceiling.high - trial.ceiling.low) / 4.2
    return None if trial.margin is None else trial.load * trial.margin.error / _USUALLY_STEEP


def _measuring_s(trial: Trial, options: SearchOptions) -> float:
    return max(trial.seconds - options.gap_s - options.cut_s, options.least_s - options.cut_s)


def _allowed(load: int, options: SearchOptions) -> int:
    return load if options.most is None else min(load, options.most)
