"""Which backlogs of a mix count as growing, against random walks whose drift is known."""

from __future__ import annotations

import random

import pytest

from edgeload.camera_group import CameraGroup
from edgeload.plan import Plan, mix_plan
from edgeload.run.backlog_watch import BacklogWatch, Growths

TICK_S, WARM_S = 0.25, 2.0
GROUPS = (
    CameraGroup("door", 40, 5.0),
    CameraGroup("gate", 8, 2.0),
    CameraGroup("archive", 1, None),
)


def watched(
    plan: Plan, drifts: tuple[float, ...], seconds: float, chance: random.Random
) -> Growths:
    """What somebody sees first who looks at each moment of a step; else what stands at its end.

    The backlogs of the open groups drift so, and have Poisson noise.
    """
    watch = BacklogWatch(plan, plan.steps[0], WARM_S)
    backlogs = [40.0] * len(plan.groups)
    found = watch.growths()
    for tick in range(round(seconds / TICK_S)):
        for group, drift in enumerate(drifts):
            rate = plan.arrival_rate(plan.steps[0], group) or 0.0
            noise = chance.gauss(drift * TICK_S, (2 * rate * TICK_S) ** 0.5)
            backlogs[group] = max(0.0, backlogs[group] + noise)
        known = [
            None if group.closed else round(n)
            for group, n in zip(plan.groups, backlogs, strict=True)
        ]
        watch.take(tick * TICK_S, known)
        found = watch.growths()
        if found.any:
            break
    return found


def test_a_small_group_is_seen_behind_the_noise_of_a_large_one() -> None:
    """It alone is named: the sum of both drowns its growth; a closed loop has no backlog."""
    plan = mix_plan(GROUPS, [1], 60.0)
    chance = random.Random(1)
    found = [watched(plan, (0.0, 10.0, 0.0), 20.0, chance) for _ in range(10)]
    assert sum(each.by_group[1] is not None for each in found) >= 9
    assert sum(each.total is not None or each.by_group[0] is not None for each in found) <= 1
    assert all(each.by_group[2] is None for each in found)


def test_many_groups_raise_no_more_alarms_than_one() -> None:
    """Twelve at their very capacity, looked at four times a second for 20 s: in 1 of 50 at most."""
    groups = tuple(CameraGroup(f"door {n}", 10, 5.0) for n in range(12))
    plan = mix_plan(groups, [1], 60.0)
    chance = random.Random(2)
    alarms = sum(watched(plan, (0.0,) * 12, 20.0, chance).any for _ in range(50))
    assert alarms <= 1


@pytest.mark.parametrize("others", [0, 2])
def test_every_growth_is_arrival_rate_minus_capacity(others: int) -> None:
    """Exactly, if nothing is left to chance: of each group, and of their sum."""
    groups = tuple(CameraGroup(f"door {n}", 10, 2.0) for n in range(1 + others))
    plan = mix_plan(groups, [1], 60.0)
    watch = BacklogWatch(plan, plan.steps[0], WARM_S)
    for tick in range(40):
        watch.take(tick * TICK_S, [5 + 4 * tick, *[3] * others])
    growths = watch.growths()
    assert growths.total == growths.by_group[0] == pytest.approx(16.0)
    assert growths.by_group[1:] == (None,) * others
