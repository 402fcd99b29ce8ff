"""Laws of one client's schedule: every planned request leaves it once, sent or missed."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeload.plan import Plan, one_group_plan, ramp_steps
from edgeload.run.pacing import ClientSchedule


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
    st.sampled_from(["queue", "skip"]),
)
def test_sent_and_missed_are_the_plan(
    clients: list[int], rate: float, service_s: list[float], late: Literal["queue", "skip"]
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
