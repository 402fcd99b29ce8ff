"""Laws of one client's schedule: every planned request leaves it once, sent or missed."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeload.camera_group import CameraGroup, LatePolicy
from edgeload.plan import Plan, mix_plan, one_group_plan, ramp_steps
from edgeload.run.pacing import (
    AFTER_A_FAILURE_S,
    ClientSchedule,
    ClosedLoopSchedule,
    schedule_of,
)


def run(
    plan: Plan, client: int, service_s: list[float], stop_s: float = float("inf")
) -> tuple[list[tuple[int, float]], list[tuple[int, str]]]:
    """A client on a virtual clock: (number, sent at) and (number, reason missed)."""
    schedule = ClientSchedule(plan, client)
    now_s, sent, missed = 0.0, [], []
    turn = 0
    while schedule.next is not None and max(now_s, schedule.next.due_s) < stop_s:
        now_s = max(now_s, schedule.next.due_s)
        sent.append((schedule.take().number, now_s))
        now_s += service_s[turn % len(service_s)]
        turn += 1
        missed += [(due.number, reason) for due, reason in schedule.free_at(now_s)]
    missed += [(due.number, reason) for due, reason in schedule.stop_at(stop_s)]
    return sent, missed  # type: ignore[return-value]


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.floats(0.2, 20),
    st.lists(st.floats(0.001, 3), min_size=1, max_size=5),
    st.sampled_from(["queue", "skip", "latest"]),
)
def test_sent_and_missed_are_the_plan(
    clients: list[int], rate: float, service_s: list[float], late: LatePolicy
) -> None:
    """Together they are every planned number, once each, whatever the endpoint does."""
    plan = one_group_plan(ramp_steps(clients, 2.0), rate, late=late)
    for client in range(plan.max_clients):
        planned = [due.number for due in plan.client_dues(client)]
        sent, missed = run(plan, client, service_s)
        assert sorted([n for n, _ in sent] + [n for n, _ in missed]) == planned


def test_queue_sends_late_within_the_step_and_skip_drops() -> None:
    """At 10/s and 1.05 s an answer: queue sends the next in line, skip the next to come."""
    steps = ramp_steps([1], 3.0)
    queue, queue_missed = run(one_group_plan(steps, 10.0, late="queue"), 0, [1.05])
    skip, skip_missed = run(one_group_plan(steps, 10.0, late="skip"), 0, [1.05])
    assert [n for n, _ in queue] == [1, 2, 3]
    assert {reason for _, reason in queue_missed} == {"late"}
    assert [n for n, _ in skip] == [1, 12, 23]
    assert {reason for _, reason in skip_missed} <= {"skipped", "late"}


def test_coordinated_omission_example() -> None:
    """Method 1: 10/s for 30 s, 20 ms answers, one stall of 5 s: 300 requests, none forgotten."""
    plan = one_group_plan(ramp_steps([1], 30.0), 10.0)
    service = [0.02] * 100 + [5.0] + [0.02] * 500
    sent, missed = run(plan, 0, service)
    assert (len(sent), missed) == (300, [])
    due = {d.number: d.due_s for d in plan.client_dues(0)}
    response = sorted(at + service[i] - due[n] for i, (n, at) in enumerate(sent))
    assert response[284] == pytest.approx(3.8, abs=0.15)  # p95: the 285th of 300
    assert response[296] == pytest.approx(4.8, abs=0.15)  # p99: the 297th


def test_a_stop_misses_what_was_due_and_forgets_what_was_not() -> None:
    """Requests due before the stop count as missed, later ones were never due."""
    plan = one_group_plan(ramp_steps([1], 10.0), 5.0)
    sent, missed = run(plan, 0, [1.0], stop_s=4.0)
    before = [due.number for due in plan.client_dues(0) if due.due_s < 4.0]
    assert sorted([n for n, _ in sent] + [n for n, _ in missed]) == before
    assert {reason for _, reason in missed} == {"stopped"}


@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=3),
    st.floats(0.5, 20),
    st.lists(st.floats(0.001, 3), min_size=1, max_size=5),
    st.sampled_from(["constant", "poisson"]),
)
def test_latest_always_sends_the_newest_frame(
    clients: list[int], rate: float, service_s: list[float], arrivals: str
) -> None:
    """As soon as the camera is free; what is older than that is skipped, and nothing else is."""
    plan = one_group_plan(ramp_steps(clients, 2.0), rate, arrivals, late="latest")  # type: ignore[arg-type]
    for client in range(plan.max_clients):
        dues = {due.number: due for due in plan.client_dues(client)}
        sent, missed = run(plan, client, service_s)
        free_s = 0.0
        for turn, (number, sent_s) in enumerate(sent):
            assert sent_s == max(free_s, dues[number].due_s)
            newer = dues.get(number + 1)
            assert newer is None or newer.due_s > sent_s or newer.due_s == dues[number].due_s
            free_s = sent_s + service_s[turn % len(service_s)]
        ends = [step.end_s for step in plan.steps]
        for number, reason in missed:
            later = [due for due in dues.values() if due.number > number]
            in_step = [due for due in later if due.step == dues[number].step]
            assert reason in ("skipped", "late")
            assert reason == "late" or in_step, "the last frame of a step gave way to none"
            assert dues[number].due_s < ends[dues[number].step]


def test_latest_keeps_the_newest_of_those_that_are_overdue() -> None:
    """At 10/s and 1.05 s an answer: after each answer the frame that fell due last, at once."""
    plan = one_group_plan(ramp_steps([1], 4.0), 10.0, late="latest")
    first_s = next(plan.client_dues(0)).due_s
    sent, missed = run(plan, 0, [1.05])
    assert [number for number, _ in sent] == [1, 11, 22, 32]
    assert [at_s for _, at_s in sent] == pytest.approx([first_s + 1.05 * n for n in range(4)])
    assert [number for number, reason in missed if reason == "skipped"] == [
        *range(2, 11), *range(12, 22), *range(23, 32)
    ]  # fmt: skip
    assert {reason for number, reason in missed if number > 32} <= {"late"}


def closed(clients: list[int], step_s: float = 2.0) -> Plan:
    return one_group_plan(ramp_steps(clients, step_s), None)


@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=4),
    st.lists(st.tuples(st.floats(0.01, 1.5), st.booleans()), min_size=1, max_size=6),
)
def test_in_a_closed_loop_a_frame_is_due_when_the_last_has_ended(
    clients: list[int], answers: list[tuple[float, bool]]
) -> None:
    """At once, or a pause after a failure; only in steps of the client; numbered without a gap."""
    plan = closed(clients)
    for client in range(plan.max_clients):
        schedule = schedule_of(plan, client)
        assert isinstance(schedule, ClosedLoopSchedule)
        own = [step for step in plan.steps if client < step.clients]
        free_s, frames = 0.0, []
        while (due := schedule.next) is not None:
            step = plan.steps[due.step]
            assert step in own
            assert due.due_s == max(free_s, step.start_s) < step.end_s
            assert not [s for s in own if free_s < s.end_s and s.index < step.index]
            assert schedule.take() is due
            assert schedule.next is due  # the client does not count as done meanwhile
            frames.append(due)
            service_s, answered = answers[len(frames) % len(answers)]
            done_s = due.due_s + service_s
            assert schedule.free_at(done_s, answered=answered) == []
            free_s = done_s if answered else done_s + AFTER_A_FAILURE_S
        assert [due.number for due in frames] == list(range(1, len(frames) + 1))
        assert not own or free_s >= own[-1].end_s


def test_a_closed_loop_misses_nothing_and_ends_with_a_stop() -> None:
    """Neither before a frame, nor with one in flight."""
    for in_flight in (False, True):
        schedule = schedule_of(closed([1]), 0)
        if in_flight:
            schedule.take()
        assert schedule.stop_at(1.0) == []
        assert schedule.next is None
        if in_flight:
            assert schedule.free_at(1.2, answered=True) == []
            assert schedule.next is None


def test_a_closed_loop_begins_with_the_step_of_its_client() -> None:
    """All at its start; a client that pauses for a step comes back with the next."""
    schedule = schedule_of(closed([2, 1, 2]), 1)
    assert schedule.next is not None
    assert schedule.next.due_s == 0.0
    schedule.take()
    schedule.free_at(2.5, answered=True)
    assert (schedule.next.step, schedule.next.due_s) == (2, 4.0)
    plan = closed([2, 2])
    none = replace(plan, steps=tuple(replace(step, cameras=(1,)) for step in plan.steps))
    assert schedule_of(none, 0).next is not None
    assert schedule_of(none, 1).next is None


def test_each_group_has_its_own_policy() -> None:
    """Three groups of one mix: what each client does is what its group says."""
    policies: tuple[LatePolicy, ...] = ("queue", "skip", "latest")
    groups = tuple(CameraGroup(late, 1, 10.0, late=late) for late in policies)
    plan = mix_plan(groups, [1], 3.0)
    for client, late in enumerate(policies):
        alone = one_group_plan(ramp_steps([1], 3.0), 10.0, late=late)
        sent, _ = run(plan, client, [1.05])
        gaps = [b - a for (a, _), (b, _) in itertools.pairwise(sent)]
        expected, _ = run(alone, 0, [1.05])
        assert gaps == pytest.approx(
            [b - a for (a, _), (b, _) in itertools.pairwise(expected)], abs=1
        )
        assert (gaps[0] == 1) is (late == "queue")


def test_a_step_ends_before_its_last_instant_and_a_frame_is_due_from_its_first() -> None:
    """At the very instants: spans are half-open, and who is free when a frame is due, sends it."""
    plan = one_group_plan(ramp_steps([1, 1], 2.0), 1.0, late="queue")
    first, second, third, _ = plan.client_dues(0)
    skip = ClientSchedule(one_group_plan(plan.steps, 1.0, late="skip"), 0)
    assert skip.free_at(first.due_s) == []
    assert skip.next == first
    assert ClientSchedule(plan, 0).free_at(2.0) == [(first, "late"), (second, "late")]
    assert ClientSchedule(plan, 0).stop_at(second.due_s) == [(first, "stopped")]
    assert ClientSchedule(plan, 0).stop_at(2.0) == [(first, "late"), (second, "late")]
    loop = schedule_of(closed([1, 1]), 0)
    loop.take()
    loop.free_at(2.0, answered=True)
    assert loop.next is not None
    assert (loop.next.step, loop.next.due_s) == (1, 2.0)
    assert third.due_s > 2.0
