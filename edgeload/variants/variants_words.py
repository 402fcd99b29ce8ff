"""What is said about variants: their places, capacities and ratios, in sentences. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edgeload.plain_words import listed, plural, rate_words
from edgeload.read.statistics.format import number, share
from edgeload.read.statistics.paired_ratios import LEAST_PAIRS
from edgeload.settings import Settings
from edgeload.settings.search import axis_of
from edgeload.variants.contest import Contest
from edgeload.variants.measurement import Measurement
from edgeload.variants.ranking import (
    CapacityEstimate,
    CapacityRatio,
    capacity_estimate,
    capacity_ratio,
)
from edgeload.variants.variants_file import Variants

_SHOWN_NAMES = 4
_NOISE = 1.005
"""A capacity of 75.9/s is that of 38 clients at 2/s: a short window counts a few less."""
HEADS = ("variant", "capacity/s", "relative to the best", "rounds", "what happened")
NOTE = (
    "Capacity: requests per second of the largest load carried. Ratios are paired by round. "
    "Brackets show 95 % intervals; a ratio has none for fewer than three common rounds."
)


@dataclass(frozen=True)
class VariantUnit:
    """What a capacity is counted in: clients, or copies of a mix.

    `per_s` is the rate of one; None if the capacity cannot be divided so.
    """

    noun: str
    per_s: float | None
    rate: str

    def count(self, per_s: float) -> int | None:
        """So many of them are carried, rounded down but for the noise of a measurement."""
        return None if self.per_s is None else math.floor(_NOISE * per_s / self.per_s)


def load_unit(settings: Settings) -> VariantUnit:
    """The unit of a run with these settings."""
    if settings.find_capacity:
        axis = axis_of(settings)
        noun = {"copies": "copy", "group": f"{axis.group} camera"}.get(axis.over, "client")
        per_s = None if axis.over == "rate" else axis.per_load(settings.plan())
        return VariantUnit(noun, per_s, "frames/s" if settings.mix else "requests/s")
    if settings.mix is None:
        return VariantUnit("client", settings.requests_per_second, "requests/s")
    loads = [group.load for group in settings.groups()]
    known = settings.ramp_group is None and not any(load.closed for load in loads)
    per_s = sum(load.cameras * load.rate for load in loads) if known else None
    return VariantUnit("copy", per_s, "frames/s")


# --- before it -----------------------------------------------------------------------------------


def plan_lines(variants: Variants, contest: Contest, run_s: float | None) -> list[str]:
    """What a contest would apply and measure; `run_s` is the length of one run, if it is known."""
    turns = contest.most_turns()
    known = "" if run_s is None else f": {turns * run_s / 60:.0f} min"
    width = max(len(variant.name) for variant in variants.variants)
    return [
        f"Contest of {plural(len(contest.names), 'variant')}: at most "
        f"{plural(contest.most_rounds, 'round')} with {plural(turns, 'run')} in all{known}, and "
        "the time to apply and warm up. Nothing was applied.",
        *(f"  {variant.name + ':':{width + 1}} {variant.apply}" for variant in variants.variants),
        f"  at the end: {variants.restoring.apply}",
        "",
        "One such run:",
    ]


# --- while it goes --------------------------------------------------------------------------------


def place_words(name: str, contest: Contest, number: int) -> str:
    """`Round 2 of at most 6, variant 1 of 3: four workers`."""
    return (
        f"Round {len(contest.rounds) + 1} of at most {contest.most_rounds}, variant {number} of "
        f"{len(contest.standing)}: {name}"
    )


def turn_words(name: str, measured: Measurement, unit: VariantUnit) -> str:
    """What one measurement has shown, in a line."""
    if measured.capacity_per_s is None or measured.low is None or measured.high is None:
        return f"{name}: {_NO_CAPACITY[measured.outcome]}: {measured.why}"
    estimate = CapacityEstimate(1, measured.capacity_per_s, measured.low, measured.high)
    return f"{name}: {capacity_text(estimate)} {unit.rate}"


def left_words(before: Contest, after: Contest) -> str:
    """Which variants have left after a round; empty if none has."""
    dropped = [name for name in after.left if name not in before.left]
    if not dropped or after.over:
        return ""
    verb = "is" if len(dropped) == 1 else "are"
    return f"After round {len(after.rounds)}, {listed(dropped)} {verb} not measured any more."


_NO_CAPACITY = {
    "unknown": "its capacity is unknown",
    "invalid": "its capacity is unknown",
    "not_ready": "not ready",
    "not_applied": "not applied",
    "interrupted": "interrupted",
    "measured": "measured",
}


# --- the ranking ----------------------------------------------------------------------------------


def ranking_headline(contest: Contest, unit: VariantUnit) -> str:
    """Which variant is the best, in the user's unit, and how sure that is."""
    ranked = contest.ranked
    if not ranked:
        return "NO RESULT: no variant was measured, so there is nothing to rank."
    best = ranked[0]
    estimate = capacity_estimate(contest.rounds, best)
    assert estimate is not None
    equal = [name for name in ranked[1:] if not_told(contest, name)]
    most = "at least " if math.isinf(estimate.high) else ""
    served = f"{best} serves the most: {most}{_served(estimate, unit)}"
    if len(ranked) == 1:
        return f"{served}. No other variant was measured."
    if not equal:
        second = capacity_ratio(contest.rounds, ranked[1], best)
        assert second is not None
        return f"{served}. The next one, {ranked[1]}, serves {_share_words(second)} of that."
    shown = equal[:_SHOWN_NAMES]
    if len(equal) > len(shown):
        shown.append(f"{len(equal) - len(shown)} more")
    verb = "is" if len(equal) == 1 else "are"
    why = _what_tells(contest, best, equal)
    return f"{served}, but {listed(shown)} {verb} not told apart from it. {why}"


