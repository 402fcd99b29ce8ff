"""A load cut into windows of time, the unit of a comparison: what fell due in each. Pure.

Neighbouring requests are alike, so windows are compared and not requests (method 13).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from edgeload.read.analysis.compared_loads import Found
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.analysis.steps import planned_dues
from edgeload.read.analysis.window_times import rows_due_in, times_of
from edgeload.read.statistics.shares import WindowedShare
from edgeload.read.statistics.windows import Floats, count_in, rate_in

WINDOWS = 10
LEAST_WINDOWS = 5
LEAST_IN_WINDOW = 5


@dataclass(frozen=True)
class LoadWindow:
    """One window of a step: good answers per second, and what became of the requests due in it.

    `named` answers say whether the edge gave them, and `away` of these were not from the edge.
    `service_s` are the times of good answers; `response_s` those of all due requests, infinite for
    the ones that were never answered. `missed` and `response_s` are None if the log does not say
    when requests were due, or if they are those of a closed loop, which has no plan to be behind.
    """

    throughput_per_s: float
    sent: int
    failed: int
    missed: int | None
    named: int
    away: int
    service_s: Floats
    response_s: Floats | None

    @property
    def due(self) -> int:
        """Requests that fell due: sent or missed."""
        return self.sent + (self.missed or 0)


Cut = list[LoadWindow]
"""The windows of one step, in order of time."""


@dataclass(frozen=True)
class LoadWindows:
    """All steps of a load on one side, cut for each purpose; steps with too little are left out.

    `due` windows have five requests due each, `service` five good answers, `response` five response
    times. `response` is None if a log does not say when requests were due, and for a closed loop.
    """

    due: list[Cut]
    service: list[Cut]
    response: list[Cut] | None

    def shares(self, hits: str, of: str) -> list[WindowedShare]:
        """A share over the windows of each step: one count of a window, of another."""
        return [
            WindowedShare(values_of_windows(cut, hits), values_of_windows(cut, of))
            for cut in self.due
        ]


def values_of_windows(cut: Cut, name: str) -> Floats:
    """A number of each window."""
    return np.array([getattr(window, name) for window in cut], dtype=np.float64)


def windows_of(found: Sequence[Found]) -> LoadWindows:
    """Ten windows a step, or as many from five on as hold five members each."""
    knows_due = all(_has_plan(run) for run, _ in found)
    due: list[Cut] = []
    service: list[Cut] = []
    response: list[Cut] = []
    for run, step in found:
        cut = _cutter(run, step)
        due += _first_enough(cut, lambda window: window.due)
        service += _first_enough(cut, lambda window: len(window.service_s))
        if knows_due:
            response += _first_enough(cut, _response_times)
    return LoadWindows(due, service, response if knows_due else None)


def _has_plan(run: RunSummary) -> bool:
    """Whether everything that was sent had been planned."""
    plan = run.log.plan
    return plan is not None and run.log.knows_due and not any(group.closed for group in plan.groups)


def _response_times(window: LoadWindow) -> int:
    return 0 if window.response_s is None else len(window.response_s)


def _first_enough(cut: Callable[[int], Cut], members: Callable[[LoadWindow], int]) -> list[Cut]:
    """The finest cut whose windows all have members enough; none if there is none."""
    for count in range(WINDOWS, LEAST_WINDOWS - 1, -1):
        found = cut(count)
        if min(map(members, found)) >= LEAST_IN_WINDOW:
            return [found]
    return []


def _cutter(run: RunSummary, step: StepSummary) -> Callable[[int], Cut]:
    """A step's windows by their number."""
    log, requests = run.log, run.log.requests
    rows = np.flatnonzero(rows_due_in(log, step.index, step.window))
    at_s = log.at_s[rows]
    ok_done_s = np.sort(requests.done_s[requests.ok & step.window.holds(requests.done_s)])
    dues = None
    if log.plan is not None and _has_plan(run):
        dues = planned_dues(log.plan, log.plan.steps[step.index], math.inf)

    @cache
    def cut(count: int) -> Cut:
        found = []
        for window in step.window.split(count):
            inside = rows[window.holds(at_s)]
            missed = None if dues is None else max(0, count_in(dues, window) - len(inside))
            times = times_of(log, inside, missed)
            said = requests.from_edge[inside]
            response_s = None if dues is None else times.response_s
            if response_s is not None:
                response_s = np.append(response_s, np.full(times.unanswered, np.inf))
            found.append(
                LoadWindow(
                    throughput_per_s=rate_in(ok_done_s, window) or 0.0,
                    sent=len(inside),
                    failed=int(np.count_nonzero(~requests.ok[inside])),
                    missed=missed,
                    named=int(np.count_nonzero(said >= 0)),
                    away=int(np.count_nonzero(said == 0)),
                    service_s=times.service_s,
                    response_s=response_s,
                )
            )
        return found

    return cut
