"""The plan of a run: its ramp steps, and when each request of each client is due. Pure."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

Arrivals = Literal["constant", "poisson"]
LatePolicy = Literal["queue", "skip"]

BUILT_IN_RAMP = (1, 2, 3, 4, 5, 10, 15, 20, 30, 40, 50, 60)

# The first N multiples of the golden ratio's fractional part are spread almost evenly over [0, 1),
# for every N (Kronecker sequence). So the phases of N clients are spread in every step of a ramp.
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


# What a step needs, at the very least, to tell whether the endpoint keeps up with its load.
LEAST_CUT_S = 2.0
PERIODS_TO_TELL = 3.0


def cut_to_tell_s(warm_up_s: float, period_s: float) -> float:
    """Seconds left out at a step's head before its backlog is looked at; a client's `period_s`.

    The warm-up, but at least 2 s and one period: in its first period, a client may still be busy
    with a request of the step before.
    """
    return max(warm_up_s, LEAST_CUT_S, period_s)


def least_step_s(warm_up_s: float, period_s: float) -> float:
    """A step shorter than this can never tell whether its load is carried, in seconds."""
    return cut_to_tell_s(warm_up_s, period_s) + PERIODS_TO_TELL * period_s


class Due(msgspec.Struct, frozen=True, gc=False):
    """One planned request: its number within its client (from 1), its step, its due time."""

    number: int
    step: int
    due_s: float


@dataclass(frozen=True)
class RampStep:
    """A span [start_s, end_s) of the run with a constant number of clients; run time in seconds."""

    index: int
    clients: int
    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Length of the step in seconds."""
        return self.end_s - self.start_s


def linear_ramp(max_clients: int, step_size: int) -> tuple[int, ...]:
    """Clients of each step: multiples of `step_size`, and exactly `max_clients` in the last.

    >>> linear_ramp(10, 3)
    (3, 6, 9, 10)
    """
    return (*range(step_size, max_clients, step_size), max_clients)


def ramp_steps(clients: Sequence[int], step_s: float) -> tuple[RampStep, ...]:
    """Steps of `step_s` seconds each, one per entry of `clients`, from run time 0."""
    return tuple(
        RampStep(index, count, index * step_s, (index + 1) * step_s)
        for index, count in enumerate(clients)
    )


@dataclass(frozen=True)
class Plan:
    """Everything that determines the load, before any of it is sent.

    Clients are numbered from 0; step i has the clients 0 … steps[i].clients - 1. Due times depend
    only on the client's number and the seed, so a plan can be divided among processes and hosts by
    dividing the client numbers.
    """

    steps: tuple[RampStep, ...]
    requests_per_second: float
    """Arrival rate of one client, in requests per second."""
    arrivals: Arrivals = "constant"
    late: LatePolicy = "queue"
    seed: int = 1

    @property
    def duration_s(self) -> float:
        """Run time at which the last step ends."""
        return self.steps[-1].end_s

    @property
    def max_clients(self) -> int:
        """The largest number of clients in any step."""
        return max(step.clients for step in self.steps)

    def arrival_rate(self, step: RampStep) -> float:
        """Requests that are due per second in a step, on average, over all of its clients."""
        return step.clients * self.requests_per_second

    def client_dues(self, client: int) -> Iterator[Due]:
        """All requests of one client, in the order of their due times."""
        number = 0
        for step in self.steps:
            for due_s in self.step_dues(client, step):
                number += 1
                yield Due(number, step.index, due_s)

    def step_dues(self, client: int, step: RampStep) -> Iterator[float]:
        """Due times of one client within one step; none if the step has fewer clients."""
        if client >= step.clients:
            return iter(())
        if self.arrivals == "poisson":
            return self._poisson_dues(client, step)
        phase_s, first, last = self.constant_span(client, step)
        return (phase_s + n / self.requests_per_second for n in range(first, last))

    def anything_due(self, step: RampStep) -> bool:
        """Whether at least one request is due in a step."""
        first_dues = (next(self.step_dues(c, step), None) for c in range(step.clients))
        return any(due_s is not None for due_s in first_dues)

    def step_requests(self, step: RampStep, until_s: float = math.inf) -> int:
        """Number of requests due in a step before run time `until_s`, over all of its clients."""
        cut = RampStep(step.index, step.clients, step.start_s, min(step.end_s, until_s))
        if cut.end_s <= cut.start_s:
            return 0
        total = 0
        for client in range(step.clients):
            if self.arrivals == "poisson":
                total += sum(1 for due_s in self._poisson_dues(client, step) if due_s < cut.end_s)
            else:
                _, first, last = self.constant_span(client, cut)
                total += last - first
        return total

    def constant_span(self, client: int, step: RampStep) -> tuple[float, int, int]:
        """(phase in seconds, first n, end of n): phase + n / rate lies in the step for these n.

        The grid continues over all steps, so a new step changes nothing for a client that stays.
        """
        offset = random.Random(f"phase {self.seed}").random()
        phase_s = (offset + client * _GOLDEN) % 1.0 / self.requests_per_second
        return phase_s, self._first_at(phase_s, step.start_s), self._first_at(phase_s, step.end_s)

    def _first_at(self, phase_s: float, at_s: float) -> int:
        """The smallest n >= 0 with phase + n / rate >= at_s, exact in floating point."""
        rate = self.requests_per_second
        n = max(0, math.ceil((at_s - phase_s) * rate))
        while phase_s + n / rate < at_s:
            n += 1
        while n > 0 and phase_s + (n - 1) / rate >= at_s:
            n -= 1
        return n

    def _poisson_dues(self, client: int, step: RampStep) -> Iterator[float]:
        """Exponential gaps, drawn anew in each step, because a Poisson process has no memory."""
        chance = random.Random(f"poisson {self.seed} {client} {step.index}")
        due_s = step.start_s + chance.expovariate(self.requests_per_second)
        while due_s < step.end_s:
            yield due_s
            due_s += chance.expovariate(self.requests_per_second)
