"""Laws of the plan: ramps, due times, phases."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeload.plan import BUILT_IN_RAMP, Plan, linear_ramp, one_group_plan, ramp_steps


def plan_of(clients: list[int], rate: float, step_s: float, seed: int, arrivals: str) -> Plan:
    return one_group_plan(ramp_steps(clients, step_s), rate, arrivals, seed=seed)  # type: ignore[arg-type]


plans = st.builds(
    plan_of,
    st.lists(st.integers(1, 12), min_size=1, max_size=5),
    st.floats(0.05, 50),
    st.floats(0.1, 7),
    st.integers(0, 1000),
    st.sampled_from(["constant", "poisson"]),
)


@given(st.integers(1, 500), st.integers(1, 500))
def test_the_linear_ramp_ends_exactly_at_max_clients(max_clients: int, step_size: int) -> None:
    """It rises by the step size from the step size on, and its last entry is max_clients."""
    ramp = linear_ramp(max_clients, step_size)
    assert ramp[-1] == max_clients
    assert ramp[0] == min(step_size, max_clients)
    assert all(0 < b - a <= step_size for a, b in itertools.pairwise(ramp))
    assert len(ramp) == math.ceil(max_clients / step_size)


def test_the_built_in_ramp_is_the_documented_one() -> None:
    """From 1 to 60 clients, small steps first."""
    assert BUILT_IN_RAMP == (1, 2, 3, 4, 5, 10, 15, 20, 30, 40, 50, 60)


@given(plans)
def test_every_request_is_due_inside_its_step_and_counted_once(plan: Plan) -> None:
    """The dues of all clients, walked one by one, are as many as the plan says for each step."""
    walked = [0] * len(plan.steps)
    for client in range(plan.max_clients):
        dues = list(plan.client_dues(client))
        assert [due.number for due in dues] == list(range(1, len(dues) + 1))
        assert all(a.due_s < b.due_s for a, b in itertools.pairwise(dues))
        for due in dues:
            step = plan.steps[due.step]
            assert client < step.clients
            assert step.start_s <= due.due_s < step.end_s
            walked[due.step] += 1
    assert walked == [plan.step_frames(step) for step in plan.steps]


@given(plans, st.floats(0, 1))
def test_a_run_cut_short_counts_what_was_due_before(plan: Plan, share: float) -> None:
    """`step_frames` up to an instant equals the dues before it."""
    until_s = share * plan.duration_s
    dues = [due for c in range(plan.max_clients) for due in plan.client_dues(c)]
    for step in plan.steps:
        expected = sum(due.step == step.index and due.due_s < until_s for due in dues)
        assert plan.step_frames(step, until_s) == expected


@pytest.mark.parametrize("clients", [1, 2, 3, 10, 60, 500])
def test_phases_are_spread(clients: int) -> None:
    """No gap between neighbouring phases exceeds three times the even one (three-gap theorem)."""
    plan = one_group_plan(ramp_steps([clients], 1.0), 1.0)
    phases = sorted(next(iter(plan.client_dues(c))).due_s for c in range(clients))
    gaps = [b - a for a, b in itertools.pairwise([*phases, phases[0] + 1.0])]
    assert max(gaps) <= 3.0 / clients + 1e-9


def test_a_client_that_stays_does_not_notice_a_step_change() -> None:
    """Over steps of equal load the constant grid of one client runs on without a break."""
    plan = one_group_plan(ramp_steps([2, 5, 2], 3.0), 7.0, seed=3)
    dues = [due.due_s for due in plan.client_dues(1)]
    for n, due_s in enumerate(dues):
        assert due_s == pytest.approx(dues[0] + n / 7.0, abs=1e-9)


def test_poisson_gaps_are_exponential() -> None:
    """Mean and variance of 20,000 counts per second are those of a Poisson process."""
    plan = one_group_plan(ramp_steps([1], 20_000.0), 3.0, "poisson", seed=5)
    counts = [0] * 20_000
    for due in plan.client_dues(0):
        counts[int(due.due_s)] += 1
    mean = sum(counts) / len(counts)
    variance = sum((c - mean) ** 2 for c in counts) / (len(counts) - 1)
    assert mean == pytest.approx(3.0, abs=5 * math.sqrt(3.0 / 20_000))
    assert variance / mean == pytest.approx(1.0, abs=5 * math.sqrt(2.0 / 20_000))


def test_the_seed_fixes_the_plan() -> None:
    """The same seed gives the same due times, another seed others."""
    steps = ramp_steps([4], 5.0)

    def dues(seed: int) -> list[float]:
        plan = one_group_plan(steps, 2.0, "poisson", seed=seed)
        return [due.due_s for c in range(4) for due in plan.client_dues(c)]

    assert dues(1) == dues(1)
    assert dues(1) != dues(2)
