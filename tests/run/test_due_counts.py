"""Frames of a run and of its steps, counted without going through them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from edgeload.camera_group import CameraGroup
from edgeload.interference_plan import interference_plan
from edgeload.plan import Plan, mix_plan, one_group_plan, ramp_steps
from edgeload.run.due_counts import DueCount, frames_of_run, frames_of_step

GROUPS = (
    CameraGroup("door", 3, 5.0),
    CameraGroup("gate", 2, 0.7, "poisson"),
    CameraGroup("archive", 1, None),
)


def two_runs(clients: list[int], rate: float, step_s: float, speeds: list[float]) -> Plan:
    """A ramp with pauses between its steps and with several speeds, as a search has them."""
    plan = one_group_plan(ramp_steps(clients, step_s), rate)
    pairs = zip(plan.steps, speeds, strict=False)
    paused = (
        replace(step, speed=speed, start_s=step.start_s + (step.index // 2) * 0.3,
                end_s=step.end_s + (step.index // 2) * 0.3)
        for step, speed in pairs
    )  # fmt: skip
    return replace(plan, steps=tuple(paused))


plans = st.one_of(
    st.builds(
        lambda clients, rate, step_s: one_group_plan(ramp_steps(clients, step_s), rate),
        st.lists(st.integers(1, 30), min_size=1, max_size=8),
        st.floats(0.05, 100),
        st.floats(0.1, 7),
    ),
    st.builds(
        two_runs,
        st.lists(st.integers(1, 9), min_size=3, max_size=6),
        st.floats(0.5, 20),
        st.floats(0.5, 3),
        st.lists(st.sampled_from([1.0, 1.37]), min_size=6, max_size=6),
    ),
    st.builds(
        lambda copies, step_s, ramped: mix_plan(GROUPS, copies, step_s, 3, ramped),
        st.lists(st.integers(1, 4), min_size=1, max_size=4),
        st.floats(0.5, 9),
        st.sampled_from([None, "door", "gate"]),
    ),
    st.builds(
        lambda copies, step_s: interference_plan(GROUPS, copies, 3, step_s),
        st.integers(1, 3),
        st.floats(0.5, 3),
    ),
)


@given(plans)
def test_they_are_as_many_as_the_plan_says_one_by_one(plan: Plan) -> None:
    """For every group: in each step, and in the whole run."""
    for group in range(len(plan.groups)):
        each = [plan.step_frames(step, group=group) for step in plan.steps]
        assert [frames_of_step(plan, group, s) for s in plan.steps] == list(map(DueCount, each))
        assert frames_of_run(plan, group) == DueCount(sum(each))


def test_of_very_many_frames_at_random_instants_the_expected_number_is_told() -> None:
    """It says that it is not exact."""
    plan = one_group_plan(ramp_steps([100, 100_000], 100.0), 10.0, "poisson")
    assert frames_of_run(plan, 0) == DueCount(100_100 * 1000, exact=False)
    assert frames_of_step(plan, 0, plan.steps[1]) == DueCount(100_000 * 1000, exact=False)
