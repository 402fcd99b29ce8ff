"""Who gets which core, on made-up machines."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeload.core_plan import CorePlan, MachineCores, NotPinned, auto_workers, plan_cores
from edgeload.core_topology import PhysicalCore


def machine(count: int, threads: int = 1, **known: object) -> MachineCores:
    """A quiet machine with so many physical cores."""
    cores = [PhysicalCore(tuple(range(n, count * threads, count))) for n in range(count)]
    return replace(MachineCores(tuple(cores), others=0.0), **known)  # type: ignore[arg-type]


def why(plan: CorePlan | NotPinned) -> str:
    assert isinstance(plan, NotPinned)
    return plan.why


@given(
    st.integers(1, 12), st.integers(1, 2), st.integers(1, 12), st.booleans(), st.floats(0.0, 6.0)
)
def test_cores_are_given_once_or_not_at_all(
    count: int, threads: int, workers: int, here: bool, others: float
) -> None:
    """Each worker has a whole core; what is left is enough for the rest, an endpoint on this
    machine and other programs; and it is pinned whenever there are enough.
    """
    known = machine(count, threads, others=others)
    plan = plan_cores(known, workers, endpoint_here=here)
    spare = count - workers - (2 if here else 1)
    if isinstance(plan, NotPinned):
        assert others - 0.25 > spare
        return
    assert others - 0.25 <= spare
    assert known.cores is not None
    whole = {core.cpus for core in known.cores}
    assert set(plan.workers) <= whole
    assert len(set(plan.workers)) == workers
    given_away = {cpu for cpus in plan.workers for cpu in cpus}
    assert given_away.isdisjoint(plan.rest)
    assert given_away | set(plan.rest) == set(range(count * threads))


def test_the_busiest_core_is_not_a_workers() -> None:
    """Where somebody else computes, a worker could not flee; and interrupts like the first core."""
    busy = {0: 0.02, 1: 0.03, 2: 0.9, 3: 0.0}
    plan = plan_cores(machine(4, busy=busy, others=0.9), 1, endpoint_here=True)
    assert plan == CorePlan(workers=((3,),), rest=(0, 1, 2))
    plan = plan_cores(machine(4, busy=busy, others=0.9), 2, endpoint_here=False)
    assert plan == CorePlan(workers=((1,), (3,)), rest=(0, 2))


def test_too_few_cores_are_said_with_who_needs_them() -> None:
    """In a sentence that a user can act on."""
    said = why(plan_cores(machine(4, others=1.6), 2, endpoint_here=True))
    assert said == (
        "6 physical cores would be needed, for 2 workers, the rest of this program, other programs "
        "(2) and the endpoint, and there are 4"
    )


@pytest.mark.parametrize(("limit", "pinned"), [(None, True), (4.0, True), (3.9, False)])
def test_a_cpu_limit_below_the_cores_means_shared_cores(limit: float | None, pinned: bool) -> None:
    """Containers that are told apart by time would all pin their programs to the same cores.

    Kubernetes gives a container cores of its own together with a limit of as many.
    """
    plan = plan_cores(machine(4, limit=limit), 2, endpoint_here=False)
    assert isinstance(plan, CorePlan) == pinned
    if not pinned:
        assert "the CPU limit of the container, 3.9 cores," in why(plan)


def test_workers_have_the_fast_cores_of_a_board() -> None:
    """Four little cores and four big ones: four workers at most, and the rest on the little."""
    cores = [PhysicalCore((n,), capacity=430 if n < 4 else 1024 - n) for n in range(8)]
    known = MachineCores(tuple(cores), others=0.0)
    plan = plan_cores(known, 4, endpoint_here=False)
    assert plan == CorePlan(workers=((4,), (5,), (6,), (7,)), rest=(0, 1, 2, 3))
    assert "would get 4 physical cores: the others are slower" in why(
        plan_cores(known, 5, endpoint_here=False)
    )


def test_half_a_core_is_no_core_of_its_own() -> None:
    """A cpuset with one thread of each core: the other threads are somebody else's."""
    cores = tuple(PhysicalCore((n,), whole=False) for n in range(4))
    said = why(plan_cores(MachineCores(cores, others=0.0), 1, endpoint_here=False))
    assert said == "1 worker would get 0 physical cores: the others are shared with others"


@pytest.mark.parametrize("known", [MachineCores(None, others=0.0), machine(4, others=None)])
def test_what_is_not_known_is_not_taken_for_free(known: MachineCores) -> None:
    """Nothing is pinned if the cores, or what other programs use of them, are not known."""
    assert why(plan_cores(known, 1, endpoint_here=False))


@pytest.mark.parametrize(
    ("known", "pin", "here", "workers"),
    [
        (machine(2), True, False, 2),
        (machine(3), True, True, 3),
        (machine(3), True, False, 2),
        (machine(4), True, True, 2),
        (machine(8), True, False, 7),
        (machine(8), False, False, 8),
        (machine(8, threads=2), True, False, 7),
        (machine(8, threads=2), False, True, 16),
        (machine(64, limit=2.5), True, False, 2),
        (machine(64, limit=0.5), True, False, 1),
        (MachineCores(None), True, False, 5),
    ],
)
def test_auto_is_as_many_workers_as_have_a_core(
    known: MachineCores, pin: bool, here: bool, workers: int
) -> None:
    """If that is more than one; and never more than a CPU limit has time for."""
    usable = known.usable or 5
    assert auto_workers(known, usable, pin=pin, endpoint_here=here) == workers
