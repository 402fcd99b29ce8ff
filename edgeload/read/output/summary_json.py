"""A run's summary -> summary.json, by way of its typed records. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

import msgspec

from edgeload.plain_words import sentence
from edgeload.read.analysis.capacity import Capacity, Ceiling, LoadShortfall
from edgeload.read.analysis.failures import failure_classes
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.objective_results import ObjectiveResult
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.analysis.utilisation_law import ResourceDemand
from edgeload.read.output.json_numbers import json_number, json_numbers, rounded
from edgeload.read.output.summary_record import (
    SCHEMA_VERSION,
    BacklogGrowthRecord,
    CapacityRecord,
    CeilingRecord,
    DemandRecord,
    DistributionRecord,
    DriftRecord,
    EstimateRecord,
    FindingRecord,
    ObjectiveRecord,
    OverloadRecord,
    QuantileLimitsRecord,
    ReasonRecord,
    ScalingLawRecord,
    ShortfallRecord,
    SummaryRecord,
    SummaryStep,
    ValidityRecord,
    WindowRecord,
    WorkerDiedRecord,
)
from edgeload.read.statistics.backlog import BacklogGrowth
from edgeload.read.statistics.percentiles import QUANTILES, Distribution
from edgeload.read.statistics.scaling_law import Estimate, ScalingLaw
from edgeload.read.words.finding_words import advice, message, message_with_steps


def summary_json(summary: RunSummary, findings: Sequence[Finding]) -> str:
    """The text of summary.json: the same log gives the same text."""
    encoded = msgspec.json.encode(summary_record(summary, findings))
    return msgspec.json.format(encoded, indent=2).decode() + "\n"


def summary_values(summary: RunSummary, findings: Sequence[Finding]) -> dict[str, Any]:
    """The same as plain values."""
    values: dict[str, Any] = msgspec.to_builtins(summary_record(summary, findings))
    return values


def step_values(step: StepSummary) -> dict[str, Any]:
    """One step as plain values."""
    values: dict[str, Any] = msgspec.to_builtins(step_record(step))
    return values


def summary_record(summary: RunSummary, findings: Sequence[Finding]) -> SummaryRecord:
    """The run as records; seconds and per second everywhere, null for no data.

    A percentile is null if the sample is too small to claim it, and if it falls on requests that
    were never answered; the latter are named in `never`.
    """
    log, header = summary.log, summary.log.header
    return SummaryRecord(
        schema_version=SCHEMA_VERSION,
        run_id=header.run_id if header else None,
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
        capacity=_capacity(summary.capacity, summary.first_overload),
        not_carried=_overload(summary.first_overload) if summary.first_overload else None,
        undecided=[_overload(load) for load in summary.bracket.undecided],
        contradicting=list(summary.bracket.contradicting),
        ceiling=_ceiling(summary.bracket.ceiling) if summary.bracket.ceiling else None,
        outages=list(summary.outages),
        scaling_law=_scaling_law(summary.scaling_law),
        demands=None if summary.demands is None else [_demand(d) for d in summary.demands],
        objectives=[_objective(result) for result in summary.objectives],
        totals=summary.totals,
        steps=[step_record(step) for step in summary.steps],
        findings=[_finding(finding) for finding in findings],
        failure_classes=list(failure_classes(summary.failure_texts)),
        failure_texts=list(summary.failure_texts),
        out_of_order=summary.out_of_order,
        damaged_lines=log.damage.lines,
        workers_died=[
            WorkerDiedRecord(worker=d.worker, at_s=d.at_s, exit_code=d.exit_code, signal=d.signal)
            for d in log.deaths
        ],
        requests_per_second=log.requests_per_second,
        settings=header.settings if header else None,
        endpoint=header.endpoint if header else None,
        machine=header.machine if header else None,
        versions=header.versions if header else None,
        images=header.images if header else None,
    )


def step_record(step: StepSummary) -> SummaryStep:
    """One step as a record."""
    counts, rates, stability = step.counts, step.rates, step.stability
    return SummaryStep(
        index=step.index,
        clients=step.clients,
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
        backlog_growth=_growth(step.growth) if step.growth else None,
        steady=stability.steadiness.steady,
        valid=step.valid,
        service_time_s=_distribution(step.times.service),
        response_time_s=_distribution(step.times.response) if step.times.response else None,
        generator_lag_s=_distribution(step.generator.lag) if step.generator.lag else None,
        late_share=json_number(step.generator.late_share),
        generator_cpu_cores=json_number(step.generator.cpu_cores),
        mean_in_flight=json_number(stability.littles_law.in_flight),
        littles_law_holds=stability.littles_law.holds,
        settled_s=json_number(stability.settled_s),
        drift=DriftRecord(
            first_s=rounded(stability.drift.first_s), last_s=rounded(stability.drift.last_s)
        )
        if stability.drift
        else None,
        objectives=[_objective(result) for result in step.objectives],
    )


def _reason(doubt: Finding) -> ReasonRecord:
    return ReasonRecord(
        code=doubt.code,
        message=sentence(message(doubt)),
        advice=advice(doubt),
        steps=list(doubt.steps),
        numbers=json_numbers(doubt.numbers),
    )


def _finding(finding: Finding) -> FindingRecord:
    return FindingRecord(
        code=finding.code,
        severity=finding.severity,
        message=sentence(message_with_steps(finding)),
        advice=advice(finding),
        steps=list(finding.steps),
        numbers=json_numbers(finding.numbers),
    )


def _capacity(capacity: Capacity | None, overload: LoadShortfall | None) -> CapacityRecord | None:
    if capacity is None:
        return None
    return CapacityRecord(
        clients=capacity.clients,
        requests_per_s=rounded(capacity.requests_per_s),
        step=capacity.step,
        limited=capacity.limited,
        broke=_overload(overload) if overload else None,
    )


def _overload(load: LoadShortfall) -> OverloadRecord:
    return OverloadRecord(
        step=load.step,
        clients=load.clients,
        reasons=[
            ShortfallRecord(
                code=s.code, message=sentence(message(s)), numbers=json_numbers(s.numbers)
            )
            for s in load.shortfalls
        ],
    )


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


def _growth(growth: BacklogGrowth) -> BacklogGrowthRecord:
    return BacklogGrowthRecord(
        verdict=growth.verdict,
        value=json_number(growth.value),
        limits=(json_number(growth.low), json_number(growth.high)),
        at_most=json_number(growth.at_most),
        step_s=json_number(growth.step_s),
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


def _objective(result: ObjectiveResult) -> ObjectiveRecord:
    """An objective: times in seconds, everything else as a share of 1; null for no limit."""
    objective = result.objective
    return ObjectiveRecord(
        objective=objective.text,
        figure=objective.quantity,
        quantile=objective.quantile,
        bound=objective.bound,
        step=result.step,
        verdict=result.status,
        value=json_number(result.value),
        limits=(json_number(result.low), json_number(result.high)),
        n=result.n,
        more_s=json_number(result.extra_seconds_needed),
        overloaded=result.overloaded,
    )


def _distribution(sample: Distribution) -> DistributionRecord:
    """Percentiles, their 95 % limits (null: none), and how many were never answered."""
    known = {name: sample.quantile(name) for name in QUANTILES}
    values = {name: json_number(q.value) if q else None for name, q in known.items()}
    limits = {
        name: None if q is None or q.low is None else (json_number(q.low), json_number(q.high))
        for name, q in known.items()
    }
    return DistributionRecord(
        n=sample.n,
        p50=values["p50"],
        p95=values["p95"],
        p99=values["p99"],
        p999=values["p999"],
        max=json_number(sample.max),
        mean=json_number(sample.mean),
        limits=QuantileLimitsRecord(**limits),
        never_answered=sample.unanswered,
        never=[name for name, q in known.items() if q and q.never],
    )


def utc(wall_s: float) -> str:
    """Seconds since the Unix epoch as RFC 3339 in UTC, to the millisecond."""
    instant = datetime.fromtimestamp(wall_s, timezone.utc)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
