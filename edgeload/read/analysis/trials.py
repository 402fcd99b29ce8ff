"""What one trial of a search says about its load, for each tier of objectives. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgeload.objectives import Tier
from edgeload.read.analysis.finding import of_group, of_mix, of_search
from edgeload.read.analysis.margins import margin_of
from edgeload.read.analysis.outages import Outage
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.shortfalls import find_shortfalls
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.statistics.backlog import BacklogGrowth
from edgeload.read.statistics.boundary import (
    GrowthCeiling,
    Margin,
    Trial,
    TrialVerdict,
    ceiling_of,
)

_OF_BACKLOG = {"backlog_grows", "too_short"}
_BROKE = {"down", "no_answers"}
"""What is answered while the endpoint is down says nothing of what it can answer."""


def step_for_tier(summary: RunSummary, place: int, tier: Tier) -> StepSummary:
    """A step as if the objectives of one tier had been the only ones."""
    step = summary.steps[place]
    parts = tuple(
        replace(part, shortfalls=of_mix(part.shortfalls))
        for group in summary.groups
        for part in [_judged(group.steps[place], tier, group.outages)]
    )
    return _judged(replace(step, groups=parts), tier, summary.outages)


def _judged(step: StepSummary, tier: Tier, outages: Sequence[Outage]) -> StepSummary:
    """Only outages that began in the trial count: an earlier one ends with its first answer."""
    outages = [each for each in outages if each.start_s >= step.span.start_s]
    kept = tuple(
        replace(each, step_s_to_tell=None)  # a search decides itself how long a trial is
        for each in step.objectives
        if each.objective in tier.objectives
    )
    step = replace(step, objectives=kept)
    found = of_search(find_shortfalls(step, outages))
    return replace(step, shortfalls=tuple(of_group(found, step.group)) if step.group else found)


def trial_verdict(step: StepSummary) -> TrialVerdict:
    """Whether a trial's load was carried, as far as its step tells."""
    if not step.valid:
        return "invalid"
    if step.fell_short:
        return "fail"
    return "undecided" if step.shortfalls else "pass"


def trial_of(
    step: StepSummary, load: int, per_load: float, seconds: float, verdict: TrialVerdict
) -> Trial:
    """The trial that a step was, for the search.

    `per_load` is how many frames are due per second for each unit of load, and `seconds` what the
    trial cost.
    """
    codes = {each.code for each in step.shortfalls}
    asked = step.objectives or any(part.objectives for part in step.groups)
    return Trial(
        load,
        verdict,
        seconds,
        ceiling=None if codes & _BROKE else _ceiling(step, load, per_load),
        by_backlog=not asked and not step.groups and codes <= _OF_BACKLOG,
        margin=_margin(step, verdict),
    )


def _margin(step: StepSummary, verdict: TrialVerdict) -> Margin | None:
    """The least margin of all objectives; None if something else than they decided."""
    results = [result for part in (step, *step.groups) for result in part.objectives]
    margins = [margin for margin in map(margin_of, results) if margin is not None]
    codes = {each.code for each in step.shortfalls if each.severity == "warning"}
    if not margins or codes - {"objective"}:
        return None
    least = min(margins, key=lambda margin: margin.value)
    return None if verdict == "fail" and least.value >= 0 else least


def _ceiling(step: StepSummary, load: int, per_load: float) -> GrowthCeiling | None:
    """What the growth of the backlog says of the capacity.

    In a mix, the growth of all groups together: what is due too much, divided by what a unit of
    load adds. That is exact if they share one pool of workers.
    """
    if not step.groups:
        return None if step.growth is None else ceiling_of(load, step.growth)
    found = [_excess(part.growth, part.rates.arrival_per_s) for part in step.groups]
    if not found or any(each is None for each in found):
        return None
    value, low, high = (sum(each[i] for each in found if each) / per_load for i in range(3))
    return GrowthCeiling(load - value, load - high, load - low)


def _excess(
    growth: BacklogGrowth | None, arrival_per_s: float | None
) -> tuple[float, float, float] | None:
    """By how much more falls due per second than ends, with limits."""
    if growth is None or arrival_per_s is None:
        return None
    if growth.value is None or growth.low is None or growth.high is None:
        return None
    return growth.value * arrival_per_s, growth.low * arrival_per_s, growth.high * arrival_per_s
