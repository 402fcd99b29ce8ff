"""A log -> one summary per ramp step -> one summary of the run, with its capacity. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeload.host.samples import HostSample
from edgeload.objectives import Objective, parse_objective
from edgeload.read.analysis.capacity import Capacity, CapacityBracket, LoadShortfall, find_capacity
from edgeload.read.analysis.failures import FailureText, failure_texts
from edgeload.read.analysis.finding import Finding, merged_by_subject
from edgeload.read.analysis.objective_results import (
    ObjectiveResult,
    Sample,
    merged,
    result_of,
    unknown,
)
from edgeload.read.analysis.outages import Outage, find_outages
from edgeload.read.analysis.shortfalls import find_shortfalls
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.analysis.steps import Prepared, planned_dues, prepare, summarise_step
from edgeload.read.analysis.utilisation_law import (
    HostUse,
    ResourceDemand,
    fit_demands,
    host_use,
)
from edgeload.read.analysis.validity import run_doubts
from edgeload.read.log.columns import LogError, Requests, RunLog
from edgeload.read.statistics.scaling_law import ScalingLaw, fit_scaling_law
from edgeload.read.statistics.windows import Floats

_CLOCK_ERROR_S = 0.001


@dataclass(frozen=True)
class Totals:
    """Requests of the whole run: planned = ok + failed + missed, sent = ok + failed."""

    planned: int | None
    sent: int
    ok: int
    failed: int
    missed: int | None


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


def objectives_of(log: RunLog) -> tuple[Objective, ...]:
    """The objectives in the log. Raises LogError if they cannot be read."""
    try:
        return tuple(parse_objective(str(text)) for text in log.settings.get("slo") or ())
    except ValueError as problem:
        raise LogError(f"{log.path}: its objectives (slo) cannot be read: {problem}") from None


def analyse(log: RunLog, objectives: Sequence[Objective] | None = None) -> RunSummary:
    """Everything that the results are made of; `objectives` replace those in the log."""
    asked = objectives_of(log) if objectives is None else tuple(objectives)
    prepared = prepare(log)
    began = [step for step in log.steps if step.start_s < prepared.until_s]
    steps, samples = [], []
    for step in began:
        summary, sample = summarise_step(prepared, step, asked)
        steps.append(summary)
        samples += [sample] if asked else []  # as large as the log: kept only if needed
    outages = find_outages(
        log,
        log.steps,
        prepared.failures,
        lambda: _dues(prepared, [s.index for s in steps]),
        ours=[step.index for step in steps if not step.valid],
    )
    steps = [replace(step, shortfalls=find_shortfalls(step, outages)) for step in steps]
    return RunSummary(
        log=log,
        steps=tuple(steps),
        objectives=tuple(results_of_run(asked, steps, samples)),
        totals=_totals(steps),
        doubts=merged_by_subject([*run_doubts(log), *(d for step in steps for d in step.doubts)]),
        bracket=find_capacity(steps),
        outages=outages,
        failure_texts=failure_texts(log.requests),
        out_of_order=_out_of_order(log.requests),
        scaling_law=_scaling_law(steps),
    )


def with_host(summary: RunSummary, samples: Iterable[HostSample]) -> RunSummary:
    """The summary with what the host's samples add: the demand on each of its resources."""
    kept, wall_s = list(samples), summary.log.wall_s
    return replace(
        summary,
        demands=fit_demands(summary.steps, kept, wall_s),
        host=host_use(summary.steps, kept, wall_s, summary.ended_s),
    )


def results_of_run(
    objectives: Sequence[Objective], steps: Sequence[StepSummary], samples: Sequence[Sample]
) -> list[ObjectiveResult]:
    """Each objective judged on its subject: all steps together, or its steps one by one."""
    whole = merged(samples)
    found: list[ObjectiveResult] = []
    for objective in objectives:
        if objective.load is None and not objective.each_step:
            found.append(result_of(objective, whole))
            continue
        own = [j for step in steps for j in step.objectives if j.objective == objective]
        found += own or [unknown(objective)]
    return found


def _dues(prepared: Prepared, steps: Sequence[int]) -> Floats:
    """When the requests of these steps were due, sorted."""
    plan = prepared.log.plan
    dues = [planned_dues(plan, plan.steps[i], prepared.until_s) for i in steps] if plan else []
    return np.concatenate([np.zeros(0), *dues])


def _out_of_order(requests: Requests) -> int:
    early = requests.sent_s < requests.due_s - _CLOCK_ERROR_S
    return int(np.count_nonzero(early | (requests.done_s < requests.sent_s - _CLOCK_ERROR_S)))


def _scaling_law(steps: Sequence[StepSummary]) -> ScalingLaw | None:
    """Only overloaded clients work in a closed loop, as the law wants it; others send what is due,
    and their throughput says nothing about the endpoint (method 18).
    """
    points = [
        (step.clients, step.rates.throughput_per_s)
        for step in steps
        if step.valid and step.complete and step.overloaded and step.rates.throughput_per_s
    ]
    return fit_scaling_law([clients for clients, _ in points], [rate for _, rate in points])


def _totals(steps: Sequence[StepSummary]) -> Totals:
    planned = [step.counts.planned for step in steps if step.counts.planned is not None]
    missed = [step.counts.missed for step in steps if step.counts.missed is not None]
    known = len(planned) == len(steps)
    ok, failed = sum(step.counts.ok for step in steps), sum(step.counts.failed for step in steps)
    return Totals(
        planned=sum(planned) if known else None,
        sent=ok + failed,
        ok=ok,
        failed=failed,
        missed=sum(missed) if known else None,
    )
