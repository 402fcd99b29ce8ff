"""Pools that slow each other down, against other ways to compute them, and against theory.

Where two computations are compared, all times are multiples of 1/8 s and all factors of 1/4, so
that both are exact and instants that are equal are seen to be equal.
"""

from __future__ import annotations

import math
import random
from collections import deque
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeload.simulator.command_line import parse_options
from edgeload.simulator.contention import ContendedPools, Contention
from edgeload.simulator.pool_capacity import capacity_per_s
from edgeload.simulator.pools import FifoPools, Ticket
from edgeload.simulator.queueing import Job

WORKERS = {"a": 1, "b": 3}
LAWS = st.builds(Contention, st.sampled_from([1, 2, 4]), st.sampled_from([0.0, 0.5, 1.0, 3.0]))


class Arrival(NamedTuple):
    at_s: float
    service_s: float
    pool: str


def _arrivals(gaps: list[tuple[int, int, str]]) -> list[Arrival]:
    now_s, arrivals = 0.0, []
    for gap, service, pool in gaps:
        now_s += gap / 8.0
        arrivals.append(Arrival(now_s, service / 8.0, pool))
    return arrivals


ARRIVALS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 24), st.sampled_from("ab")),
    min_size=1,
    max_size=40,
).map(_arrivals)


LASTING_ARRIVALS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 24), st.sampled_from("ab")),
    min_size=1,
    max_size=40,
).map(_arrivals)
"""Services of no length that start when a stall ends have no order among those that start then."""


def walked(arrivals: list[Arrival], law: Contention) -> list[Job]:
    """The jobs by another method: walk from event to event, with one list of all services."""
    jobs: list[Job | None] = [None] * len(arrivals)
    serving: list[tuple[float, int]] = []  # (end, job)
    lines: dict[str, deque[int]] = {pool: deque() for pool in WORKERS}
    to_come = deque(enumerate(arrivals))
    while to_come or serving:
        next_end_s = min(serving)[0] if serving else math.inf
        if to_come and to_come[0][1].at_s < next_end_s:
            now_s = to_come[0][1].at_s
            number, arrival = to_come.popleft()
            lines[arrival.pool].append(number)
            pool = arrival.pool
        else:
            now_s = next_end_s
            ended = min(serving)
            serving.remove(ended)
            pool = arrivals[ended[1]].pool
        in_pool = sum(arrivals[number].pool == pool for _, number in serving)
        if lines[pool] and in_pool < WORKERS[pool]:
            number = lines[pool].popleft()
            busy = len(serving) + 1
            slowdown = 1.0 + law.strength * max(0, busy - law.cores) / law.cores
            end_s = now_s + arrivals[number].service_s * slowdown
            jobs[number] = Job(arrivals[number].at_s, now_s, end_s)
            serving.append((end_s, number))
    return [job for job in jobs if job is not None]


def played(pools: ContendedPools | FifoPools, arrivals: list[Arrival]) -> list[Job]:
    """The jobs in order of arrival."""
    tickets = [pools.arrive(one.pool, one.at_s, one.service_s) for one in arrivals]
    jobs = dict(pools.done(math.inf))
    return [jobs[ticket] for ticket in tickets]


def test_the_law() -> None:
    """No slowdown up to the cores; beyond, strength 1 keeps the work per second what it was."""
    assert [Contention(4).factor(busy) for busy in (0, 1, 4)] == [1.0, 1.0, 1.0]
    assert [busy / Contention(4).factor(busy) for busy in (4, 5, 6, 16)] == [4.0] * 4
    losing = [busy / Contention(4, 2.0).factor(busy) for busy in (4, 6, 8, 16)]
    assert losing == pytest.approx([4.0, 3.0, 8 / 3, 16 / 7])
    assert Contention(4, 0.0).factor(100) == 1.0


@settings(max_examples=200)
@given(ARRIVALS, LAWS)
def test_jobs_are_those_of_an_event_simulation(arrivals: list[Arrival], law: Contention) -> None:
    """Starts and ends are what walking through all events gives."""
    assert played(ContendedPools(WORKERS, law), arrivals) == walked(arrivals, law)


@settings(max_examples=200)
@given(ARRIVALS, st.randoms(use_true_random=False), st.integers(0, 2))
def test_without_slowdown_they_are_pools_that_do_not_know_of_each_other(
    arrivals: list[Arrival], chance: random.Random, stalls: int
) -> None:
    """Job by job as in the queues of Kiefer and Wolfowitz, also with arrivals that are told late.

    And after every step both find the same share busy, and know the same next end.
    """
    fifo, contended = FifoPools(WORKERS), ContendedPools(WORKERS, Contention(1, 0.0))
    stalled = {chance.randrange(len(arrivals)) for _ in range(stalls)}
    mine: dict[Ticket, Job] = {}
    other: dict[Ticket, Job] = {}
    pairs = []
    for number, one in enumerate(arrivals):
        told_late = Arrival(max(0.0, one.at_s - chance.choice((0, 0, 2, 20)) / 8.0), *one[1:])
        if number in stalled:
            fifo.stall(one.at_s, 1.5)
            contended.stall(one.at_s, 1.5)
        assert fifo.busy_share(one.pool, told_late.at_s) == pytest.approx(
            contended.busy_share(one.pool, told_late.at_s)
        )
        arrival = (told_late.pool, told_late.at_s, told_late.service_s)
        pairs.append((fifo.arrive(*arrival), contended.arrive(*arrival)))
        if chance.random() < 0.5:
            assert fifo.next_end_s() == contended.next_end_s()
            other.update(fifo.done(one.at_s))
            mine.update(contended.done(one.at_s))
            assert len(mine) == len(other)
    other.update(fifo.done(math.inf))
    mine.update(contended.done(math.inf))
    assert [mine[own] for _, own in pairs] == [other[ticket] for ticket, _ in pairs]


