"""The log of a search -> the capacity of each tier: its trials judged, and the boundary. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from edgeload.objectives import Objective, Tier, parse_objective, tiers_of
from edgeload.read.analysis.capacity import Capacity, CapacityBracket, LoadShortfall
from edgeload.read.analysis.finding import Finding, of_search
from edgeload.read.analysis.objective_results import ObjectiveResult
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.search_result import (
    SearchEnd,
    SearchResult,
    SearchTrial,
    TierCapacity,
    answer_of,
    at_least_what_passed,
)
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.analysis.trials import step_for_tier, trial_of, trial_verdict
from edgeload.read.statistics.boundary import Trial, boundary_of
from edgeload.records import (
    BROKE_FOR_GOOD,
    BROKEN_TRIAL,
    REPEATED_TRIAL,
    UNCOUNTED_TRIALS,
    SearchRecord,
)
from edgeload.search_axis import SearchAxis

_ROOM = 1.5
"""A search ends when less than its shortest trial is left; a trial costs a little more."""


def with_search(summary: RunSummary, objectives: Sequence[Objective]) -> RunSummary:
    """The summary of a search: its bracket and objectives are those of its answer.

    Loads beyond the capacity fail on purpose. So the run is held to its objectives at the load that
    it says is carried, and only there: to those of each tier at that tier's load. The bracket is
    that of the first tier.
    """
    header = summary.log.header
    record = header.plan.search if header else None
    if record is None or record.over == "headroom":
        return summary
    found = search_result(
        summary, objectives, record, SearchAxis(record.over, record.group, record.clients)
    )
    first = found.tiers[0]
    return replace(
        as_trials(summary),
        search=found,
        bracket=_bracket(summary, first),
        objectives=tuple(
            dict.fromkeys(each for tier in found.tiers for each in objectives_at(tier.at))
        ),
    )


def as_trials(summary: RunSummary) -> RunSummary:
    """The summary of a run whose findings say that its steps are trials."""
    return replace(
        summary,
        steps=tuple(map(_as_trial, summary.steps)),
        groups=tuple(
            replace(group, steps=tuple(map(_as_trial, group.steps))) for group in summary.groups
        ),
        doubts=of_search(_that_count(summary)),
    )


def _that_count(summary: RunSummary) -> Iterator[Finding]:
    """What makes the run INVALID: not what only a trial that does not count suffered from."""
    aside = {end.step for end in summary.log.step_ends if end.verdict in UNCOUNTED_TRIALS}
    for doubt in summary.doubts:
        left = tuple(step for step in doubt.steps if step not in aside)
        if left or not doubt.steps:
            yield replace(doubt, steps=left)


def _as_trial(step: StepSummary) -> StepSummary:
    """A step whose findings say that it is a trial."""
    return replace(
        step,
        shortfalls=of_search(step.shortfalls),
        doubts=of_search(step.doubts),
        groups=tuple(map(_as_trial, step.groups)),
    )


def search_result(
    summary: RunSummary, objectives: Sequence[Objective], record: SearchRecord, axis: SearchAxis
) -> SearchResult:
    """What the steps of a search on an axis come to."""
    plan, tiers = summary.log.plan, tiers_of(objectives)
    assert plan is not None  # a search has one
    places = [
        place for place, step in enumerate(summary.steps) if axis.has(plan, plan.steps[step.index])
    ]
    judged = [[step_for_tier(summary, place, tier) for place in places] for tier in tiers]
    trials = [
        _trial(summary, axis, [steps[number] for steps in judged]) for number in range(len(places))
    ]
    found = tuple(
        _tier_capacity(record, tier, _JudgedSteps(steps, trials, number))
        for number, (tier, steps) in enumerate(zip(tiers, judged, strict=True))
    )
    return SearchResult(
        axis=axis,
        record=record,
        tiers=found,
        trials=tuple(trials),
        seconds=sum(trial.seconds for trial in trials),
        ended=_ended(summary, record, found, trials),
        judged_anew={each.text for each in objectives} != _own_objectives(summary),
    )


def _own_objectives(summary: RunSummary) -> set[str]:
    """The texts of the objectives that the search had."""
    header = summary.log.header
    groups = header.plan.groups if header else []
    own = [str(text) for text in summary.log.settings.get("slo") or ()]
    named = [f"{group.name}: {text}" for group in groups for text in group.slo]
    return {parse_objective(text).text for text in (*own, *named)}


def _ended(
    summary: RunSummary,
    record: SearchRecord,
    tiers: Sequence[TierCapacity],
    trials: Sequence[SearchTrial],
) -> SearchEnd:
    """Why the search ended; the first that applies."""
    end = summary.log.end
    if end is None:
        return "killed"
    if any(trial.counts and "invalid" in trial.verdicts for trial in trials):
        return "invalid"
    if end.interrupted:
        return "interrupted"
    if end.reason == BROKE_FOR_GOOD:
        return "broke"
    return "budget" if _out_of_time(summary, record, tiers, trials) else "finished"


def _out_of_time(
    summary: RunSummary,
    record: SearchRecord,
    tiers: Sequence[TierCapacity],
    trials: Sequence[SearchTrial],
) -> bool:
    """Whether the budget left no room for another trial although something was still unknown."""
    if record.budget_s is None:
        return False
    if not trials:
        return True
    top = max(trial.load for trial in trials)
    open_ = any(
        each.answer in ("wide", "unknown") or (each.answer == "at_least" and top < record.most)
        for each in tiers
    )
    shortest_s = min(trial.seconds for trial in trials)
    return open_ and summary.ended_s + _ROOM * shortest_s >= record.budget_s


def _trial(summary: RunSummary, axis: SearchAxis, steps: Sequence[StepSummary]) -> SearchTrial:
    """One step of a search, as each tier judges it."""
    plan = summary.log.plan
    assert plan is not None  # a search has one
    index = steps[0].index
    step = plan.steps[index]
    end = next((each for each in summary.log.step_ends if each.step == index), None)
    over_s = end.at_s if end else summary.ended_s
    before_s = max((e.at_s for e in summary.log.step_ends if e.step < index), default=0.0)
    return SearchTrial(
        step=index,
        load=axis.load_of(plan, step),
        start_s=step.start_s,
        end_s=min(step.end_s, over_s),
        seconds=over_s - before_s,
        verdicts=tuple(map(trial_verdict, steps)),
        reasons=tuple(each.shortfalls for each in steps),
        broken=end is not None and end.verdict == BROKEN_TRIAL,
        repeated=end is not None and end.verdict == REPEATED_TRIAL,
    )


@dataclass(frozen=True)
class _JudgedSteps:
    """All steps as one tier judges them, the trials that they are, and the tier's number."""

    steps: Sequence[StepSummary]
    trials: Sequence[SearchTrial]
    tier: int


