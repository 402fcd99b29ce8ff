"""What a search for the capacity found, as records of summary.json. Pure."""

from __future__ import annotations

from edgeload.camera_group import DEFAULT_GROUP
from edgeload.plain_words import sentence
from edgeload.read.analysis.capacity import LoadShortfall
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.search_result import (
    WITH_CAPACITY,
    SearchResult,
    SearchTrial,
    TierCapacity,
)
from edgeload.read.output.capacity_schema import BindingRecord, CapacityRecord, OverloadRecord
from edgeload.read.output.json_numbers import json_number, rounded
from edgeload.read.output.search_schema import (
    SearchUnit,
    SummarySearch,
    SummaryTier,
    SummaryTrial,
    TrialOfTier,
)
from edgeload.read.output.summary_parts import overload_record, shortfall_records
from edgeload.read.words.finding_words import message
from edgeload.read.words.search_loads import SearchLoads
from edgeload.search_axis import PARTS_OF_RATE, one_rate


def search_record_of(found: SearchResult, summary: RunSummary) -> SummarySearch:
    """How the search went."""
    return SummarySearch(
        over=found.axis.over,
        unit=_unit(summary),
        group=found.axis.group,
        most=_in_unit(summary, found.record.most),
        resolution=found.record.resolution,
        budget_s=json_number(found.record.budget_s),
        trials=len(found.trials),
        seconds=rounded(found.seconds),
        ended=found.ended,
    )


def first_capacity(summary: RunSummary) -> CapacityRecord | None:
    """The capacity of the first tier."""
    assert summary.search is not None
    return _capacity(summary, summary.search, summary.search.tiers[0])


def tier_records(summary: RunSummary) -> list[SummaryTier]:
    """Each tier with its capacity; none for a run that is no search."""
    found = summary.search
    if found is None:
        return []
    return [
        SummaryTier(
            name=each.tier.name or None,
            objectives=[objective.text for objective in each.tier.objectives],
            answer=each.answer,
            capacity=_capacity(summary, found, each),
            not_carried=_beyond(summary, each),
        )
        for each in found.tiers
    ]


def trial_records(summary: RunSummary) -> list[SummaryTrial]:
    """Each trial, in order of time; none for a run that is no search."""
    found = summary.search
    if found is None:
        return []
    names = [each.tier.name or None for each in found.tiers]
    return [_trial(summary, trial, names) for trial in found.trials]


def _trial(summary: RunSummary, trial: SearchTrial, names: list[str | None]) -> SummaryTrial:
    step = next(step for step in summary.steps if step.index == trial.step)
    tiers = [
        TrialOfTier(name=name, verdict=verdict, reasons=shortfall_records(reasons))
        for name, verdict, reasons in zip(names, trial.verdicts, trial.reasons, strict=True)
    ]
    return SummaryTrial(
        step=trial.step,
        load=_in_unit(summary, trial.load),
        clients=step.clients,
        copies=step.copies,
        due_per_s=json_number(SearchLoads(summary).per_s(trial.load)),
        start_s=rounded(trial.start_s),
        end_s=rounded(trial.end_s),
        seconds=rounded(trial.seconds),
        verdict=tiers[0].verdict,
        reasons=tiers[0].reasons,
        broken=trial.broken,
        repeated=trial.repeated,
        tiers=tiers,
    )


def _capacity(
    summary: RunSummary, found: SearchResult, tier: TierCapacity
) -> CapacityRecord | None:
    plan, known = summary.log.plan, tier.boundary
    if plan is None or tier.answer not in WITH_CAPACITY or known.best is None:
        return None
    step = found.axis.step(plan, known.best, 0, 0.0, 1.0)
    cameras = [plan.cameras_of(index, step) for index in range(len(plan.groups))]
    names = [group.name for group in plan.groups] if summary.groups else [DEFAULT_GROUP]
    return CapacityRecord(
        clients=step.sending,
        copies=plan.copies(step),
        cameras=dict(zip(names, cameras, strict=True)),
        requests_per_s=rounded(plan.arrival_rate(step) or 0.0),
        step=tier.at.index if tier.at else None,
        limited=known.high is not None,
        broke=_beyond(summary, tier),
        low=_in_unit(summary, known.low),
        high=None if known.high is None else _in_unit(summary, known.high),
        confidence=known.confidence,
        binding=_binding(tier.binding) if tier.binding else None,
        kind=tier.kind,
        trials=len(found.trials),
        seconds=rounded(found.seconds),
    )


def _beyond(summary: RunSummary, tier: TierCapacity) -> OverloadRecord | None:
    step = tier.beyond
    if step is None:
        return None
    return overload_record(summary, LoadShortfall(step.index, step.clients, step.shortfalls))


def _binding(binding: Finding) -> BindingRecord:
    objective = binding.numbers.get("objective")
    return BindingRecord(
        code=binding.code,
        objective=None if objective is None else str(objective),
        group=binding.group or None,
        message=sentence(message(binding), binding.group),
    )


def _unit(summary: RunSummary) -> SearchUnit:
    assert summary.search is not None
    units: dict[str, SearchUnit] = {"clients": "clients", "copies": "copies", "group": "cameras"}
    assert summary.log.plan is not None
    by_rate: SearchUnit = "requests_per_s" if one_rate(summary.log.plan) else "times_the_rates"
    return units.get(summary.search.axis.over, by_rate)


def _in_unit(summary: RunSummary, load: int) -> float:
    """A load in the unit of the search."""
    assert summary.search is not None
    if summary.search.axis.over != "rate":
        return load
    assert summary.log.plan is not None
    return rounded(load / PARTS_OF_RATE * (one_rate(summary.log.plan) or 1.0))
