"""Whose turn it is in a search: for which axis and which tier the next trial is. Pure.

Most searches have one axis. A search for headroom has one for each camera group. It begins with the
base load, whose trials count for all of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgeload.plan import Plan
from edgeload.read.statistics.boundary import Trial
from edgeload.search.strategy import NextTrial, SearchOptions, next_trial
from edgeload.search_axis import SearchAxis

_BASE_TRIALS = 2
"""So often the base load is tried if it stays undecided."""


@dataclass(frozen=True)
class AxisTrials:
    """An axis, and what its trials have shown so far, in one list for each tier."""

    axis: SearchAxis
    done: tuple[list[Trial], ...]


@dataclass(frozen=True)
class Turn:
    """The next trial, and the axis and the tier that it is for."""

    line: AxisTrials
    tier: int
    asked: NextTrial


def next_turn(
    lines: Sequence[AxisTrials],
    plan: Plan,
    options: SearchOptions,
    budget_s: float | None,
    now_s: float,
) -> Turn | None:
    """The next trial at run time `now_s`; None: everything is decided, or time is up.

    Of a budget, each axis may use an equal share, and what the others leave over.
    """
    left_s = math.inf if budget_s is None else budget_s - now_s
    if lines[0].axis.over == "headroom" and (first := _of_base(lines[0], plan, options, left_s)):
        return first
    for limits_s in (_shares(lines, plan, left_s), [left_s] * len(lines)):
        for line, limit_s in zip(lines, limits_s, strict=True):
            for turn in _of_line(line, plan, options, limit_s):
                return turn
    return None


def _of_base(line: AxisTrials, plan: Plan, options: SearchOptions, left_s: float) -> Turn | None:
    """The base load, until every tier has a verdict on it."""
    load = line.axis.base_load(plan)
    longest_s = min(options.longest_s, left_s)
    for tier, done in enumerate(line.done):
        at_base = [trial for trial in done if trial.load == load]
        decided = any(trial.verdict != "undecided" for trial in at_base)
        if not decided and len(at_base) < _BASE_TRIALS and longest_s >= options.least_s:
            return Turn(line, tier, NextTrial(load, longest_s, "confirm"))
    return None


def _shares(lines: Sequence[AxisTrials], plan: Plan, left_s: float) -> list[float]:
    """What is left of each axis's share of the time for all of them, in seconds."""
    used_s = [_used_s(line, plan) for line in lines] if len(lines) > 1 else [0.0]
    share_s = (left_s + sum(used_s)) / len(lines)
    return [min(left_s, share_s - used) for used in used_s]


def _used_s(line: AxisTrials, plan: Plan) -> float:
    base = line.axis.base_load(plan)
    return sum(trial.seconds for trial in line.done[0] if trial.load != base)


def _of_line(line: AxisTrials, plan: Plan, options: SearchOptions, left_s: float) -> Iterator[Turn]:
    for tier, done in enumerate(line.done):
        if line.axis.over == "headroom":
            below = [trial for trial in done if trial.load < line.axis.base_load(plan)]
            if _base_fails(line, done, plan):
                if not below and line.axis.base_load(plan) > 1 and left_s >= options.least_s:
                    yield Turn(line, tier, NextTrial(1, options.least_s, "bracket"))
                if below and all(trial.verdict == "fail" for trial in below if trial.load == 1):
                    continue
        found = next_trial(done, options, left_s)
        if isinstance(found, NextTrial):
            yield Turn(line, tier, found)


def _base_fails(line: AxisTrials, done: Sequence[Trial], plan: Plan) -> bool:
    load = line.axis.base_load(plan)
    verdicts = [trial.verdict for trial in done if trial.load == load]
    return verdicts.count("fail") > verdicts.count("pass")
