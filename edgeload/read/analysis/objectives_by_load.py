"""Objectives in a ramp: which loads meet them, and what the run as a whole says. Pure.

A ramp goes to loads that an endpoint cannot carry, so an objective that names no load is not about
all of its steps together: it asks which loads are served.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from edgeload.objectives import Objective
from edgeload.read.analysis.objective_results import (
    LoadStatus,
    ObjectiveResult,
    Sample,
    Status,
    merged,
    result_of,
    unknown,
)
from edgeload.read.analysis.step_summary import StepSummary

_WORST_FIRST: tuple[Status, ...] = ("fail", "undecided", "pass")


def judge_by_load(
    objective: Objective, steps: Sequence[StepSummary], samples: Sequence[Sample]
) -> ObjectiveResult:
    """An objective that names no load, judged at each load of the run: met if one load meets it.

    The figures are those of the largest load that meets it; if none does, of the least that is
    undecided, or else of the least. INVALID steps say nothing, unless there are no others, and
    neither do those of which nothing was measured. Steps with the same load are merged.
    """
    judged = [
        (step, sample) for step, sample in zip(steps, samples, strict=True) if not step.left_out
    ]
    valid = [each for each in judged if each[0].valid] or judged
    loads = sorted({step.copies for step, _ in valid})
    found = {
        load: result_of(objective, merged(sample for step, sample in valid if step.copies == load))
        for load in loads
    }
    found = {load: result for load, result in found.items() if result.value is not None}
    if not found:
        return unknown(objective)
    by_status = {
        status: [load for load, result in found.items() if result.status == status]
        for status in _WORST_FIRST
    }
    status = next(each for each in reversed(_WORST_FIRST) if by_status[each])
    shown = max(by_status["pass"]) if status == "pass" else min(by_status[status])
    return replace(
        found[shown],
        loads=tuple(LoadStatus(load, result.status) for load, result in found.items()),
        load=shown,
    )


def status_of_all(results: Sequence[ObjectiveResult]) -> Status | None:
    """What all objectives of a run say together; None if there are none.

    Those that name steps or a load have to be met. Of the others, one load has to meet them all.
    """
    scoped = [result.status for result in results if not result.loads]
    served = status_of_served(results)
    found = [*scoped, *([served] if served else [])]
    return _worst(found) if found else None


def status_of_served(results: Sequence[ObjectiveResult]) -> Status | None:
    """Whether one load meets all objectives that name none; None if there are none of these."""
    by_load = [{each.load: each.status for each in result.loads} for result in results]
    by_load = [statuses for statuses in by_load if statuses]
    loads = sorted({load for statuses in by_load for load in statuses})
    served = [_worst(statuses[load] for statuses in by_load if load in statuses) for load in loads]
    return next((status for status in reversed(_WORST_FIRST) if status in served), None)


def _worst(statuses: Iterable[Status]) -> Status:
    known = set(statuses)
    return next(status for status in _WORST_FIRST if status in known)
