"""A log -> the summary of its run: step by step, and in a mix group by group. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from edgeload.box_records import BoxResources, HostClock
from edgeload.camera_group import DEFAULT_GROUP
from edgeload.host.samples import HostSample
from edgeload.objectives import Objective, parse_objective, with_tiers
from edgeload.plan import RampStep
from edgeload.read.analysis.box_story import box_story
from edgeload.read.analysis.cache_audit import find_cache_audit
from edgeload.read.analysis.capacity import find_capacity
from edgeload.read.analysis.detector_times import detector_times
from edgeload.read.analysis.endpoints import watched_endpoint, with_endpoints
from edgeload.read.analysis.energy import energy_of
from edgeload.read.analysis.failures import failure_texts
from edgeload.read.analysis.finding import Finding, merged_by_subject, of_group, of_mix
from edgeload.read.analysis.headroom import with_headroom
from edgeload.read.analysis.host_in_steps import box_in_steps, host_in_steps
from edgeload.read.analysis.host_means import HostMeans
from edgeload.read.analysis.host_series import series_of_box, series_of_monitor
from edgeload.read.analysis.interference import find_interference
from edgeload.read.analysis.limiting_resource import find_limit
from edgeload.read.analysis.model_spans import answering_models
from edgeload.read.analysis.network_share import network_share
from edgeload.read.analysis.objective_results import (
    ObjectiveResult,
    Sample,
    merged,
    result_of,
    unknown,
)
from edgeload.read.analysis.objectives_by_load import judge_by_load
from edgeload.read.analysis.outages import Outage, find_outages
from edgeload.read.analysis.queueing_detector import find_queueing_detector
from edgeload.read.analysis.rollouts import find_rollouts
from edgeload.read.analysis.run_summary import RunSummary, Totals
from edgeload.read.analysis.searching import with_search
from edgeload.read.analysis.shortfalls import find_shortfalls
from edgeload.read.analysis.side_by_side import side_by_side
from edgeload.read.analysis.soak import find_soaks
from edgeload.read.analysis.soak_result import Soak
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.analysis.steps import (
    Prepared,
    dues_in,
    prepare,
    run_until_s,
    summarise_step,
)
from edgeload.read.analysis.utilisation_law import (
    fit_demands,
    host_use,
)
from edgeload.read.analysis.validity import run_doubts
from edgeload.read.log.columns import Requests, RunLog
from edgeload.read.log.frames import group_indices
from edgeload.read.log.group_log import group_log
from edgeload.read.log.host_axis import host_axis
from edgeload.read.log.log_error import LogError
from edgeload.read.statistics.scaling_law import ScalingLaw, fit_scaling_law
from edgeload.read.statistics.windows import Floats, Window

_CLOCK_ERROR_S = 0.001
_SAME_OUTAGE_S = 1.0
"""Groups see an outage of the whole endpoint begin and end with their own next frames."""


def objectives_of(log: RunLog) -> tuple[Objective, ...]:
    """The objectives in the log. Raises LogError if they cannot be read.

    An interference run overloads the endpoint on purpose, so it is held to none.
    """
    if log.settings.get("interference"):
        return ()
    groups = log.header.plan.groups if log.header else []
    try:
        own = [parse_objective(str(text)) for text in log.settings.get("slo") or ()]
        named = [parse_objective(t).of_group(group.name) for group in groups for t in group.slo]
    except ValueError as problem:
        raise LogError(f"{log.path}: its objectives (slo) cannot be read: {problem}") from None
    return _with_tiers(log, (*own, *named))


def _with_tiers(log: RunLog, objectives: Sequence[Objective]) -> tuple[Objective, ...]:
    """Objectives for a log: only a search has tiers."""
    groups = [group.name for group in log.header.plan.groups] if log.header else []
    return with_tiers(objectives, groups) if log.is_search else tuple(objectives)


def check_objectives(log: RunLog, objectives: Sequence[Objective]) -> None:
    """Raise LogError for an objective about a group or a kind of load that is not there."""
    mix = log.plan is not None and log.plan.is_mix
    groups = [group.name for group in log.plan.groups] if log.plan else [DEFAULT_GROUP]
    unit = "copies" if mix else "clients"
    for objective in objectives:
        if objective.group is not None and objective.group not in groups:
            raise LogError(
                f"{log.path}: objective {objective.text!r}: no camera group is called "
                f"{objective.group!r}; must be one of {', '.join(groups)}"
            )
        if objective.counts_clients is not None and objective.counts_clients == mix:
            raise LogError(
                f"{log.path}: objective {objective.text!r}: the loads of this log are counted in "
                f"{unit}, for example 2 {unit}: {objective.condition.rpartition(': ')[2]}"
            )


def analyse(
    log: RunLog,
    objectives: Sequence[Objective] | None = None,
    steps: Collection[int] | None = None,
) -> RunSummary:
    """Everything that the results are made of; `objectives` replace those in the log.

    The camera groups of a mix are summarised as runs of their own, and the run is their sum. Only
    the `steps` with these indices are summarised, if they are given.
    """
    wanted = objectives_of(log) if objectives is None else _with_tiers(log, objectives)
    asked = tuple(dict.fromkeys(wanted))
    check_objectives(log, asked)
    summary = _analysed(log, asked, steps)
    if steps is not None:
        return summary
    watched = watched_endpoint(log)
    models = answering_models(watched)
    rollouts = find_rollouts(log, models) if watched is log else ()
    summary = replace(summary, box=box_story(log), models=models, rollouts=rollouts)
    summary = with_endpoints(summary, asked)
    return with_limit(with_headroom(with_search(summary, asked), asked), log.host)


def _analysed(
    log: RunLog, asked: tuple[Objective, ...], steps: Collection[int] | None
) -> RunSummary:
    plan = log.plan
    if plan is None or not plan.is_mix:
        return _with_audit(_summarised(log, asked, _Whole(only=steps)))
    own = [objective for objective in asked if objective.group is None]
    copies = {step.index: plan.copies(step) for step in plan.steps}
    whole = _summarised(log, (), _Whole(copies=copies, only=steps))
    doubts = {step.index: step.doubts for step in whole.steps}
    groups = tuple(
        _summarised(
            group_log(log, index),
            [objective for objective in asked if objective.group == group.name],
            _Whole(group.name, copies, doubts, only=steps),
        )
        for index, group in enumerate(plan.groups)
    )
    if own:  # only the groups know whether the load was carried, and objectives ask for that
        overloaded = {part.index for group in groups for part in group.steps if part.overloaded}
        whole = _summarised(log, own, _Whole(copies=copies, overloaded=overloaded, only=steps))
    return _with_interference(_joined(whole, groups, asked))


@dataclass(frozen=True)
class _Whole:
    """What the summary of a run has to know of the mix that it is, or is a part of."""

    group: str = ""
    copies: Mapping[int, int] = field(default_factory=dict)
    """Copies of the mix in each step, by the step's index."""
    doubts: Mapping[int, tuple[Finding, ...]] = field(default_factory=dict)
    """What makes the whole of each step INVALID."""
    overloaded: Collection[int] = ()
    """Steps in which a group of the mix was overloaded."""
    only: Collection[int] | None = None
    """The indices of the steps to be summarised; None: all that began."""


