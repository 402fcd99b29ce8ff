"""Two sides, each one run or several -> better, worse, same or undecided, load by load. Pure.

Neighbouring requests are correlated, so each step is cut into ten time windows and the windows are
compared (method 13); more logs per side give more windows. Throughput and the medians of windows
are compared by Hodges and Lehmann's shift, percentiles of merged windows by a bootstrap of whole
windows. A load is compared if both sides have a valid, complete step of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

import numpy as np

from edgeload.read.analysis.capacity import Capacity
from edgeload.read.analysis.differences import Difference, Side, differences, without_header
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.analysis.window_times import rows_due_in, times_of
from edgeload.read.statistics.percentiles import nearest_rank
from edgeload.read.statistics.two_samples import (
    Shift,
    hodges_lehmann,
    holm,
    inflation,
    percentile_ratio,
)
from edgeload.read.statistics.windows import Floats, rate_in

Verdict = Literal["better", "worse", "same", "undecided"]

WINDOWS = 10
LEAST_WINDOWS = 5
MARGIN = 0.05
_LEAST_ANSWERS = 5
_AS_GOOD_AS_NEVER_S = 1e6
_LEAST_FOR = {"p50": 59, "p95": 59, "p99": 299}
_QUANTILES = {"p95": 0.95, "p99": 0.99}


@dataclass(frozen=True)
class ComparedQuantity:
    """One quantity at one load. `shift` and its limits are relative to the old value.

    Values are over all windows of a side: answers per second, or seconds (infinity: never
    answered). `verdict` is "undecided" if `why` says what keeps the load from being compared.
    """

    clients: int
    quantity: str
    old: float | None
    new: float | None
    shift: float | None
    low: float | None
    high: float | None
    p: float | None
    verdict: Verdict
    why: Finding | None = None


@dataclass(frozen=True)
class Comparison:
    """All quantities of all loads, and what they say together."""

    verdict: Verdict
    margin: float
    deciding: tuple[ComparedQuantity, ...]
    """The rows that made the verdict: significant although so many were tested (Holm)."""
    rows: tuple[ComparedQuantity, ...]
    differences: tuple[Difference, ...]
    without_header: tuple[str, ...]
    """Logs that do not say with which settings, machine and versions they were made."""
    invalid: tuple[str, ...]
    """Logs whose run is INVALID."""
    capacities: tuple[tuple[Capacity | None, ...], tuple[Capacity | None, ...]]
    """Each run's capacity: old side, new side."""


def compare(old: Side, new: Side, margin: float = MARGIN) -> Comparison:
    """What changed from one side to the other; differences within `margin` are "same"."""
    rows = [
        row
        for clients in _common_loads(old, new)
        for row in _compare_load(clients, _steps(old, clients), _steps(new, clients), margin)
    ]
    verdict, deciding = _together(_that_decide(rows))
    return Comparison(
        verdict=verdict,
        margin=margin,
        deciding=tuple(deciding),
        rows=tuple(rows),
        differences=differences(old, new),
        without_header=without_header(old, new),
        invalid=tuple(run.log.path.name for run in chain(old, new) if not run.valid),
        capacities=(_capacities(old), _capacities(new)),
    )


def _capacities(side: Side) -> tuple[Capacity | None, ...]:
    return tuple(run.capacity for run in side)


def _common_loads(old: Side, new: Side) -> list[int]:
    loads = [{step.clients for run in side for step in run.steps} for side in (old, new)]
    return sorted(loads[0] & loads[1])


Found = tuple[RunSummary, StepSummary]


def _steps(side: Side, clients: int) -> list[Found]:
    return [(run, step) for run in side for step in run.steps if step.clients == clients]


@dataclass(frozen=True)
class _Windows:
    """What each window of a load saw: answers per second, and the times of what fell due in it."""

    throughput_per_s: Floats
    service_s: list[Floats]
    response_s: list[Floats] | None
    sizes: list[int]
    """How many of them each run has, in their order."""

    def by_run(self, values: Floats) -> list[Floats]:
        """A value for each window, run by run."""
        return np.split(values, np.cumsum(self.sizes)[:-1])


def _compare_load(
    clients: int, old: list[Found], new: list[Found], margin: float
) -> list[ComparedQuantity]:
    why = next(chain(_unfit(old, "old"), _unfit(new, "new")), None)
    usable_old, usable_new = _usable(old), _usable(new)
    if not usable_old or not usable_new:
        return [_not_compared(clients, "throughput", why)]
    a, b = _windows(usable_old), _windows(usable_new)
    if min(len(a.throughput_per_s), len(b.throughput_per_s)) < LEAST_WINDOWS:
        return [_not_compared(clients, "throughput", Finding("too_few_windows", "note"))]
    pair = _Pair(clients, a, b, margin)
    rows = [pair.by_windows("throughput", a.throughput_per_s, b.throughput_per_s)]
    kinds = [("service", a.service_s, b.service_s)]
    if a.response_s is not None and b.response_s is not None:
        kinds.append(("response", a.response_s, b.response_s))
    for kind, ours, theirs in kinds:
        before, after = (np.array([np.median(w) for w in side]) for side in (ours, theirs))
        rows.append(pair.by_windows(f"{kind} p50", before, after))
        for name, q in _QUANTILES.items():
            if min(sum(map(len, ours)), sum(map(len, theirs))) >= _LEAST_FOR[name]:
                rows.append(pair.by_bootstrap(f"{kind} {name}", ours, theirs, q))
    return rows


