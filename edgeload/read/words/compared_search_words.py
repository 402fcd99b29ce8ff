"""Searches for the capacity compared, in words. Pure."""

from __future__ import annotations

import math

from edgeload.plain_words import plural
from edgeload.read.analysis.compared_searches import (
    ComparedSearches,
    ComparedTier,
    SearchedCapacity,
)
from edgeload.read.statistics.format import number
from edgeload.read.words.finding_words import message

_TELL_MORE = (
    "To know, let both search for longer (a larger --budget), or search again and pass several "
    "logs per side."
)


def searches_headline(compared: ComparedSearches, margin: float) -> str:
    """The verdict, and the capacity of each tier before and after with its interval."""
    head = compared.verdict.capitalize()
    if not compared.tiers:
        return f"{head}: {'; '.join(message(why) for why in compared.why)}."
    said = "; ".join(_tier(each, compared, margin) for each in compared.tiers)
    more = f" {_TELL_MORE}" if compared.verdict == "undecided" else ""
    return f"{head}: {said}.{more}"


def searches_words(compared: ComparedSearches) -> str:
    """The capacities of each run, before and after, and what is said about them."""
    unit = _units(compared)
    lines = []
    for tier in compared.tiers:
        before, after = (", ".join(map(_short, side)) for side in (tier.old, tier.new))
        name = f" of {tier.name}" if tier.name else ""
        lines.append(f"Capacity{name} in {unit}: {before} before, {after} after: {tier.verdict}.")
    return " ".join(lines)


def searches_note(margin: float) -> str:
    """How capacities of searches are compared."""
    return (
        "In brackets: the 95 % interval of each capacity. better, worse: the intervals do not "
        f"overlap. same: no change that they allow exceeds ±{margin * 100:g} %. Trials are short "
        "and of loads that each search chooses, so they are not compared load by load. With one "
        "log per side, a comparison cannot tell a change of the endpoint from a change of the day."
    )


def _tier(tier: ComparedTier, compared: ComparedSearches, margin: float) -> str:
    whose = f"the capacity of {tier.name}" if tier.name else "the capacity"
    before, after = _span(tier.old), _span(tier.new)
    span = f"{before} before, {after} {_units(compared)} after"
    if tier.verdict == "same":
        return f"{whose} changed by less than ±{margin * 100:g} % ({span})"
    if tier.verdict == "undecided":
        return f"the intervals of {whose} overlap ({span})"
    verb = "rose" if tier.verdict == "better" else "fell"
    return f"{whose} {verb} from {before} to {after} {_units(compared)}{_change(tier)}"


def _span(side: tuple[SearchedCapacity, ...]) -> str:
    """`40 [39 to 41]`: of several runs, the interval that holds all of theirs."""
    known = sorted(each.best for each in side if each.best is not None)
    if not known:
        return "unknown" if any(each.answer == "unknown" for each in side) else "none"
    low, high = min(each.low for each in side), max(each.high for each in side)
    if math.isinf(high):
        return f"at least {_number(low)}"
    middle = known[len(known) // 2]
    return (
        _number(middle) if low == high else f"{_number(middle)} [{_number(low)} to {_number(high)}]"
    )


def _short(each: SearchedCapacity) -> str:
    return _span((each,))


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else number(value, digits=4)


def _change(tier: ComparedTier) -> str:
    """` (+12 % to +18 %)`; empty if one side has no capacity or no limit."""
    if not all(map(math.isfinite, (tier.low, tier.high))) or tier.low == -1 or tier.high == -1:
        return ""
    return f" ({tier.low * 100:+.1f} % to {tier.high * 100:+.1f} %)"


def _units(compared: ComparedSearches) -> str:
    """`clients`, `copies of the mix`, `door cameras`, `requests/s`."""
    nouns = {
        "copy": "copies of the mix",
        "camera": f"{compared.group} cameras",
        "request/s": "requests/s",
        "times the rates": "times the rates of the mix",
    }
    return nouns.get(compared.unit, plural(2, compared.unit).split(" ")[1])
