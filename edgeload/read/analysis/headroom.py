"""The log of a search for headroom -> what fits of each camera group beside the base load. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgeload.objectives import Objective
from edgeload.read.analysis.capacity import Capacity, CapacityBracket, LoadShortfall
from edgeload.read.analysis.headroom_result import GroupHeadroom, HeadroomResult, TierHeadroom
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.search_result import SearchResult
from edgeload.read.analysis.searching import as_trials, objectives_at, search_result
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.analysis.trials import step_for_tier
from edgeload.records import SearchRecord
from edgeload.search_axis import axes_of


def with_headroom(summary: RunSummary, objectives: Sequence[Objective]) -> RunSummary:
    """The summary of a search for headroom: its bracket and objectives are those of the base load.

    Of several tiers, the first stands for the run.
    """
    header = summary.log.header
    record = header.plan.search if header else None
    if record is None or record.over != "headroom":
        return summary
    found = headroom_result(summary, objectives, record)
    first = found.tiers[0]
    summary = as_trials(summary)
    return replace(
        summary,
        groups=tuple(replace(group, headroom=found) for group in summary.groups),
        headroom=found,
        bracket=_bracket(summary, first),
        objectives=objectives_at(first.base),
    )


def headroom_result(
    summary: RunSummary, objectives: Sequence[Objective], record: SearchRecord
) -> HeadroomResult:
    """What the steps of a search for headroom come to."""
    plan = summary.log.plan
    assert plan is not None  # a search has one
    axes = axes_of(record, plan)
    searches = tuple(search_result(summary, objectives, record, axis) for axis in axes)
    bases = [axis.base_load(plan) for axis in axes]
    rates = [axis.per_load(plan) for axis in axes]
    seconds = {trial.step: trial.seconds for search in searches for trial in search.trials}
    return HeadroomResult(
        copies=record.base,
        cameras=tuple((group.name, record.base * group.cameras) for group in plan.groups),
        tiers=tuple(
            _tier(summary, searches, number, bases, rates)
            for number in range(len(searches[0].tiers))
        ),
        searches=searches,
        trials=len(seconds),
        seconds=sum(seconds.values()),
    )


def _tier(
    summary: RunSummary,
    searches: Sequence[SearchResult],
    number: int,
    bases: Sequence[int],
    rates: Sequence[float],
) -> TierHeadroom:
    first = searches[0]
    tier = first.tiers[number].tier
    at_base = [each for each in first.trials if each.load == bases[0] and not each.broken]
    verdicts = [each.verdicts[number] for each in at_base]
    passed, failed = verdicts.count("pass"), verdicts.count("fail")
    carried = None if passed == failed == 0 else passed > failed
    shown = max(at_base, key=lambda each: each.end_s - each.start_s, default=None)
    places = {step.index: place for place, step in enumerate(summary.steps)}
    return TierHeadroom(
        tier=tier,
        base=None if shown is None else step_for_tier(summary, places[shown.step], tier),
        carried=carried,
        groups=tuple(
            _group(search, number, base, rate, carried)
            for search, base, rate in zip(searches, bases, rates, strict=True)
        ),
    )


def _group(
    search: SearchResult, number: int, base: int, rate: float, carried: bool | None
) -> GroupHeadroom:
    """What fits of one group, as its boundary says; whether the base load is carried is known from
    its trials, so the most likely number does not contradict that.
    """
    capacity = search.tiers[number]
    boundary = capacity.boundary
    more = (boundary.best or 0) - base
    if carried is not None:
        more = max(more, 0) if carried else min(more, -1)
    high = None if boundary.high is None else max(boundary.high - base, more)
    told = capacity.answer != "unknown"
    return GroupHeadroom(
        group=search.axis.group or "",
        cameras=base,
        rate=rate,
        more=more if told else None,
        low=min(boundary.low - base, more) if told else -base,
        high=high,
        capacity=capacity,
        searched=any(trial.load != base for trial in search.trials),
    )


def _bracket(summary: RunSummary, tier: TierHeadroom) -> CapacityBracket:
    """The base load in the form of a ramp's answer, for all that speaks of a capacity."""
    base = tier.base
    limited = any(group.high is not None for group in tier.groups)
    return CapacityBracket(
        carried=Capacity(base.index, base.clients, base.rates.throughput_per_s or 0.0, limited)
        if base is not None and tier.carried
        else None,
        overload=_refused(base) if base is not None and tier.carried is False else None,
        undecided=(),
        contradicting=(),
        ceiling=summary.bracket.ceiling,
    )


def _refused(base: StepSummary) -> LoadShortfall:
    return LoadShortfall(base.index, base.clients, base.shortfalls)
