"""Why loads, capacities and camera groups of two sides were not compared, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgeload.plain_words import listed
from edgeload.read.statistics.format import number
from edgeload.read.words.finding_kind import Kind, Numbers

_SIDES = {"old": "the old side", "new": "the new side"}
_RATES_ADVICE = (
    "Repeat one side with the other's ramp and rate (--custom-ramp, --requests-per-second)."
)
_MOST_RATES = 6


def _rates(rates: Sequence[float]) -> str:
    """`50, 100 and 150`."""
    texts = [f"{rate:,.4g}" for rate in rates[:_MOST_RATES]]
    if len(rates) > _MOST_RATES:
        texts.append(f"{len(rates) - _MOST_RATES} more")
    return listed(texts) if texts else "none"


def _clients(clients: Sequence[int | None]) -> str:
    return ", ".join("none" if each is None else f"{each:,}" for each in clients)


def _before_and_after(n: Numbers) -> str:
    """`clients before: 38; after: 20`, or the copies of a mix."""
    noun = "copies" if "old_copies" in n else "clients"
    old, new = (_clients(n[f"{side}_{noun}"]) for side in ("old", "new"))
    return f"{noun} before: {old}; after: {new}"


def _capacity_differs(n: Numbers) -> str:
    noun = "copies" if "old_copies" in n else "clients"
    old, new = (_clients(n[f"{side}_{noun}"]) for side in ("old", "new"))
    return (
        f"the capacity was {old} {noun} before and {new} after, which so few runs cannot tell from "
        "chance"
    )


def _copies(n: Numbers, side: str) -> str:
    """`1, 2 and 3 copies of the mix`."""
    of = n[f"{side}_ramp_group"] or "the mix"
    copies = n[side]
    return f"{_rates(copies)} {'copy' if copies == (1,) else 'copies'} of {of}"


_FACTS = {
    "cameras": "cameras in a copy",
    "requests_per_second": "requests/s",
    "arrivals": "arrivals",
    "late": "when late",
    "then": "further requests of a frame",
}


def _fact(name: str, values: Sequence[Any]) -> str:
    """A fact of a group on one side, each value once."""
    return " or ".join(_fact_value(name, value) for value in values)


def _fact_value(name: str, value: Any) -> str:
    if name == "then":
        return listed([str(count) for count in value]) if value else "none"
    if name == "requests_per_second":
        return "as fast as answers come" if value is None else f"{value:,.4g}"
    return str(value)


def _group_differs(n: Numbers) -> str:
    facts = [
        f"{_FACTS[name]} {_fact(name, old)} before, {_fact(name, new)} after"
        for name, (old, new) in n["facts"].items()
    ]
    return f"its load is not the same ({'; '.join(facts)})"


def _group_missing(n: Numbers) -> str:
    sides = listed([_SIDES[side] for side in n["sides"]])
    if n["in_some_runs"]:
        return f"some runs of {sides} have no such group"
    return f"{sides} has no such group"


_THINGS = {
    "client": "clients",
    "copy": "copies of the mix",
    "request/s": "the rate of clients",
    "times the rates": "the rates of a mix",
}


def _things(counted: str) -> str:
    return _THINGS.get(counted, f"{counted}s")


def _objectives(texts: Sequence[str]) -> str:
    return " or ".join(text or "none" for text in texts)


def _mix_on_one_side(n: Numbers) -> str:
    if len(n["sides"]) == 2:
        return f"only some of the runs are mixes ({listed(n['groups'])}), so no load is the same"
    return (
        f"{_SIDES[n['sides'][0]]} has a mix of camera groups ({listed(n['groups'])}), the other "
        "has cameras of one kind, so no load is the same"
    )


COMPARISON_KINDS = {
    "no_common_rate": Kind(
        meaning="Two sides are not comparable because no step of theirs had the same arrival rate.",
        cause="The rate of a client or the ramp was changed.",
        advice=_RATES_ADVICE,
        message=lambda n: (
            f"the old side had {_rates(n['old'])} requests/s due, the new side {_rates(n['new'])}, "
            "so no load was the same"
        ),
    ),
    "no_common_clients": Kind(
        meaning="Two sides are not comparable because no step of theirs had the same clients.",
        cause="The ramp was changed.",
        advice=_RATES_ADVICE,
        message=lambda n: (
            f"the old side had {_rates(n['old'])} clients, the new side {_rates(n['new'])}, so no "
            "load was the same"
        ),
    ),
    "rate_unknown": Kind(
        meaning="Two sides are not comparable because one of them does not say what was due.",
        cause="Its logs are of the older form.",
        advice="Give a client's arrival rate with --requests-per-second.",
        message=lambda n: (
            f"the arrival rate of {_SIDES[n['side']]} is unknown; give a client's with "
            "--requests-per-second"
        ),
    ),
    "sent_rates_differ": Kind(
        meaning="A load is not comparable because the sides sent different rates, and neither says "
        "what was due.",
        cause="The rate of a client was changed, or one side could not keep up.",
        advice="Give a client's arrival rate with --requests-per-second, if it was the same.",
        message=lambda n: (
            f"{number(n['old_per_s'])} requests/s were sent on the old side and "
            f"{number(n['new_per_s'])} on the new one, and the logs do not say how many were due; "
            "give a client's rate with --requests-per-second if it was the same"
        ),
    ),
    "side_invalid": Kind(
        meaning="A load cannot be compared because its step is INVALID on one side.",
        cause="See the reasons of INVALID of that run.",
        advice="Repeat that run.",
        message=lambda n: f"INVALID on {_SIDES[n['side']]} ({', '.join(n['codes'])})",
    ),
    "side_incomplete": Kind(
        meaning="A load cannot be compared because its step stopped before its end on one side.",
        cause="That run was stopped.",
        advice="Repeat that run.",
        message=lambda n: f"stopped before its end on {_SIDES[n['side']]}",
    ),
    "too_few_windows": Kind(
        meaning="A load or a time cannot be compared because a side has too few answers.",
        cause="The steps are short, their load is small, or most requests failed.",
        advice="Use longer steps, or pass more logs per side.",
        message=lambda n: "too few answers for five windows per side",
    ),
    "too_few_for_p95": Kind(
        meaning="The p95 cannot be compared because a side has too few answers for one.",
        cause="The steps are short, or their load small.",
        advice="Use longer steps, or pass more logs per side.",
        message=lambda n: f"fewer than {n['needed']} answers for a p95",
    ),
    "both_overloaded": Kind(
        meaning="Response times and missed requests are not compared, because a queue grew on both "
        "sides until the step ended: they tell how long the step was.",
        cause="The load is above what either side can carry.",
        advice="Look at throughput, which is compared, or compare at smaller loads.",
        message=lambda n: "both sides were overloaded: this tells how long the step was",
    ),
    "old_side_empty": Kind(
        meaning="A quantity cannot be compared because the old side had no answers.",
        cause="The old side failed at this load.",
        advice="Compare at loads that both sides answered.",
        message=lambda n: "no answers on the old side",
    ),
    "new_side_empty": Kind(
        meaning="A quantity cannot be compared because the new side had no answers.",
        cause="The new side failed at this load.",
        advice="See the failures of the new run.",
        message=lambda n: "no answers on the new side",
    ),
    "capacity_on_one_side": Kind(
        meaning="The capacity cannot be compared because only one side found one.",
        cause="On the other side no load was carried, or the steps were too short to tell.",
        advice="See why the loads of that run are not the capacity.",
        message=lambda n: f"no capacity was found on {_SIDES[n['lost']]} ({_before_and_after(n)})",
    ),
    "capacity_beyond_ramp": Kind(
        meaning="The capacity cannot be compared because the ramp of one side ended before it.",
        cause="That side carried every load of its ramp, and the other side had larger ones.",
        advice="Use the same ramp on both sides.",
        message=lambda n: f"a ramp ended before the capacity ({_before_and_after(n)})",
    ),
    "capacity_differs": Kind(
        meaning="The sides have different capacities, but so few runs cannot tell that from "
        "chance.",
        cause="A run finds one capacity, and runs of the same endpoint differ.",
        advice="Pass more logs per side: from four on, a difference can be significant.",
        message=_capacity_differs,
    ),
    "searches_differ": Kind(
        meaning="Two searches are not comparable because they did not count the same.",
        cause="One counted clients, the other copies, cameras of a group, or a rate (--search).",
        advice="Repeat one search as the other was made: its log has the command.",
        message=lambda n: f"one search counted {' and another '.join(map(_things, n['counted']))}",
    ),
    "mixes_differ": Kind(
        meaning="Two searches are not comparable because their mixes are not the same.",
        cause="The mix was changed, or the rates of different clients were searched.",
        advice="Repeat one search with the other's mix (--mix).",
        message=lambda n: "the searches were made with different mixes",
    ),
    "objectives_differ": Kind(
        meaning="Two searches are not comparable because they asked for different objectives.",
        cause="The objectives (--slo) were changed.",
        advice="Repeat one search with the other's objectives (--slo).",
        message=lambda n: (
            f"the objectives were {_objectives(n['old'])} before and {_objectives(n['new'])} after"
        ),
    ),
    "mix_on_one_side": Kind(
        meaning="Two sides are not comparable because only some of their runs are of a mix.",
        cause="Some runs were started with --mix, and others without it.",
        advice="Repeat one side with the other's mix (--mix), or without one.",
        message=_mix_on_one_side,
    ),
    "group_missing": Kind(
        meaning="A camera group cannot be compared because a side does not have it.",
        cause="The mix was changed.",
        advice="Repeat one side with the other's mix (--mix).",
        message=_group_missing,
    ),
    "group_differs": Kind(
        meaning="A camera group cannot be compared because its load was not the same.",
        cause="The mix was changed.",
        advice="Repeat one side with the other's mix (--mix).",
        message=_group_differs,
    ),
    "no_common_copies": Kind(
        meaning="Two sides are not comparable because no step of theirs had the same cameras.",
        cause="The ramp was changed.",
        advice="Repeat one side with the other's ramp (--custom-ramp, --ramp-group).",
        message=lambda n: (
            f"the old side had {_copies(n, 'old')}, the new side {_copies(n, 'new')}, so no load "
            "was the same"
        ),
    ),
}
