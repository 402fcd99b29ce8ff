"""Trials of a search in words: why each passed, failed or was undecided, and the rows of a table.

Pure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgeload.objectives import Objective, parse_objective
from edgeload.plain_words import plural
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.search_result import SearchTrial, weightiest_first
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.statistics.format import milliseconds, number, share
from edgeload.read.words.objective_words import quantity_name
from edgeload.read.words.search_loads import SearchLoads

BROKEN_VERDICT = "broken"
TRIAL_NOTE = (
    "due/s: requests due per second, as planned; done/s: successful answers per second, as "
    "measured. p95: of response time, from due to answered, in ms. s: how long the trial took, "
    "with its pauses."
)
MISSED_ON_PURPOSE = "trials that overloaded the endpoint on purpose"
_OF_MIX = "due/s, done/s and p95 are of the frames of all groups."
_VERDICTS = {
    "pass": "pass: the load was carried within all objectives",
    "fail": "fail: the load was not carried",
    "undecided": "undecided: the trial was too short to tell",
    "invalid": "invalid: our own machine was the limit",
    BROKEN_VERDICT: "broken: the endpoint broke, and the load was tried again",
}
_SHORT_IS_ENOUGH = ", which far below the capacity is enough"
_CELLS = {
    "few": "few: too few answers to tell",
    "never": "never: over 5 % were never answered",
}


@dataclass(frozen=True)
class TrialRow:
    """A trial in texts. `verdicts` has one entry for each tier."""

    trial: str
    load: str
    due_per_s: str
    done_per_s: str
    failed: str
    p95: str
    verdicts: tuple[str, ...]
    seconds: str
    reason: str


def trial_heads(summary: RunSummary) -> tuple[str, ...]:
    """The heads of the table; each tier that has a name has a column for its verdicts."""
    assert summary.search is not None
    tiers = [each.tier.name or "verdict" for each in summary.search.tiers]
    load = SearchLoads(summary).head
    p95 = "p95 of all" if summary.groups else "p95"
    return ("trial", load, "due/s", "done/s", "failed", p95, *tiers, "s", "reason")


def trial_rows(summary: RunSummary) -> list[TrialRow]:
    """A row for each trial, in order of time."""
    assert summary.search is not None
    loads, steps = SearchLoads(summary), {step.index: step for step in summary.steps}
    return [_row(trial, steps[trial.step], loads) for trial in summary.search.trials]


def missed_on_purpose(summary: RunSummary) -> bool:
    """Whether all missed requests of a search fell due in trials that overloaded the endpoint."""
    if summary.search is None or not summary.totals.missed:
        return False
    failed = {trial.step for trial in summary.search.trials if "fail" in trial.verdicts}
    return all(step.index in failed for step in summary.steps if step.counts.missed)


def trial_note(summary: RunSummary, rows: Sequence[TrialRow]) -> str:
    """How to read the table; only the words that stand in it are explained."""
    verdicts = {verdict for row in rows for verdict in row.verdicts}
    known = summary.search is not None and all(t.shown_carried for t in summary.search.tiers)
    said = [
        text + (_SHORT_IS_ENOUGH if known and verdict == "undecided" else "")
        for verdict, text in _VERDICTS.items()
        if verdict in verdicts
    ]
    said += [text for cell, text in _CELLS.items() if cell in {row.p95 for row in rows}]
    more = [_OF_MIX] if summary.groups else []
    text = " ".join([TRIAL_NOTE, *more, f"{'; '.join(said)}."])
    if not missed_on_purpose(summary):
        return text
    missed = plural(summary.totals.missed or 0, "request")
    return f"{text} {missed} were never sent, all in {MISSED_ON_PURPOSE}."


def _row(trial: SearchTrial, step: StepSummary, loads: SearchLoads) -> TrialRow:
    verdicts = tuple(BROKEN_VERDICT if trial.broken else verdict for verdict in trial.verdicts)
    return TrialRow(
        trial=str(trial.step + 1),
        load=loads.count(trial.load),
        due_per_s=number(loads.per_s(trial.load)),
        done_per_s=number(step.rates.throughput_per_s),
        failed=f"{step.counts.failed:,}",
        p95=_p95(step),
        verdicts=verdicts,
        seconds=f"{trial.seconds:.0f}",
        reason=_first_reason(trial),
    )


def _p95(step: StepSummary) -> str:
    felt = step.times.felt
    if felt.is_never("p95"):
        return "never"
    p95 = felt.quantile("p95")
    return thousands(milliseconds(p95.value if p95 else None, "few" if felt.n else "-"))


def _first_reason(trial: SearchTrial) -> str:
    """Why a trial is no pass, by the first tier that it did not pass."""
    for reasons in trial.reasons:
        ours = [reason for reason in reasons if reason.severity == "invalid"]
        for reason in (*ours, *weightiest_first(reasons), *reasons):
            return in_brief(reason)
    return ""


def in_brief(finding: Finding) -> str:
    """A reason in a few words: `p95 1,840 ms`, `backlog grows 2.4 %`, `person: down`."""
    said = _brief(finding)
    return f"{finding.group}: {said}" if finding.group else said


def _brief(finding: Finding) -> str:
    brief = _BRIEF.get(finding.code)
    if brief is None:
        return finding.code.replace("_", " ")
    return brief if isinstance(brief, str) else brief(finding.numbers)


def _objective(n: Mapping[str, Any]) -> str:
    objective, never_share = parse_objective(n["objective"]), n.get("never_share")
    if objective.is_time and n["value"] == math.inf and never_share:
        return f"{share(never_share)} unanswered"
    return quantity_in_brief(objective, n["value"])


def _undecided(n: Mapping[str, Any]) -> str:
    if n["value"] is None:
        return _objective(n)
    few = None in n["limits"]
    return f"{_objective(n)}: {'too few answers' if few else 'too close to tell'}"


def _unserved(n: Mapping[str, Any]) -> str:
    return f"{n['clients']:,} of the clients unserved"


_BRIEF: dict[str, str | Callable[[Mapping[str, Any]], str]] = {
    "objective": _objective,
    "undecided": _undecided,
    "backlog_grows": lambda n: f"backlog grows {share(n['growth'])}",
    "failures": lambda n: f"{share(n['bad_share'])} failed",
    "not_edge": lambda n: f"{share(n['edge_purity'])} from the edge",
    "client_unserved": _unserved,
    "invalid": lambda n: ", ".join(code.replace("_", " ") for code in n["codes"]),
    "down": "the endpoint was down",
    "no_answers": "no answer",
    "too_short": "too short to tell",
    "nothing_due": "nothing due",
    "incomplete": "stopped",
}


def quantity_in_brief(objective: Objective, value: float | None) -> str:
    """`p95 1,840 ms`, `service p95 212 ms`, `errors 3.2 %`, `p95 never answered`."""
    name = quantity_name(objective).removeprefix("response ")
    if value is None:
        return f"{name}: too few answers"
    if objective.quantile is not None and math.isinf(value):
        return f"{name} never answered"
    return f"{name} {value_in_brief(objective, value)}"


def value_in_brief(objective: Objective, value: float | None) -> str:
    """A value of an objective's quantity with its unit: `1,840 ms`, `3.2 %`, `4.1 s`."""
    if value is None:
        return "?"
    if objective.quantile is not None:
        return f"{thousands(milliseconds(value))} ms" if math.isfinite(value) else "never"
    return f"{number(value)} s" if objective.quantity == "outage" else share(value)


def thousands(text: str) -> str:
    """A number of four digits or more with commas, other texts as they are."""
    return f"{int(text):,}" if text.isdecimal() else text
