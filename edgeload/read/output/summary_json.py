"""A run's summary -> summary.json, by way of its typed records. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from edgeload.box_records import BoxFacts
from edgeload.camera_group import DEFAULT_GROUP
from edgeload.plain_words import sentence
from edgeload.read.analysis.box_story import BoxStory
from edgeload.read.analysis.capacity import Ceiling
from edgeload.read.analysis.cluster_nodes import nodes_of
from edgeload.read.analysis.failures import failure_classes
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.limit_result import Limit
from edgeload.read.analysis.run_summary import RequiredCapacity, RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.analysis.utilisation_law import ResourceDemand
from edgeload.read.output.audit_record import audit_record
from edgeload.read.output.box_plan_record import box_plan_record
from edgeload.read.output.box_schema import (
    BoxChangeRecord,
    BoxRecordOfRun,
    DemandRecord,
    EnergyRecord,
    HostRecord,
    LimitRecord,
    RoundTripRecord,
)
from edgeload.read.output.capacity_schema import (
    CapacityRecord,
    CeilingRecord,
    EstimateRecord,
    RequiredCapacityRecord,
    ScalingLawRecord,
)
from edgeload.read.output.endpoint_record import endpoint_record
from edgeload.read.output.headroom_record import headroom_records
from edgeload.read.output.interference_record import interference_records
from edgeload.read.output.json_numbers import json_number, json_numbers, rounded, utc
from edgeload.read.output.rollout_record import model_records, rollout_records
from edgeload.read.output.search_records import (
    first_capacity,
    search_record_of,
    tier_records,
    trial_records,
)
from edgeload.read.output.soak_record import soak_record
from edgeload.read.output.soak_schema import WindowRecord
from edgeload.read.output.step_schema import DriftRecord, SummaryStep
from edgeload.read.output.summary_parts import (
    age_record,
    detector_ids,
    detector_record,
    distribution_record,
    growth_record,
    objective_record,
    overload_record,
    summary_groups,
)
from edgeload.read.output.summary_record import (
    SCHEMA_VERSION,
    ClusterRecordOfRun,
    FindingRecord,
    NodeRecordOfRun,
    ReasonRecord,
    SummaryRecord,
    ValidityRecord,
    WorkerDiedRecord,
)
from edgeload.read.statistics.scaling_law import Estimate, ScalingLaw
from edgeload.read.words.finding_words import advice, message, message_with_steps
from edgeload.read.words.limit_words import limit_advice, limit_evidence


def summary_json(summary: RunSummary, findings: Sequence[Finding]) -> str:
    """The text of summary.json: the same log gives the same text."""
    encoded = msgspec.json.encode(summary_record(summary, findings))
    return msgspec.json.format(encoded, indent=2).decode() + "\n"


def summary_values(summary: RunSummary, findings: Sequence[Finding]) -> dict[str, Any]:
    """The same as plain values."""
    values: dict[str, Any] = msgspec.to_builtins(summary_record(summary, findings))
    return values


def step_values(step: StepSummary) -> dict[str, Any]:
    """One step, or a group's part of one, as plain values."""
    values: dict[str, Any] = msgspec.to_builtins(step_record(step, {}))
    return values


