"""What keeps a step from showing that the endpoint carries its load. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeload.failure_classes import ESCALATED, WRONG_DETECTOR
from edgeload.read.analysis.finding import Finding, of_group
from edgeload.read.analysis.objective_results import ObjectiveResult
from edgeload.read.analysis.outages import Outage
from edgeload.read.analysis.step_summary import StepSummary

KEEPS_UP_SHARE = 0.95
BAD_SHARE = 0.01
NOT_EDGE = (ESCALATED, WRONG_DETECTOR)
OF_FAILURES = {"errors", "missed"}
"""Objectives about these replace the rule that at most 1 % may fail."""
_OF_THE_STEP = ("invalid", "incomplete")


def find_shortfalls(step: StepSummary, outages: Sequence[Outage] = ()) -> tuple[Finding, ...]:
    """A finding for each reason why a step does not show that its load was carried, if any.

    Severity "warning": the endpoint did not carry the load; "invalid": our own fault; "note": the
    step cannot tell. Carried means that the backlog does not grow, that at most 1 % of what was
    due failed (or was missed, if clients drop what they cannot send in time), that every answer is
    the edge's own, that there was no outage, and that the step's objectives are met. An objective
    about errors, missed requests or edge answers replaces the rule about them. A group that is
    left out of a step has none.
    """
    return () if step.left_out else tuple(_reasons(step, outages))


def _reasons(step: StepSummary, outages: Sequence[Outage]) -> Iterator[Finding]:
    asked = {result.objective.quantity for result in step.objectives}
    if not step.valid:
        codes = tuple(doubt.code for doubt in step.doubts)
        yield Finding("invalid", "invalid", (step.index,), {"codes": codes})
    if not step.complete:
        yield Finding("incomplete", "note", (step.index,))
    if step.group and not step.closed and step.within.planned == 0:
        yield Finding("nothing_due", "note", (step.index,))
        return
    if step.groups:
        yield from _of_groups(step)
        yield from _objectives(step)
        return
    if not step.closed:
        yield from _backlog(step) if step.growth else _behind(step)
    if step.complete and step.counts.sent and not step.within.ok:
        yield Finding("no_answers", "note", (step.index,))
    if step.unserved_clients:
        yield _short("client_unserved", step, clients=step.unserved_clients)
    bad = bad_share(step)
    if bad is not None and bad > BAD_SHARE and not asked & OF_FAILURES:
        dropped = step.counts.missed_reasons.get("skipped", 0)
        yield _short(
            "failures",
            step,
            bad_share=bad,
            bad=round(bad * step.within.due),
            due=step.within.due,
            allowed_share=BAD_SHARE,
            dropped=dropped,
        )
    if any(step.index in outage.steps and not outage.silent for outage in outages):
        yield _short("down", step)
    away = sum(step.counts.failures.get(outcome, 0) for outcome in NOT_EDGE)
    purity = step.rates.edge_purity
    if "edge" not in asked and (away or (purity is not None and purity < 1)):
        yield _short("not_edge", step, answers=away, edge_purity=purity)
    yield from _objectives(step)


def _of_groups(step: StepSummary) -> Iterator[Finding]:
    """A mix is carried if each of its groups is; what concerns the whole step is named once."""
    for part in step.groups:
        yield from of_group((s for s in part.shortfalls if s.code not in _OF_THE_STEP), part.group)


def _objectives(step: StepSummary) -> Iterator[Finding]:
    for result in step.objectives:
        if result.status != "pass" and (step.complete or result.value is not None):
            yield _unmet(step, result)


def bad_share(step: StepSummary) -> float | None:
    """Share of what was due that failed, or was dropped by clients that drop what comes too late.

    What queueing clients could not send before the step's end is backlog, judged by itself.
    """
    dropped = step.counts.missed_reasons.get("skipped", 0)
    return step.within.bad_share if dropped else step.within.failed_share


def _short(code: str, step: StepSummary, **numbers: float | None) -> Finding:
    """A shortfall that is the endpoint's doing."""
    return Finding(code, "warning", (step.index,), numbers)


def _backlog(step: StepSummary) -> Iterator[Finding]:
    growth = step.growth
    assert growth is not None
    if growth.verdict == "not_carried":
        yield _short(
            "backlog_grows",
            step,
            growth=growth.value,
            throughput_per_s=step.rates.throughput_per_s,
            arrival_per_s=step.rates.arrival_per_s,
        )
    elif not step.counts.planned:
        yield Finding("nothing_due", "note", (step.index,))
    elif growth.verdict == "too_short" and step.complete:
        yield Finding(
            "too_short",
            "note",
            (step.index,),
            {"step_s": growth.step_s, "measured": growth.value is not None},
        )


def _behind(step: StepSummary) -> Iterator[Finding]:
    """For logs without due times: throughput under 95 % of the arrival rate that was given.

    Clients of the older form send less than their rate by themselves, so it cannot be sharper. One
    request may be cut by the window's edge.
    """
    arrival, done, length_s = (
        step.rates.arrival_per_s,
        step.rates.throughput_per_s,
        step.window.length_s,
    )
    if arrival is None:
        yield Finding("no_rate", "note", (step.index,))
    elif done is None:
        yield Finding("no_answers", "note", (step.index,))
    elif done * length_s < KEEPS_UP_SHARE * arrival * length_s - 1.0:
        yield _short("behind", step, throughput_per_s=done, arrival_per_s=arrival)


def _unmet(step: StepSummary, result: ObjectiveResult) -> Finding:
    """An objective that the step did not meet, or for which it has too few answers.

    One about which nothing was measured is not met, but that is nothing against the endpoint.
    """
    failed = result.status == "fail"
    return Finding(
        "objective" if failed else "undecided",
        "warning" if failed and result.value is not None else "note",
        (step.index,),
        {
            "objective": result.objective.condition,
            "value": result.value,
            "limits": (result.low, result.high),
            "extra_seconds_needed": result.extra_seconds_needed,
            "step_s_to_tell": result.step_s_to_tell,
            "never_share": result.never_share,
        },
        about=result.objective.text,
    )
