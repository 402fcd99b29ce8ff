"""The embedded endpoint's queue against queueing theory, in virtual time."""

from __future__ import annotations

import math
import random
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from queueing_theory import erlang_c, mg1_mean_wait_s, mmc_mean_wait_s

from edgeload.simulator.queueing import SERVICE_DISTRIBUTIONS, FifoQueue, Job, ServiceTime

MEAN_S = 0.05


def poisson_jobs(
    servers: int, service: ServiceTime, utilisation: float, count: int = 150_000
) -> list[Job]:
    """Jobs of a Poisson stream that keeps each server busy for that share of the time."""
    chance = random.Random(20260723)
    queue = FifoQueue(servers)
    rate = utilisation * servers / service.mean_s
    now_s, jobs = 0.0, []
    for _ in range(count):
        now_s += chance.expovariate(rate)
        queue.arrive(now_s, service.draw(chance))
        jobs += [job for _, job in queue.done(now_s)]
    return jobs[1000:]


def mean_wait_s(jobs: list[Job]) -> float:
    return math.fsum(job.start_s - job.arrival_s for job in jobs) / len(jobs)


@pytest.mark.parametrize(("servers", "utilisation"), [(1, 0.7), (4, 0.8)])
def test_mmc_mean_wait_is_erlang_c(servers: int, utilisation: float) -> None:
    """M/M/c: mean wait = C(c, a) / (c mu - lambda)."""
    jobs = poisson_jobs(servers, ServiceTime("exponential", MEAN_S), utilisation)
    load = utilisation * servers
    expected_s = mmc_mean_wait_s(servers, load / MEAN_S, MEAN_S)
    assert mean_wait_s(jobs) == pytest.approx(expected_s, rel=0.06)
    waited = sum(job.start_s > job.arrival_s for job in jobs) / len(jobs)
    assert waited == pytest.approx(erlang_c(servers, load), rel=0.03)


@pytest.mark.parametrize(
    ("service", "squared_variation"),
    [
        (ServiceTime("constant", MEAN_S), 0.0),
        (ServiceTime("lognormal", MEAN_S, 0.5), math.exp(0.25) - 1.0),
        (ServiceTime("bimodal", MEAN_S), 0.9 * 0.5**2 + 0.1 * 5.5**2 - 1.0),
    ],
)
def test_mg1_mean_wait_is_pollaczek_khinchine(
    service: ServiceTime, squared_variation: float
) -> None:
    """M/G/1: mean wait = rho s (1 + Cv^2) / (2 (1 - rho)); M/D/1 is the case Cv = 0."""
    rho = 0.6
    expected_s = mg1_mean_wait_s(rho / MEAN_S, MEAN_S, MEAN_S**2 * (1.0 + squared_variation))
    assert mean_wait_s(poisson_jobs(1, service, rho)) == pytest.approx(expected_s, rel=0.06)


def test_ddc_serves_at_exactly_its_capacity() -> None:
    """D/D/c beyond capacity: c answers every service time, no more and no less."""
    queue = FifoQueue(4)
    for number in range(400):
        queue.arrive(number / 160.0, MEAN_S)  # twice the capacity of 80 per second
    assert len(queue.done(4.0 + 0.025)) == pytest.approx(4.0 * 80.0, abs=4)
    last = queue.done(math.inf)[-1][1]
    assert last.end_s == pytest.approx(400 / 80.0, abs=0.025)


@pytest.mark.parametrize("distribution", SERVICE_DISTRIBUTIONS)
@pytest.mark.parametrize("mean_s", [0.0, 0.02])
def test_service_times_have_their_mean(distribution: str, mean_s: float) -> None:
    """Each distribution's mean is the one asked for, so capacity is c / mean."""
    service = ServiceTime(distribution, mean_s)  # type: ignore[arg-type]
    chance = random.Random(7)
    total_s = math.fsum(service.draw(chance) for _ in range(100_000))
    assert total_s / 100_000 == pytest.approx(mean_s, rel=0.02)


ARRIVALS = st.lists(
    st.tuples(st.floats(0.0, 2.0), st.floats(0.0, 3.0)), min_size=1, max_size=40
)  # (time since the one before, service time)


