"""The plan of a run: its ramp steps, its camera groups, and when each frame is due. Pure.

A *frame* is one picture due from one camera. It is one request, unless its group asks for further
answers about it (`CameraGroup.requests_per_frame`).
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import msgspec

from edgeload.camera_group import Arrivals, CameraGroup, ClientPlace, LatePolicy, layout_of

BUILT_IN_RAMP = (1, 2, 3, 4, 5, 10, 15, 20, 30, 40, 50, 60)

# The first N multiples of the golden ratio's fractional part are spread almost evenly over [0, 1),
# for every N (Kronecker sequence). So the phases of N clients are spread in every step of a ramp.
GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


# What a step needs, at the very least, to tell whether the endpoint keeps up with its load.
LEAST_CUT_S = 2.0
PERIODS_TO_TELL = 3.0


def default_warm_up_s(step_s: float) -> float:
    """Seconds that are left out at the head of a step of `step_s` seconds, if nobody says more."""
    return min(LEAST_CUT_S, step_s / 2)


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
    """One planned frame: its number within its client (from 1), its step, its due time."""

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
    cameras: tuple[int, ...] | None = None
    """Of each group of the plan, only its first so many cameras send; None: all clients do."""
    round: int | None = None
    """Number of the round that the step belongs to, from 0, if steps are repeated in rounds.

    Poisson arrivals are the same in all steps of a round, counted from each step's start: then no
    difference between these steps is due to chance of ours."""
    speed: float = 1.0
    """In this step, every camera sends at so many times the rate of its group."""

    @property
    def duration_s(self) -> float:
        """Length of the step in seconds."""
        return self.end_s - self.start_s

    @property
    def sending(self) -> int:
        """Clients that send in it."""
        return self.clients if self.cameras is None else sum(self.cameras)


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

    Clients are numbered from 0; step i has the clients 0 … steps[i].clients - 1. They stand in
    copies of the mix, one after the other: in each copy, the cameras of the first group, then those
    of the second. If only one group is ramped, the cameras of the others come first, once. A
    client's due times depend on its group, its number within that and the seed alone, so a plan can
    be divided among processes and hosts by dividing the client numbers.
    """

    steps: tuple[RampStep, ...]
    groups: tuple[CameraGroup, ...]
    seed: int = 1
    ramp_group: str | None = None
    """Name of the one group of which steps have several copies; None: of the whole mix."""

    @property
    def duration_s(self) -> float:
        """Run time at which the last step ends."""
        return self.steps[-1].end_s

    @property
    def max_clients(self) -> int:
        """The largest number of clients in any step; 0 before a search has begun its first."""
        return max((step.clients for step in self.steps), default=0)

    @property
    def is_mix(self) -> bool:
        """Whether it has more than one kind of cameras, or is counted in copies of a group."""
        return len(self.groups) > 1 or self.groups[0] != self._plain_group

    @property
    def _plain_group(self) -> CameraGroup:
        first = self.groups[0]
        return CameraGroup(
            requests_per_second=first.requests_per_second, arrivals=first.arrivals, late=first.late
        )

    @cached_property
    def layout(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Indices of the groups of the clients that every step has, and of those of one copy."""
        return layout_of(self.groups, self.ramp_group)

    @cached_property
    def _first_places(self) -> tuple[dict[int, int], dict[int, int]]:
        """Where each group begins in the two parts of the layout: searching takes long in it."""
        fixed, copy = ({g: part.index(g) for g in sorted(set(part))} for part in self.layout)
        return fixed, copy

    @cached_property
    def phase_offsets(self) -> tuple[float, ...]:
        """Where the phases of each group begin, as a share of its period."""
        labels = (group.label("phase", self.seed) for group in self.groups)
        return tuple(random.Random(label).random() for label in labels)

    @cached_property
    def step_ends(self) -> dict[int, float]:
        """Run time at which each step ends, by its index."""
        return {step.index: step.end_s for step in self.steps}

    @cached_property
    def _growing(self) -> tuple[int, ...] | None:
        """Clients of each step if no step has fewer than the one before; else None."""
        counts = tuple(step.clients for step in self.steps)
        grows = all(before <= after for before, after in pairwise(counts))
        return counts if grows and all(step.cameras is None for step in self.steps) else None

    def copies(self, step: RampStep) -> int:
        """Copies of the mix, or of the group that is ramped, in a step."""
        fixed, copy = self.layout
        return (step.clients - len(fixed)) // len(copy)

    def member(self, client: int) -> ClientPlace:
        """Group of a client and its number within that group."""
        fixed, copy = self.layout
        first_fixed, first = self._first_places
        if client < len(fixed):
            return ClientPlace(fixed[client], client - first_fixed[fixed[client]])
        copies, place = divmod(client - len(fixed), len(copy))
        group = copy[place]
        return ClientPlace(group, copies * self.groups[group].cameras + place - first[group])

    def group_of(self, client: int) -> CameraGroup:
        """The group of a client."""
        return self.groups[self.member(client).group]

    def groups_in(self, step: RampStep) -> tuple[CameraGroup, ...]:
        """The groups with the rates that they have in a step."""
        if step.speed == 1.0:
            return self.groups
        return tuple(group.times_as_fast(step.speed) for group in self.groups)

    def clients_of(self, group: int, step: RampStep) -> list[int]:
        """Numbers of the clients of a group, by its index, that send in a step."""
        return [self._client(group, number) for number in range(self.cameras_of(group, step))]

    def _client(self, group: int, number: int) -> int:
        """The client that is this number of a group, by its index: the opposite of `member`."""
        fixed, copy = self.layout
        first_fixed, first = self._first_places
        if group in first_fixed:
            return first_fixed[group] + number
        copies, place = divmod(number, self.groups[group].cameras)
        return len(fixed) + copies * len(copy) + first[group] + place

    def sends_in(self, client: int, step: RampStep) -> bool:
        """Whether a client takes part in a step."""
        if step.cameras is None or client >= step.clients:
            return client < step.clients
        group, number = self.member(client)
        return number < step.cameras[group]

    def cameras_of(self, group: int, step: RampStep) -> int:
        """Cameras of a group, by its index, that send in a step."""
        if step.cameras is not None:
            return step.cameras[group]
        once = group in self._first_places[0]
        return self.groups[group].cameras * (1 if once else self.copies(step))

    def steps_of(self, client: int) -> Iterator[RampStep]:
        """The steps in which a client takes part, in their order."""
        if self._growing is None:
            return (step for step in self.steps if self.sends_in(client, step))
        first = bisect_right(self._growing, client)
        return (self.steps[index] for index in range(first, len(self.steps)))

    def arrival_rate(self, step: RampStep, group: int | None = None) -> float | None:
        """Frames that are due per second in a step, on average, over all of its clients.

        `group` is the index of one group whose clients alone are counted. None if a group among
        them works in a closed loop.
        """
        counted = range(len(self.groups)) if group is None else (group,)
        if any(self.groups[i].closed for i in counted):
            return None
        return sum(self.cameras_of(i, step) * self.groups[i].rate for i in counted) * step.speed

    def client_dues(self, client: int) -> Iterator[Due]:
        """All frames of one client, in the order of their due times; none in a closed loop."""
        number = 0
        for step in self.steps_of(client):
            for due_s in self.step_dues(client, step):
                number += 1
                yield Due(number, step.index, due_s)

    def step_dues(self, client: int, step: RampStep) -> Iterator[float]:
        """Due times of one client within one step; none if the step has fewer clients."""
        if not self.sends_in(client, step):
            return iter(())
        group = self.group_of(client).times_as_fast(step.speed)
        if group.closed:
            return iter(())
        if group.arrivals == "poisson":
            return self._poisson_dues(client, step)
        phase_s, first, last = self.constant_span(client, step)
        rate = group.rate
        return (phase_s + n / rate for n in range(first, last))

    def anything_due(self, step: RampStep, group: int) -> bool:
        """Whether at least one frame of a group, by its index, is due in a step.

        True as well for a group that does not send in it, or of which nothing is planned.
        """
        cameras = self.cameras_of(group, step)
        if self.groups[group].closed or not cameras:
            return True
        clients = (self._client(group, number) for number in range(cameras))
        return any(next(self.step_dues(c, step), None) is not None for c in clients)

    def step_frames(
        self, step: RampStep, until_s: float = math.inf, group: int | None = None
    ) -> int:
        """Number of frames that are due in a step before `until_s`, of a group by its index or all.

        Those of a closed loop are not known before, and not counted.
        """
        if group is None:
            return sum(self.step_frames(step, until_s, i) for i in range(len(self.groups)))
        cut = replace(step, end_s=min(step.end_s, until_s))
        kind = self.groups[group]
        if cut.end_s <= cut.start_s or kind.closed:
            return 0
        total = 0
        for client in self.clients_of(group, step):
            if kind.arrivals == "poisson":
                total += sum(1 for due_s in self._poisson_dues(client, step) if due_s < cut.end_s)
            else:
                _, first, last = self.constant_span(client, cut)
                total += last - first
        return total

    def constant_span(self, client: int, step: RampStep) -> tuple[float, int, int]:
        """(phase in seconds, first n, end of n): phase + n / rate lies in the step for these n.

        The grid continues over all steps, so a new step changes nothing for a client that stays.
        """
        index, number = self.member(client)
        group = self.groups[index].times_as_fast(step.speed)
        phase_s = (self.phase_offsets[index] + number * GOLDEN) % 1.0 / group.rate
        first, last = (_first_at(phase_s, group.rate, s) for s in (step.start_s, step.end_s))
        return phase_s, first, last

    def _poisson_dues(self, client: int, step: RampStep) -> Iterator[float]:
        """Exponential gaps, drawn anew in each step or round: a Poisson process has no memory."""
        index, number = self.member(client)
        group = self.groups[index].times_as_fast(step.speed)
        drawn = step.index if step.round is None else f"round {step.round}"
        chance = random.Random(f"{group.label('poisson', self.seed)} {number} {drawn}")
        rate = group.rate
        due_s = step.start_s + chance.expovariate(rate)
        while due_s < step.end_s:
            yield due_s
            due_s += chance.expovariate(rate)


def one_group_plan(
    steps: tuple[RampStep, ...],
    requests_per_second: float | None,
    arrivals: Arrivals = "constant",
    late: LatePolicy = "queue",
    seed: int = 1,
) -> Plan:
    """The plan of a run without a mix: clients of one kind."""
    group = CameraGroup(requests_per_second=requests_per_second, arrivals=arrivals, late=late)
    return Plan(steps, (group,), seed)


def mix_plan(
    groups: tuple[CameraGroup, ...],
    copies: Sequence[int],
    step_s: float,
    seed: int = 1,
    ramp_group: str | None = None,
) -> Plan:
    """The plan of a mix: steps of `step_s` seconds with so many copies of it each.

    With `ramp_group`, the name of a group, the copies are of that group, beside the others once.
    """
    fixed, copy = layout_of(groups, ramp_group)
    clients = [len(fixed) + count * len(copy) for count in copies]
    return Plan(ramp_steps(clients, step_s), groups, seed, ramp_group)


def _first_at(phase_s: float, rate: float, at_s: float) -> int:
    """The smallest n >= 0 with phase + n / rate >= at_s, exact in floating point."""
    n = max(0, math.ceil((at_s - phase_s) * rate))
    while phase_s + n / rate < at_s:
        n += 1
    while n > 0 and phase_s + (n - 1) / rate >= at_s:
        n -= 1
    return n
