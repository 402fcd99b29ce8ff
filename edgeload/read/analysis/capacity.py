"""What a ramp shows that the endpoint carries: the capacity, and what the next step fell short of.

Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeload.read.analysis.steps import StepSummary
from edgeload.read.statistics.format import number, share
from edgeload.read.words.objective_words import breach_words

KEEPS_UP_SHARE = 0.95
BAD_SHARE = 0.01
NOT_EDGE = ("escalated", "wrong_detector")


@dataclass(frozen=True)
class Shortfall:
    """Why a step cannot be the capacity. `endpoint`: the endpoint's doing, not ours."""

    code: str
    message: str
    endpoint: bool


@dataclass(frozen=True)
class Breach:
    """The step above the capacity, and what it fell short of."""

    step: int
    clients: int
    shortfalls: tuple[Shortfall, ...]

    @property
    def by_endpoint(self) -> bool:
        """Whether the endpoint is what gave way: the generator was valid and it fell short."""
        return all(s.code != "invalid" for s in self.shortfalls) and any(
            s.endpoint for s in self.shortfalls
        )


@dataclass(frozen=True)
class Capacity:
    """The largest load that a valid, steady step carried, as measured, never as planned.

    `limited` says that a larger step broke through the endpoint's doing (`broke`); otherwise the
    capacity is only a lower bound.
    """

    step: int
    clients: int
    requests_per_s: float
    limited: bool


def find_capacity(steps: Sequence[StepSummary]) -> tuple[Capacity | None, Breach | None]:
    """The largest step that fell short of nothing, and the next larger one that did."""
    short = {step.index: shortfalls(step) for step in steps}
    fit = [s for s in steps if not short[s.index] and s.throughput_per_s is not None]
    best = max(fit, key=lambda s: (s.clients, s.throughput_per_s), default=None)
    above = [s for s in steps if short[s.index] and (best is None or s.clients > best.clients)]
    least = min(above, key=lambda s: s.clients, default=None)
    broke = Breach(least.index, least.clients, short[least.index]) if least else None
    if best is None or best.throughput_per_s is None:
        return None, broke
    limited = broke is not None and broke.by_endpoint
    return Capacity(best.index, best.clients, best.throughput_per_s, limited), broke


def shortfalls(step: StepSummary) -> tuple[Shortfall, ...]:
    """What keeps a step from being the capacity; nothing: it carried its load.

    Where no objective says otherwise: throughput of 95 % of the arrival rate, at most 1 % failed or
    missed, every answer from the edge. An objective takes the place of its own rule.
    """
    asked = {judged.objective.figure for judged in step.objectives}
    found = []
    if not step.valid:
        codes = ", ".join(doubt.code for doubt in step.doubts)
        found.append(Shortfall("invalid", f"INVALID ({codes})", False))
    if not step.complete:
        found.append(Shortfall("incomplete", "stopped before its end", False))
    if "throughput" not in asked:
        found += _behind(step)
    bad = step.within.bad_share
    if bad is not None and bad > BAD_SHARE and not asked & {"errors", "missed"}:
        found.append(Shortfall("failures", f"{share(bad)} failed or missed", True))
    away = sum(step.failures.get(outcome, 0) for outcome in NOT_EDGE)
    if "edge" not in asked and (away or (step.edge_purity is not None and step.edge_purity < 1)):
        found.append(Shortfall("not_edge", "answers that are not the edge's own", True))
    found += _objectives(step)
    if step.steadiness.steady is False:
        found.append(Shortfall("unsteady", "not steady", True))
    elif step.steadiness.steady is None and not found:
        found.append(Shortfall("too_few", "too few answers to tell whether it was steady", False))
    return tuple(found)


def _objectives(step: StepSummary) -> list[Shortfall]:
    """Objectives that the step did not meet, or that it has too few answers to have met."""
    return [
        Shortfall("objective", breach_words(judged), True)
        if judged.verdict == "fail"
        else Shortfall("undecided", breach_words(judged), False)
        for judged in step.objectives
        if judged.verdict != "pass"
    ]


def _behind(step: StepSummary) -> list[Shortfall]:
    """Throughput under 95 % of the arrival rate; one request may be cut by the window's edge."""
    arrival, done = step.arrival_rate_per_s, step.throughput_per_s
    if arrival is None or done is None:
        return [Shortfall("no_rate", "no arrival rate to compare the throughput with", False)]
    if _keeps_up(done, step):
        return []
    message = f"{number(done)} answers/s of {number(arrival)} due/s"
    return [Shortfall("behind", message, True)]


def _keeps_up(rate_per_s: float | None, step: StepSummary) -> bool:
    length_s = step.window.length_s
    due = KEEPS_UP_SHARE * (step.arrival_rate_per_s or 0.0) * length_s
    return (rate_per_s or 0.0) * length_s >= due - 1.0


def saturated(step: StepSummary) -> bool:
    """Whether requests ended, well or not, more slowly than they fell due: a queue was growing."""
    return step.arrival_rate_per_s is not None and not _keeps_up(step.finished_per_s, step)
