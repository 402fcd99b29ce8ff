"""Why a load is not the capacity, in words. Pure."""

from __future__ import annotations

from edgeload.objectives import parse_objective
from edgeload.plain_words import plural
from edgeload.read.statistics.format import number, share
from edgeload.read.words.finding_kind import Kind, Numbers
from edgeload.read.words.longer_steps import repeat_with
from edgeload.read.words.objective_words import (
    is_never,
    measured,
    never_words,
    nothing_measured,
    to_tell,
)

_LONGER_STEPS = "Use longer steps (--time-between-ramp)."


def _measured(n: Numbers) -> str:
    return measured(parse_objective(n["objective"]), n["value"], n["limits"], n["never_share"])


def _objective(n: Numbers) -> str:
    objective, value = parse_objective(n["objective"]), n["value"]
    if value is None:
        return nothing_measured(n["objective"])
    if is_never(objective, value):
        return f"{n['objective']} is not met: {never_words(objective, n['never_share'])}"
    return f"{n['objective']} is not met ({_measured(n)})"


def _undecided(n: Numbers) -> str:
    return f"{n['objective']} is undecided ({_measured(n)}){to_tell(n['step_s_to_tell'])}"


def _backlog_grows(n: Numbers) -> str:
    return (
        f"{number(n['throughput_per_s'])} {{answer}}s/s of {number(n['arrival_per_s'])} due/s, so "
        f"the backlog grew by {share(n['growth'])} of what fell due"
    )


def _too_short(n: Numbers) -> str:
    step_s = n["step_s"]
    longer = f": {repeat_with(step_s)}" if step_s and n["measured"] else ""
    return f"the step is too short to tell whether the endpoint keeps up{longer}"


def _failures(n: Numbers) -> str:
    percent = f"{100 * n['bad_share']:.3g} %"
    dropped = " or was dropped" if n["dropped"] else ""
    return (
        f"{n['bad']:,} of {n['due']:,} ({percent}) that fell due after the warm-up "
        f"failed{dropped}; at most {share(n['allowed_share'])} may"
    )


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
        advice="Use fewer {client}s, or give the endpoint more workers.",
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
        message=lambda n: "no {request} fell due",
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
        advice="Look at the failures of the step; use fewer {client}s.",
        message=lambda n: f"{plural(n['clients'], '{client}')} got no answer at all",
    ),
    "behind": Kind(
        meaning="A step of a log without due times answered less than 95 % of its arrival rate.",
        cause="The endpoint is saturated.",
        advice="Use fewer {client}s, or give the endpoint more workers.",
        message=lambda n: (
            f"{number(n['throughput_per_s'])} answers/s of {number(n['arrival_per_s'])} due/s"
        ),
    ),
    "failures": Kind(
        meaning="More than 1 % of a step's requests failed, or were dropped as too late.",
        cause="See the failure classes of the step.",
        advice="See the failures by class and text.",
        message=_failures,
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
        advice="Use fewer {client}s, or a wider bound.",
        message=_objective,
    ),
    "undecided": Kind(
        meaning="A step has too few answers to tell whether it met an objective.",
        cause="The step is short, or the figure is close to its bound.",
        advice=_LONGER_STEPS,
        message=_undecided,
    ),
}