def served_by_events(servers: int, arrivals: list[tuple[float, float]]) -> list[float]:
    """Start times by another method: walk from event to event, with a line of waiting jobs."""
    waiting: deque[int] = deque()
    busy_until: list[float] = []
    starts = [math.nan] * len(arrivals)
    now_s, to_come = 0.0, 0
    while to_come < len(arrivals) or waiting:
        while waiting and len(busy_until) < servers:
            job = waiting.popleft()
            starts[job] = now_s
            busy_until.append(now_s + arrivals[job][1])
        next_arrival_s = arrivals[to_come][0] if to_come < len(arrivals) else math.inf
        now_s = min([next_arrival_s, *busy_until])
        busy_until = [end_s for end_s in busy_until if end_s > now_s]
        if next_arrival_s == now_s:
            waiting.append(to_come)
            to_come += 1
            while waiting and len(busy_until) < servers:
                job = waiting.popleft()
                starts[job] = now_s
                busy_until.append(now_s + arrivals[job][1])
    return starts


def instants(gaps: list[tuple[float, float]]) -> list[tuple[float, float]]:
    now_s, arrivals = 0.0, []
    for gap_s, service_s in gaps:
        now_s += gap_s
        arrivals.append((now_s, service_s))
    return arrivals


@given(st.integers(1, 4), ARRIVALS)
def test_starts_are_those_of_an_event_simulation(
    servers: int, gaps: list[tuple[float, float]]
) -> None:
    """The recursion gives what walking through the events of a FIFO queue gives."""
    arrivals = instants(gaps)
    queue = FifoQueue(servers)
    tickets = [queue.arrive(*arrival) for arrival in arrivals]
    jobs = dict(queue.done(math.inf))
    starts = [jobs[ticket].start_s for ticket in tickets]
    assert starts == pytest.approx(served_by_events(servers, arrivals))


@settings(max_examples=200)
@given(
    st.integers(1, 3),
    ARRIVALS,
    st.lists(st.tuples(st.floats(0.0, 20.0), st.floats(0.0, 5.0)), max_size=3),
)
def test_a_stall_stops_the_servers_clock(
    servers: int, gaps: list[tuple[float, float]], stalls: list[tuple[float, float]]
) -> None:
    """A queue with stalls is the same queue without, on a clock that stands still meanwhile."""
    arrivals = instants(gaps)

    def running_s(now_s: float) -> float:
        """Time that has passed outside all stalls."""
        stalled_s, latest_s = 0.0, -math.inf
        for from_s, seconds in sorted(stalls):
            begin_s, end_s = max(from_s, latest_s), from_s + seconds
            stalled_s += max(0.0, min(end_s, now_s) - begin_s) if now_s > begin_s else 0.0
            latest_s = max(latest_s, end_s)
        return now_s - stalled_s

    queue, plain = FifoQueue(servers), FifoQueue(servers)
    ends: dict[int, Job] = {}
    happenings = sorted(
        [(at_s, 1, service_s) for at_s, service_s in arrivals]
        + [(at_s, 0, seconds) for at_s, seconds in stalls]
    )
    for at_s, is_arrival, seconds in happenings:
        ends.update(queue.done(at_s))
        if is_arrival:
            queue.arrive(at_s, seconds)
            plain.arrive(running_s(at_s), seconds)
        else:
            queue.stall(at_s, seconds)
    ends.update(queue.done(math.inf))
    expected = dict(plain.done(math.inf))
    for ticket, job in ends.items():
        assert running_s(job.end_s) == pytest.approx(expected[ticket].end_s, abs=1e-6)
        assert running_s(job.start_s) == pytest.approx(expected[ticket].start_s, abs=1e-6)


def test_ended_jobs_come_in_order_and_once() -> None:
    """Every job comes out exactly once, in the order of its end, and not before it."""
    chance = random.Random(3)
    queue = FifoQueue(3)
    tickets = [queue.arrive(n * 0.01, chance.expovariate(20.0)) for n in range(200)]
    seen: list[tuple[int, Job]] = []
    while (next_s := queue.next_end_s()) is not None:
        assert queue.done(next_s - 1e-9) == []
        seen += queue.done(next_s)
    assert sorted(ticket for ticket, _ in seen) == tickets
    assert [job.end_s for _, job in seen] == sorted(job.end_s for _, job in seen)
    assert queue.busy_share(1e9) == 0.0
