"""A ramp step in numbers: the values that everything on the reading side speaks of. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from edgeload.read.analysis.detector_times import DetectorTimes
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.littles_law import LittlesLaw
from edgeload.read.analysis.network_share import NetworkShare
from edgeload.read.analysis.objective_results import ObjectiveResult
from edgeload.read.analysis.worker_effort import LimitStops
from edgeload.read.statistics.age import Age
from edgeload.read.statistics.backlog import BacklogGrowth
from edgeload.read.statistics.drift import Drift
from edgeload.read.statistics.percentiles import Distribution
from edgeload.read.statistics.steadiness import Steadiness
from edgeload.read.statistics.windows import Window

State = Literal[
    "left out",
    "invalid",
    "cut",
    "not due",
    "failing",
    "not carried",
    "closed loop",
    "undecided",
    "carried",
]

OF_THE_GENERATOR = (
    "generator_late",
    "generator_cpu",
    "generator_limited",
    "generator_stolen",
    "generator_starved",
    "worker_stood_still",
    "clients_idle",
    "generator_failed",
)
"""Codes of the findings by which our own machine has spoiled a step."""


@dataclass(frozen=True)
class StepCounts:
    """Requests of a whole step, by due time: planned = ok + failed + missed, sent = ok + failed.

    None: the log does not say when requests were due. `failures` counts by failure class,
    `missed_reasons` the missed requests that were written down, by reason.
    """

    planned: int | None
    ok: int
    failed: int
    missed: int | None
    failures: dict[str, int]
    missed_reasons: dict[str, int]

    @property
    def sent(self) -> int:
        """Requests sent in the whole step."""
        return self.ok + self.failed


@dataclass(frozen=True)
class WindowCounts:
    """Requests that fell due in a step's window; None: the log cannot say."""

    planned: int | None
    sent: int
    ok: int
    missed: int | None

    @property
    def due(self) -> int:
        """Requests due; those sent, if the log does not say more."""
        return self.sent if self.planned is None else max(self.planned, self.sent)

    @property
    def bad_share(self) -> float | None:
        """Share of the due requests that got no good answer: failed or missed."""
        return 1.0 - self.ok / self.due if self.due else None

    @property
    def failed_share(self) -> float | None:
        """Share of the due requests that were sent and got no good answer."""
        return (self.sent - self.ok) / self.due if self.due else None


@dataclass(frozen=True)
class StepRates:
    """What a step's window saw per second, and which share of the answers was the edge's own.

    `arrival_per_s` requests fell due; `throughput_per_s` good answers and `completions_per_s`
    requests (ended well or not) were complete. `goodput_per_s` are answers from the edge itself
    within every bound on time that the objectives set; None without such an objective.
    `edge_purity` is the share that the edge itself gave, of all answers that name their source.
    """

    arrival_per_s: float | None
    throughput_per_s: float | None
    completions_per_s: float | None
    goodput_per_s: float | None
    edge_purity: float | None


@dataclass(frozen=True)
class StepTimes:
    """Times in seconds: `service` of good answers; `response` of due frames. A frame with a chain
    has several answers, and one response time.

    Missed requests and timeouts count as over every response time. None: the log does not say when
    requests were due.
    """

    service: Distribution
    response: Distribution | None
    chains: Distribution | None = None
    """How long frames with good answers took, from the first request to the last answer; None if
    frames are requests."""

    @property
    def frame(self) -> Distribution:
        """The same, in any case."""
        return self.chains or self.service

    @property
    def felt(self) -> Distribution:
        """The time nearest to what a camera feels: response time, else service time."""
        return self.response or self.service


@dataclass(frozen=True)
class GeneratorWork:
    """How the generator did: its lag in seconds, the share of requests that it sent late or that
    waited behind a late one, the CPU of its busiest worker process in cores, and how long one that
    was ready to run waited for a core, on average. None: the log does not say.
    """

    lag: Distribution | None
    late_share: float | None
    cpu_cores: float | None
    core_wait_s: float | None
    limit_stops: LimitStops | None
    """None: there is no CPU limit."""
    core_wait_share: float | None
    """In which share of the time a worker was ready to run and waited for a core."""
    stolen_share: float | None
    """In which share of the time a hypervisor had taken a CPU that had something to do."""


