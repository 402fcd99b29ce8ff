"""Whose turn it is in a search: for which axis and which tier the next trial is. Pure.

Most searches have one axis. A search for headroom has one for each camera group. It begins with the
base load, whose trials count for all of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgeload.read.statistics.boundary import Trial
from edgeload.search.strategy import NextTrial, SearchOptions, next_trial
from edgeload.search_axis import SearchAxis

_BASE_TRIALS = 2
"""So often the base load is tried if it stays undecided."""


@dataclass(frozen=True)
class AxisTrials:
    """An axis, and what its trials have shown so far, in one list for each tier.

    `base` is its load in the base load of a search for headroom; None in any other search.
    """

    axis: SearchAxis
    done: tuple[list[Trial], ...]
    base: int | None = None


@dataclass(frozen=True)
class SearchTurn:
    """The next trial, and the axis and the tier that it is for."""

    line: AxisTrials
    tier: int
    asked: NextTrial


def next_turn(
    lines: Sequence[AxisTrials], options: SearchOptions, budget_s: float | None, now_s: float
) -> SearchTurn | None:
    """The next trial at run time `now_s`; None: everything is decided, or time is up.

    Of a budget, each axis may use an equal share, and what the others leave over.
    """
    left_s = math.inf if budget_s is None else budget_s - now_s
    if first := _of_base(lines[0], options, left_s):
        return first
    for limits_s in (_shares(lines, left_s), [left_s] * len(lines)):
        for line, limit_s in zip(lines, limits_s, strict=True):
            for turn in _of_line(line, options, limit_s):
                return turn
    return None


def _of_base(line: AxisTrials, options: SearchOptions, left_s: float) -> SearchTurn | None:
    """The base load, until every tier has a verdict on it."""
    if line.base is None:
        return None
    longest_s = min(options.longest_s, left_s)
    for tier, done in enumerate(line.done):
        at_base = [trial for trial in done if trial.load == line.base]
        decided = any(trial.verdict != "undecided" for trial in at_base)
        if not decided and len(at_base) < _BASE_TRIALS and longest_s >= options.least_s:
            return SearchTurn(line, tier, NextTrial(line.base, longest_s, "confirm"))
    return None


def _shares(lines: Sequence[AxisTrials], left_s: float) -> list[float]:
    """What is left of each axis's share of the time for all of them, in seconds."""
    used_s = [sum(t.seconds for t in line.done[0] if t.load != line.base) for line in lines]
    share_s = (left_s + sum(used_s)) / len(lines)
    return [min(left_s, share_s - used) for used in used_s]


def _of_line(line: AxisTrials, options: SearchOptions, left_s: float) -> Iterator[SearchTurn]:
    for tier, done in enumerate(line.done):
        asked = _below_base(line, done, options, left_s)
        if asked is None:
            found = next_trial(done, options, left_s)
            asked = found if isinstance(found, NextTrial) else None
        if asked is not None and not _hopeless(line, done):
            yield SearchTurn(line, tier, asked)


def _below_base(
    line: AxisTrials, done: Sequence[Trial], options: SearchOptions, left_s: float
) -> NextTrial | None:
    """The base load is too large: whether the least load of this axis is carried decides if fewer
    of its group can help at all.
    """
    if line.base is None or line.base == 1 or not _base_fails(line, done):
        return None
    if any(trial.load < line.base for trial in done) or left_s < options.least_s:
        return None
    return NextTrial(1, options.least_s, "bracket")


def _base_fails(line: AxisTrials, done: Sequence[Trial]) -> bool:
    verdicts = [trial.verdict for trial in done if trial.load == line.base]
    return verdicts.count("fail") > verdicts.count("pass")


def _hopeless(line: AxisTrials, done: Sequence[Trial]) -> bool:
    """Whether neither the base load nor the least load of the axis is carried."""
    least = [trial.verdict for trial in done if trial.load == 1]
    failed = bool(least) and all(verdict == "fail" for verdict in least)
    return failed and line.base not in (None, 1) and _base_fails(line, done)
