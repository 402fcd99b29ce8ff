"""A comparison in words: the verdict, the capacities, a change with its interval. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgeload.plain_words import listed, plural
from edgeload.read.analysis.capacity import Capacity
from edgeload.read.analysis.compared_loads import Load
from edgeload.read.analysis.compared_quantities import SHARE_MARGIN, SHARES, ComparedQuantity
from edgeload.read.analysis.comparison import Comparison
from edgeload.read.analysis.history import History
from edgeload.read.statistics.format import milliseconds, number
from edgeload.read.words.compared_group_words import (
    cameras_words,
    copies_words,
    group_words,
    groups_words,
    some_names,
    verdict_of_group,
)
from edgeload.read.words.compared_search_words import searches_headline, searches_words
from edgeload.read.words.finding_words import message
from edgeload.read.words.history_words import history_words

_SHARE_POINTS = f"{SHARE_MARGIN * 100:g}"


def comparison_headline(comparison: Comparison) -> str:
    """The verdict, the quantity that decides or what leaves it open, and loads of one side only.

    Of a mix, it names the group whose quantity decides, and what is said about the others.
    """
    return " ".join(
        [
            _verdict_sentence(comparison),
            *_overloaded_words(comparison),
            *one_sided_words(comparison),
        ]
    )


def _verdict_sentence(comparison: Comparison) -> str:
    if comparison.same_runs:
        return "Same: both sides are the same run."
    if comparison.searches is not None:
        return searches_headline(comparison.searches, comparison.margin)
    return _verdict_of_loads(comparison)


def _verdict_of_loads(comparison: Comparison) -> str:
    head = comparison.verdict.capitalize()
    if comparison.verdict == "same":
        loads = "every load that both sides have" if comparison.one_sided else "every load"
        names = [group.name for group in comparison.mix.groups] if comparison.mix else []
        of_groups = f" of {some_names(names)}" if names else ""
        return (
            f"{head}: at {loads}, throughput and times{of_groups} changed by less than "
            f"{_margin(comparison)}, and the shares of failed, missed and escalated requests by "
            f"less than {_SHARE_POINTS} points."
        )
    if comparison.deciding:
        return f"{head}: {_deciding_words(comparison)}."
    if comparison.why:
        return (
            f"{head}: {'; '.join(message(why) for why in comparison.why)}.{_by_group(comparison)}"
        )
    if all(row.verdict == "same" or row.why for row in comparison.rows):
        return f"{head}: one side stopped before its last load."
    return (
        f"{head}: no significant change, but changes above {_margin(comparison)} cannot be ruled "
        f"out.{_by_group(comparison)} Use longer steps, or pass more logs per side."
    )


def _deciding_words(comparison: Comparison) -> str:
    """The quantity that decides, and what is said about the other groups of a mix."""
    first = comparison.deciding[0]
    others = groups_words(comparison, without=first.load.group if first.load else "")
    return f"{_decided(first)}{f'; {others}' if others else ''}"


def _decided(row: ComparedQuantity) -> str:
    """`person response p95 +40.1 % (+31.0 % to +52.3 %) at 3 copies`."""
    group = f"{row.load.group} " if row.load and row.load.group else ""
    return f"{group}{row.quantity} {change(row)}{_at(row)}"


def _by_group(comparison: Comparison) -> str:
    """A sentence behind a verdict that is open; empty if it has said all there is to say."""
    few = comparison.mix is None or len(comparison.mix.groups) < 2
    if few or comparison.verdict == "not comparable":
        return ""
    return f" By group: {groups_words(comparison)}."


def gate_words(comparison: Comparison, history: History | None) -> str:
    """Why --fail-if-worse does not let a comparison pass, in one line."""
    headline = comparison_headline(comparison)
    if comparison.verdict == "worse":
        return headline
    if history is not None and history.verdict == "worse":
        return history_words(history)
    rates = [row.new for row in comparison.rows if row.quantity == "throughput"]
    if rates and all(rate == 0 for rate in rates):
        return f"the new side answered nothing. {headline}"
    return headline


def _overloaded_words(comparison: Comparison) -> list[str]:
    """A sentence about loads at which only some of the figures count."""
    if comparison.verdict != "same":
        return []
    loads = dict.fromkeys(
        f"{load_words(row.load)}{f' ({row.load.group})' if row.load.group else ''}"
        for row in comparison.rows
        if row.load and row.why and row.why.code == "both_overloaded"
    )
    if not loads:
        return []
    return [
        f"At {listed(list(loads))} both were overloaded, so response times and missed requests are "
        "left out."
    ]


def one_sided_words(comparison: Comparison) -> list[str]:
    """A sentence for each side that alone has some of the loads."""
    if not comparison.rows:
        return []
    found = []
    for side, other in (("old", "new"), ("new", "old")):
        own = [each for each in comparison.one_sided if each.side == side]
        if own:
            stopped = f": the {other} run stopped before" if any(o.stopped for o in own) else ""
            loads = listed([load_words(each.load) for each in own])
            found.append(f"Only the {side} side has {loads}{stopped}.")
    return found


def load_words(load: Load) -> str:
    """`10 clients`; with the arrival rate if the sides have different clients or one has none.

    Of a mix, `3 copies`, or the cameras if not all of the copies' cameras send.
    """
    if load.copies is not None:
        return cameras_words(load) or plural(load.copies, "copy")
    clients = {load.old_clients, load.new_clients}
    if len(clients) == 1 or load.arrival_per_s is None:
        return plural(load.clients, "client")
    rate = f"{load.arrival_per_s:,.4g} requests/s"
    if None in clients:
        return f"{rate} ({plural(load.clients, 'client')})"
    return f"{rate} ({load.old_clients:,} clients before, {load.new_clients:,} after)"


def _at(row: ComparedQuantity) -> str:
    return f" at {load_words(row.load)}" if row.load else ""


def _margin(comparison: Comparison) -> str:
    return f"±{comparison.margin * 100:g} %"


def comparison_title(comparison: Comparison) -> str:
    """The answer, the quantity that decides, and the groups of a mix, as the title of a picture."""
    head = comparison.verdict.capitalize()
    if comparison.searches is not None:
        return f"{head}: the capacity that two searches found"
    if comparison.deciding:
        return f"{head}: {_deciding_words(comparison)}"
    if comparison.same_runs:
        return "Same: both sides are the same run"
    if comparison.verdict == "same":
        some = " that both sides have" if comparison.one_sided else ""
        return f"Same within {_margin(comparison)} at every load{some}"
    if comparison.verdict == "not comparable" or all(row.why for row in comparison.rows):
        return f"{head}: no load could be compared"
    groups = groups_words(comparison)
    return f"Undecided: no significant change{f'; {groups}' if groups else ''}"


def group_title(comparison: Comparison, group: str) -> str:
    """What is said about a camera group, and the quantity that decides, as the title of a chart."""
    deciding = [row for row in comparison.deciding if row.load and row.load.group == group]
    said = f"{group}: {verdict_of_group(comparison, group)}"
    if not deciding:
        return said
    return f"{said}, {deciding[0].quantity} {change(deciding[0])}{_at(deciding[0])}"


def p95_title(kind: str, group: str = "") -> str:
    """The title of the chart of times, of a camera group if one is named."""
    text = f"{kind} time p95 at each load, with its 95 % interval"
    return f"{group}: {text}" if group else text.capitalize()


def curves_title(comparison: Comparison, loads: Sequence[Load]) -> str:
    """The title of the chart of percentile curves."""
    head = f"{comparison.verdict.capitalize()}: how times spread at"
    if any(load.old_clients != load.new_clients for load in loads):
        return f"{head} {listed([f'{load.arrival_per_s:,.4g}' for load in loads])} requests/s"
    named = [f"{load.clients:,}" for load in loads[:-1]]
    return f"{head} {listed([*named, plural(loads[-1].clients, 'client')])}"


def group_curves_title(comparison: Comparison, group: str, loads: Sequence[Load]) -> str:
    """The title of the chart of a group's percentile curves."""
    verdict = verdict_of_group(comparison, group)
    named = [copies_words(load) for load in loads[:-1]]
    return f"{group}, {verdict}: how times spread at {listed([*named, load_words(loads[-1])])}"


