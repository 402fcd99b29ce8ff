"""What a search changes between trials."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeload.camera_group import CameraGroup
from edgeload.plan import Plan
from edgeload.records import SearchRecord
from edgeload.search_axis import SearchAxis, axes_of, largest_step

MIX = (CameraGroup("door", 3, 4.0), CameraGroup("person", 2, 1.5))
AXES = (
    SearchAxis("copies"),
    SearchAxis("group", "door"),
    SearchAxis("group", "person"),
    SearchAxis("rate", clients=10),
    SearchAxis("group", "person", base=2),
)


def plan_of_axis(axis: SearchAxis) -> Plan:
    """The plan of a search along an axis."""
    return Plan((), MIX, ramp_group=axis.group if axis.base == 1 else None)


@given(st.sampled_from(AXES), st.integers(1, 400))
def test_a_step_is_read_back_as_its_load(axis: SearchAxis, load: int) -> None:
    """The log has only the step; its load follows from that."""
    plan = plan_of_axis(axis)
    assert axis.load_of(plan, axis.step(plan, load, 0, 1.0, 2.0)) == load


@given(st.sampled_from(AXES), st.integers(1, 400))
def test_each_unit_adds_its_rate(axis: SearchAxis, load: int) -> None:
    """What is due per second grows by `per_load` with each unit of load."""
    plan = plan_of_axis(axis)
    rates = [plan.arrival_rate(axis.step(plan, each, 0, 0.0, 1.0)) for each in (load, load + 1)]
    assert rates[0] is not None
    assert rates[1] is not None
    assert rates[1] - rates[0] == pytest.approx(axis.per_load(plan))


def test_other_groups_stay_as_they_are() -> None:
    """Cameras of one group are added while the others keep one copy."""
    axis = SearchAxis("group", "door")
    plan = plan_of_axis(axis)
    step = axis.step(plan, 7, 0, 0.0, 1.0)
    assert [plan.cameras_of(index, step) for index in (0, 1)] == [7, 2]
    assert sum(plan.sends_in(client, step) for client in range(step.clients)) == 9


# --- headroom ---

GROUPS = (
    CameraGroup("door", 4, 5.0),
    CameraGroup("batch", 2, None),
    CameraGroup("person", 3, 2.0),
)
GROUPS_PLAN = Plan((), GROUPS)


def headroom(base: int = 1) -> SearchRecord:
    return SearchRecord("headroom", most=1000, resolution=0.05, base=base)


@pytest.mark.parametrize("base", [1, 3])
@pytest.mark.parametrize("load", [1, 4, 5, 30])
def test_headroom_varies_one_group(base: int, load: int) -> None:
    """All clients that send, counted by their group: the others are at the base load."""
    for axis in axes_of(headroom(base), GROUPS_PLAN):
        step = axis.step(GROUPS_PLAN, load, 0, 0.0, 1.0)
        sending = Counter(
            GROUPS_PLAN.group_of(client).name
            for client in range(step.clients)
            if GROUPS_PLAN.sends_in(client, step)
        )
        others = {group.name: base * group.cameras for group in GROUPS}
        assert sending == {**others, str(axis.group): load}


def test_the_base_load_lies_on_every_axis_and_other_steps_on_one() -> None:
    """So its trials count for all groups, and no other trial counts for two."""
    axes = axes_of(headroom(2), GROUPS_PLAN)
    for axis in axes:
        base = axis.step(GROUPS_PLAN, axis.base_load(GROUPS_PLAN), 0, 0.0, 1.0)
        assert [each.has(GROUPS_PLAN, base) for each in axes] == [True, True]
        more = axis.step(GROUPS_PLAN, axis.base_load(GROUPS_PLAN) + 1, 0, 0.0, 1.0)
        assert [each for each in axes if each.has(GROUPS_PLAN, more)] == [axis]


def test_a_closed_loop_has_no_axis() -> None:
    """It sends as fast as it is answered: there is no number of its cameras that is carried."""
    assert [axis.group for axis in axes_of(headroom(), GROUPS_PLAN)] == ["door", "person"]


def test_the_largest_step_has_every_client_of_the_search() -> None:
    """Connections stay open, so their number is checked for all of them together."""
    axes = axes_of(headroom(), GROUPS_PLAN)
    largest = largest_step(GROUPS_PLAN, axes, 11)
    for axis in axes:
        step = axis.step(GROUPS_PLAN, 11, 0, 0.0, 1.0)
        clients = {each for each in range(step.clients) if GROUPS_PLAN.sends_in(each, step)}
        assert all(GROUPS_PLAN.sends_in(client, largest) for client in clients)
    assert largest.sending == 11 + 2 + 11