def _served(estimate: CapacityEstimate, unit: VariantUnit) -> str:
    """`40 clients at 2 requests/s each (80.1 requests/s, 79.8 to 80.4)`."""
    limits = _limits(estimate.low, estimate.high)
    exact = f"{number(estimate.per_s)} {unit.rate}{', ' + limits if limits else ''}"
    count = unit.count(estimate.per_s)
    if not count or unit.per_s is None:
        return exact
    if unit.noun == "client":
        return f"{plural(count, 'client')} at {rate_words(unit.per_s)} each ({exact})"
    return f"{plural(count, unit.noun)}{' of the mix' if unit.noun == 'copy' else ''} ({exact})"


def _share_words(ratio: CapacityRatio) -> str:
    if ratio.low is None or ratio.high is None:
        return share(ratio.value)
    low, value, high = (share(each) for each in (ratio.low, ratio.value, ratio.high))
    return value if low == high else f"{value} ({low} to {high})"


def _what_tells(contest: Contest, best: str, equal: Sequence[str]) -> str:
    """Why they are not told apart, and what would tell."""
    estimates = [capacity_estimate(contest.rounds, name) for name in (best, *equal)]
    if any(estimate is not None and math.isinf(estimate.high) for estimate in estimates):
        return (
            "A variant carried every load, so its capacity is only a lower bound: a larger load "
            "(--max-clients, or a longer --custom-ramp) would tell."
        )
    if len(contest.rounds) < contest.most_rounds:
        return "More time would tell."
    ratios = [capacity_ratio(contest.rounds, name, best) for name in equal]
    if any(ratio is None or ratio.low is None for ratio in ratios):
        return (
            f"That needs {LEAST_PAIRS} rounds in which both have a capacity: the reasons are below "
            "the table, and --variants-rounds gives more of them."
        )
    return "They may be equally good; more rounds (--variants-rounds) tell smaller differences."


def not_told(contest: Contest, name: str) -> bool:
    """Whether a variant that was not dropped is not told apart from the first."""
    if name in contest.left:
        return False
    ratio = capacity_ratio(contest.rounds, name, contest.ranked[0])
    return ratio is None or not ratio.smaller


def ranking_row(contest: Contest, name: str) -> tuple[str, ...]:
    """The cells of one variant in the table, in the order of HEADS."""
    ranked = contest.ranked
    estimate = capacity_estimate(contest.rounds, name)
    ratio = capacity_ratio(contest.rounds, name, ranked[0]) if ranked else None
    measured = estimate.rounds if estimate else 0
    return (
        name,
        capacity_text(estimate) if estimate else "-",
        ratio_text(ratio) if ratio and name != ranked[0] else "-",
        str(measured),
        happened(contest, name),
    )


def happened(contest: Contest, name: str) -> str:
    """What became of a variant."""
    departure, ranked = contest.left.get(name), contest.ranked
    if departure is not None and departure.why != "dropped":
        what = "not applied" if departure.why == "not_applied" else "no capacity"
        return f"{what} in round {departure.after}"
    if name not in ranked:
        return "not measured"
    if departure is not None:
        ratio = capacity_ratio(contest.rounds, name, ranked[0])
        worse = "worse, " if ratio and ratio.smaller else ""
        return f"{worse}dropped after round {departure.after}"
    if name == ranked[0]:
        return "first"
    return "not told apart from the first" if not_told(contest, name) else "worse"


def reasons(contest: Contest) -> list[str]:
    """Why measurements failed: for each variant, that of the last one that did."""
    found = ((name, last_failure(contest, name)) for name in contest.names)
    return [
        f"{name}, round {failure[0]}: {failure[1]}"
        for name, failure in found
        if failure is not None
    ]


def last_failure(contest: Contest, name: str) -> tuple[int, str] | None:
    """The round, from 1, of the last measurement of a variant that failed, and why it did."""
    failed = [
        (number, measured[name].why)
        for number, measured in enumerate(contest.rounds, 1)
        if name in measured and not measured[name].counts
    ]
    return failed[-1] if failed else None


def capacity_text(estimate: CapacityEstimate) -> str:
    """`80.1 (79.8 to 80.4)`, `at least 80.1`."""
    if math.isinf(estimate.high):
        return f"at least {number(estimate.low)}"
    limits = _limits(estimate.low, estimate.high)
    return f"{number(estimate.per_s)} ({limits})" if limits else number(estimate.per_s)


def ratio_text(ratio: CapacityRatio) -> str:
    """`0.50 (0.49 to 0.51)`."""
    value = f"{ratio.value:.2f}"
    if ratio.low is None or ratio.high is None:
        return value
    high = "any" if math.isinf(ratio.high) else f"{ratio.high:.2f}"
    return f"{value} ({ratio.low:.2f} to {high})"


def _limits(low: float, high: float) -> str:
    if math.isinf(high):
        return ""
    texts = number(low), number(high)
    return "" if texts[0] == texts[1] else " to ".join(texts)


def ended_because(contest: Contest, *, spent: bool, interrupted: str) -> str:
    """Why no further round was measured."""
    if interrupted:
        return f"Stopped by {interrupted}: this is what was measured until then."
    if spent:
        return "The time of --variants-budget was used up."
    if contest.told:
        return "The best variant stood out in two rounds in a row, so the comparison ended."
    return ""
