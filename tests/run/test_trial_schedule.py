"""Frames of a client whose steps are decided as the run goes, against the plan of all of them."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from edgeload.camera_group import LatePolicy
from edgeload.plan import Due, Plan, RampStep, one_group_plan
from edgeload.run.pacing import ClientSchedule
from edgeload.run.trial_schedule import TrialSchedule

RATE = 3.0

steps = st.lists(
    st.tuples(
        st.integers(0, 3),  # clients; client 1 sends if there are two or more
        st.floats(0.1, 4.0),  # planned length
        st.floats(0.0, 1.2),  # where it is ended, as a share of that
        st.floats(0.0, 2.0),  # pause before it
        st.sampled_from([0.5, 1.0, 2.0]),
    ),
    min_size=1,
    max_size=6,
)


def drawn_steps(drawn: list[tuple[int, float, float, float, float]]) -> Iterator[RampStep]:
    """The steps as planned, and with the ends that they got, one after the other."""
    at_s = 0.0
    for index, (clients, length_s, _, pause_s, speed) in enumerate(drawn):
        at_s += pause_s
        yield RampStep(index, clients, at_s, at_s + length_s, speed=speed)
        at_s += length_s


def sent_by(schedule: ClientSchedule, until_s: float) -> list[Due]:
    """Take every frame that is due before an instant."""
    sent = []
    while schedule.next is not None and schedule.next.due_s < until_s:
        sent.append(schedule.take())
    return sent


@given(steps, st.sampled_from(["constant", "poisson"]), st.sampled_from(["queue", "skip"]))
def test_frames_are_those_of_the_plan_of_all_steps(
    drawn: list[tuple[int, float, float, float, float]], arrivals: str, late: LatePolicy
) -> None:
    """Whatever steps a client gets and wherever they are ended, its frames have the numbers and due
    times that the plan with these steps gives, which is all that a log has.
    """
    empty = one_group_plan((), RATE, arrivals, late)  # type: ignore[arg-type]
    schedule = TrialSchedule(empty, 1)
    sent, ended = [], []
    for step, (_, length_s, share, _, _) in zip(drawn_steps(drawn), drawn, strict=True):
        end_s = min(step.end_s, step.start_s + share * length_s)
        schedule.begin(step)
        sent += sent_by(schedule, end_s)
        schedule.end(end_s)
        assert schedule.next is None
        ended.append(RampStep(step.index, step.clients, step.start_s, end_s, speed=step.speed))
    whole = Plan(tuple(ended), empty.groups)
    assert sent == list(whole.client_dues(1))


@given(st.floats(0.5, 3.0), st.floats(0.0, 4.0), st.sampled_from(["queue", "skip"]))
def test_a_client_that_is_behind_gives_up_at_the_end(
    end_s: float, free_s: float, late: LatePolicy
) -> None:
    """When a busy client becomes free, it has missed what fell due before the end of the step, if
    that is over; frames of after the end were never due.
    """
    plan = one_group_plan((), RATE, late=late)
    schedule = TrialSchedule(plan, 0)
    schedule.begin(RampStep(0, 1, 0.0, 10.0))
    first = schedule.take()
    schedule.end(end_s)
    missed = [due for due, _ in schedule.free_at(max(free_s, end_s), answered=True)]
    dues = [due.due_s for due in (first, *missed)]
    expected = list(plan.step_dues(0, RampStep(0, 1, 0.0, end_s)))
    assert dues[1:] == expected[1:]
    assert schedule.next is None
