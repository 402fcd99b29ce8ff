"""The plan of an interference run: groups alone, then in pairs, in rounds of short steps. Pure.

Each round has every group alone and every pair of groups, one or both with all cameras. Rounds have
the same steps in another order each, so that slow changes of the endpoint hit all steps alike.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from edgeload.camera_group import CameraGroup
from edgeload.plan import Plan, RampStep

Level = Literal["half", "full"]
"""How much of its load a group has beside another: half of its cameras, or all."""

LEAST_ROUNDS = 10
MOST_ROUNDS = 20
FRAMES_TO_TELL = 1000
"""Frames on each side that nearly always rule out a p95 that is 25 % longer: the standard error of
the logarithm of the ratio is 0.047 then, for lognormal times with sigma 0.5."""
_USUAL_MOST_S = 1200.0


@dataclass(frozen=True)
class SideBySide:
    """What a step shows: a group with all of its cameras, beside another group at a level.

    Both groups are indices of the plan's.
    """

    group: int
    beside: int
    level: Level


def half_of(cameras: int) -> int | None:
    """Half of a group's cameras, rounded down; None: one camera has no half."""
    return cameras // 2 or None


def round_cameras(full: Sequence[int]) -> list[tuple[int, ...]]:
    """The cameras of each group in each step of a round; `full` are all cameras of each group.

    >>> round_cameras([4, 1])
    [(4, 0), (0, 1), (2, 1), (4, 1)]
    """
    alone = [{group: cameras} for group, cameras in enumerate(full)]
    pairs = [
        {one: cameras_of_one, other: cameras_of_other}
        for one, other in combinations(range(len(full)), 2)
        for cameras_of_one, cameras_of_other in (
            (full[one], half_of(full[other])),
            (half_of(full[one]), full[other]),
            (full[one], full[other]),
        )
        if cameras_of_one and cameras_of_other
    ]
    return [tuple(step.get(group, 0) for group in range(len(full))) for step in (*alone, *pairs)]


def interference_plan(
    groups: tuple[CameraGroup, ...], copies: int, rounds: int, step_s: float, seed: int = 1
) -> Plan:
    """So many rounds of steps of `step_s` seconds each, with `copies` of the mix at full load."""
    full = [group.cameras * copies for group in groups]
    once = round_cameras(full)
    chance = random.Random(f"interference {seed}")
    order = [
        (number, cameras) for number in range(rounds) for cameras in chance.sample(once, len(once))
    ]
    steps = tuple(
        RampStep(index, sum(full), index * step_s, (index + 1) * step_s, cameras, number)
        for index, (number, cameras) in enumerate(order)
    )
    return Plan(steps, groups, seed)


def rounds_to_tell(
    groups: Sequence[CameraGroup], copies: int, step_s: float, window_s: float
) -> int:
    """Rounds in which the slowest group has 1000 frames due in the windows of each kind of step.

    But from 10 to 20, and no more than fit into 20 minutes if these are more than 10. `window_s` is
    the length of a step without its warm-up. A closed loop is taken to be fast enough.
    """
    rates = [group.cameras * copies * group.rate for group in groups if not group.closed]
    wanted = math.ceil(FRAMES_TO_TELL / (min(rates) * window_s)) if rates else LEAST_ROUNDS
    round_s = step_s * len(round_cameras([group.cameras * copies for group in groups]))
    most = min(MOST_ROUNDS, int(_USUAL_MOST_S / round_s))
    return max(LEAST_ROUNDS, min(wanted, most))


def is_interference_plan(plan: Plan) -> bool:
    """Whether its steps are those of an interference run."""
    return all(step.cameras is not None and step.round is not None for step in plan.steps)


def all_cameras(plan: Plan) -> tuple[int, ...]:
    """All cameras of each group of the plan of an interference run."""
    copies = plan.copies(plan.steps[0])
    return tuple(group.cameras * copies for group in plan.groups)


def rounds_of(plan: Plan) -> int:
    """Rounds in the plan of an interference run; 0 for any other plan."""
    return max((step.round + 1 for step in plan.steps if step.round is not None), default=0)


def first_round(plan: Plan) -> tuple[RampStep, ...]:
    """The steps of the first round; those of any other plan are all of its steps."""
    return tuple(step for step in plan.steps if not step.round)


def group_alone(step: RampStep) -> int | None:
    """The index of the only group that sends in a step; None if there are others."""
    sending = [group for group, cameras in enumerate(step.cameras or ()) if cameras]
    return sending[0] if len(sending) == 1 else None


def shown_side_by_side(step: RampStep, full: Sequence[int]) -> list[SideBySide]:
    """What a step with two groups shows; nothing if it has one."""
    cameras = step.cameras or ()
    sending = [group for group, count in enumerate(cameras) if count]
    if len(sending) != 2:
        return []
    return [
        SideBySide(group, beside, "full" if cameras[beside] == full[beside] else "half")
        for group, beside in (sending, reversed(sending))
        if cameras[group] == full[group]
    ]