def _tier_capacity(record: SearchRecord, tier: Tier, judged: _JudgedSteps) -> TierCapacity:
    counted = [
        (step, trial_of(step, each.load, each.seconds, each.verdicts[judged.tier]))
        for step, each in zip(judged.steps, judged.trials, strict=True)
        if each.counts
    ]
    trials = [trial for _, trial in counted]
    boundary = at_least_what_passed(boundary_of(trials, most=record.most), trials)
    at = _shown(counted, boundary.best)
    beyond = _beyond(counted, boundary.best or 0)
    return TierCapacity(
        tier=tier,
        boundary=boundary,
        trials=tuple(trials),
        at=at[0] if at else None,
        at_load=at[1].load if at else None,
        beyond=beyond[0] if beyond else None,
        beyond_load=beyond[1].load if beyond else None,
        answer=answer_of(boundary, trials, record.resolution),
    )


_Counted = tuple[StepSummary, Trial]


def _shown(counted: Sequence[_Counted], best: int | None) -> _Counted | None:
    """Of the trials of the largest load up to the answer that did not fail, the longest; those that
    passed come before those that are undecided.
    """
    held = [each for each in counted if each[1].load <= (best or 0) and _held(each[1])]
    if not held:
        return None
    return max(
        held,
        key=lambda each: (each[1].load, each[1].verdict == "pass", each[0].window.length_s),
    )


def _held(trial: Trial) -> bool:
    return trial.verdict in ("pass", "undecided")


def _beyond(counted: Sequence[_Counted], best: int) -> _Counted | None:
    """The longest trial of the least load beyond the answer that failed."""
    failed = [each for each in counted if each[1].load > best and each[1].verdict == "fail"]
    if not failed:
        return None
    return min(failed, key=lambda each: (each[1].load, -each[0].window.length_s))


def _bracket(summary: RunSummary, tier: TierCapacity) -> CapacityBracket:
    """The answer in the form of a ramp's, for all that speaks of a capacity."""
    at, beyond = tier.at, tier.beyond
    carried = None
    if at is not None and tier.answer not in ("none", "unknown"):
        carried = Capacity(
            at.index, at.clients, at.rates.throughput_per_s or 0.0, tier.boundary.high is not None
        )
    return CapacityBracket(
        carried=carried,
        overload=None
        if beyond is None
        else LoadShortfall(beyond.index, beyond.clients, beyond.shortfalls),
        undecided=(),
        contradicting=(),
        ceiling=summary.bracket.ceiling,
    )


def objectives_at(step: StepSummary | None) -> tuple[ObjectiveResult, ...]:
    """What a step says about its objectives, and about those of its camera groups."""
    if step is None:
        return ()
    return tuple(result for part in (step, *step.groups) for result in part.objectives)
