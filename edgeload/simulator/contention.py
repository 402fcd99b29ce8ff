"""Pools of workers that compete for one machine's cores: a law of slowdown, and the queues. Pure.

The pods of a real box share its CPU without limits, so the more services go on at the same time,
over all detectors, the longer each takes.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from edgeload.simulator.pools import Ticket
from edgeload.simulator.queueing import Job, shifted


@dataclass(frozen=True)
class Contention:
    """How much longer a service takes on `cores` cores while others go on beside it.

    The factor is 1 + strength x max(0, busy - cores) / cores, where `busy` are the busy workers of
    all pools at its start, its own included. With strength 1 the cores are shared fairly: however
    many workers are busy, beyond the cores, all together do the same work per second. Above 1 they
    do less, as the more threads compete. With 0 nothing slows down.
    """

    cores: int
    strength: float = 1.0

    def factor(self, busy: int) -> float:
        """By how much a service is longer that starts as one of `busy`."""
        return 1.0 + self.strength * max(0, busy - self.cores) / self.cores


@dataclass
class _Pool:
    workers: int
    free_s: list[float]
    """A heap: since when each idle worker is free, or, in a stall, from when on."""
    waiting: deque[tuple[Ticket, float, float]] = field(default_factory=deque)
    """(ticket, arrival, service time without slowdown) of the jobs that no worker has taken."""
    latest_s: float = -math.inf


class ContendedPools:
    """Pools under a law of contention, computed exactly, from event to event.

    A job's service time is decided when it starts, by the number of workers that are busy then, and
    never changes. An arrival that is told late, after ends that lie behind it, starts when it would
    have; what was decided meanwhile stays. An arrival that lies before the latest one of its pool
    counts as simultaneous with it, and ends at one instant happen in order of arrival. Services of
    no length that start when a stall ends may count as busy for others that start then.
    """

    def __init__(self, workers: Mapping[str, int], law: Contention) -> None:
        """`workers` has the number of workers of each pool."""
        self._law = law
        self._pools: dict[str, _Pool] = {}
        for pool, number in workers.items():
            self.add(pool, number)
        self._busy = 0
        self._tickets = 0
        self._jobs: dict[Ticket, Job] = {}  # those that have started
        self._running: list[tuple[float, int, str]] = []  # heaps of (end, *reversed(ticket))
        self._ended: list[tuple[float, int, str]] = []
        self._stalled_until_s = -math.inf
        self._known_s = -math.inf
        """The latest instant that anybody has named; a stall may end later."""

    def add(self, pool: str, workers: int) -> None:
        """See `Pools`."""
        self._pools[pool] = _Pool(workers, [-math.inf] * workers)

    def arrive(self, pool: str, arrival_s: float, service_s: float) -> Ticket:
        """See `Pools`; `service_s` is the time without slowdown."""
        own = self._pools[pool]
        own.latest_s = arrival_s = max(arrival_s, own.latest_s)
        self._advance(arrival_s)
        if own.free_s and arrival_s < own.free_s[0] <= self._known_s:
            # Told late: services that were told late as well may end before that worker was free.
            self._advance(own.free_s[0])
        self._tickets += 1
        ticket = pool, self._tickets
        if own.free_s:
            start_s = max(arrival_s, heapq.heappop(own.free_s))
            self._start(ticket, arrival_s, start_s, service_s)
        else:
            own.waiting.append((ticket, arrival_s, service_s))
        return ticket

    def busy_share(self, pool: str, at_s: float) -> float:
        """See `Pools`."""
        own = self._pools[pool]
        at_s = max(at_s, own.latest_s)
        self._advance(at_s)
        return 1.0 - sum(free_s <= at_s for free_s in own.free_s) / own.workers

    def next_end_s(self) -> float | None:
        """See `Pools`."""
        ends = self._ended[:1] + self._running[:1]
        return min(ends)[0] if ends else None

    def done(self, now_s: float) -> list[tuple[Ticket, Job]]:
        """See `Pools`."""
        self._advance(now_s)
        ended = []
        while self._ended and self._ended[0][0] <= now_s:
            _, number, pool = heapq.heappop(self._ended)
            ended.append(((pool, number), self._jobs.pop((pool, number))))
        return ended

    def job(self, ticket: Ticket) -> Job | None:
        """See `Pools`; a job that waits has no instants yet."""
        return self._jobs.get(ticket)

    def stall(self, now_s: float, seconds: float) -> None:
        """See `Pools`. Two overlapping stalls last until the later of their ends."""
        self._advance(now_s)
        before_s = max(now_s, self._stalled_until_s)
        self._stalled_until_s = until_s = max(before_s, now_s + seconds)
        shift_s = until_s - before_s
        # Order is kept, so all heaps stay heaps.
        for own in self._pools.values():
            own.free_s = [max(free_s, before_s) + shift_s for free_s in own.free_s]
        for _, number, pool in self._running:
            self._jobs[pool, number] = shifted(self._jobs[pool, number], now_s, shift_s)
        self._running = [
            (self._jobs[pool, number].end_s, number, pool) for _, number, pool in self._running
        ]

    def _start(self, ticket: Ticket, arrival_s: float, start_s: float, service_s: float) -> None:
        self._busy += 1
        end_s = start_s + service_s * self._law.factor(self._busy)
        self._jobs[ticket] = Job(arrival_s, start_s, end_s)
        heapq.heappush(self._running, (end_s, ticket[1], ticket[0]))

    def _advance(self, until_s: float) -> None:
        """Let all services end that end by then; a worker that has ended one takes the next job."""
        self._known_s = max(self._known_s, until_s)
        while self._running and self._running[0][0] <= until_s:
            ended = heapq.heappop(self._running)
            heapq.heappush(self._ended, ended)
            self._busy -= 1
            end_s, _, pool = ended
            own = self._pools[pool]
            if own.waiting:
                ticket, arrival_s, service_s = own.waiting.popleft()
                self._start(ticket, arrival_s, end_s, service_s)
            else:
                heapq.heappush(own.free_s, end_s)
