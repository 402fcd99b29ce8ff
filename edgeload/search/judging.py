"""Judges a trial while it goes on: where its answers tell something, and what. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeload.objectives import Objective, Tier
from edgeload.plan import Plan, RampStep
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.analysis.trials import step_for_tier, trial_verdict
from edgeload.read.log.columns import RunLog
from edgeload.search.looks import Look

_ONLY_AT_THE_END = {"clients_idle"}
"""Doubts that a request in flight raises, too: it is not in the log yet."""


@dataclass(frozen=True)
class Judged:
    """A trial by all tiers, in their order."""

    steps: tuple[StepSummary, ...]
    """Its step, judged by the objectives of each tier."""

    @property
    def broken(self) -> bool:
        """Whether the endpoint answered nothing any more, or was down in between.

        Answers from the cloud are no good answers, but the endpoint that passes them on works.
        """
        step = self.steps[0]
        codes = {each.code for each in step.shortfalls}
        nothing = step.counts.sent > 0 and step.counts.ok == 0
        return "down" in codes or (nothing and "not_edge" not in codes)


def judge_trial(log: RunLog, step: RampStep, tiers: Sequence[Tier]) -> Judged:
    """A trial that is over."""
    summary = analyse(log, [each for tier in tiers for each in tier.objectives], {step.index})
    return Judged(tuple(step_for_tier(summary, 0, tier) for tier in tiers))


def look(log: RunLog, step: RampStep, at_s: float, tiers: Sequence[Tier]) -> Judged:
    """A trial that goes on, by what is certain at run time `at_s`; `log` is as of then."""
    assert log.plan is not None
    plan = replace(log.plan, steps=_cut(log.plan, step, certain_until_s(log, step, at_s, tiers)))
    found = judge_trial(replace(log, plan=plan, steps=plan.steps), step, tiers)
    return Judged(tuple(_in_flight_forgiven(each) for each in found.steps))


def looks_of(found: Judged, at_s: float) -> list[Look]:
    """What each tier makes of a look."""
    return [
        Look(at_s, trial_verdict(step), clear=_is_clear(step) or found.broken)
        for step in found.steps
    ]


def certain_until_s(log: RunLog, step: RampStep, at_s: float, tiers: Sequence[Tier]) -> float:
    """Up to where every frame has ended, or is late for every bound on its time already.

    A frame in flight that is not yet late would count as never answered: it would be held against
    the endpoint that we did not wait.
    """
    bounds = [each.bound for tier in tiers for each in tier.objectives if _needs_answers(each)]
    assert log.plan is not None
    if not bounds:
        return at_s
    latest_s = np.full(step.clients, at_s - max(bounds))
    np.maximum.at(latest_s, log.requests.client, log.requests.due_s)
    young = (
        next((due_s for due_s in log.plan.step_dues(client, step) if due_s > latest), math.inf)
        for client, latest in enumerate(latest_s.tolist())
    )
    return min([at_s, *young])


def _needs_answers(objective: Objective) -> bool:
    return objective.is_time or objective.quantity in ("age", "missed")


def _cut(plan: Plan, step: RampStep, end_s: float) -> tuple[RampStep, ...]:
    return tuple(
        replace(each, end_s=max(each.start_s, min(each.end_s, end_s)))
        if each.index == step.index
        else each
        for each in plan.steps
    )


def _in_flight_forgiven(step: StepSummary) -> StepSummary:
    doubts = tuple(each for each in step.doubts if each.code not in _ONLY_AT_THE_END)
    shortfalls = step.shortfalls
    if not doubts:
        shortfalls = tuple(each for each in shortfalls if each.code != "invalid")
    return replace(step, doubts=doubts, shortfalls=shortfalls)


def _is_clear(step: StepSummary) -> bool:
    return any(part.growth is not None and part.growth.clear for part in (step, *step.groups))