def _unfit(found: list[Found], side: str) -> Iterator[Finding]:
    """Why the steps of one side cannot be compared."""
    for _, step in found:
        if not step.valid:
            codes = tuple(doubt.code for doubt in step.doubts)
            yield Finding("side_invalid", "note", numbers={"side": side, "codes": codes})
        elif not step.complete:
            yield Finding("side_incomplete", "note", numbers={"side": side})


def _usable(found: list[Found]) -> list[Found]:
    return [(run, step) for run, step in found if step.valid and step.complete]


def _windows(found: list[Found]) -> _Windows:
    """Ten windows a step, or as many from five on as hold five answers each; else none."""
    rates: list[float] = []
    sizes: list[int] = []
    service: list[Floats] = []
    response: list[Floats] = []
    for run, step in found:
        log = run.log
        inside = rows_due_in(log, step.index, step.window)
        ok_done_s = np.sort(log.requests.done_s[log.requests.ok])
        for count in range(WINDOWS, LEAST_WINDOWS - 1, -1):
            parts = step.window.split(count)
            times = [times_of(log, inside & part.holds(log.at_s), 0) for part in parts]
            if min(len(part.service_s) for part in times) < _LEAST_ANSWERS:
                continue
            sizes.append(count)
            rates += [rate_in(ok_done_s, part) or 0.0 for part in parts]
            service += [part.service_s for part in times]
            response += [
                np.append(part.response_s, np.full(unanswered, np.inf))
                for part, unanswered in zip(times, _spread(step, count), strict=True)
                if part.response_s is not None
            ]
            break
    older = not all(run.log.knows_due for run, _ in found)
    return _Windows(np.array(rates), service, None if older else response, sizes)


def _spread(step: StepSummary, count: int) -> list[int]:
    """Requests never answered, over the windows: the log does not say when each was missed."""
    unanswered = step.times.response.unanswered if step.times.response else 0
    return [unanswered * (i + 1) // count - unanswered * i // count for i in range(count)]


@dataclass(frozen=True)
class _Pair:
    """Both sides' windows of one load."""

    clients: int
    old: _Windows
    new: _Windows
    margin: float

    def by_windows(self, quantity: str, old: Floats, new: Floats) -> ComparedQuantity:
        """A value for each window: their shift."""
        before, after = float(np.median(old)), float(np.median(new))
        if not math.isfinite(before) or before <= 0:
            code = "old_side_unanswered" if before else "old_side_empty"
            return _not_compared(self.clients, quantity, Finding(code, "note"))
        bounded_old, bounded_new = (np.minimum(side, _AS_GOOD_AS_NEVER_S) for side in (old, new))
        shift = hodges_lehmann(bounded_old, bounded_new).widened(self._inflation(old, new))
        value, low, high = (
            math.inf if abs(v) > _AS_GOOD_AS_NEVER_S / 2 else v / before
            for v in (shift.value, shift.low, shift.high)
        )
        relative = Shift(value, low, high, shift.p)
        return _judged(self.clients, quantity, before, after, relative, self.margin)

    def by_bootstrap(
        self, quantity: str, old: list[Floats], new: list[Floats], q: float
    ) -> ComparedQuantity:
        """The times in each window: the ratio of a percentile of them all."""
        before, after = (nearest_rank(np.concatenate(side), q) for side in (old, new))
        a, b = (np.array([nearest_rank(window, q) for window in side]) for side in (old, new))
        if math.isinf(before) or math.isinf(after):
            return self.by_windows(quantity, a, b)
        shift = percentile_ratio(old, new, q).widened(self._inflation(a, b))
        return _judged(self.clients, quantity, before, after, shift, self.margin)

    def _inflation(self, old: Floats, new: Floats) -> float:
        return inflation([self.old.by_run(old), self.new.by_run(new)])


def _judged(
    clients: int, quantity: str, old: float, new: float, shift: Shift, margin: float
) -> ComparedQuantity:
    """Same: the whole interval is within the margin. Else: a significant change beyond it."""
    verdict: Verdict = "undecided"
    if -margin <= shift.low and shift.high <= margin:
        verdict = "same"
    elif abs(shift.value) > margin and (shift.low > 0 or shift.high < 0):
        grew = shift.value > 0
        verdict = "better" if grew == (quantity == "throughput") else "worse"
    return ComparedQuantity(
        clients, quantity, old, new, shift.value, shift.low, shift.high, shift.p, verdict
    )


def _not_compared(clients: int, quantity: str, why: Finding | None) -> ComparedQuantity:
    return ComparedQuantity(clients, quantity, None, None, None, None, None, None, "undecided", why)


def _that_decide(rows: Sequence[ComparedQuantity]) -> list[ComparedQuantity]:
    """Throughput, and response p50 and p95, which a camera feels.

    Service time stands in if a log does not say when requests were due.
    """
    felt = "response" if any(row.quantity.startswith("response") for row in rows) else "service"
    return [row for row in rows if row.quantity in ("throughput", f"{felt} p50", f"{felt} p95")]


def _together(candidates: Sequence[ComparedQuantity]) -> tuple[Verdict, list[ComparedQuantity]]:
    """One verdict for all rows: differences must survive Holm's correction for the many tests."""
    tested = [row for row in candidates if row.p is not None]
    believed = holm([row.p or 0.0 for row in tested])
    verdicts: tuple[Verdict, ...] = ("worse", "better")
    for verdict in verdicts:
        found = [
            row
            for row, is_believed in zip(tested, believed, strict=True)
            if is_believed and row.verdict == verdict
        ]
        if found:
            return verdict, sorted(found, key=lambda row: (row.p or 0.0, -row.clients))
    if candidates and all(row.verdict == "same" for row in candidates):
        return "same", []
    return "undecided", []
