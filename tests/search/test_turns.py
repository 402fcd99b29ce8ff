"""Whose turn it is in a search for headroom: on boxes whose frontier is known by theory."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from edgeload.camera_group import CameraGroup
from edgeload.plan import Plan
from edgeload.read.statistics.boundary import Trial, TrialVerdict, boundary_of
from edgeload.records import SearchRecord
from edgeload.search.strategy import SearchOptions
from edgeload.search.turns import AxisTrials, next_turn
from edgeload.search_axis import axes_of

DOOR, PERSON = CameraGroup("door", 14, 10.0), CameraGroup("person", 3, 2.0)
PLAN = Plan((), (DOOR, PERSON))
OPTIONS = SearchOptions(least_s=5.0, most=1000)
TRIAL_S = 8.0

Verdict = Callable[[int, int], TrialVerdict]
"""Of so many cameras of door and of person."""


def shared(per_s: float) -> Verdict:
    """One pool of workers serves both: it carries what is due, up to so many frames per second."""
    return lambda door, person: "pass" if 10.0 * door + 2.0 * person <= per_s else "fail"


def own(door_per_s: float, person_per_s: float) -> Verdict:
    """Each group has a pool of its own."""
    return lambda door, person: (
        "pass" if 10.0 * door <= door_per_s and 2.0 * person <= person_per_s else "fail"
    )


class Simulated:
    """A search on such a box. A trial takes 8 s, and its verdict never errs."""

    def __init__(
        self, verdict: Verdict, plan: Plan = PLAN, budget_s: float | None = None, tiers: int = 1
    ) -> None:
        record = SearchRecord("headroom", most=1000, resolution=0.05)
        axes = axes_of(record, plan)
        self.lines = [
            AxisTrials(axis, tuple([] for _ in range(tiers)), axis.base_load(plan)) for axis in axes
        ]
        self.tried: list[tuple[int, int]] = []
        self.now_s = 0.0
        while turn := next_turn(self.lines, OPTIONS, budget_s, self.now_s):
            step = turn.line.axis.step(plan, turn.asked.load, 0, 0.0, 1.0)
            door, person = (plan.cameras_of(group, step) for group in (0, 1))
            self.tried.append((door, person))
            self.now_s += TRIAL_S
            assert len(self.tried) < 100
            for line in self.lines:
                if line.axis.has(plan, step):
                    load = line.axis.load_of(plan, step)
                    for done in line.done:
                        done.append(Trial(load, verdict(door, person), TRIAL_S))

    def holds(self, group: str, most: int) -> bool:
        """Whether the interval of a group's cameras has the true number."""
        line = next(line for line in self.lines if line.axis.group == group)
        found = boundary_of(line.done[0])
        return found.low <= most and (found.high is None or most <= found.high)


@pytest.mark.parametrize("per_s", [147.0, 149.0, 151.0, 173.0, 205.0, 410.0])
def test_on_a_shared_pool_the_frontier_is_what_the_other_leaves_over(per_s: float) -> None:
    """Workers / service time = 10 door + 2 person: each number follows from the other's base."""
    found = Simulated(shared(per_s))
    assert found.tried[0] == (14, 3)
    assert found.holds("door", math.floor((per_s - 6.0) / 10.0))
    assert found.holds("person", math.floor((per_s - 140.0) / 2.0))


@pytest.mark.parametrize("person_per_s", [7.0, 30.0, 100.0])
def test_on_pools_of_their_own_headroom_is_each_groups_own(person_per_s: float) -> None:
    """What fits of door does not depend on how much person is served."""
    found = Simulated(own(195.0, person_per_s))
    assert found.holds("door", 19)
    assert found.holds("person", math.floor(person_per_s / 2.0))


def test_a_base_load_that_is_not_carried_is_searched_downwards() -> None:
    """12 door cameras beside 3 person: two too many; and no person at all beside 14 door."""
    found = Simulated(shared(127.0))
    assert found.holds("door", 12)
    assert all(door <= 14 and person <= 3 for door, person in found.tried)
    without_person = [each for each in found.tried if each[0] == 14 and each[1] < 3]
    assert without_person == [(14, 1)], "one trial shows that fewer person are not enough"


def test_the_base_load_is_tried_before_anything_else_and_once_if_it_is_clear() -> None:
    """Its trial counts for both groups."""
    found = Simulated(shared(200.0))
    assert found.tried[0] == (14, 3)
    assert all(line.done[0][0].verdict == "pass" for line in found.lines)
    varied = [("door" if each[0] != 14 else "person") for each in found.tried if each != (14, 3)]
    assert varied == sorted(varied), "first all of door, then all of person"


def test_an_undecided_base_load_is_tried_twice_and_then_left() -> None:
    """The rest of the search has to tell."""
    found = Simulated(
        lambda door, person: "undecided" if (door, person) == (14, 3) else shared(500)(door, person)
    )
    assert found.tried[:2] == [(14, 3)] * 2
    assert found.tried[2] != (14, 3)


def test_a_budget_is_shared_by_the_groups() -> None:
    """The first group cannot use up all of it; and it is kept to, but for the last trial."""
    found = Simulated(shared(1950.0), budget_s=80.0)
    assert found.now_s < 80.0 + TRIAL_S
    tried = {
        group: sum(len(line.done[0]) - 1 for line in found.lines if line.axis.group == group)
        for group in ("door", "person")
    }
    assert tried["door"] >= 3 and tried["person"] >= 3


def test_our_own_limit_on_one_axis_does_not_end_the_other() -> None:
    """Many cameras of one group may be too much for this machine; the other group is still open."""
    found = Simulated(
        lambda door, person: "invalid" if door >= 28 else own(1e9, 19.0)(door, person)
    )
    assert found.holds("person", 9)
    assert max(door for door, _ in found.tried) == 28


def test_an_invalid_base_load_ends_the_search() -> None:
    """Whatever is larger would be INVALID as well."""
    assert Simulated(lambda door, person: "invalid").tried == [(14, 3)]
