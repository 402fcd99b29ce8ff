"""What limits a capacity that was found, how it gets worse beyond, and what to plan for. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from edgeload.plain_words import sentence
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.objective_results import ObjectiveResult
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.search_result import (
    TierCapacity,
    value_that_binds,
    weightiest_first,
)
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.statistics.format import milliseconds, number, share
from edgeload.read.words.finding_words import message
from edgeload.read.words.objective_words import quantity_name
from edgeload.read.words.search_loads import SearchLoads
from edgeload.read.words.trial_words import thousands, value_in_brief

_AT_ONCE = {
    "failures": "requests fail at once",
    "down": "the endpoint goes down",
    "not_edge": "answers stop coming from the edge at once",
    "client_unserved": "some clients are no longer served",
    "no_answers": "answers stop at once",
}
_PLANNED_SHARE = 0.8
"""Of the lower limit of a capacity, as much as a box should be given."""


def what_binds(tier: TierCapacity, loads: SearchLoads) -> Iterator[str]:
    """Sentences: what the least load beyond falls short of, and how it gets worse there."""
    binding, beyond = tier.binding, tier.beyond_load
    if tier.answer == "at_least":
        yield "No load that was tried fails."
    if binding is None or beyond is None:
        return
    at = f"At {loads.words(beyond)}{loads.whose}"
    whose = f" for {binding.group}," if binding.group not in ("", loads.group) else ""
    yield sentence(f"{at},{whose} {message(replace(binding, group=''))}{_growth(tier, binding)}")
    if tier.answer != "none" and (beyond_it := _cliff_or_slope(tier, binding, loads)):
        yield sentence(f"Beyond the capacity, {beyond_it}")


def plan_for(tier: TierCapacity, loads: SearchLoads) -> Iterator[str]:
    """A sentence: what to plan for, which keeps a reserve; none without a lower and upper limit."""
    load = math.floor(_PLANNED_SHARE * tier.boundary.low + 1e-9)
    if tier.answer in ("found", "wide") and load > 0:
        yield (
            f"Plan for at most {loads.words(load)}{loads.whose}: {share(_PLANNED_SHARE)} of the "
            "lower limit."
        )


def answered_in_overload(summary: RunSummary) -> Iterator[str]:
    """A sentence: what the endpoint answered of a mix if several groups fell short at once.

    What a single group got there is no limit of it, since the groups compete.
    """
    assert summary.search is not None
    tier, loads = summary.search.tiers[0], SearchLoads(summary)
    if tier.beyond is None or tier.beyond_load is None:
        return
    if len({each.group for each in weightiest_first(tier.beyond.shortfalls)} - {""}) > 1:
        yield (
            f"In overload, at {loads.words(tier.beyond_load)}, the endpoint answered "
            f"{number(tier.beyond.rates.throughput_per_s)} frames/s in all."
        )


def shown_result(tier: TierCapacity, at: StepSummary) -> ObjectiveResult | None:
    """The objective that binds, as the capacity meets it; else the first of the group that binds.

    Those on times come before others.
    """
    binding = tier.binding
    wanted = binding.numbers.get("objective") if binding else None
    group = binding.group if binding else ""
    results = [(part.group, result) for part in (at, *at.groups) for result in part.objectives]
    results.sort(
        key=lambda each: (
            each[0] != group,
            each[1].objective.condition != wanted,
            not each[1].objective.is_time,
        )
    )
    return results[0][1] if results else None


def _growth(tier: TierCapacity, binding: Finding) -> str:
    """That a backlog grew as well, if an objective binds: its time then grows with the trial."""
    reasons = tier.beyond.shortfalls if tier.beyond and binding.code == "objective" else ()
    for reason in reasons:
        growth = reason.numbers.get("growth")
        own = reason.code == "backlog_grows" and reason.group == binding.group
        if own and isinstance(growth, float):
            return f", because the backlog grew by {share(growth)} of what fell due"
    return ""


def _cliff_or_slope(tier: TierCapacity, binding: Finding, loads: SearchLoads) -> str:
    """Whether things get worse at once beyond the capacity, or little by little; may be empty."""
    assert tier.beyond_load is not None
    whose = f"for {binding.group}, " if binding.group not in ("", loads.group) else ""
    if binding.code in _AT_ONCE:
        return f"{whose}{_AT_ONCE[binding.code]}"
    before, after = (value_that_binds(step, binding) for step in (tier.at, tier.beyond))
    if before is None or after is None or tier.at_load is None or math.isinf(before):
        return ""
    loads_said = [loads.count(load) for load in (tier.at_load, tier.beyond_load)]
    if binding.code == "backlog_grows":
        name = "response p95" if tier.at and tier.at.times.response else "service p95"
        texts = [_ms(value) for value in (before, after)]
    else:
        result = tier.at and shown_result(tier, tier.at)
        if not result or result.objective.condition != binding.numbers.get("objective"):
            return ""
        name = quantity_name(result.objective)
        texts = [value_in_brief(result.objective, value) for value in (before, after)]
    if math.isinf(after):
        return f"{whose}{name} jumps from {texts[0]} at {loads_said[0]} to no answer" + (
            f" for many requests at {loads_said[1]}"
        )
    rises = after > before
    how = f"{'grows' if rises else 'falls'} little by little"
    if tier.kind == "cliff":
        how = "jumps" if rises else "drops"
    lasts = ", and goes on growing while the load lasts" if binding.code == "backlog_grows" else ""
    return (
        f"{whose}{name} {how} from {texts[0]} at {loads_said[0]} to {texts[1]} at {loads_said[1]}"
        f"{lasts}"
    )


def _ms(value_s: float) -> str:
    return f"{thousands(milliseconds(value_s))} ms"
