"""The bad requests of a trial, as evidence of where too many of them are. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from edgeload.objectives import Objective
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.objective_results import ObjectiveResult
from edgeload.read.analysis.shortfalls import BAD_SHARE, NOT_EDGE, OF_FAILURES, bad_share
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.statistics.share_boundary import ShareCount

FAILURES, NOT_THE_EDGES = "failures", "not_edge"
"""Names of the counts that no objective asks for: codes of their shortfalls."""
_OF_OBJECTIVES = {"objective", "undecided"}


def bounds_share(objective: Objective) -> bool:
    """Whether an objective bounds a share of requests."""
    return objective.quantity in ("errors", "missed", "edge")


def bad_requests_of(step: StepSummary) -> tuple[ShareCount, ...]:
    """All bad requests that are counted in a step, those of a mix group by group."""
    parts = step.groups or (step,)
    found = [count for part in parts for count in _of_part(part)]
    if step.groups:
        found += _of_objectives(step)
    return tuple(count for count in found if count.of)


def without_shares(step: StepSummary) -> StepSummary:
    """A step as if no share of its requests had been judged."""
    parts = tuple(map(without_shares, step.groups))
    asked = {
        result.objective.text
        for part in (step, *step.groups)
        for result in part.objectives
        if bounds_share(result.objective)
    }
    asked |= {f"{quantity}<{BAD_SHARE:.0%}" for quantity in OF_FAILURES}
    kept = tuple(each for each in step.shortfalls if not _is_of_share(each, asked))
    results = tuple(each for each in step.objectives if not bounds_share(each.objective))
    return replace(step, shortfalls=kept, objectives=results, groups=parts)


def _is_of_share(finding: Finding, asked: set[str]) -> bool:
    if finding.code in _OF_OBJECTIVES:
        return finding.about in asked
    return finding.code in (FAILURES, NOT_THE_EDGES)


def _of_part(step: StepSummary) -> Iterator[ShareCount]:
    """What is counted in a step, or in a group of a mix, by the rules of `find_shortfalls`."""
    yield from _of_objectives(step)
    quantities = {result.objective.quantity for result in step.objectives}
    bad, due = bad_share(step), step.within.due
    if bad is not None and not quantities & OF_FAILURES:
        yield ShareCount(FAILURES, round(bad * due), due, BAD_SHARE, step.group)
    if "edge" not in quantities:
        yield _not_the_edges(step)


def _not_the_edges(step: StepSummary) -> ShareCount:
    """Answers that were not the edge's; none may be. Some are failures, others only say so."""
    away = sum(step.counts.failures.get(outcome, 0) for outcome in NOT_EDGE)
    answers = step.counts.ok + away
    purity = step.rates.edge_purity
    if purity is not None:
        away = max(away, round((1 - purity) * answers))
    return ShareCount(NOT_THE_EDGES, min(away, answers), answers, 0.0, step.group)


def _of_objectives(step: StepSummary) -> Iterator[ShareCount]:
    for result in step.objectives:
        if bounds_share(result.objective) and result.value is not None:
            yield _of_result(result, step.group)


def _of_result(result: ObjectiveResult, group: str) -> ShareCount:
    share, bound = result.value or 0.0, result.objective.bound
    if result.objective.at_least:
        share, bound = 1.0 - (result.value or 0.0), 1.0 - bound
    return ShareCount(result.objective.condition, round(share * result.n), result.n, bound, group)
