"""A comparison in words: the verdict, the capacities, a change with its interval. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgeload.plain_words import plural
from edgeload.read.analysis.capacity import Capacity
from edgeload.read.analysis.comparison import ComparedQuantity, Comparison
from edgeload.read.statistics.format import milliseconds, number
from edgeload.read.words.finding_words import message


def comparison_headline(comparison: Comparison) -> str:
    """One sentence: the verdict, and the quantity that decides."""
    margin = f"±{comparison.margin * 100:g} %"
    if comparison.verdict == "same":
        return f"Same: throughput and times changed by less than {margin} at every load."
    if comparison.deciding:
        first = comparison.deciding[0]
        return (
            f"{comparison.verdict.capitalize()}: {first.quantity} {change(first)} at "
            f"{plural(first.clients, 'client')}."
        )
    if not comparison.rows:
        return "Undecided: the two sides have no load in common."
    reasons = {message(row.why) for row in comparison.rows if row.why}
    if reasons:
        return f"Undecided: {'; '.join(sorted(reasons))}."
    return (
        f"Undecided: no significant change, but changes above {margin} cannot be ruled out. Use "
        "longer steps, or pass more logs per side."
    )


def comparison_title(comparison: Comparison) -> str:
    """The answer, and the quantity that decides, as the title of a picture."""
    if comparison.deciding:
        first = comparison.deciding[0]
        return (
            f"{comparison.verdict.capitalize()}: {first.quantity} {change(first)} "
            f"at {plural(first.clients, 'client')}"
        )
    if comparison.verdict == "same":
        return f"Same within ±{comparison.margin * 100:g} % at every load"
    if all(row.why for row in comparison.rows):
        return "Undecided: no load could be compared"
    return "Undecided: no significant change"


def p95_title(kind: str) -> str:
    """The title of the chart of times."""
    return f"{kind.capitalize()} time p95 at each load, with its 95 % interval"


def curves_title(comparison: Comparison, loads: Sequence[int]) -> str:
    """The title of the chart of percentile curves."""
    named = ", ".join(f"{load:,}" for load in loads[:-1])
    noun = plural(loads[-1], "client")
    return (
        f"{comparison.verdict.capitalize()}: how times spread at "
        f"{f'{named} and {noun}' if named else noun}"
    )


def capacities_words(comparison: Comparison) -> str:
    """Clients before and after."""
    old, new = (", ".join(map(_capacity, side)) for side in comparison.capacities)
    return f"Capacity in clients: {old} before, {new} after."


def _capacity(capacity: Capacity | None) -> str:
    if capacity is None:
        return "not found"
    return f"{'' if capacity.limited else 'at least '}{capacity.clients:,}"


def change(row: ComparedQuantity) -> str:
    """`+12.3 % (+8.0 % to +16.4 %)`."""
    if row.shift is None:
        return "-"
    return f"{_signed(row.shift)} ({_signed(row.low)} to {_signed(row.high)})"


def _signed(value: float | None) -> str:
    """A change to a tenth of a percent: two that are alike do not read as +20 % and +19 %."""
    if value is None:
        return "?"
    if math.isinf(value):
        return "never" if value > 0 else "?"
    text = f"{value * 100:+.1f} %"
    return "0 %" if float(text[:-2]) == 0 else text


def quantity_value(row: ComparedQuantity, value: float | None) -> str:
    """A value of a row's quantity: per second, or in milliseconds.

    It has as many digits as the change has, so values that print alike have no change to show.
    """
    show = number if row.quantity == "throughput" else milliseconds
    return show(value, digits=4)


def margin_note(comparison: Comparison) -> str:
    """How to read the column of verdicts."""
    return (
        f"same: the whole interval lies within ±{comparison.margin * 100:g} %. better, worse: the "
        "change is larger than that, and chance explains it in fewer than 5 of 100 cases. The "
        "verdict above looks at throughput and at p50 and p95 of what a camera feels, and corrects "
        "for how many figures it looked at. More logs per side give narrower intervals."
    )


def differences_heads(comparison: Comparison) -> tuple[str, ...]:
    """Whether the sides are alike beside the figures, above the list of what differs."""
    unknown = comparison.without_header
    heads = []
    if unknown:
        verb = "does" if len(unknown) == 1 else "do"
        heads.append(
            "It is unknown whether settings, machine and versions are the same: "
            f"{', '.join(unknown)} {verb} not say them."
        )
    if comparison.differences:
        heads.append("What else differs (before -> after):")
    return tuple(heads) or ("Settings, machine and versions are the same.",)


def invalid_words(names: str) -> str:
    """Which logs are INVALID; their INVALID steps are left out."""
    return f"INVALID runs, whose INVALID steps are left out: {names}."


def more_differences(count: int) -> str:
    """Where the differences are that are not shown."""
    return f"and {count} more in comparison.json"