def _summarised(log: RunLog, asked: Sequence[Objective], mix: _Whole) -> RunSummary:
    """A run without groups, or one group of it, or a mix as if it were one group."""
    until_s = run_until_s(log)
    began = [
        step
        for step in log.steps
        if step.start_s < until_s and (mix.only is None or step.index in mix.only)
    ]
    prepared = prepare(log, began)

    def summarise(step: RampStep) -> tuple[StepSummary, Sample | None]:
        copies, has_groups = mix.copies.get(step.index), bool(mix.copies) and not mix.group
        summary, sample = summarise_step(
            prepared,
            step,
            asked,
            copies,
            has_groups=has_groups,
            overloaded=step.index in mix.overloaded,
        )
        kept = sample if asked else None  # as large as the log: only if needed
        del sample
        if mix.group:
            summary = replace(summary, group=mix.group, doubts=_doubts(summary, mix))
        else:
            detectors = detector_times(log, step, summary.window)
            network = network_share(log.workers, log.sent_requests, summary.window)
            summary = replace(summary, detectors=detectors, network=network)
        return summary, kept

    summarised = side_by_side(summarise, began)
    steps = [summary for summary, _ in summarised]
    samples = [sample for _, sample in summarised if sample is not None]
    del summarised
    outages = find_outages(
        log,
        log.steps,
        prepared.failures,
        lambda: _dues(prepared, [s.index for s in steps]),
        ours=[step.index for step in steps if not step.valid],
    )
    outages = tuple(replace(outage, group=mix.group) for outage in outages)
    shortfalls = [find_shortfalls(step, outages) for step in steps]
    if mix.group:
        shortfalls = [of_mix(each) for each in shortfalls]
    steps = [replace(s, shortfalls=each) for s, each in zip(steps, shortfalls, strict=True)]
    doubts = [] if mix.group else run_doubts(log)
    return RunSummary(
        log=log,
        steps=tuple(steps),
        objectives=tuple(results_of_run(asked, steps, samples, is_ramp=_is_ramp(log))),
        totals=_totals(steps),
        doubts=merged_by_subject([*doubts, *(d for step in steps for d in step.doubts)]),
        bracket=find_capacity(steps),
        outages=outages,
        failure_texts=failure_texts(log.requests),
        out_of_order=_out_of_order(log.requests),
        scaling_law=None if mix.copies else _scaling_law(steps),
    )


