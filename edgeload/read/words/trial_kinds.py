"""What is said otherwise of a trial of a search than of a step of a ramp. Pure.

A search itself decides how long its trials are, so no option makes them longer.
"""

from __future__ import annotations

from dataclasses import replace

from edgeload.objectives import parse_objective
from edgeload.read.statistics.format import number, share
from edgeload.read.words.finding_kind import Kind, Numbers
from edgeload.read.words.load_findings import SHORTFALL_KINDS
from edgeload.read.words.objective_words import measured
from edgeload.read.words.warning_kinds import WARNING_KINDS

_LET_IT_GO_ON = "Let the search go on: use a larger --budget, or none."


def _undecided(n: Numbers) -> str:
    objective = parse_objective(n["objective"])
    if n["value"] is None:
        return f"{n['objective']} is undecided: too few answers"
    said = measured(objective, n["value"], n["limits"], n["never_share"])
    return f"{n['objective']} is undecided ({said})"


def _backlog_grows(n: Numbers) -> str:
    return (
        f"the endpoint answered {number(n['throughput_per_s'])}/s of "
        f"{number(n['arrival_per_s'])}/s due, so the backlog grew by {share(n['growth'])} of what "
        "fell due"
    )


TRIAL_KINDS: dict[str, Kind] = {
    "invalid": replace(
        SHORTFALL_KINDS["invalid"],
        message=lambda n: f"the trial is INVALID ({', '.join(n['codes'])})",
    ),
    "incomplete": replace(
        SHORTFALL_KINDS["incomplete"],
        advice=_LET_IT_GO_ON,
        message=lambda n: "the search stopped before the end of the trial",
    ),
    "too_short": replace(
        SHORTFALL_KINDS["too_short"],
        advice=_LET_IT_GO_ON,
        message=lambda n: "the trial was too short to tell whether the endpoint keeps up",
    ),
    "down": replace(
        SHORTFALL_KINDS["down"],
        message=lambda n: "the endpoint was down during a part of the trial",
    ),
    "backlog_grows": replace(SHORTFALL_KINDS["backlog_grows"], message=_backlog_grows),
    "nothing_due": replace(SHORTFALL_KINDS["nothing_due"], advice=_LET_IT_GO_ON),
    "no_answers": replace(
        SHORTFALL_KINDS["no_answers"], advice="See the failures by class and text."
    ),
    "undecided": replace(SHORTFALL_KINDS["undecided"], advice=_LET_IT_GO_ON, message=_undecided),
    "outage": replace(
        WARNING_KINDS["outage"],
        advice="Look at the endpoint's logs of that time, and repeat the search. A trial with "
        "failures in an outage never counts as carried, whatever caused them.",
    ),
    "littles_law": replace(
        WARNING_KINDS["littles_law"],
        advice="Do not trust these trials. Repeat the search with the log on a local disk.",
    ),
}