@settings(max_examples=200)
@given(
    LASTING_ARRIVALS,
    LAWS,
    st.lists(st.tuples(st.integers(0, 160), st.integers(0, 40)), max_size=3),
)
def test_a_stall_stops_the_clock_of_all(
    arrivals: list[Arrival], law: Contention, stalls: list[tuple[int, int]]
) -> None:
    """Pools with stalls are the same pools without, on a clock that stands still meanwhile."""
    spans = sorted((from_ / 8.0, eighths / 8.0) for from_, eighths in stalls)

    def running_s(now_s: float) -> float:
        """Time that has passed outside all stalls."""
        stalled_s, latest_s = 0.0, -math.inf
        for from_s, seconds in spans:
            begin_s, end_s = max(from_s, latest_s), from_s + seconds
            stalled_s += max(0.0, min(end_s, now_s) - begin_s) if now_s > begin_s else 0.0
            latest_s = max(latest_s, end_s)
        return now_s - stalled_s

    pools = ContendedPools(WORKERS, law)
    tickets, waiting = [], deque(spans)
    for one in arrivals:
        while waiting and waiting[0][0] <= one.at_s:
            pools.stall(*waiting.popleft())
        tickets.append(pools.arrive(one.pool, one.at_s, one.service_s))
    while waiting:
        pools.stall(*waiting.popleft())
    jobs = dict(pools.done(math.inf))
    plain = walked([Arrival(running_s(one.at_s), *one[1:]) for one in arrivals], law)
    for ticket, expected in zip(tickets, plain, strict=True):
        assert running_s(jobs[ticket].start_s) == expected.start_s
        assert running_s(jobs[ticket].end_s) == expected.end_s


def test_arrivals_told_late_take_the_worker_that_was_free_first() -> None:
    """Also if that worker's service was itself told late, after a later end elsewhere."""
    pools = ContendedPools({"b": 3}, Contention(1, 0.0))
    fifo = FifoPools({"b": 3})
    jobs = []
    for each in (pools, fifo):
        tickets = [each.arrive("b", 0.375, 0.375)]
        each.done(1.25)
        tickets += [each.arrive("b", 0.0, 0.125) for _ in range(3)]
        found = dict(each.done(math.inf))
        jobs.append([found.get(ticket) for ticket in tickets])
    assert jobs[0] == jobs[1]
    assert jobs[0][3] == Job(0.375, 0.5, 0.625)


def test_a_job_has_no_instants_until_it_starts_and_comes_out_once() -> None:
    """What waits has no start yet; ends come in order, not before their time, and once."""
    pools = ContendedPools({"a": 1}, Contention(1))
    first, second = (pools.arrive("a", 0.0, 1.0) for _ in "ab")
    assert pools.job(first) == Job(0.0, 0.0, 1.0)
    assert pools.job(second) is None
    assert pools.done(0.99) == []
    assert pools.done(1.0) == [(first, Job(0.0, 0.0, 1.0))]
    assert (pools.job(first), pools.job(second)) == (None, Job(0.0, 1.0, 2.0))
    pools.arrive("a", 5.0, 1.0)  # by then the second one has ended, and nobody has asked
    assert pools.next_end_s() == 2.0
    assert pools.done(4.0) == [(second, Job(0.0, 1.0, 2.0))]
    assert pools.next_end_s() == 6.0


@pytest.mark.parametrize("strength", [1.0, 1.7])
def test_saturated_pools_have_the_capacity_of_theory(strength: float) -> None:
    """Each pool alone, and both at once: c / (s x factor(busy workers))."""
    options = parse_options(
        [
            *("--cores", "3", "--contention", str(strength), "--distribution", "exponential"),
            *("--detector", "a:workers=4,service-time=50ms"),
            *("--detector", "b:workers=2,service-time=20ms"),
        ]
    )
    deployment = options.deployment
    seconds, count = 400.0, 60_000

    def answers_per_s(*asked: str) -> dict[str, float]:
        assert deployment.contention is not None
        pools = ContendedPools(deployment.pools, deployment.contention)
        chance = random.Random(20261127)
        for detector in deployment.detectors:
            for _ in range(count if detector.name in asked else 0):
                pools.arrive(detector.pool, 0.0, detector.service_time.draw(chance))
        answered = [pool for (pool, _), _ in pools.done(seconds)]
        return {pool: answered.count(pool) / seconds for pool in asked}

    for asked, busy in ((("a",), 4), (("b",), 2), (("a", "b"), 6)):
        expected = {
            one.name: capacity_per_s(
                deployment.pools[one.pool], one.service_time.mean_s, deployment.slowdown(busy)
            )
            for one in deployment.detectors
            if one.name in asked
        }
        # A mean of 5,000 exponential times or more: its standard deviation is below 1.4 %.
        assert answers_per_s(*asked) == pytest.approx(expected, rel=0.042)
