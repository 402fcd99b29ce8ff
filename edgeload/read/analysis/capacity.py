"""What a ramp shows of the capacity: the loads it carried, and those it did not. Pure.

The answer is a bracket: the largest load carried below the least load not carried. A load that was
carried above a load that was not is a contradiction, which is named and not believed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.shortfalls import BAD_SHARE
from edgeload.read.analysis.step_summary import StepSummary

GREW = 1.25
"""Service time that grew less than this while a backlog grew was not spent in a queue."""


@dataclass(frozen=True)
class LoadShortfall:
    """A load that is not shown to be carried, the step that shows it best, and the reasons."""

    step: int
    clients: int
    shortfalls: tuple[Finding, ...]


@dataclass(frozen=True)
class Capacity:
    """The largest load that was carried below the least that was not, as measured.

    `limited`: a larger load was not carried. Otherwise the capacity is only a lower bound.
    """

    step: int
    clients: int
    requests_per_s: float
    limited: bool


@dataclass(frozen=True)
class Ceiling:
    """The most that the endpoint answered per second, measured in an overloaded step.

    `low` and `high` are 95 % limits: arrival rate times 1 - growth of the backlog. Median service
    times in seconds, with a chain those of whole frames: `light_s` in the step with the fewest
    clients of those that have one, `full_s` in the overloaded one; `light_s` is None if that is the
    same step. `queue_growth` is by how much service time must have grown between both if requests
    queue on the endpoint; None if both loads are too alike to tell.
    """

    step: int
    clients: int
    per_s: float
    low: float
    high: float
    light_clients: int
    light_s: float | None
    full_s: float | None
    queue_growth: float | None

    @property
    def of_the_clients(self) -> bool | None:
        """Whether clients, not the endpoint, were the limit: nothing queued, so answers came as
        fast as ever, but a client that waits for an answer cannot send its next request. None: no
        other load tells.
        """
        if self.light_s is None or self.full_s is None or self.queue_growth is None:
            return None
        return self.full_s < self.queue_growth * self.light_s


@dataclass(frozen=True)
class CapacityBracket:
    """Everything that a run's steps say about the capacity."""

    carried: Capacity | None
    overload: LoadShortfall | None
    """The least load that was not carried."""
    undecided: tuple[LoadShortfall, ...]
    """Loads that could move the bracket, from the least on, whose steps do not tell."""
    contradicting: tuple[int, ...]
    """Clients of loads that were carried although a load no larger was not."""
    ceiling: Ceiling | None


def find_capacity(steps: Sequence[StepSummary]) -> CapacityBracket:
    """The bracket of the capacity, what is undecided, and the ceiling."""
    carried = [s for s in steps if not (s.shortfalls or s.closed) and s.rates.throughput_per_s]
    refused = [s for s in steps if s.fell_short]
    least = min(refused, key=lambda s: (s.clients, s.index), default=None)
    below = [s for s in carried if least is None or s.clients < least.clients]
    best = max(below, key=lambda s: (s.clients, s.rates.throughput_per_s), default=None)
    told = {s.clients for s in (*carried, *refused)}
    between = [
        s
        for s in steps
        if s.clients not in told
        and (best is None or s.clients > best.clients)
        and (least is None or s.clients < least.clients)
    ]
    undecided = {s.clients: s for s in sorted(between, key=lambda s: -s.window.length_s)[::-1]}
    return CapacityBracket(
        carried=None
        if best is None
        else Capacity(
            best.index, best.clients, best.rates.throughput_per_s or 0.0, least is not None
        ),
        overload=None if least is None else _shortfall(least),
        undecided=tuple(_shortfall(undecided[clients]) for clients in sorted(undecided)),
        contradicting=tuple(
            sorted({s.clients for s in carried if least and s.clients >= least.clients})
        ),
        ceiling=_ceiling(steps),
    )


def _shortfall(step: StepSummary) -> LoadShortfall:
    return LoadShortfall(step.index, step.clients, step.shortfalls)


def _ceiling(steps: Sequence[StepSummary]) -> Ceiling | None:
    """From the clearest overload: a barely significant one shows too much growth on average."""
    clear = [
        (step, step.growth)
        for step in steps
        if step.valid
        and step.growth
        and step.growth.clear
        and step.within.ok
        and step.within.ok >= (1 - BAD_SHARE) * step.within.sent
        and step.rates.arrival_per_s
        and step.rates.throughput_per_s
    ]
    if not clear:
        return None
    step, growth = max(clear, key=lambda each: (round(each[1].low or 0.0, 2), each[0].clients))
    assert growth.value is not None and growth.low is not None and growth.high is not None
    due_per_s = step.rates.arrival_per_s or 0.0
    answered = [s for s in steps if s.counts.ok]
    known = [s for s in answered if _median(s) is not None] or answered
    light = min(known, key=lambda s: (s.clients, s.index))
    return Ceiling(
        step=step.index,
        clients=step.clients,
        per_s=due_per_s * max(0.0, 1 - growth.value),
        low=due_per_s * max(0.0, 1 - growth.high),
        high=due_per_s * max(0.0, 1 - growth.low),
        light_clients=light.clients,
        light_s=None if light is step else _median(light),
        full_s=_median(step),
        queue_growth=_queue_growth(light, step),
    )


def _queue_growth(light: StepSummary, full: StepSummary) -> float | None:
    """By how much service time grows at least from one load to the other if requests queue.

    If the lighter one is overloaded too, all of its clients queue as well: service time then grows
    with the number of clients, and not at all if clients only wait for their own answers.
    """
    if not light.overloaded:
        return GREW
    ratio = full.clients / light.clients
    return math.sqrt(ratio) if ratio >= GREW else None


def _median(step: StepSummary) -> float | None:
    p50 = step.times.frame.quantile("p50")
    return p50.value if p50 else None
