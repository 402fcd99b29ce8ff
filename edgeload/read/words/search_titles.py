"""Titles and legends of the figures of a search for the capacity. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from edgeload.plain_words import plural
from edgeload.plan import Plan
from edgeload.read.analysis.search_result import SearchResult, TierCapacity
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.statistics.format import number
from edgeload.read.words.felt import felt_p95_words
from edgeload.read.words.search_loads import SearchLoads
from edgeload.search_axis import SearchAxis
from edgeload.time_words import duration

TRIAL_SIGNS = {
    "pass": ("✓", "carried"),
    "fail": ("✗", "not carried"),
    "undecided": ("?", "undecided"),
    "invalid": ("!", "INVALID"),
    "broken": ("↯", "the endpoint broke; tried again"),
}
"""Sign and meaning of what a trial showed."""
INTERVAL_SO_FAR = "95 % interval so far"
HOLLOW_TRIAL = "hollow: not shown to be carried"
CAPACITY_MARK = "capacity"
CAPACITY_AT_LEAST = "capacity, at least"
INTERVAL_MARK = "95 % interval"
THROUGHPUT_OVER_TRIALS = "Throughput over the trials"
TIMES_OVER_TRIALS = "Response time over the trials"
THROUGHPUT_BY_LOAD = "Throughput against load"
TIMES_BY_LOAD = "Times against load"
_OF_RATES = (THROUGHPUT_OVER_TRIALS, THROUGHPUT_BY_LOAD)
CURVES = "How response times spread, up to the capacity and beyond"
SERVICE_CURVES = "Service time by share, up to the capacity and beyond"
TIME_OF_TRIALS = "time since the first trial began"
INVALID_TRIAL = "INVALID trial"


def axis_label(axis: SearchAxis, plan: Plan) -> str:
    """What an axis of loads counts."""
    if axis.over == "rate":
        one_rate = len({group.rate for group in plan.groups}) == 1
        return "requests/s (of each client)" if one_rate else "times the rates of the mix"
    if axis.over == "group":
        return f"{axis.group} cameras"
    return f"copies of {plan.ramp_group or 'the mix'}" if axis.over == "copies" else "clients"


def ladder_title(search: SearchResult, tier: TierCapacity, loads: SearchLoads) -> str:
    """`Capacity 39 clients [36–41], after 10 trials in 100 s`; of one of several tiers in short."""
    said = capacity_found(tier, loads)
    if len(search.tiers) > 1:
        return _of_tier(tier, said)
    spent = f"{plural(len(search.trials), 'trial')} in {duration(round(search.seconds))}"
    return _of_tier(tier, f"{said}, after {spent}")


def near_title(tier: TierCapacity) -> str:
    """The title of the chart of the trials near the answer."""
    return _of_tier(tier, "The trials near the capacity")


def by_load_title(search: SearchResult, loads: SearchLoads) -> str:
    """What throughput against load shows: `Capacity 39 clients [36–41], 41 not carried`."""
    return "; ".join(_of_tier(tier, _with_beyond(tier, loads)) for tier in search.tiers)


def answer_title(
    what: str, search: SearchResult, loads: SearchLoads, steps: Iterable[StepSummary]
) -> str:
    """What a chart of all trials shows at the answer: `Throughput …: 78.0 answers/s at 39 clients`.

    `what` is one of the titles above; `steps` are those of the run, or of one camera group of it.
    """
    own = {step.index: step for step in steps}
    group = next((step.group for step in own.values()), "")
    at, load = search.tiers[0].at, search.tiers[0].at_load
    if at is not None and load is not None:
        step = own[at.index]
        measured = _throughput(step) if what in _OF_RATES else _p95(step)
        if measured:  # the charts of a group are narrow, below one that says what they show
            return f"{group or what}: {measured} at {loads.words(load)}"
    return f"{group}: {what[0].lower()}{what[1:]}" if group else what


def mark_words(tier: TierCapacity, text: str) -> str:
    """The name of a mark: `gold: capacity`."""
    return _of_tier(tier, text)


def capacity_found(tier: TierCapacity, loads: SearchLoads) -> str:
    """`Capacity 39 clients [36–41]`; or what else the search can say of it."""
    known = tier.boundary
    if tier.answer == "none":
        return "No load is shown to be carried"
    if tier.answer == "unknown" or known.best is None:
        return "Capacity unknown"
    if tier.answer == "at_least":
        return f"Capacity at least {loads.words(known.best)}"
    return f"Capacity {loads.words(known.best)}{interval_words(tier, loads)}"


def interval_words(tier: TierCapacity, loads: SearchLoads) -> str:
    """` [36–41]`, the interval of a capacity; empty if it is one load wide, or open."""
    low, high = tier.boundary.low, tier.boundary.high
    if high is None or low == high:
        return ""
    return f" [{loads.count(low)}–{loads.count(high)}]"


def _with_beyond(tier: TierCapacity, loads: SearchLoads) -> str:
    said = capacity_found(tier, loads)
    if tier.beyond_load is None:
        return said
    return f"{said}, {loads.words(tier.beyond_load)} not carried"


def _throughput(step: StepSummary) -> str:
    unit = "frames" if step.group or step.groups else "answers"
    return f"{number(step.rates.throughput_per_s)} {unit}/s"


def _p95(step: StepSummary) -> str:
    return felt_p95_words(step) if step.times.felt.quantile("p95") else ""


def _of_tier(tier: TierCapacity, text: str) -> str:
    name = tier.tier.name
    return f"{name}: {text[0].lower()}{text[1:]}" if name else text
