"""A run in numbers: the values that everything on the reading side speaks of. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgeload.objectives import Objective
from edgeload.read.analysis.box_plan import BoxPlan
from edgeload.read.analysis.box_story import BoxStory
from edgeload.read.analysis.cache_audit import CacheAudit
from edgeload.read.analysis.capacity import Capacity, CapacityBracket, LoadShortfall
from edgeload.read.analysis.endpoint_part import EndpointPart
from edgeload.read.analysis.energy import Energy
from edgeload.read.analysis.failures import FailureText
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.headroom_result import HeadroomResult
from edgeload.read.analysis.host_means import HostMeans
from edgeload.read.analysis.host_series import HostSeries
from edgeload.read.analysis.interference import Interference
from edgeload.read.analysis.limit_result import Limit
from edgeload.read.analysis.model_spans import AnsweringModels
from edgeload.read.analysis.objective_results import ObjectiveResult, Status
from edgeload.read.analysis.outages import Outage
from edgeload.read.analysis.queueing_detector import QueueingDetector
from edgeload.read.analysis.rollouts import Rollout
from edgeload.read.analysis.search_result import SearchResult
from edgeload.read.analysis.soak_result import Soak
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.analysis.utilisation_law import (
    HostUse,
    ResourceDemand,
)
from edgeload.read.log.columns import RunLog
from edgeload.read.log.host_axis import HostAxis
from edgeload.read.statistics.scaling_law import ScalingLaw


@dataclass(frozen=True)
class Totals:
    """Requests of the whole run: planned = ok + failed + missed, sent = ok + failed."""

    planned: int | None
    sent: int
    ok: int
    failed: int
    missed: int | None


@dataclass(frozen=True)
class RequiredCapacity:
    """A load that has to be served, in clients or copies of a mix, and whether it is.

    "pass": this load, or a larger one, was shown to be served. "fail": one no larger was shown not
    to be. "undecided": neither, so it is not shown. `served` is the largest load that is, `refused`
    the least that is not; None: none is known.
    """

    load: int
    status: Status
    served: int | None
    refused: int | None


@dataclass(frozen=True)
class RunSummary:
    """A run in numbers. Steps that never began are left out."""

    log: RunLog
    steps: tuple[StepSummary, ...]
    objectives: tuple[ObjectiveResult, ...]
    """One per objective of the run, and one per step for those that are about steps."""
    totals: Totals
    doubts: tuple[Finding, ...]
    """All that makes the run or its steps INVALID, each once, with the steps it concerns."""
    bracket: CapacityBracket
    """What the steps say about the capacity."""
    outages: tuple[Outage, ...]
    failure_texts: tuple[FailureText, ...]
    out_of_order: int
    """Requests sent before they were due, or answered before they were sent: clocks disagree."""
    scaling_law: ScalingLaw | None
    """Fitted to the overloaded steps, if they have six different loads or more."""
    demands: tuple[ResourceDemand, ...] | None = None
    """The host's resources, the first to be full first; None without samples of the host.
    """
    host: HostUse | None = None
    """What the host's samples say by themselves; None as for `demands`."""
    box: BoxStory | None = None
    """What the box said about itself; None: nothing, or it is a group of a mix."""
    models: AnsweringModels = field(default_factory=AnsweringModels)
    """The models that answered; none if the answers name none, or if it is a group of a mix."""
    rollouts: tuple[Rollout, ...] = ()
    """The changes of these models during the run, and what each cost."""
    host_axis: HostAxis | None = None
    """How the clock of its host lay to ours; None: it was not compared."""
    host_series: HostSeries | None = None
    """How busy the box was over the run; None: it was not watched."""
    host_steps: Mapping[int, HostMeans] = field(default_factory=dict)
    """How busy it was in each step that it was watched in, by the step's index."""
    energy: tuple[Energy, ...] = ()
    """What its GPUs took for an answer, step by step; empty without a sensor of power."""
    soaks: tuple[Soak, ...] = ()
    """How each step of ten minutes or more ended, compared with how it began."""
    limit: Limit | None = None
    """The resource that limits the endpoint; None if no load was too large for it."""
    queueing: QueueingDetector | None = None
    """The detector that limits a group with a chain, if that is known."""
    groups: tuple[RunSummary, ...] = ()
    """Each camera group of a mix as a run of its own; empty for a run without a mix."""
    interference: Interference | None = None
    """What groups do to each other, in an interference run; its steps say nothing of a capacity.
    Each of its groups has it, too."""
    search: SearchResult | None = None
    """What a search for the capacity found; its steps are trials."""
    headroom: HeadroomResult | None = None
    """What fits beside the mix, in a search for headroom; its steps are trials."""
    box_plan: BoxPlan | None = None
    """How many boxes like this one the cameras need that somebody asked about."""
    required: RequiredCapacity | None = None
    """The verdict on the load that somebody requires."""
    endpoints: tuple[EndpointPart, ...] = ()
    """The part of each endpoint, if the nodes of a cluster loaded several; else empty."""
    audit: CacheAudit | None = None
    """Whether repeated pictures are answered faster, in a cache audit; it has no capacity."""

    @property
    def searches(self) -> tuple[SearchResult, ...]:
        """The searches whose trials the steps are: that for headroom has one for each group."""
        if self.headroom is not None:
            return self.headroom.searches
        return () if self.search is None else (self.search,)

    @property
    def rollouts_wanted(self) -> int | None:
        """How many roll-outs the run waited for, under a steady load; None: it is another run."""
        wanted = self.log.settings.get("until_rollouts")
        return wanted if isinstance(wanted, int) else None

    @property
    def rollouts_missing(self) -> int:
        """How many of these did not come; one that was going on at the start does not count."""
        seen = sum(not rollout.turn.going_on_before for rollout in self.rollouts)
        return max(0, (self.rollouts_wanted or 0) - seen)

    @property
    def group(self) -> str:
        """The name of the camera group whose summary this is; empty for a whole run."""
        return self.steps[0].group if self.steps else ""

    @property
    def time_objectives(self) -> tuple[Objective, ...]:
        """The objectives that bound a time, each once: lines in a plot of times."""
        found = {result.objective: None for result in self.objectives}
        return tuple(objective for objective in found if objective.is_time)

    @property
    def valid(self) -> bool:
        """VALID: nothing about the run or its steps gives reason for doubt."""
        return not self.doubts

    @property
    def capacity(self) -> Capacity | None:
        """The largest load that was carried."""
        return self.bracket.carried

    @property
    def first_overload(self) -> LoadShortfall | None:
        """The least load that was not carried."""
        return self.bracket.overload

    @property
    def no_result(self) -> bool:
        """Whether not one correct answer of the edge came, so that nothing was measured."""
        return self.totals.ok == 0

    @property
    def interrupted(self) -> bool | None:
        """Whether somebody stopped the run; None: the log does not say."""
        return self.log.end.interrupted if self.log.end else None

    @property
    def ended_s(self) -> float:
        """Run time at which the run ended, or of the last thing the log knows."""
        return self.log.end.at_s if self.log.end else self.log.last_s
