"""Schedules that are given their steps one at a time agree with those of a plan that has them."""

from __future__ import annotations

import pytest

from edgeload.camera_group import CameraGroup
from edgeload.plan import Plan, RampStep
from edgeload.run.pacing import schedule_of
from edgeload.run.trial_schedule import StepwiseSchedule, trial_schedule_of

GROUPS = (CameraGroup("door", 2, 4.0), CameraGroup("batch", 1, None))
STEPS = (RampStep(0, 3, 0.0, 2.0), RampStep(1, 6, 3.0, 5.5))
ANSWER_S = 0.13


def sent(schedule: StepwiseSchedule, until_s: float) -> list[tuple[int, int, float]]:
    """(number, step, due) of what a client sends whose answers take 0.13 s each."""
    found = []
    while schedule.next is not None and schedule.next.due_s < until_s:
        due = schedule.take()
        found.append((due.number, due.step, due.due_s))
        schedule.free_at(due.due_s + ANSWER_S, answered=True)
    return found


@pytest.mark.parametrize("client", range(6))
def test_the_frames_are_those_of_the_plan(client: int) -> None:
    """Step after step, with the same numbers: the log's reader makes the plan of all steps."""
    stepwise = trial_schedule_of(Plan((), GROUPS), client)
    ours = []
    for step in STEPS:
        stepwise.begin(step)
        ours += sent(stepwise, step.end_s)
        assert stepwise.next is None
    whole: StepwiseSchedule = schedule_of(Plan(STEPS, GROUPS), client)  # type: ignore[assignment]
    assert ours == sent(whole, 100.0)
    assert ours


@pytest.mark.parametrize("client", range(3))
def test_a_step_that_ends_early_is_one_that_was_planned_so(client: int) -> None:
    """Nothing is due from its end on, and the next step goes on with the next number."""
    stepwise = trial_schedule_of(Plan((), GROUPS), client)
    stepwise.begin(STEPS[0])
    ours = sent(stepwise, 0.9)
    stepwise.end(0.9)
    assert stepwise.next is None
    stepwise.begin(STEPS[1])
    ours += sent(stepwise, STEPS[1].end_s)
    ended = (RampStep(0, 3, 0.0, 0.9), STEPS[1])
    whole: StepwiseSchedule = schedule_of(Plan(ended, GROUPS), client)  # type: ignore[assignment]
    assert ours == sent(whole, 100.0)


def test_a_camera_in_a_closed_loop_that_waits_for_its_answer_ends_with_it() -> None:
    """Its frame was sent before the end: the answer still counts, and nothing follows."""
    camera = trial_schedule_of(Plan((), GROUPS), 2)
    camera.begin(STEPS[0])
    camera.take()
    camera.end(0.2)
    assert camera.next is not None, "it is in flight"
    camera.free_at(0.3, answered=True)
    assert camera.next is None


def test_a_camera_that_does_not_send_in_a_step_has_nothing_due() -> None:
    """In a search for headroom, a step has only the first cameras of each group."""
    step = RampStep(0, 6, 0.0, 2.0, cameras=(3, 1))
    sending = []
    for client in range(6):
        schedule = trial_schedule_of(Plan((), GROUPS), client)
        schedule.begin(step)
        sending.append(schedule.next is not None)
    assert sending == [True, True, True, True, False, False]