def _doubts(part: StepSummary, mix: _Whole) -> tuple[Finding, ...]:
    """A group is as doubtful as the step; a group of few requests may be late by itself."""
    inherited = mix.doubts.get(part.index, ())
    late = [doubt for doubt in part.doubts if doubt.code == "generator_late"]
    known = {doubt.code for doubt in inherited}
    return (*inherited, *of_group((d for d in late if d.code not in known), mix.group))


def _joined(
    whole: RunSummary, groups: tuple[RunSummary, ...], asked: Sequence[Objective]
) -> RunSummary:
    """The summary of a mix: what its groups say, together."""
    whole = replace(whole, outages=_of_all_groups(whole))
    outages = [*whole.outages, *(o for group in groups for o in group.outages)]
    outages = [o for o in outages if not o.group or not _within_any(o, whole.outages)]
    steps = []
    for place, step in enumerate(whole.steps):
        parts = tuple(group.steps[place] for group in groups)
        own = [d for part in parts for d in part.doubts if d.group]
        joined = replace(step, groups=parts, doubts=(*step.doubts, *own))
        shortfalls = of_mix(find_shortfalls(joined, whole.outages))
        steps.append(replace(joined, shortfalls=shortfalls))
    found: dict[Objective, list[ObjectiveResult]] = {objective: [] for objective in asked}
    for result in (*whole.objectives, *(r for group in groups for r in group.objectives)):
        found[result.objective].append(result)
    return replace(
        whole,
        steps=tuple(steps),
        groups=tuple(_with_queueing_detector(whole, group) for group in groups),
        objectives=tuple(result for results in found.values() for result in results),
        doubts=of_mix(
            merged_by_subject([*run_doubts(whole.log), *(d for step in steps for d in step.doubts)])
        ),
        bracket=find_capacity(steps),
        outages=tuple(sorted(outages, key=lambda outage: outage.start_s)),
    )


def _with_queueing_detector(whole: RunSummary, group: RunSummary) -> RunSummary:
    """A group's summary with the detector that limits its chain."""
    header = whole.log.header
    record = (
        next((g for g in header.plan.groups if g.name == group.group), None) if header else None
    )
    if record is None:
        return group
    detectors = {step.index: step.detectors for step in whole.steps}
    steps = [replace(step, detectors=detectors[step.index]) for step in group.steps]
    found = find_queueing_detector(steps, group.bracket.ceiling, record)
    return replace(group, queueing=found)


def _with_interference(summary: RunSummary) -> RunSummary:
    """The summary of an interference run says what its groups do to each other, and no capacity.

    Its INVALID steps are left out of that, so they make the run and its groups INVALID only if
    nothing is left.
    """
    found = find_interference(summary.log, summary.steps)
    if found is None:
        return summary
    none = find_capacity(())
    groups = tuple(
        replace(
            group,
            interference=found,
            bracket=none,
            doubts=() if found.measured else group.doubts,
        )
        for group in summary.groups
    )
    doubts = tuple(run_doubts(summary.log)) if found.measured else summary.doubts
    return replace(summary, interference=found, bracket=none, groups=groups, doubts=doubts)


def _with_audit(summary: RunSummary) -> RunSummary:
    """The summary of a cache audit says what that shows, and no capacity."""
    found = find_cache_audit(summary.log, summary.steps)
    if found is None:
        return summary
    return replace(summary, audit=found, bracket=find_capacity(()))