def summary_record(summary: RunSummary, findings: Sequence[Finding]) -> SummaryRecord:
    """The run as records; seconds and per second everywhere, null for no data.

    A percentile is null if the sample is too small to claim it, and if it falls on requests that
    were never answered; the latter are named in `never`.
    """
    log, header = summary.log, summary.log.header
    detectors, settings = detector_ids(header), header.settings if header else {}
    return SummaryRecord(
        schema_version=SCHEMA_VERSION,
        run_id=header.run_id if header else None,
        name=settings.get("name"),
        notes=settings.get("notes"),
        box_label=settings.get("box_label"),
        log=log.path.name,
        log_form=header.format_version if header else "older",
        command=(header.command or None) if header else None,
        started_at=utc(log.wall_s),
        ended_at=utc(log.wall_s + summary.ended_s),
        interrupted=summary.interrupted,
        validity=ValidityRecord(
            verdict="VALID" if summary.valid else "INVALID",
            reasons=[_reason(doubt) for doubt in summary.doubts],
        ),
        no_result=summary.no_result,
        capacity=first_capacity(summary) if summary.search else _capacity(summary),
        search=search_record_of(summary.search, summary) if summary.search else None,
        tiers=tier_records(summary),
        trials=trial_records(summary),
        not_carried=overload_record(summary, summary.first_overload)
        if summary.first_overload
        else None,
        undecided=[overload_record(summary, load) for load in summary.bracket.undecided],
        contradicting=list(summary.bracket.contradicting),
        ceiling=_ceiling(summary.bracket.ceiling) if summary.bracket.ceiling else None,
        group_ceilings={
            group.group: _ceiling(group.bracket.ceiling)
            for group in summary.groups
            if group.bracket.ceiling
        },
        limit=_limit(summary.limit) if summary.limit else None,
        box=_box(summary.box) if summary.box else None,
        models=model_records(summary),
        rollouts=rollout_records(summary),
        host=_host(summary),
        energy=[
            EnergyRecord(
                step=each.step,
                wh_per_1000=json_number(each.wh_per_1000),
                above_idle_wh_per_1000=json_number(each.above_idle_wh_per_1000),
                mean_w=json_number(each.mean_w),
                idle_w=json_number(each.idle_w),
            )
            for each in summary.energy
        ],
        soak=[soak_record(soak, findings) for soak in summary.soaks],
        outages=list(summary.outages),
        scaling_law=_scaling_law(summary.scaling_law),
        demands=None if summary.demands is None else [_demand(d) for d in summary.demands],
        interference=interference_records(summary.interference) if summary.interference else None,
        headroom=headroom_records(summary.headroom) if summary.headroom else None,
        required_capacity=_required(summary.required) if summary.required else None,
        plan=box_plan_record(summary.box_plan) if summary.box_plan else None,
        cache_audit=audit_record(summary.audit) if summary.audit else None,
        objectives=[objective_record(result) for result in summary.objectives],
        totals=summary.totals,
        steps=[step_record(step, detectors) for step in summary.steps],
        findings=[_finding(finding) for finding in findings],
        failure_classes=list(failure_classes(summary.failure_texts)),
        failure_texts=list(summary.failure_texts),
        out_of_order=summary.out_of_order,
        damaged_lines=log.damage.lines,
        workers_died=[
            WorkerDiedRecord(worker=d.worker, at_s=d.at_s, exit_code=d.exit_code, signal=d.signal)
            for d in log.deaths
        ],
        cluster=_cluster(summary),
        requests_per_second=log.requests_per_second,
        mix=header.plan.groups if header and summary.groups else None,
        settings=header.settings if header else None,
        endpoint=header.endpoint if header else None,
        machine=header.machine if header else None,
        versions=header.versions if header else None,
        images=header.images if header else None,
    )


def _cluster(summary: RunSummary) -> ClusterRecordOfRun | None:
    nodes, header = nodes_of(summary.log), summary.log.header
    if not nodes or header is None or header.cluster is None:
        return None
    return ClusterRecordOfRun(
        local=header.cluster.local,
        degraded=any(node.lost for node in nodes),
        nodes=[
            NodeRecordOfRun(
                name=node.name,
                endpoint=node.endpoint or None,
                workers=list(node.workers),
                sent=node.sent,
                ok=node.ok,
                clock_bound_s=json_number(node.clock_bound_s),
                clock_error_s=json_number(node.clock_error_s),
                lost_s=json_number(node.lost_s),
                lost=node.lost or None,
            )
            for node in nodes
        ],
        endpoints=[endpoint_record(part) for part in summary.endpoints],
    )


def _box(story: BoxStory) -> BoxRecordOfRun:
    facts = story.before or story.after or BoxFacts(0.0, 0.0)
    trip = story.round_trip
    return BoxRecordOfRun(
        device_id=facts.device_id,
        device_name=facts.device_name,
        cpu_cores=facts.cpu_cores,
        flavour=facts.flavour,
        images=facts.images,
        confident_audit_rate=facts.confident_audit_rate,
        detectors=facts.detectors,
        other_detectors=None if story.others is None else list(story.others),
        not_known=facts.not_known,
        round_trip=RoundTripRecord(tcp_s=trip.tcp_s, tls_s=trip.tls_s) if trip else None,
        changed=[
            BoxChangeRecord(what=c.what, about=c.about, before=c.before, after=c.after)
            for c in story.changes
        ],
    )


def _host(summary: RunSummary) -> HostRecord | None:
    if summary.host is None or not summary.host.samples:
        return None
    axis = summary.host_axis
    return HostRecord(
        samples=summary.host.samples,
        first_s=json_number(summary.host.first_s),
        last_s=json_number(summary.host.last_s),
        clock_offset_s=json_number(axis.offset_s if axis else None),
        clock_bound_s=json_number(axis.bound_s if axis else None),
        clock_drift_s=json_number(axis.drift_s if axis else None),
    )


def _limit(limit: Limit) -> LimitRecord:
    numbers = {key: value for each in limit.evidence for key, value in each.numbers.items()}
    return LimitRecord(
        resource=limit.resource,
        confidence=limit.confidence,
        about=limit.about or None,
        evidence=limit_evidence(limit),
        advice=limit_advice(limit),
        numbers=json_numbers(numbers),
    )