def capacities_words(comparison: Comparison) -> str:
    """Clients, or copies of a mix, before and after, and what is said about them."""
    if comparison.searches is not None:
        return searches_words(comparison.searches)
    mix = comparison.mix
    counts = mix.copies if mix else tuple(map(_clients_of, comparison.capacities))
    old, new = (
        ", ".join(map(_capacity, side, own))
        for side, own in zip(comparison.capacities, counts, strict=True)
    )
    verdict = f": {comparison.capacity.verdict}" if comparison.capacity else ""
    noun = "clients"
    if mix:
        noun = "copies" if mix.same else "copies, of each side's own mix"
    return f"Capacity in {noun}: {old} before, {new} after{verdict}."


def _clients_of(side: Sequence[Capacity | None]) -> tuple[int | None, ...]:
    return tuple(capacity.clients if capacity else None for capacity in side)


def _capacity(capacity: Capacity | None, count: int | None) -> str:
    if capacity is None or count is None:
        return "not found"
    return f"{'' if capacity.limited else 'at least '}{count:,}"


def change(row: ComparedQuantity) -> str:
    """`+12.3 % (+8.0 % to +16.4 %)`; of shares, `+4.00 (+3.31 to +4.78) points`."""
    if row.shift is None:
        return "-"
    never_before, never_after = (v is not None and math.isinf(v) for v in (row.old, row.new))
    if never_before != never_after:
        return "never answered" if never_after else "answered again"
    if row.quantity in SHARES:
        value, low, high = map(_points, (row.shift, row.low, row.high))
        return f"{value} ({low} to {high}) points"
    return f"{_signed(row.shift)} ({_signed(row.low)} to {_signed(row.high)})"


