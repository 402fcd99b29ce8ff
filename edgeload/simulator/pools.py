"""Pools of inference workers, each behind a first-come-first-served queue of its own. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from edgeload.simulator.queueing import FifoQueue, Job

Ticket = tuple[str, int]
"""Where a job is: its pool, and its number there."""


class Pools(Protocol):
    """What the inference stage needs to know of its workers; instants are in seconds."""

    def add(self, pool: str, workers: int) -> None:
        """Add a pool. A stall that goes on does not concern it."""

    def arrive(self, pool: str, arrival_s: float, service_s: float) -> Ticket:
        """Add an arrival; returns the ticket under which `done` will return it."""

    def busy_share(self, pool: str, at_s: float) -> float:
        """The share of a pool's workers that an arrival at that instant finds busy."""

    def next_end_s(self) -> float | None:
        """When the next service ends; None if nothing is queued or served."""

    def done(self, now_s: float) -> list[tuple[Ticket, Job]]:
        """Remove and return the jobs that have ended by now, in order of the end."""

    def job(self, ticket: Ticket) -> Job | None:
        """The instants of a job that `done` has not returned; None if they are not known yet."""

    def stall(self, now_s: float, seconds: float) -> None:
        """Stop all workers for some seconds from now on."""


class FifoPools:
    """Pools that do not influence each other: one exact `FifoQueue` each."""

    def __init__(self, workers: Mapping[str, int]) -> None:
        """`workers` has the number of workers of each pool."""
        self._queues = {pool: FifoQueue(number) for pool, number in workers.items()}

    def add(self, pool: str, workers: int) -> None:
        """See `Pools`."""
        self._queues[pool] = FifoQueue(workers)

    def arrive(self, pool: str, arrival_s: float, service_s: float) -> Ticket:
        """See `Pools`."""
        return pool, self._queues[pool].arrive(arrival_s, service_s)

    def busy_share(self, pool: str, at_s: float) -> float:
        """See `Pools`."""
        return self._queues[pool].busy_share(at_s)

    def next_end_s(self) -> float | None:
        """See `Pools`."""
        ends_s = [end_s for q in self._queues.values() if (end_s := q.next_end_s()) is not None]
        return min(ends_s) if ends_s else None

    def done(self, now_s: float) -> list[tuple[Ticket, Job]]:
        """See `Pools`."""
        ended = [
            ((pool, number), job)
            for pool, queue in self._queues.items()
            for number, job in queue.done(now_s)
        ]
        if len(self._queues) > 1:
            ended.sort(key=lambda ticket_and_job: ticket_and_job[1].end_s)
        return ended

    def job(self, ticket: Ticket) -> Job | None:
        """See `Pools`."""
        pool, number = ticket
        return self._queues[pool].job(number)

    def stall(self, now_s: float, seconds: float) -> None:
        """See `Pools`."""
        for queue in self._queues.values():
            queue.stall(now_s, seconds)
