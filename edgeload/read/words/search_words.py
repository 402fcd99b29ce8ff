"""The answer of a search for the capacity, in words. Pure.

`search_headline` has a line for each tier of objectives; `search_sentences` says how sure that is,
what limits it, how it was found and what would tell more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from edgeload.plain_words import plural, sentence
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.objective_results import ObjectiveResult
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.search_result import (
    WITH_CAPACITY,
    SearchResult,
    TierCapacity,
    value_that_binds,
)
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.statistics.format import milliseconds, share
from edgeload.read.words.finding_words import advice, message
from edgeload.read.words.objective_words import quantity_name
from edgeload.read.words.search_loads import SearchLoads
from edgeload.read.words.trial_words import in_brief, thousands, value_in_brief

_AT_ONCE = {
    "failures": "requests fail at once",
    "down": "the endpoint goes down",
    "not_edge": "answers stop coming from the edge at once",
    "client_unserved": "some clients are no longer served",
    "no_answers": "answers stop at once",
}


def search_headline(summary: RunSummary) -> str:
    """A line for each tier: the capacity, what binds as it was there, and what fails beyond.

    `CAPACITY 14 clients × 2.0/s (28.0/s)  p95 212 ms [205–224] ≤ 300 ms   15 → fails (p95 1.8 s)`
    """
    assert summary.search is not None
    return "\n".join(_line(summary, tier) for tier in summary.search.tiers)


def search_sentences(summary: RunSummary, ceilings: list[str]) -> str:
    """How sure the capacity is, what limits it, how it was found, and what would tell more.

    One line for each tier, one for what the endpoint answers at most, one for the search itself.
    `ceilings` are sentences about the most that the endpoint answered when it was overloaded.
    """
    found = summary.search
    assert found is not None
    loads = SearchLoads(summary)
    tiers = [
        f"{tier.tier.name}: {said}" if tier.tier.name else said
        for tier in found.tiers
        for said in [" ".join([_interval(tier, loads), *_what_binds(tier, loads)])]
    ]
    return "\n".join(
        [*tiers, *[" ".join(ceilings)][: len(ceilings)], " ".join(_how(summary, loads))]
    )


def objectives_at_capacity(summary: RunSummary) -> list[tuple[str, ObjectiveResult]]:
    """Each objective of each tier at that tier's capacity, with the load at which it was judged."""
    assert summary.search is not None
    loads = SearchLoads(summary)
    found = []
    for tier in summary.search.tiers:
        if tier.at is None or tier.at_load is None:
            continue
        at = loads.words(tier.at_load)
        for part in (tier.at, *tier.at.groups):
            found += [
                (at if each.objective.tier else f"{tier.tier.name}, {at}".removeprefix(", "), each)
                for each in part.objectives
            ]
    return found


# --- the line -------------------------------------------------------------------------------------


def _line(summary: RunSummary, tier: TierCapacity) -> str:
    loads = SearchLoads(summary)
    parts = [f"CAPACITY {tier.tier.name + ': ' if tier.tier.name else ''}{_load(tier, loads)}"]
    if tier.answer == "none" and tier.beyond_load is not None:
        parts.append(f"   {loads.full(tier.beyond_load)}{_fails(tier)}")
        return "".join(parts)
    if tier.answer not in ("none", "unknown") and tier.at is not None:
        parts.append("  " + _as_measured(summary, tier, tier.at, loads))
    if tier.beyond_load is not None:
        parts.append(f"   {loads.count(tier.beyond_load)}{_fails(tier)}")
    return "".join(parts)


def _fails(tier: TierCapacity) -> str:
    return f" → fails ({in_brief(tier.binding)})" if tier.binding else " → fails"


def _load(tier: TierCapacity, loads: SearchLoads) -> str:
    best = tier.boundary.best
    if tier.answer == "none":
        return "none"
    if tier.answer == "unknown" or best is None:
        return "unknown: no trial shows that a load is carried"
    head = {"at_least": "at least ", "wide": "about "}.get(tier.answer, "")
    return head + loads.full(best)


def _as_measured(
    summary: RunSummary, tier: TierCapacity, at: StepSummary, loads: SearchLoads
) -> str:
    """`p95 212 ms [205–224] ≤ 300 ms`: what binds; without objectives the p95 that a camera feels.

    If the capacity itself was not tried, also at which load that was measured.
    """
    load = tier.at_load
    where = "" if load in (None, tier.boundary.best) else f" at {loads.count(load or 0)}"
    result = _shown_result(tier, at)
    if result is not None:
        return _result_in_brief(result, at, tier) + where
    name = "p95" if at.times.response else "service p95"
    p95 = at.times.felt.quantile("p95")
    if p95 is None:
        return f"too few answers for a {name}{where}"
    if p95.never:
        return f"{name} never answered{where}"
    span = _span(_ms(p95.low), _ms(p95.high))
    return f"{name} {_ms(p95.value)} ms{span}{where}"


