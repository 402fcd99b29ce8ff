"""The answer of a search for the capacity, in words. Pure.

`search_headline` has a line for each tier of objectives; `search_sentences` says how sure that is,
what limits it, how it was found and what would tell more.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgeload.plain_words import plural, sentence
from edgeload.read.analysis.objective_results import ObjectiveResult
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.search_result import (
    WITH_CAPACITY,
    SearchResult,
    TierCapacity,
)
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.statistics.format import milliseconds
from edgeload.read.words.finding_words import advice
from edgeload.read.words.longer_steps import step_option
from edgeload.read.words.objective_words import quantity_name
from edgeload.read.words.search_limits import plan_for, shown_result, what_binds
from edgeload.read.words.search_loads import SearchLoads
from edgeload.read.words.share_words import (
    by_share_alone,
    least_load_fails,
    left_open_by_shares,
    share_in_brief,
)
from edgeload.read.words.trial_words import in_brief, thousands, value_in_brief
from edgeload.time_words import duration

_SEE_WHAT_IS_FULL = (
    "To see which resource of the box is full, run monitor_cpu_gpu_usage.py on it during a search."
)


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
        for said in [" ".join([_interval(tier, loads), *_limits(tier, loads)])]
    ]
    return "\n".join(
        [*tiers, *[" ".join(ceilings)][: len(ceilings)], " ".join(_how(summary, loads))]
    )


def _limits(tier: TierCapacity, loads: SearchLoads) -> Iterator[str]:
    """What limits a capacity; if bad requests even at the least load do, that is said already."""
    if tier.answer == "none" and tier.by_share:
        return
    yield from left_open_by_shares(tier, loads)
    yield from what_binds(tier, loads)
    yield from plan_for(tier, loads)


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
    if tier.answer == "none" and (short := tier.by_share):
        parts.append(f"   {loads.full(short.load)} → fails ({share_in_brief(short.count)})")
        return "".join(parts)
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
    load, best = tier.at_load, tier.boundary.best
    where = ""
    if load != best and load is not None and best is not None:
        where = f" ({loads.count(best)} estimated, {loads.count(load)} tried)"
    result = shown_result(tier, at)
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


def _result_in_brief(result: ObjectiveResult, at: StepSummary, tier: TierCapacity) -> str:
    objective = result.objective
    group = next((p.group for p in (at, *at.groups) if result in p.objectives), "")
    name = quantity_name(objective).removeprefix("response ")
    sign = "≥" if objective.at_least else "≤"
    sign += "?" if result.status == "undecided" else ""
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
        return _no_load(tier, loads)
    if tier.answer == "unknown":
        least = min((t.load for t in tier.trials if t.verdict == "fail"), default=None)
        if least is not None or not tier.trials:
            smaller = "" if least is None else " whether a smaller load is carried"
            return f"No trial was long enough to tell{smaller}."
        return (
            f"No load up to {loads.words(max(trial.load for trial in tier.trials))} failed, but "
            "the trials were too short to show that one is carried."
        )
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


def _no_load(tier: TierCapacity, loads: SearchLoads) -> str:
    if short := tier.by_share:
        return least_load_fails(short, loads)
    least = min((t.load for t in tier.trials if t.verdict == "fail"), default=None)
    load = f"{loads.words(least)}{loads.whose}" if least is not None else "any load"
    return f"The endpoint does not carry {load}."


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
    spent = f"{plural(len(found.trials), 'trial')} and {duration(round(found.seconds))}"
    if found.ended == "budget":
        yield from _out_of_budget(found.record.budget_s or 0.0, summary.ended_s, spent)
    elif found.ended == "finished" and any(t.answer in WITH_CAPACITY for t in found.tiers):
        yield f"Found in {spent}."
    else:
        yield f"The search took {spent}."
    yield from _what_tells_more(summary, found, loads)
    known = any(tier.beyond and tier.answer in WITH_CAPACITY for tier in found.tiers)
    if known and summary.host is None:
        yield _SEE_WHAT_IS_FULL


def _out_of_budget(budget_s: float, ended_s: float, spent: str) -> Iterator[str]:
    left_s = budget_s - ended_s
    why = f"the {duration(round(left_s))} left were too short for another trial"
    if left_s < 0.5:
        why = f"the budget of {duration(budget_s)} was used up"
    yield f"The search stopped after {spent}: {why}."
    yield f"To know more, allow more, for example --budget {2 * budget_s:g}s."


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
        return
    elif "at_least" in answers:
        yield from _raise_the_most(found, loads, summary.log.settings.get("max_clients"))
    elif answers == {"none"} and (binding := by_share_alone(found)):
        yield advice(binding)
    elif answers == {"none"}:
        yield "Give the endpoint more workers, or ask for less: a lower rate, or a wider --slo."
    elif found.judged_anew and answers & {"wide", "unknown"}:
        yield "Its trials were chosen for other objectives: search with these to know more."
    elif open_ := [t.at_load for t in found.tiers if t.at_load and not t.shown_carried]:
        yield f"No trial of {loads.words(max(open_))} was long enough to decide: repeat the search."
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
            f"--custom-ramp {ramp} {step_option(120)}."
        )