def _of_all_groups(whole: RunSummary) -> tuple[Outage, ...]:
    """Outages in which more than one group failed; that of one group is found in its own part."""
    log, plan = whole.log, whole.log.plan
    if plan is None or len(plan.groups) == 1:
        return whole.outages
    requests, kept = log.requests, []
    for outage in whole.outages:
        end_s = math.inf if outage.recovered_s is None else outage.recovered_s
        inside = ~requests.ok & (requests.done_s >= outage.start_s) & (requests.done_s <= end_s)
        groups = set(group_indices(requests.client[inside], plan).tolist())
        if outage.silent or len(groups) > 1:
            kept.append(outage)
    return tuple(kept)


def _within_any(outage: Outage, others: Sequence[Outage]) -> bool:
    """Whether an outage of a group lies in one of the whole endpoint, by and large."""
    return any(
        outage.start_s >= other.start_s - _SAME_OUTAGE_S
        and (
            other.recovered_s is None
            or (
                outage.recovered_s is not None
                and outage.recovered_s <= other.recovered_s + _SAME_OUTAGE_S
            )
        )
        for other in others
    )


def with_host(summary: RunSummary, samples: Iterable[HostSample]) -> RunSummary:
    """The summary with what the host's samples add: the demand on each of its resources."""
    kept, wall_s = tuple(samples), summary.log.wall_s
    seen = replace(
        summary,
        demands=None if summary.endpoints else fit_demands(summary.steps, kept, wall_s),
        host=host_use(summary.steps, kept, wall_s, summary.ended_s),
    )
    return with_limit(seen, kept)


def with_limit(summary: RunSummary, samples: Sequence[HostSample]) -> RunSummary:
    """The summary with the resource that limits the endpoint, by the samples of its host.

    Without any, by the figures that the box gave of itself, if it did. One box of several is no
    evidence about the load of all.
    """
    log, several = summary.log, bool(summary.endpoints)
    told = log.box_said(BoxResources)
    host = box_in_steps(summary.steps, told)
    host |= host_in_steps(summary.steps, samples, log.wall_s)
    soaks = find_soaks(log, summary.steps, samples, told)
    axis = host_axis(log.box_said(HostClock)) if samples is log.host else None
    series = series_of_monitor(
        samples,
        log.wall_s,
        clocks_agree=axis is not None,
        every_sample=log.header is not None or samples is not log.host,
    )
    return replace(
        summary,
        host_axis=axis,
        host_steps=host,
        energy=() if several else energy_of(summary.steps, samples, log.wall_s),
        host_series=series or series_of_box(told),
        soaks=soaks,
        limit=find_limit(summary, {} if several else host | _since_slower(summary, soaks, samples)),
    )


def _since_slower(
    summary: RunSummary, soaks: Sequence[Soak], samples: Sequence[HostSample]
) -> dict[int, HostMeans]:
    """The host in the long steps that throttled in the middle, from then on: that is its limit."""
    steps = {step.index: step for step in summary.steps}
    slower = [
        replace(step, window=Window(soak.throttling.at_s, step.window.end_s))
        for soak in soaks
        if soak.throttling is not None and (step := steps[soak.step])
    ]
    return host_in_steps(slower, samples, summary.log.wall_s)


def _is_ramp(log: RunLog) -> bool:
    """Whether the steps of the run are loads, so that one may be chosen."""
    other = (log.settings.get("interference"), log.settings.get("audit_cache"))
    return not (log.is_search or any(other))


def results_of_run(
    objectives: Sequence[Objective],
    steps: Sequence[StepSummary],
    samples: Sequence[Sample],
    *,
    is_ramp: bool,
) -> list[ObjectiveResult]:
    """Each objective judged on its subject: its steps one by one, or each load of a ramp.

    The steps of another kind of run are not loads to choose from: they are judged together.
    """
    whole = None if is_ramp else merged(samples)
    found: list[ObjectiveResult] = []
    for objective in objectives:
        if objective.load is None and not objective.each_step:
            found.append(
                judge_by_load(objective, steps, samples)
                if whole is None
                else result_of(objective, whole)
            )
            continue
        own = [j for step in steps for j in step.objectives if j.objective == objective]
        found += own or [unknown(objective)]
    return found


def _dues(prepared: Prepared, steps: Sequence[int]) -> Floats:
    """When the requests of these steps were due, sorted."""
    log = prepared.log
    dues = [dues_in(log, log.steps[i], prepared.until_s) for i in steps]
    return np.concatenate([np.zeros(0), *(due for due in dues if due is not None)])


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
