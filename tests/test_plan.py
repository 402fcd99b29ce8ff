"""Laws of the plan: ramps, due times, phases."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeload.camera_group import CameraGroup
from edgeload.plan import (
    BUILT_IN_RAMP,
    Plan,
    RampStep,
    linear_ramp,
    mix_plan,
    one_group_plan,
    ramp_steps,
)


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


# First due times, count and last due time of some clients of two plans, as they were before there
# were camera groups (commit cbd10c5): steps of 4 s with 2, 5 and 3 clients.
BEFORE_GROUPS = {
    ("constant", 2.5, 1, 0): ([0.16760981191073646, 0.5676098119107365], 30, 11.767609811910736),
    ("constant", 2.5, 1, 1): ([0.014823407410694411, 0.41482340741069446], 30, 11.614823407410695),
    ("constant", 0.7, 42, 4): ([4.499703310649466, 5.928274739220895], 3, 7.356846167792324),
    ("poisson", 2.5, 1, 0): ([0.25924953563402425, 0.27280387161268094], 24, 11.76004708586651),
    ("poisson", 2.5, 1, 4): ([4.549204878191731, 4.705749829717193], 4, 5.502251054943203),
    ("poisson", 0.7, 42, 1): ([1.6530118844841477, 1.9762445916478988], 7, 11.936772944372883),
}


@pytest.mark.parametrize(("arrivals", "rate", "seed", "client"), BEFORE_GROUPS)
def test_a_run_without_a_mix_has_the_due_times_that_it_always_had(
    arrivals: str, rate: float, seed: int, client: int
) -> None:
    """To the last bit: a comparison with an older run compares the same load."""
    first, count, last_s = BEFORE_GROUPS[arrivals, rate, seed, client]
    dues = [due.due_s for due in plan_of([2, 5, 3], rate, 4.0, seed, arrivals).client_dues(client)]
    assert (dues[:2], len(dues), dues[-1]) == (first, count, last_s)


groups = st.lists(
    st.builds(
        CameraGroup,
        name=st.sampled_from(["cameras", "door", "hall", "gate", "north side"]),
        cameras=st.integers(1, 5),
        requests_per_second=st.none() | st.floats(0.2, 20),
        arrivals=st.sampled_from(["constant", "poisson"]),
        requests_per_frame=st.integers(1, 3),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda group: group.name,
).map(tuple)
mixes = groups.flatmap(
    lambda some: st.builds(
        mix_plan,
        st.just(some),
        st.lists(st.integers(1, 4), min_size=1, max_size=4),
        st.floats(0.5, 5),
        st.integers(0, 1000),
        st.none() | st.sampled_from([group.name for group in some]),
    )
)


def dues_by_camera(plan: Plan) -> dict[tuple[str, int], list[tuple[int, int, float]]]:
    """(Number, step, due time) of each frame of each camera: group's name, number in the group."""
    found = {}
    for client in range(plan.max_clients):
        group, number = plan.member(client)
        found[plan.groups[group].name, number] = [
            (due.number, due.step, due.due_s) for due in plan.client_dues(client)
        ]
    return found


@given(mixes)
def test_each_camera_of_each_group_is_one_client(plan: Plan) -> None:
    """The clients 0 … n-1 of a step are the first cameras of each group, without a gap, once."""
    for step in plan.steps:
        places = [plan.member(client) for client in range(step.clients)]
        wanted = [
            (group, number)
            for group in range(len(plan.groups))
            for number in range(plan.cameras_of(group, step))
        ]
        assert sorted(places) == wanted
        for group in range(len(plan.groups)):
            clients = plan.clients_of(group, step)
            numbers = [plan.member(client) for client in clients]
            assert numbers == [(group, n) for n in range(plan.cameras_of(group, step))]
            assert {plan.group_of(client) for client in clients} == {plan.groups[group]}


@given(mixes)
def test_a_step_has_so_many_copies(plan: Plan) -> None:
    """Of every group, or of the one that is ramped beside the others once."""
    for step in plan.steps:
        copies = plan.copies(step)
        assert copies >= 1
        for index, group in enumerate(plan.groups):
            ramped = plan.ramp_group in (None, group.name)
            assert plan.cameras_of(index, step) == group.cameras * (copies if ramped else 1)


@given(groups, st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(0, 99))
def test_a_group_sends_at_the_same_instants_alone_and_in_the_mix(
    some: tuple[CameraGroup, ...], copies: list[int], seed: int
) -> None:
    """To the last bit, whoever else is in the mix, and wherever in the file the group stands."""
    together = dues_by_camera(mix_plan(some, copies, 3.0, seed))
    reversed_order = dues_by_camera(mix_plan(some[::-1], copies, 3.0, seed))
    alone: dict[tuple[str, int], list[tuple[int, int, float]]] = {}
    for group in some:
        alone |= dues_by_camera(mix_plan((group,), copies, 3.0, seed))
    assert together == reversed_order == alone


