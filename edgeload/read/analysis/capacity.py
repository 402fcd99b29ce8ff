"""The capacity that a ramp shows, and what the next larger load fell short of. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgeload.failure_classes import ESCALATED, WRONG_DETECTOR
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.objective_results import ObjectiveResult
from edgeload.read.analysis.step_summary import StepSummary

KEEPS_UP_SHARE = 0.95
BAD_SHARE = 0.01
NOT_EDGE = (ESCALATED, WRONG_DETECTOR)


@dataclass(frozen=True)
class Overload:
    """The least load above the capacity, and what it fell short of.

    A shortfall of severity "warning" is the endpoint's doing; "invalid" is our own; "note" says
    that the step was too short to tell.
    """

    step: int
    clients: int
    shortfalls: tuple[Finding, ...]

    @property
    def by_endpoint(self) -> bool:
        """Whether the endpoint gave way: the generator was valid, and the endpoint fell short."""
        severities = {shortfall.severity for shortfall in self.shortfalls}
        return "invalid" not in severities and "warning" in severities


@dataclass(frozen=True)
class Capacity:
    """The largest load that a valid, steady step carried, as measured, never as planned.

    `limited`: a larger step failed through the endpoint's doing. Otherwise the capacity is only a
    lower bound.
    """

    step: int
    clients: int
    requests_per_s: float
    limited: bool


def find_capacity(steps: Sequence[StepSummary]) -> tuple[Capacity | None, Overload | None]:
    """The largest step that fell short of nothing, and the next larger one that did."""
    short = {step.index: shortfalls(step) for step in steps}
    fit = [s for s in steps if not short[s.index] and s.rates.throughput_per_s is not None]
    best = max(fit, key=lambda s: (s.clients, s.rates.throughput_per_s), default=None)
    above = [s for s in steps if short[s.index] and (best is None or s.clients > best.clients)]
    least = min(above, key=lambda s: s.clients, default=None)
    overload = Overload(least.index, least.clients, short[least.index]) if least else None
    if best is None or best.rates.throughput_per_s is None:
        return None, overload
    limited = overload is not None and overload.by_endpoint
    return Capacity(best.index, best.clients, best.rates.throughput_per_s, limited), overload


def shortfalls(step: StepSummary) -> tuple[Finding, ...]:
    """What keeps a step from being the capacity; nothing: it carried its load.

    Unless an objective says otherwise: throughput of 95 % of the arrival rate, at most 1 % failed
    or missed, every answer from the edge. An objective replaces the rule about its own quantity.
    """
    found = [*_breaches(step)]
    steady = step.stability.steadiness.steady
    if steady is False:
        found.append(_short("unsteady", step))
    elif steady is None and not found:
        found.append(Finding("too_few", "note", (step.index,)))
    return tuple(found)


def _breaches(step: StepSummary) -> Iterator[Finding]:
    asked = {result.objective.quantity for result in step.objectives}
    if not step.valid:
        codes = tuple(doubt.code for doubt in step.doubts)
        yield Finding("invalid", "invalid", (step.index,), {"codes": codes})
    if not step.complete:
        yield Finding("incomplete", "note", (step.index,))
    if "throughput" not in asked:
        yield from _behind(step)
    bad = step.within.bad_share
    if bad is not None and bad > BAD_SHARE and not asked & {"errors", "missed"}:
        yield _short("failures", step, bad_share=bad, allowed_share=BAD_SHARE)
    away = sum(step.counts.failures.get(outcome, 0) for outcome in NOT_EDGE)
    purity = step.rates.edge_purity
    if "edge" not in asked and (away or (purity is not None and purity < 1)):
        yield _short("not_edge", step, answers=away, edge_purity=purity)
    for result in step.objectives:
        if result.status != "pass":
            yield _unmet(step, result)


def _short(code: str, step: StepSummary, **numbers: float | None) -> Finding:
    """A shortfall that is the endpoint's doing."""
    return Finding(code, "warning", (step.index,), numbers)


def _unmet(step: StepSummary, result: ObjectiveResult) -> Finding:
    """An objective that the step did not meet, or for which it has too few answers."""
    failed = result.status == "fail"
    return Finding(
        "objective" if failed else "undecided",
        "warning" if failed else "note",
        (step.index,),
        {
            "objective": result.objective.text,
            "value": result.value,
            "limits": (result.low, result.high),
            "extra_seconds_needed": result.extra_seconds_needed,
        },
        about=result.objective.text,
    )


def _behind(step: StepSummary) -> Iterator[Finding]:
    """Throughput under 95 % of the arrival rate; one request may be cut by the window's edge."""
    arrival, done = step.rates.arrival_per_s, step.rates.throughput_per_s
    if arrival is None or done is None:
        if step.complete:  # a step that was stopped in its warm-up has no rate either
            yield Finding("no_rate", "note", (step.index,))
    elif not _keeps_up(done, step):
        yield _short("behind", step, throughput_per_s=done, arrival_per_s=arrival)


def _keeps_up(rate_per_s: float | None, step: StepSummary) -> bool:
    length_s = step.window.length_s
    due = KEEPS_UP_SHARE * (step.rates.arrival_per_s or 0.0) * length_s
    return (rate_per_s or 0.0) * length_s >= due - 1.0


def saturated(step: StepSummary) -> bool:
    """Whether requests ended, well or not, more slowly than they fell due: a queue was growing."""
    known = step.rates.arrival_per_s is not None
    return known and not _keeps_up(step.rates.completions_per_s, step)