def step_record(step: StepSummary, detectors: Mapping[str, str | None]) -> SummaryStep:
    """One step as a record; `detectors` has the id of each group's detector, by its name."""
    counts, rates, stability = step.counts, step.rates, step.stability
    return SummaryStep(
        index=step.index,
        clients=step.clients,
        copies=step.copies,
        start_s=rounded(step.span.start_s),
        end_s=rounded(step.span.end_s),
        complete=step.complete,
        warmup_s=rounded(step.window.start_s - step.span.start_s),
        window=WindowRecord(start_s=rounded(step.window.start_s), end_s=rounded(step.window.end_s)),
        arrival_rate_per_s=json_number(rates.arrival_per_s),
        throughput_per_s=json_number(rates.throughput_per_s),
        goodput_per_s=json_number(rates.goodput_per_s),
        planned=counts.planned,
        sent=counts.sent,
        ok=counts.ok,
        failed=counts.failed,
        missed=counts.missed,
        failures=counts.failures,
        missed_reasons=counts.missed_reasons,
        edge_purity=json_number(rates.edge_purity),
        state=step.state,
        backlog_growth=growth_record(step.growth) if step.growth else None,
        steady=stability.steadiness.steady,
        valid=step.valid,
        service_time_s=distribution_record(step.times.service),
        response_time_s=distribution_record(step.times.response) if step.times.response else None,
        age_s=age_record(step.age),
        generator_lag_s=distribution_record(step.generator.lag) if step.generator.lag else None,
        late_share=json_number(step.generator.late_share),
        generator_cpu_cores=json_number(step.generator.cpu_cores),
        generator_core_wait_s=json_number(step.generator.core_wait_s),
        generator_core_wait_share=json_number(step.generator.core_wait_share),
        generator_stolen_share=json_number(step.generator.stolen_share),
        mean_in_flight=json_number(stability.littles_law.in_flight),
        littles_law_holds=stability.littles_law.holds,
        settled_s=json_number(stability.settled_s),
        drift=DriftRecord(
            first_s=rounded(stability.drift.first_s), last_s=rounded(stability.drift.last_s)
        )
        if stability.drift
        else None,
        objectives=[objective_record(result) for result in step.objectives],
        groups=summary_groups(step, detectors),
        detectors=[detector_record(times) for times in step.detectors],
    )


def _required(required: RequiredCapacity) -> RequiredCapacityRecord:
    return RequiredCapacityRecord(
        load=required.load,
        verdict=required.status,
        served=required.served,
        refused=required.refused,
    )


def _reason(doubt: Finding) -> ReasonRecord:
    return ReasonRecord(
        code=doubt.code,
        message=sentence(message(doubt), doubt.group),
        advice=advice(doubt),
        steps=list(doubt.steps),
        numbers=json_numbers(doubt.numbers),
    )


def _finding(finding: Finding) -> FindingRecord:
    return FindingRecord(
        code=finding.code,
        severity=finding.severity,
        message=sentence(message_with_steps(finding), finding.group),
        advice=advice(finding),
        steps=list(finding.steps),
        numbers=json_numbers(finding.numbers),
        group=finding.group or None,
    )


def _capacity(summary: RunSummary) -> CapacityRecord | None:
    capacity, overload = summary.capacity, summary.first_overload
    if capacity is None:
        return None
    step = _step_of(summary, capacity.step)
    return CapacityRecord(
        clients=capacity.clients,
        copies=step.copies,
        cameras={part.group or DEFAULT_GROUP: part.clients for part in step.groups or (step,)},
        requests_per_s=rounded(capacity.requests_per_s),
        step=capacity.step,
        limited=capacity.limited,
        broke=overload_record(summary, overload) if overload else None,
        low=None,
        high=None,
        confidence=None,
        binding=None,
        kind=None,
        trials=None,
        seconds=None,
    )


def _step_of(summary: RunSummary, index: int) -> StepSummary:
    return next(step for step in summary.steps if step.index == index)


def _ceiling(ceiling: Ceiling) -> CeilingRecord:
    return CeilingRecord(
        step=ceiling.step,
        clients=ceiling.clients,
        per_s=rounded(ceiling.per_s),
        limits=(rounded(ceiling.low), rounded(ceiling.high)),
        of_the_clients=ceiling.of_the_clients,
        light_s=json_number(ceiling.light_s),
        full_s=json_number(ceiling.full_s),
    )


def _scaling_law(law: ScalingLaw | None) -> ScalingLawRecord | None:
    if law is None:
        return None
    return ScalingLawRecord(
        loads=law.loads,
        rate_per_s=_estimate(law.rate_per_s),
        contention=_estimate(law.contention),
        coherency=_estimate(law.coherency),
        peak_clients=json_number(law.peak_clients),
        misfit=round(law.misfit, 4),
    )


def _demand(demand: ResourceDemand) -> DemandRecord:
    return DemandRecord(
        resource=demand.resource,
        loads=demand.loads,
        demand_s=_estimate(demand.demand_s),
        idle_share=rounded(demand.idle_share),
        full_at_per_s=rounded(demand.full_at_per_s),
    )


def _estimate(estimate: Estimate) -> EstimateRecord:
    value, low, high = (float(f"{v:.4g}") for v in (estimate.value, estimate.low, estimate.high))
    return EstimateRecord(value=value, limits=(low, high))
