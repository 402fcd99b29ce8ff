"""Laws of the plan of an interference run."""

from __future__ import annotations

import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from edgeload.camera_group import CameraGroup
from edgeload.interference_plan import (
    FRAMES_TO_TELL,
    LEAST_ROUNDS,
    MOST_ROUNDS,
    SideBySide,
    all_cameras,
    first_round,
    group_alone,
    half_of,
    interference_plan,
    is_interference_plan,
    round_cameras,
    rounds_of,
    rounds_to_tell,
    shown_side_by_side,
)
from edgeload.plan import Plan, RampStep, mix_plan


def groups_of(*cameras: int) -> tuple[CameraGroup, ...]:
    return tuple(
        CameraGroup(f"group{i}", count, 2.0 + i, arrivals="poisson" if i == 1 else "constant")
        for i, count in enumerate(cameras)
    )


PLANS = st.builds(
    lambda cameras, copies, rounds, seed: interference_plan(
        groups_of(*cameras), copies, rounds, 5.0, seed
    ),
    st.lists(st.integers(1, 5), min_size=2, max_size=4),
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(0, 99),
)


@given(PLANS)
def test_each_round_shows_every_group_alone_and_every_pair(plan: Plan) -> None:
    """Once each: a group alone, and beside each other group at half and at full load, if that has
    a half. Rounds are whole.
    """
    full = all_cameras(plan)
    size = len(first_round(plan))
    assert len(plan.steps) == size * rounds_of(plan)
    expected = {
        SideBySide(group, beside, level)
        for group in range(len(full))
        for beside in range(len(full))
        for level in ("half", "full")
        if group != beside and (level == "full" or half_of(full[beside]))
    }
    for number in range(rounds_of(plan)):
        steps = plan.steps[number * size : (number + 1) * size]
        alone = [group for step in steps if (group := group_alone(step)) is not None]
        assert sorted(alone) == list(range(len(full)))
        shown = Counter(side for step in steps for side in shown_side_by_side(step, full))
        assert shown == Counter(expected)


@given(PLANS)
def test_a_step_has_the_cameras_that_it_says(plan: Plan) -> None:
    """All clients exist in every step; of each group only so many send, alone in it or two."""
    full = all_cameras(plan)
    assert is_interference_plan(plan)
    for step in plan.steps:
        assert step.clients == sum(full)
        sending = [
            sum(plan.sends_in(client, step) for client in plan.clients_of(i, step))
            for i in range(len(full))
        ]
        assert tuple(sending) == step.cameras
        assert 1 <= sum(1 for count in sending if count) <= 2
        for i, count in enumerate(sending):
            assert count in (0, half_of(full[i]), full[i])
            assert (plan.step_frames(step, group=i) > 0) >= (count > 0 and i != 1)


@given(PLANS)
def test_a_group_is_due_when_it_would_be_alone(plan: Plan) -> None:
    """At equal intervals, a camera that sends in a step has the due times there that it has in any
    plan. Those of a Poisson process are the same in all steps of a round, and others in the next.
    """
    ordinary = mix_plan(plan.groups, [plan.copies(plan.steps[0])], 5.0, plan.seed)
    drawn: dict[tuple[int, int], set[tuple[float, ...]]] = {}
    for step in plan.steps:
        span = RampStep(step.index, step.clients, step.start_s, step.end_s)
        for client in range(step.clients):
            dues = tuple(plan.step_dues(client, step))
            if not plan.sends_in(client, step):
                assert not dues
            elif plan.group_of(client).arrivals == "constant":
                assert dues == tuple(ordinary.step_dues(client, span))
            else:
                offsets = tuple(round(due_s - step.start_s, 6) for due_s in dues)
                drawn.setdefault((client, step.round or 0), set()).add(offsets)
    assert all(len(each) == 1 for each in drawn.values())
    assert len({next(iter(each)) for each in drawn.values()}) == len(drawn)


def test_rounds_have_an_order_of_their_own_that_the_seed_fixes() -> None:
    """So drift meets all kinds of steps alike, and a run can be repeated."""
    one, same, other = (interference_plan(groups_of(4, 4), 1, 12, 5.0, s) for s in (1, 1, 2))
    assert one == same
    assert one != other
    orders = {tuple(s.cameras for s in one.steps[5 * r : 5 * r + 5]) for r in range(12)}
    assert len(orders) > 6


def test_a_group_of_one_camera_has_no_half() -> None:
    """The level is left out, and nothing else."""
    assert half_of(1) is None
    assert [half_of(n) for n in (2, 3, 4)] == [1, 1, 2]
    assert round_cameras([1, 1]) == [(1, 0), (0, 1), (1, 1)]
    assert round_cameras([4, 1]) == [(4, 0), (0, 1), (2, 1), (4, 1)]
    assert len(round_cameras([4, 6])) == 5
    assert len(round_cameras([4, 6, 2])) == 12


@given(st.floats(0.05, 200.0), st.integers(2, 6), st.floats(1.0, 30.0))
def test_rounds_are_as_many_as_the_slowest_group_needs(
    rate: float, count: int, window_s: float
) -> None:
    """1000 frames, from 10 rounds to 20, and 20 minutes at most if that is more than 10 rounds."""
    groups = (
        CameraGroup("slow", 2, rate),
        *(CameraGroup(f"fast{i}", 2, 300.0) for i in range(count - 2)),
        CameraGroup("closed", 2, None),
    )
    step_s = window_s + 2.0
    rounds = rounds_to_tell(groups, 1, step_s, window_s)
    assert LEAST_ROUNDS <= rounds <= MOST_ROUNDS
    if rounds > LEAST_ROUNDS:
        duration_s = interference_plan(groups, 1, rounds, step_s).duration_s
        assert duration_s <= 1200.0 + 1e-6
        assert 2 * rate * window_s * (rounds - 1) < FRAMES_TO_TELL
    longer_s = interference_plan(groups, 1, rounds + 1, step_s).duration_s
    enough = 2 * rate * window_s * rounds >= FRAMES_TO_TELL * (1 - 1e-9)
    assert enough or rounds == MOST_ROUNDS or longer_s > 1200.0


def test_the_frames_to_tell_are_those_of_theory() -> None:
    """The standard error of a lognormal's p95 (David & Nagaraja 2003, 10.3), for both sides."""
    q, sigma = 0.95, 0.5
    z = 1.6448536269514722
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi) / sigma
    error = math.sqrt(2 * q * (1 - q) / FRAMES_TO_TELL) / density
    assert 0.045 < error < 0.048
