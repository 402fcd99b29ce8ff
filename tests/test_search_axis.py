"""What a search changes between trials."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeload.camera_group import CameraGroup
from edgeload.plan import Plan
from edgeload.search_axis import SearchAxis

MIX = (CameraGroup("door", 3, 4.0), CameraGroup("person", 2, 1.5))
AXES = (
    SearchAxis("copies"),
    SearchAxis("group", "door"),
    SearchAxis("group", "person"),
    SearchAxis("rate", clients=10),
)


def plan_of_axis(axis: SearchAxis) -> Plan:
    """The plan of a search along an axis."""
    return Plan((), MIX, ramp_group=axis.group)


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
    """Cameras of one group are added beside one copy of the others."""
    axis = SearchAxis("group", "door")
    plan = plan_of_axis(axis)
    step = axis.step(plan, 7, 0, 0.0, 1.0)
    assert [plan.cameras_of(index, step) for index in (0, 1)] == [7, 2]
    assert sum(plan.sends_in(client, step) for client in range(step.clients)) == 9