def _shown_result(tier: TierCapacity, at: StepSummary) -> ObjectiveResult | None:
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


def _result_in_brief(result: ObjectiveResult, at: StepSummary, tier: TierCapacity) -> str:
    objective = result.objective
    group = next((p.group for p in (at, *at.groups) if result in p.objectives), "")
    name = quantity_name(objective).removeprefix("response ")
    sign = "≥" if objective.at_least else "≤"
    bound = value_in_brief(objective, objective.bound)
    value = value_in_brief(objective, result.value)
    low, high = (value_in_brief(objective, each) for each in (result.low, result.high))
    unit = value.rpartition(" ")[2]
    span = "" if result.low is None or result.high is None else _span(low, high, f" {unit}")
    return f"{f'{group} ' if group else ''}{name} {value}{span} {sign} {bound}"


def _ms(value_s: float | None) -> str:
    return thousands(milliseconds(value_s, "?"))


def _span(low: str, high: str, unit: str = "") -> str:
    """` [205–224]`: without the unit if it stands before."""
    low, high = low.removesuffix(unit), high.removesuffix(unit)
    return "" if low == high or "?" in (low, high) else f" [{low}–{high}]"


# --- how sure it is -------------------------------------------------------------------------------


def _interval(tier: TierCapacity, loads: SearchLoads) -> str:
    known = tier.boundary
    sure = f"{known.confidence:.0%}".replace("%", " %")
    if tier.answer == "none":
        least = min((t.load for t in tier.trials if t.verdict == "fail"), default=None)
        load = f"{loads.words(least)}{loads.whose}" if least is not None else "any load"
        return f"The endpoint does not carry {load}."
    if tier.answer == "unknown":
        return "No trial was long enough to tell."
    if tier.answer == "at_least" or known.high is None:
        return (
            f"The true capacity is at least {loads.words(known.low)}{loads.whose}, with {sure} "
            "confidence."
        )
    if known.low == 0:
        return (
            f"The true capacity is at most {loads.words(known.high)}{loads.whose}, with {sure} "
            "confidence; perhaps no load is carried."
        )
    return (
        f"The true capacity is {loads.span(known.low, known.high)}{loads.whose}, with {sure} "
        "confidence."
    )


# --- what limits it -------------------------------------------------------------------------------


def _what_binds(tier: TierCapacity, loads: SearchLoads) -> Iterator[str]:
    binding, beyond = tier.binding, tier.beyond_load
    if tier.answer == "at_least":
        yield "No load that was tried fails."
    if binding is None or beyond is None:
        return
    at = f"At {loads.words(beyond)}{loads.whose}"
    whose = f" for {binding.group}," if binding.group not in ("", loads.group) else ""
    yield sentence(f"{at},{whose} {message(replace(binding, group=''))}{_growth(tier, binding)}")
    if tier.answer != "none":
        yield sentence(f"Beyond the capacity, {_cliff_or_slope(tier, binding, loads)}")


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
    """Whether things get worse at once beyond the capacity, or little by little."""
    assert tier.beyond_load is not None
    whose = f"for {binding.group}, " if binding.group not in ("", loads.group) else ""
    if binding.code in _AT_ONCE:
        return f"{whose}{_AT_ONCE[binding.code]}"
    if binding.code == "backlog_grows":
        return f"{whose}the backlog grows all the faster, the larger the load"
    result = tier.at and _shown_result(tier, tier.at)
    if not result or tier.at_load is None:
        return f"{whose}the objective is missed"
    name = quantity_name(result.objective)
    before, after = (value_that_binds(step, binding) for step in (tier.at, tier.beyond))
    rises = (after or 0.0) > (before or 0.0)
    said = (
        f"from {value_in_brief(result.objective, before)} at {loads.count(tier.at_load)} to "
        f"{value_in_brief(result.objective, after)} at {loads.count(tier.beyond_load)}"
    )
    how = f"{'grows' if rises else 'falls'} little by little"
    if tier.kind == "cliff":
        how = "jumps" if rises else "drops"
    return f"{whose}{name} {how}: {said}"


# --- how it was found, and what would tell more ---------------------------------------------------


