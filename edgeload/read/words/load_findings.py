"""Why a load is not the capacity, and why two loads were not compared, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from edgeload.objectives import parse_objective
from edgeload.plain_words import listed, plural
from edgeload.read.statistics.format import number, share
from edgeload.read.words.finding_kind import Kind, Numbers
from edgeload.read.words.objective_words import measured, more_time, nothing_measured

_LONGER_STEPS = "Use longer steps (--time-between-ramp)."


def _measured(n: Numbers) -> str:
    low, high = n["limits"]
    return measured(parse_objective(n["objective"]), n["value"], low, high)


def _objective(n: Numbers) -> str:
    if n["value"] is None:
        return nothing_measured(n["objective"])
    return f"{n['objective']} is not met ({_measured(n)})"


def _undecided(n: Numbers) -> str:
    more = more_time(n["extra_seconds_needed"])
    return f"{n['objective']} is undecided ({_measured(n)}){more}"


def _backlog_grows(n: Numbers) -> str:
    return (
        f"{number(n['throughput_per_s'])} answers/s of {number(n['arrival_per_s'])} due/s, so the "
        f"backlog grew by {share(n['growth'])} of what fell due"
    )


def _too_short(n: Numbers) -> str:
    step_s = n["step_s"]
    about = f" (about {number(step_s)} s would tell)" if step_s and n["measured"] else ""
    return f"the step is too short to tell whether the endpoint keeps up{about}"


def _not_edge(n: Numbers) -> str:
    purity = n["edge_purity"]
    if purity is not None and purity < 1:
        return f"only {share(purity)} of the answers came from the edge itself"
    return f"{plural(n['answers'], 'answer')} did not come from the edge's own detector"


SHORTFALL_KINDS = {
    "invalid": Kind(
        meaning="A step cannot be the capacity because it is INVALID.",
        cause="See the finding of that code.",
        advice="See the reasons of INVALID.",
        message=lambda n: f"the step is INVALID ({', '.join(n['codes'])})",
    ),
    "incomplete": Kind(
        meaning="A step cannot be the capacity because the run stopped before its end.",
        cause="The run was stopped.",
        advice="Let the run end.",
        message=lambda n: "the run stopped before the end of the step",
    ),
    "no_rate": Kind(
        meaning="The log does not say how much was due.",
        cause="It is of the older form.",
        advice="Give a client's arrival rate with --requests-per-second.",
        message=lambda n: "the arrival rate is unknown, so throughput has nothing to compare with",
    ),
    "backlog_grows": Kind(
        meaning="Requests fell due faster than they ended, so a backlog grew all through the step.",
        cause="The load is above the endpoint's capacity.",
        advice="Use fewer clients, or give the endpoint more workers.",
        message=_backlog_grows,
    ),
    "too_short": Kind(
        meaning="A step is too short to tell whether its backlog grows.",
        cause="The load is close to the capacity, or times scatter widely, or the step has few "
        "requests.",
        advice=_LONGER_STEPS,
        message=_too_short,
    ),
    "nothing_due": Kind(
        meaning="No request fell due in a step, so it shows nothing.",
        cause="The step is shorter than a client's period.",
        advice=_LONGER_STEPS,
        message=lambda n: "no request fell due",
    ),
    "no_answers": Kind(
        meaning="No answer came after the warm-up of a step, so it shows nothing.",
        cause="The step is short, or its requests failed or hung.",
        advice="See the failures of the step, or use longer steps (--time-between-ramp).",
        message=lambda n: "no answer came after the warm-up",
    ),
    "client_unserved": Kind(
        meaning="Some clients of a step got no answer at all, however well the others fared.",
        cause="The endpoint, or a proxy before it, starved some connections.",
        advice="Look at the failures of the step; use fewer clients.",
        message=lambda n: f"{plural(n['clients'], 'client')} got no answer at all",
    ),
    "behind": Kind(
        meaning="A step of a log without due times answered less than 95 % of its arrival rate.",
        cause="The endpoint is saturated.",
        advice="Use fewer clients, or give the endpoint more workers.",
        message=lambda n: (
            f"{number(n['throughput_per_s'])} answers/s of {number(n['arrival_per_s'])} due/s"
        ),
    ),
    "failures": Kind(
        meaning="More than 1 % of a step's requests failed, or were dropped as too late.",
        cause="See the failure classes of the step.",
        advice="See the failures by class and text.",
        message=lambda n: (
            f"{share(n['bad_share'])} of what was due after the warm-up failed"
            + (" or was dropped" if n["dropped"] else "")
        ),
    ),
    "down": Kind(
        meaning="The endpoint was down during a part of a step.",
        cause="See the finding `outage`.",
        advice="Find out why it was down, and repeat the run.",
        message=lambda n: "the endpoint was down during a part of it",
    ),
    "not_edge": Kind(
        meaning="Not every answer of a step was the edge's own.",
        cause="Answers were escalated to the cloud, or another detector answered.",
        advice="Set the detector to always return the edge's prediction, and disable escalation.",
        message=_not_edge,
    ),
    "objective": Kind(
        meaning="A step did not meet an objective.",
        cause="The load is too large for the objective.",
        advice="Use fewer clients, or a wider bound.",
        message=_objective,
    ),
    "undecided": Kind(
        meaning="A step has too few answers to tell whether it met an objective.",
        cause="The step is short, or the figure is close to its bound.",
        advice=_LONGER_STEPS,
        message=_undecided,
    ),
}

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
        message=lambda n: (
            f"no capacity was found on {_SIDES[n['lost']]} (clients before: "
            f"{_clients(n['old_clients'])}; after: {_clients(n['new_clients'])})"
        ),
    ),
    "capacity_beyond_ramp": Kind(
        meaning="The capacity cannot be compared because the ramp of one side ended before it.",
        cause="That side carried every load of its ramp, and the other side had larger ones.",
        advice="Use the same ramp on both sides.",
        message=lambda n: (
            "a ramp ended before the capacity (clients before: "
            f"{_clients(n['old_clients'])}; after: {_clients(n['new_clients'])})"
        ),
    ),
    "capacity_differs": Kind(
        meaning="The sides have different capacities, but so few runs cannot tell that from "
        "chance.",
        cause="A run finds one capacity, and runs of the same endpoint differ.",
        advice="Pass more logs per side: from four on, a difference can be significant.",
        message=lambda n: (
            f"the capacity was {_clients(n['old_clients'])} clients before and "
            f"{_clients(n['new_clients'])} after, which so few runs cannot tell from chance"
        ),
    ),
}