def _signed(value: float | None) -> str:
    """A change to a tenth of a percent: two that are alike do not read as +20 % and +19 %."""
    if value is None:
        return "?"
    if math.isinf(value):
        return "never" if value > 0 else "?"
    text = f"{value * 100:+.1f} %"
    return "0 %" if float(text[:-2]) == 0 else text


def _points(value: float | None) -> str:
    text = f"{(value or 0.0) * 100:+.2f}"
    return "0" if float(text) == 0 else text


def quantity_value(row: ComparedQuantity, value: float | None) -> str:
    """A value of a row's quantity: per second, in milliseconds, or a share in percent.

    It has as many digits as the change has, so values that print alike have no change to show.
    """
    if row.quantity in SHARES:
        return "-" if value is None else f"{value * 100:.{0 if value in (0, 1) else 2}f} %"
    show = number if row.quantity == "throughput" else milliseconds
    return show(value, digits=4)


def clients_words(load: Load) -> str:
    """The clients of a load in a table: `10`, or `10 -> 25` if the sides differ."""
    clients = [load.old_clients, load.new_clients]
    texts = dict.fromkeys(f"{each:,}" for each in clients if each is not None)
    return " -> ".join(texts)


def why_not_compared(rows: Sequence[ComparedQuantity]) -> list[str]:
    """A line for each load and reason for which rows could not be compared."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.why:
            of = f", {group_words(row.load)}" if row.load and row.load.copies is not None else ""
            found.setdefault((f"{_at(row)}{of}", message(row.why)), []).append(row.quantity)
    return [
        f"Not compared{at}: {listed(quantities)} ({why})."
        for (at, why), quantities in found.items()
    ]


def margin_note(comparison: Comparison) -> str:
    """How to read the column of verdicts."""
    return (
        f"same: the whole interval lies within {_margin(comparison)}, or within {_SHARE_POINTS} "
        "percentage points for the shares of failed (errors), missed and escalated requests, which "
        "are shown where there were any. better, worse: the change is "
        "larger than that, and the whole interval larger than half of it. The "
        "verdict above looks at throughput, the shares, p50 and p95 of what a camera feels, and "
        "the capacity, and corrects for how many figures it looked at. With one log per side it "
        "cannot tell a change of the endpoint from a change of the day: repeat both, and pass "
        "several logs per side."
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
    return tuple(heads) or (
        "Machine, versions, and the settings that change what is measured are the same.",
    )


def invalid_words(names: str) -> str:
    """Which logs are INVALID; their INVALID steps are left out."""
    return f"INVALID runs, whose INVALID steps are left out: {names}."


def more_differences(count: int) -> str:
    """Where the differences are that are not shown."""
    return f"and {count} more in comparison.json"