@given(groups, st.lists(st.integers(1, 4), min_size=1, max_size=3), st.integers(0, 99))
def test_with_one_group_ramped_the_others_do_not_notice(
    some: tuple[CameraGroup, ...], copies: list[int], seed: int
) -> None:
    """They have the due times of one copy, and the ramped group those of its own ramp."""
    ramped = dues_by_camera(mix_plan(some, copies, 3.0, seed, some[0].name))
    expected = dues_by_camera(mix_plan(some[:1], copies, 3.0, seed))
    for group in some[1:]:
        expected |= dues_by_camera(mix_plan((group,), [1] * len(copies), 3.0, seed))
    assert ramped == expected


@given(mixes, st.floats(0, 1))
def test_frames_of_a_group_are_counted_once(plan: Plan, share: float) -> None:
    """Walked one by one they are as many as the plan says, also up to an instant; all add up."""
    until_s = share * plan.duration_s
    for step in plan.steps:
        counts = []
        for group in range(len(plan.groups)):
            walked = [
                due_s for c in plan.clients_of(group, step) for due_s in plan.step_dues(c, step)
            ]
            assert plan.step_frames(step, group=group) == len(walked)
            before = sum(due_s < until_s for due_s in walked)
            assert plan.step_frames(step, until_s, group) == before
            counts.append(before)
            assert plan.anything_due(step, group) == (bool(walked) or plan.groups[group].closed)
        assert plan.step_frames(step, until_s) == sum(counts)


@given(mixes)
def test_the_arrival_rate_is_the_sum_of_the_groups(plan: Plan) -> None:
    """A closed loop has none, and neither has a whole that contains one."""
    for step in plan.steps:
        rates = [plan.arrival_rate(step, group) for group in range(len(plan.groups))]
        assert [rate is None for rate in rates] == [group.closed for group in plan.groups]
        total = plan.arrival_rate(step)
        if None in rates:
            assert total is None
        else:
            assert total == pytest.approx(sum(rate or 0.0 for rate in rates))


@given(mixes, st.data())
def test_a_step_may_have_only_the_first_cameras_of_each_group(
    plan: Plan, data: st.DataObject
) -> None:
    """These send as they would beside all others, and the others send nothing."""
    steps = tuple(
        replace(
            step,
            cameras=tuple(
                data.draw(st.integers(0, plan.cameras_of(group, step)))
                for group in range(len(plan.groups))
            ),
        )
        for step in plan.steps
    )
    fewer = replace(plan, steps=steps)
    for step, whole in zip(steps, plan.steps, strict=True):
        assert step.cameras is not None
        assert fewer.copies(step) == plan.copies(whole)
        for client in range(plan.max_clients):
            group, number = plan.member(client)
            sends = client < step.clients and number < step.cameras[group]
            assert fewer.sends_in(client, step) is sends
            dues = list(fewer.step_dues(client, step))
            assert dues == (list(plan.step_dues(client, whole)) if sends else [])
        for group, cameras in enumerate(step.cameras):
            assert len(fewer.clients_of(group, step)) == fewer.cameras_of(group, step) == cameras


@pytest.mark.parametrize("clients", [2, 4, 12, 60])
def test_phases_of_a_group_are_spread_over_its_copies(clients: int) -> None:
    """As without a mix, although the clients of the group have other numbers in the mix."""
    some = (CameraGroup("a", 3, 1.0), CameraGroup("b", 2, 1.0))
    plan = mix_plan(some, [clients // 2], 1.0)
    phases = sorted(next(plan.client_dues(c)).due_s for c in plan.clients_of(1, plan.steps[0]))
    assert len(phases) == clients
    gaps = [b - a for a, b in itertools.pairwise([*phases, phases[0] + 1.0])]
    assert max(gaps) <= 3.0 / clients + 1e-9


def test_cameras_of_a_large_mix() -> None:
    """The first and the last of a hundred thousand, and some where one group follows another."""
    some = tuple(CameraGroup(f"group{i}", 20_000, 1.0) for i in range(5))
    plan = mix_plan(some, [1], 1.0)
    first, last = plan.member(0), plan.member(99_999)
    assert (first, last) == ((0, 0), (4, 19_999))
    assert [plan.member(c) for c in (59_999, 60_000)] == [(2, 19_999), (3, 0)]


def test_a_run_without_a_mix_is_no_mix() -> None:
    """Whatever its rate; a group with a name or several cameras in a copy is one."""
    steps = (RampStep(0, 4, 0.0, 1.0),)
    for rate in (None, 2.0):
        assert not one_group_plan(steps, rate, "poisson", "skip").is_mix
        assert Plan(steps, (CameraGroup("door", 1, rate),)).is_mix
        assert Plan(steps, (CameraGroup(cameras=2, requests_per_second=rate),)).is_mix