def _how(summary: RunSummary, loads: SearchLoads) -> Iterator[str]:
    found = summary.search
    assert found is not None
    for trial in found.trials:
        if trial.broken:
            yield (
                f"In trial {trial.step + 1} ({loads.words(trial.load)}) the endpoint broke; it "
                "became ready again, and the load was tried once more."
            )
        if trial.repeated:
            yield (
                f"In trial {trial.step + 1} ({loads.words(trial.load)}) our own machine was the "
                "limit, so the load was tried once more."
            )
    yield f"{plural(len(found.trials), 'trial')} took {found.seconds:.0f} s."
    yield from _what_tells_more(summary, found, loads)


def _what_tells_more(summary: RunSummary, found: SearchResult, loads: SearchLoads) -> Iterator[str]:
    """Why the search ended before it knew more, or what would narrow the interval further."""
    end, answers = summary.log.end, {tier.answer for tier in found.tiers}
    if found.ended == "invalid":
        yield from _our_limit(summary, found, loads)
    elif found.ended == "interrupted":
        why = (end.reason if end else "").replace("this step", "this trial")
        yield sentence(f"The search ended early ({why}): this is as far as it came")
    elif found.ended == "killed":
        yield "The search was killed before it came to its end: this is as far as it came."
    elif found.ended == "broke":
        yield (
            "The search ended because the endpoint broke and was not ready again within a minute: "
            "look at its log, and repeat the search."
        )
    elif found.ended == "budget":
        budget_s = found.record.budget_s or 0.0
        yield (
            f"The budget of {budget_s:g} s was used up. A larger one tells more: --budget "
            f"{2 * budget_s:g}s."
        )
    elif "at_least" in answers:
        yield from _raise_the_most(found, loads, summary.log.settings.get("max_clients"))
    elif answers == {"none"}:
        yield "Give the endpoint more workers, or ask for less: a lower rate, or a wider --slo."
    elif found.judged_anew and answers & {"wide", "unknown"}:
        yield "Its trials were chosen for other objectives: search with these to know more."
    elif answers & {"wide", "unknown"}:
        yield (
            "More trials would not have narrowed it: verdicts near the capacity differ from trial "
            "to trial. Look for what disturbs the endpoint, and repeat the search."
        )
    elif span := _widest(found):
        yield from _narrower(found, span)


def _our_limit(summary: RunSummary, found: SearchResult, loads: SearchLoads) -> Iterator[str]:
    trial = next(t for t in found.trials if t.counts and "invalid" in t.verdicts)
    steps = {step.index: step for step in summary.steps}
    doubts = steps[trial.step].doubts
    bounds = [t.boundary.high for t in found.tiers if t.answer in WITH_CAPACITY]
    what = "what stands above is a lower bound" if None in bounds else "this is as far as it came"
    yield (
        f"At {loads.words(trial.load)} (trial {trial.step + 1}) our own machine was the limit, not "
        f"the endpoint, so the search ended there: {what}."
    )
    yield from dict.fromkeys(advice(doubt) for doubt in doubts[:1])


def _raise_the_most(found: SearchResult, loads: SearchLoads, asked: object) -> Iterator[str]:
    """What lets the search go further; `asked` is the setting, if the log says it."""
    most = found.record.most
    yield f"The search goes no further than {loads.words(most)}{loads.whose}."
    if found.axis.over == "rate":
        yield "To find the limit, use more clients or a larger --requests-per-second."
    elif isinstance(asked, int) and most < asked:
        yield (
            "A process of this machine may open no more connections: use more --workers, or raise "
            "ulimit -n."
        )
    else:
        yield f"To find the limit, raise --max-clients, for example --max-clients {4 * most}."


def _widest(found: SearchResult) -> tuple[int, int] | None:
    """The widest interval of a tier if it is wider than one load."""
    spans = [(t.boundary.low, t.boundary.high) for t in found.tiers if t.boundary.high is not None]
    widest = max(spans, key=lambda span: span[1] - span[0], default=None)
    return widest if widest and widest[1] - widest[0] > 1 else None


def _narrower(found: SearchResult, span: tuple[int, int]) -> Iterator[str]:
    """A ramp with long steps inside the interval, for loads that a ramp can have."""
    if found.axis.over in ("clients", "copies"):
        low, high = span
        loads = range(low, high + 1, max(1, (high - low + 3) // 4))
        ramp = ",".join(map(str, loads))
        yield (
            "To narrow the interval further, use long steps: "
            f"--custom-ramp {ramp} --time-between-ramp 120."
        )
