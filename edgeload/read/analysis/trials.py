"""What one trial of a search says about its load, for each tier of objectives. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from edgeload.objectives import Tier
from edgeload.read.analysis.finding import Evidence, Finding, of_group, of_mix, of_search
from edgeload.read.analysis.margins import margin_of
from edgeload.read.analysis.outages import Outage
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.share_counts import bad_requests_of, bounds_share, without_shares
from edgeload.read.analysis.shortfalls import (
    BAD_SHARE,
    OF_FAILURES,
    bad_share,
    find_shortfalls,
)
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.statistics.boundary import (
    Margin,
    Trial,
    TrialVerdict,
    ceiling_of,
    margin_of_groups,
)
from edgeload.read.statistics.percentiles import share_limits

_OF_BACKLOG = {"backlog_grows", "too_short"}
_ONLY_OF_OBJECTIVES = ("extra_seconds_needed", "step_s_to_tell", "never_share")
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
    found = of_search(_failures_told(step, find_shortfalls(step, outages)))
    return replace(step, shortfalls=tuple(of_group(found, step.group)) if step.group else found)


def _failures_told(step: StepSummary, found: Sequence[Finding]) -> Iterator[Finding]:
    """The shortfalls, where the rule about failures has three answers, as an objective has.

    One failure among the few requests of a short trial is more than 1 %, and tells nothing yet.
    """
    share, due = bad_share(step), step.within.due
    asked = {result.objective.quantity for result in step.objectives}
    if step.left_out or step.groups or not share or asked & OF_FAILURES:
        yield from found
        return
    low, high = share_limits(round(share * due), due)
    told = low > BAD_SHARE or high <= BAD_SHARE
    yield from (each for each in found if told or each.code != "failures")
    if not told:
        dropped = step.counts.missed_reasons.get("skipped", 0)
        objective = f"{'missed' if dropped else 'errors'}<{BAD_SHARE:.0%}"
        numbers: dict[str, Evidence] = dict.fromkeys(_ONLY_OF_OBJECTIVES)
        numbers.update(objective=objective, value=share, limits=(low, high))
        yield Finding("undecided", "note", (step.index,), numbers, about=objective)


def trial_verdict(step: StepSummary) -> TrialVerdict:
    """Whether a trial's load was carried, as far as its step tells."""
    if not step.valid:
        return "invalid"
    if step.fell_short:
        return "fail"
    return "undecided" if step.shortfalls else "pass"


def trial_of(step: StepSummary, load: int, seconds: float, verdict: TrialVerdict) -> Trial:
    """The trial that a step was, for the search; `seconds` are what it cost.

    The growth of the backlog measures the ceiling, but not that of a mix (`margin_of_groups`).
    """
    trial = _trial(step, load, seconds, verdict)
    if verdict == "invalid":
        return trial
    apart = without_shares(step)
    told = len(apart.shortfalls) < len(step.shortfalls)
    return replace(
        trial,
        shares=bad_requests_of(step),
        apart=_trial(apart, load, seconds, trial_verdict(apart)) if told else None,
    )


def _trial(step: StepSummary, load: int, seconds: float, verdict: TrialVerdict) -> Trial:
    codes = {each.code for each in step.shortfalls}
    grows = None if step.groups else step.growth
    timed = any(not bounds_share(result.objective) for result in step.objectives)
    return Trial(
        load,
        verdict,
        seconds,
        ceiling=None if grows is None or codes & _BROKE else ceiling_of(load, grows),
        by_backlog=not timed and not step.groups and codes <= _OF_BACKLOG,
        margin=_margin(step, verdict),
    )


def _margin(step: StepSummary, verdict: TrialVerdict) -> Margin | None:
    """The least margin of all objectives, in a mix also of its backlogs; None if others decided."""
    results = [result for part in (step, *step.groups) for result in part.objectives]
    found = [margin_of(result) for result in results]
    growths = [part.growth for part in step.groups if part.growth is not None]
    if growths and len(growths) == len(step.groups):
        found.append(margin_of_groups(growths))
    margins = [margin for margin in found if margin is not None]
    decided_by = {"objective", "backlog_grows"} if growths else {"objective"}
    codes = {each.code for each in step.shortfalls if each.severity == "warning"}
    if not margins or codes - decided_by:
        return None
    least = min(margins, key=lambda margin: margin.value)
    return None if verdict == "fail" and least.value >= 0 else least
