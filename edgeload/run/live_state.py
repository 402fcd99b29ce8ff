"""The state of a run at one moment, and its past: all that any view of it shows. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgeload.generator_limits import CORE_WAIT_LIMIT_S, CPU_LIMIT, LATE_SHARE
from edgeload.plan import Plan, RampStep
from edgeload.run.box_watch import BoxFigures
from edgeload.run.objectives_so_far import SoFar

StepState = Literal["warm-up", "keeps up", "saturates", "fails", "invalid", "unclear", "stopped"]


@dataclass(frozen=True)
class Figures:
    """What is known of all groups, or of one. Rates are those of the last second."""

    name: str
    due: str
    """Frames due per second, in words: `40`, `max` for a closed loop."""
    due_per_s: float | None
    done_per_s: float
    answered: int
    failed: int
    missed: int
    p50_s: float | None
    """Of the present step, as the p95."""
    p95_s: float | None
    backlog: int | None
    """Frames that fell due and have not ended; None for closed loops alone."""
    growth_per_s: float | None
    """By so many frames per second the backlog grows in the present step; None: not significantly,
    or there is none."""


@dataclass(frozen=True)
class LiveStep:
    """One ramp step, over or under way; its rate and times leave out the warm-up if they can."""

    step: RampStep
    load: int
    due: str
    due_per_s: float | None
    done_per_s: float | None
    failed: int
    missed: int
    p50_s: float | None
    p95_s: float | None
    state: StepState
    over: bool


@dataclass(frozen=True)
class Second:
    """About one second of the run, for all groups."""

    done_per_s: float
    p50_s: float | None
    p95_s: float | None


@dataclass(frozen=True)
class Generator:
    """How our own machine is doing."""

    lag_below_s: float | None
    """The p99 of its lag is below this."""
    late: int
    """Frames that it sent later than is allowed."""
    late_share: float
    cpu_cores: float | None
    """Of the busiest worker process, in this step; None: not known yet."""
    workers: int
    dead: int
    warming_up: bool
    """Whether the step's warm-up goes on, which the report does not judge."""
    core_wait_s: float | None = None
    """Until a worker process is given a core, on average in this step; None: not known."""

    @property
    def starved(self) -> bool:
        """Whether other programs keep the cores from it."""
        return self.core_wait_s is not None and self.core_wait_s > CORE_WAIT_LIMIT_S

    @property
    def in_doubt(self) -> bool:
        """Whether the report would call a step like this INVALID."""
        busy = self.cpu_cores is not None and self.cpu_cores > CPU_LIMIT
        judged = busy or self.starved or self.late_share > LATE_SHARE
        return self.dead > 0 or (judged and not self.warming_up)


@dataclass(frozen=True)
class LiveState:
    """A run at one moment, and its past: all that any view shows."""

    now_s: float
    plan: Plan
    stopping: bool
    total: Figures
    groups: tuple[Figures, ...]
    """Empty if all there is to say is the sum."""
    finished: tuple[LiveStep, ...]
    present: LiveStep
    seconds: tuple[Second, ...]
    failures: dict[str, int]
    objectives: tuple[SoFar, ...]
    generator: Generator
    box: BoxFigures | None = None
    """How busy the box is, if it says so."""

    @property
    def growing(self) -> tuple[Figures, ...]:
        """Of a mix, the groups whose backlog grows, the fastest first."""
        found = [each for each in self.groups if each.growth_per_s is not None]
        return tuple(sorted(found, key=lambda each: -(each.growth_per_s or 0.0)))

    @property
    def left_s(self) -> float:
        """Seconds until the plan ends."""
        return max(0.0, self.plan.duration_s - self.now_s)
