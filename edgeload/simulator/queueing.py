"""c servers behind one first-come-first-served queue (G/G/c), computed exactly. Pure.

The recursion of Kiefer and Wolfowitz ("On the theory of queues with many servers", 1955) gives the
start and the end of each service on arrival: the server that is free first takes the query, at once
or when it becomes free. A timer only *delivers* the answer at that end, so a late timer delays one
answer and never lowers the capacity, which is c / mean service time.
"""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass, replace
from typing import Literal, get_args

ServiceDistribution = Literal["constant", "exponential", "lognormal", "bimodal"]
SERVICE_DISTRIBUTIONS: tuple[ServiceDistribution, ...] = get_args(ServiceDistribution)

# The bimodal distribution: the share of slow requests, and both times as multiples of the mean.
_SLOW_SHARE, _FAST_MEANS, _SLOW_MEANS = 0.1, 0.5, 5.5


@dataclass(frozen=True)
class ServiceTime:
    """A distribution of service times with a given mean, in seconds.

    `sigma` is the standard deviation of the logarithm, for the lognormal distribution only.
    """

    distribution: ServiceDistribution
    mean_s: float
    sigma: float = 0.5

    def draw(self, chance: random.Random) -> float:
        """One service time in seconds."""
        if self.distribution == "constant" or self.mean_s == 0.0:
            return self.mean_s
        if self.distribution == "exponential":
            return chance.expovariate(1.0 / self.mean_s)
        if self.distribution == "lognormal":  # its mean is exp(mu + sigma^2 / 2)
            return chance.lognormvariate(
                math.log(self.mean_s) - self.sigma * self.sigma / 2.0, self.sigma
            )
        slow = chance.random() < _SLOW_SHARE
        return self.mean_s * (_SLOW_MEANS if slow else _FAST_MEANS)


@dataclass(frozen=True)
class Job:
    """Arrival, start and end of one service, in seconds on the caller's clock."""

    arrival_s: float
    start_s: float
    end_s: float


class FifoQueue:
    """The queue. An arrival that lies before the latest one counts as simultaneous with it."""

    def __init__(self, servers: int) -> None:
        self._free_s = [-math.inf] * servers  # a heap of the instants at which servers become free
        self._jobs: dict[int, Job] = {}
        self._ends: list[tuple[float, int]] = []  # a heap of (end, ticket)
        self._tickets = 0
        self._latest_s = -math.inf
        self._stalled_until_s = -math.inf

    def arrive(self, arrival_s: float, service_s: float) -> int:
        """Add an arrival; returns the ticket under which `done` will return it."""
        self._latest_s = arrival_s = max(arrival_s, self._latest_s)
        start_s = max(arrival_s, self._free_s[0])
        end_s = start_s + service_s
        heapq.heapreplace(self._free_s, end_s)
        self._tickets += 1
        self._jobs[self._tickets] = Job(arrival_s, start_s, end_s)
        heapq.heappush(self._ends, (end_s, self._tickets))
        return self._tickets

    def next_end_s(self) -> float | None:
        """When the next service ends; None if nothing is queued or served."""
        return self._ends[0][0] if self._ends else None

    def done(self, now_s: float) -> list[tuple[int, Job]]:
        """Remove and return the jobs that have ended by now, with tickets, in order of the end."""
        ended = []
        while self._ends and self._ends[0][0] <= now_s:
            ticket = heapq.heappop(self._ends)[1]
            ended.append((ticket, self._jobs.pop(ticket)))
        return ended

    def job(self, ticket: int) -> Job | None:
        """The instants of a job that has not ended yet; None for any other."""
        return self._jobs.get(ticket)

    def stall(self, now_s: float, seconds: float) -> None:
        """Stop all servers for some seconds from now on; services in progress continue afterwards.

        Two overlapping stalls last until the later of their ends.
        """
        before_s = max(now_s, self._stalled_until_s)
        until_s = max(before_s, now_s + seconds)
        shift_s = until_s - before_s
        self._stalled_until_s = until_s
        # All later instants move by the same amount and earlier ones move to `until_s`. That keeps
        # their order, so both heaps stay heaps.
        self._free_s = [max(free_s, before_s) + shift_s for free_s in self._free_s]
        self._jobs = {t: shifted(job, now_s, shift_s) for t, job in self._jobs.items()}
        self._ends = [(self._jobs[ticket].end_s, ticket) for _, ticket in self._ends]

    def busy_share(self, at_s: float) -> float:
        """The share of the servers that an arrival at that instant finds busy, or stalled."""
        at_s = max(at_s, self._latest_s)
        return sum(free_s > at_s for free_s in self._free_s) / len(self._free_s)


def shifted(job: Job, now_s: float, shift_s: float) -> Job:
    """A job after a stall that begins now: what has not happened yet happens later."""
    if job.end_s <= now_s:
        return job
    start_s = job.start_s + shift_s if job.start_s > now_s else job.start_s
    return replace(job, start_s=start_s, end_s=job.end_s + shift_s)
