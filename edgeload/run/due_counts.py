"""How many frames of a whole run are due, without going through them one by one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from edgeload.plan import GOLDEN, Plan, RampStep

_MOST_FRAMES = 200_000
"""Frames at random instants that are drawn to be counted; of more, the number expected is told."""
_MOST_CAMERAS = 30_000_000
"""Places of cameras in time that are worked out, likewise."""


@dataclass(frozen=True)
class DueCount:
    """So many frames; if not `exact`, that is how many are expected."""

    frames: int
    exact: bool = True


def frames_of_run(plan: Plan, group: int) -> DueCount:
    """Frames of a group, by its index, in all steps of a plan; 0 for a closed loop."""
    if plan.groups[group].closed:
        return DueCount(0)
    steps = [step for step in plan.steps if plan.cameras_of(group, step)]
    if plan.groups[group].arrivals == "poisson":
        return _drawn(plan, group, steps)
    if _changes(plan, group, steps) > _MOST_CAMERAS:
        return DueCount(round(_expected(plan, group, steps)), exact=False)
    return DueCount(_at_intervals(plan, group, steps))


def frames_of_step(plan: Plan, group: int, step: RampStep) -> DueCount:
    """Frames of a group, by its index, in one step; 0 for a closed loop."""
    if plan.groups[group].closed or not plan.cameras_of(group, step):
        return DueCount(0)
    if plan.groups[group].arrivals == "poisson":
        return _drawn(plan, group, [step])
    return DueCount(_at_intervals(plan, group, [step]))


def _expected(plan: Plan, group: int, steps: Sequence[RampStep]) -> float:
    return sum((plan.arrival_rate(step, group) or 0.0) * step.duration_s for step in steps)


def _drawn(plan: Plan, group: int, steps: Sequence[RampStep]) -> DueCount:
    """Frames at random instants: all are drawn, if they are not too many."""
    expected = _expected(plan, group, steps)
    cameras = sum(plan.cameras_of(group, step) for step in steps)
    if expected + cameras > _MOST_FRAMES:
        return DueCount(round(expected), exact=False)
    return DueCount(sum(plan.step_frames(step, group=group) for step in steps))


def _changes(plan: Plan, group: int, steps: Sequence[RampStep]) -> int:
    """Cameras that `_at_intervals` looks at."""
    counts = [0, *(plan.cameras_of(group, step) for step in steps), 0]
    return sum(abs(after - before) for before, after in pairwise(counts))


def _at_intervals(plan: Plan, group: int, steps: Sequence[RampStep]) -> int:
    """Frames at equal intervals: of each camera, those before its end minus those before its start.

    So a camera that stays from step to step is not looked at in between, and a ramp up to N cameras
    takes as long as N cameras, however many steps it has.
    """
    total, cameras = 0, 0
    before: RampStep | None = None
    for step in steps:
        now = plan.cameras_of(group, step)
        if before is not None and before.end_s == step.start_s and before.speed == step.speed:
            low, high = sorted((cameras, now))
            moved = _before(plan, group, low, high, step.start_s, step.speed)
            total += moved if now < cameras else -moved
        else:
            if before is not None:
                total += _before(plan, group, 0, cameras, before.end_s, before.speed)
            total -= _before(plan, group, 0, now, step.start_s, step.speed)
        before, cameras = step, now
    if before is not None:
        total += _before(plan, group, 0, cameras, before.end_s, before.speed)
    return total


def _before(plan: Plan, group: int, first: int, end: int, at_s: float, speed: float) -> int:
    """Frames of the cameras from `first` to before `end` of a group that are due before `at_s`.

    The same as `Plan.constant_span` says of each, exact in floating point.
    """
    rate = plan.groups[group].times_as_fast(speed).rate
    phase_s = (plan.phase_offsets[group] + np.arange(first, end) * GOLDEN) % 1.0 / rate
    count = np.maximum(0.0, np.ceil((at_s - phase_s) * rate))
    while (few := phase_s + count / rate < at_s).any():
        count[few] += 1
    while (many := (count > 0) & (phase_s + (count - 1) / rate >= at_s)).any():
        count[many] -= 1
    return int(count.sum())