@dataclass(frozen=True)
class Stability:
    """Whether a step was one state from end to end, seen in four ways.

    `settled_s`: a warm-up went on for so many seconds after the cut; None: it did not.
    """

    steadiness: Steadiness
    settled_s: float | None
    drift: Drift | None
    littles_law: LittlesLaw


@dataclass(frozen=True)
class StepSummary:
    """A ramp step in numbers, or the part of it that one camera group is; None means no data.

    `counts` are of the whole step, everything else is of `window`. `clients` are those that send in
    it: the cameras of a group. `copies` is what a ramp counts: copies of the mix, or the clients.
    """

    index: int
    clients: int
    copies: int
    span: Window
    window: Window
    complete: bool
    """False if the run stopped before the step's end."""
    counts: StepCounts
    within: WindowCounts
    unserved_clients: int
    """Clients without one good answer in the window, although three or more of their requests were
    due in it.
    """
    growth: BacklogGrowth | None
    """Whether the backlog grew; None: the log does not say when requests were due, it is a closed
    loop, or each group of a mix says it."""
    rates: StepRates
    times: StepTimes
    generator: GeneratorWork
    stability: Stability
    age: Age | None
    """How old the newest answers of its cameras were; None: the log does not say when frames were
    due, or none was."""
    objectives: tuple[ObjectiveResult, ...]
    """Those that concern a step of this load."""
    doubts: tuple[Finding, ...]
    shortfalls: tuple[Finding, ...] = ()
    """What keeps the step from showing that its load is carried (see `shortfalls.py`)."""
    closed: bool = False
    """Whether all clients work in a closed loop: there is no load that could be carried."""
    group: str = ""
    """The name of the camera group if this is the part of one, else empty."""
    detectors: tuple[DetectorTimes, ...] = ()
    """What each detector was asked; empty for the part of one group."""
    network: NetworkShare | None = None
    """What the kernel says about the connections; None: nothing, or it is the part of one group."""
    groups: tuple[StepSummary, ...] = ()
    """The parts of the groups of a mix, in the plan's order; empty for a run without a mix."""

    @property
    def left_out(self) -> bool:
        """Whether none of a group's cameras sends in it: an interference run has such steps."""
        return bool(self.group) and not self.clients

    @property
    def overloaded(self) -> bool:
        """Whether requests ended more slowly than they fell due: a queue was growing."""
        own = self.growth is not None and self.growth.verdict == "not_carried"
        return own or any(part.overloaded for part in self.groups)

    @property
    def fell_short(self) -> bool:
        """Whether the endpoint did not carry the load; our own faults are no evidence of that."""
        severities = {shortfall.severity for shortfall in self.shortfalls}
        return "invalid" not in severities and "warning" in severities

    @property
    def valid(self) -> bool:
        """Whether the numbers may be presented as the endpoint's (method 10)."""
        return not self.doubts

    @property
    def spoiled_by_us(self) -> bool:
        """Whether our own machine is in its times, so that they say nothing of the endpoint's."""
        return any(doubt.code in OF_THE_GENERATOR for doubt in self.doubts)

    @property
    def state(self) -> State:
        """The step in a word or two; "undecided" if it cannot tell whether its load is carried."""
        asked = self.counts.planned or self.counts.sent
        states: tuple[tuple[object, State], ...] = (
            (self.left_out, "left out"),
            (not self.valid, "invalid"),
            (not self.complete, "cut"),
            (self.counts.planned == 0, "not due"),
            (asked and not self.counts.ok, "failing"),
            (self.fell_short, "not carried"),
            (self.closed and not self.shortfalls, "closed loop"),
            (self.shortfalls or not asked, "undecided"),
        )
        return next((state for holds, state in states if holds), "carried")


def indices_of(steps: Iterable[StepSummary]) -> tuple[int, ...]:
    """The steps' indices in order, as findings name them."""
    return tuple(sorted(step.index for step in steps))
