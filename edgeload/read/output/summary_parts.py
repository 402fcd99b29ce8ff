"""Parts of a step as records of summary.json: the same for a step and for a camera group. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edgeload.camera_group import DEFAULT_GROUP
from edgeload.plain_words import sentence
from edgeload.read.analysis.capacity import LoadShortfall
from edgeload.read.analysis.detector_times import DetectorTimes
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.objective_results import ObjectiveResult
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.output.capacity_schema import (
    BacklogGrowthRecord,
    OverloadRecord,
    ShortfallRecord,
)
from edgeload.read.output.json_numbers import json_number, json_numbers
from edgeload.read.output.step_schema import (
    AgeRecord,
    DetectorRecord,
    DistributionRecord,
    ObjectiveLoadRecord,
    ObjectiveRecord,
    QuantileLimitsRecord,
    SummaryGroup,
)
from edgeload.read.statistics.age import Age
from edgeload.read.statistics.backlog import BacklogGrowth
from edgeload.read.statistics.percentiles import QUANTILES, Distribution
from edgeload.read.words.finding_words import message
from edgeload.records import Header


def detector_ids(header: Header | None) -> dict[str, str | None]:
    """The id of the detector of each camera group, by the group's name."""
    if header is None:
        return {}
    if header.plan.groups:
        return {group.name: group.detector_id for group in header.plan.groups}
    return {DEFAULT_GROUP: header.endpoint.get("detector_id")}


def summary_groups(step: StepSummary, detectors: Mapping[str, str | None]) -> list[SummaryGroup]:
    """A record for each camera group of a step; a run without a mix has one."""
    return [_group(part, detectors) for part in step.groups or (step,)]


def _group(part: StepSummary, detectors: Mapping[str, str | None]) -> SummaryGroup:
    name, counts, rates = part.group or DEFAULT_GROUP, part.counts, part.rates
    return SummaryGroup(
        name=name,
        detector_id=detectors.get(name),
        cameras=part.clients,
        planned=counts.planned,
        sent=counts.sent,
        ok=counts.ok,
        failed=counts.failed,
        missed=counts.missed,
        failures=counts.failures,
        missed_reasons=counts.missed_reasons,
        arrival_rate_per_s=json_number(rates.arrival_per_s),
        throughput_per_s=json_number(rates.throughput_per_s),
        goodput_per_s=json_number(rates.goodput_per_s),
        edge_purity=json_number(rates.edge_purity),
        state=part.state,
        closed_loop=part.closed,
        backlog_growth=growth_record(part.growth) if part.growth else None,
        service_time_s=distribution_record(part.times.service),
        response_time_s=distribution_record(part.times.response) if part.times.response else None,
        age_s=age_record(part.age),
        objectives=[objective_record(result) for result in part.objectives],
        reasons=shortfall_records(part.shortfalls),
    )


def detector_record(times: DetectorTimes) -> DetectorRecord:
    """What one detector was asked in a step."""
    return DetectorRecord(
        detector_id=times.detector_id,
        detector_name=times.detector_name,
        requests=times.requests,
        ok=times.ok,
        failed=times.failed,
        throughput_per_s=json_number(times.throughput_per_s),
        service_time_s=distribution_record(times.service),
    )


def age_record(age: Age | None) -> AgeRecord | None:
    """How old the newest answers were; None if that is not known."""
    if age is None:
        return None
    return AgeRecord(
        p50=json_number(age.p50_s),
        p95=json_number(age.p95_s),
        max=json_number(age.max_s),
        mean=json_number(age.mean_s),
    )


def shortfall_records(shortfalls: Iterable[Finding]) -> list[ShortfallRecord]:
    """Why a step, or a group of it, does not show that its load is carried."""
    return [
        ShortfallRecord(
            code=shortfall.code,
            message=sentence(message(shortfall), shortfall.group),
            numbers=json_numbers(shortfall.numbers),
            group=shortfall.group or None,
        )
        for shortfall in shortfalls
    ]


def overload_record(summary: RunSummary, load: LoadShortfall) -> OverloadRecord:
    """A load that is not shown to be carried, and why."""
    step = next(step for step in summary.steps if step.index == load.step)
    return OverloadRecord(
        step=load.step,
        clients=load.clients,
        copies=step.copies,
        reasons=shortfall_records(load.shortfalls),
    )


def growth_record(growth: BacklogGrowth) -> BacklogGrowthRecord:
    """Whether a backlog grew."""
    return BacklogGrowthRecord(
        verdict=growth.verdict,
        value=json_number(growth.value),
        limits=(json_number(growth.low), json_number(growth.high)),
        at_most=json_number(growth.at_most),
        step_s=json_number(growth.step_s),
    )


def objective_record(result: ObjectiveResult) -> ObjectiveRecord:
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
        loads=[ObjectiveLoadRecord(load=each.load, verdict=each.status) for each in result.loads],
        load=result.load,
    )


def distribution_record(sample: Distribution) -> DistributionRecord:
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
