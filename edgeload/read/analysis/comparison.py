"""Two sides, each one run or several -> better, worse, same, undecided or not comparable. Pure.

Each load that both sides have is compared by itself (`compared_loads`, `compared_quantities`). One
verdict stands for all of them: differences must be significant although so many were tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import chain, groupby
from typing import Literal

import numpy as np

from edgeload.read.analysis.capacity import Capacity
from edgeload.read.analysis.compared_capacity import compare_capacity
from edgeload.read.analysis.compared_loads import (
    OneSidedLoad,
    matched_loads,
    one_sided_loads,
    why_none_match,
)
from edgeload.read.analysis.compared_quantities import (
    MARGIN,
    NO_OBSTACLE,
    SHARES,
    ComparedQuantity,
    QuantityVerdict,
    compare_load,
)
from edgeload.read.analysis.differences import Difference, Side, differences, without_header
from edgeload.read.analysis.finding import Finding
from edgeload.read.log.columns import RunLog
from edgeload.read.statistics.two_samples import holm

Verdict = Literal[QuantityVerdict, "not comparable"]


@dataclass(frozen=True)
class Comparison:
    """All quantities of all loads, and what they say together."""

    verdict: Verdict
    margin: float
    same_runs: bool
    """Both sides are the same runs."""
    deciding: tuple[ComparedQuantity, ...]
    """The rows that made the verdict: significant although so many were tested (Holm)."""
    rows: tuple[ComparedQuantity, ...]
    capacity: ComparedQuantity | None
    """The capacities compared; None if no run found one."""
    one_sided: tuple[OneSidedLoad, ...]
    """Loads that only one side has."""
    why: tuple[Finding, ...]
    """Why the sides are not comparable, or what leaves the verdict open."""
    differences: tuple[Difference, ...]
    without_header: tuple[str, ...]
    """Logs that do not say with which settings, machine and versions they were made."""
    invalid: tuple[str, ...]
    """Logs whose run is INVALID."""
    capacities: tuple[tuple[Capacity | None, ...], tuple[Capacity | None, ...]]
    """Each run's capacity: old side, new side."""

    @property
    def tells_nothing(self) -> bool:
        """Whether no load could be compared, or nothing was answered at any on the new side."""
        if self.verdict in ("better", "worse"):
            return False
        return not any(row.new for row in self.rows if row.quantity == "throughput")


def compare(old: Side, new: Side, margin: float = MARGIN) -> Comparison:
    """What changed from one side to the other; differences within `margin` are "same"."""
    same_runs = _same_runs(old, new)
    loads = matched_loads(old, new)
    rows = [row for load in loads for row in compare_load(load, margin, same_runs=same_runs)]
    capacity = compare_capacity(old, new, margin)
    one_sided = one_sided_loads(old, new)
    verdict, deciding, why = _together(rows, capacity, one_sided)
    if all(row.why and row.why.code == "sent_rates_differ" for row in rows):
        verdict, deciding = "not comparable", ()
        why = tuple(row.why for row in rows if row.why) or why_none_match(old, new)
    if same_runs:
        verdict, deciding, why = "same", (), ()
    return Comparison(
        verdict=verdict,
        margin=margin,
        same_runs=same_runs,
        deciding=tuple(deciding),
        rows=tuple(rows),
        capacity=capacity,
        one_sided=one_sided,
        why=why,
        differences=differences(old, new),
        without_header=without_header(old, new),
        invalid=tuple(run.log.path.name for run in chain(old, new) if not run.valid),
        capacities=(_capacities(old), _capacities(new)),
    )


def _capacities(side: Side) -> tuple[Capacity | None, ...]:
    return tuple(run.capacity for run in side)


def _same_runs(old: Side, new: Side) -> bool:
    """Whether both sides hold the same logs, whatever their names."""
    return len(old) == len(new) and all(
        _same_logs(a.log, b.log) for a, b in zip(old, new, strict=True)
    )


def _same_logs(a: RunLog, b: RunLog) -> bool:
    others = [field.name for field in fields(RunLog) if field.name not in ("path", "requests")]
    return (
        all(getattr(a, name) == getattr(b, name) for name in others)
        and len(a.requests) == len(b.requests)
        and all(
            np.array_equal(getattr(a.requests, name), getattr(b.requests, name))
            for name in ("sent_s", "done_s", "ok")
        )
    )


def _together(
    rows: Sequence[ComparedQuantity],
    capacity: ComparedQuantity | None,
    one_sided: Sequence[OneSidedLoad],
) -> tuple[Verdict, Sequence[ComparedQuantity], tuple[Finding, ...]]:
    """One verdict for all rows, the rows that made it, and what leaves it open.

    Differences must survive Holm's correction for the many tests.
    """
    candidates = [*_that_decide(rows), *([capacity] if capacity else ())]
    candidates = [row for row in candidates if not (row.why and row.why.code in NO_OBSTACLE)]
    tested = [row for row in candidates if row.p is not None]
    believed = holm([row.p or 0.0 for row in tested])
    verdicts: tuple[QuantityVerdict, ...] = ("worse", "better")
    for verdict in verdicts:
        found = [
            row
            for row, is_believed in zip(tested, believed, strict=True)
            if is_believed and row.verdict == verdict
        ]
        if found:
            ordered = sorted(found, key=lambda row: (row.p or 0.0, -(row.clients or 0)))
            return verdict, ordered, ()
    if all(row.verdict == "same" for row in candidates) and not any(o.stopped for o in one_sided):
        return "same", (), ()
    open_ones = [row.why for row in candidates if row.why]
    return (
        "undecided",
        (),
        tuple(why for i, why in enumerate(open_ones) if why not in open_ones[:i]),
    )


def _that_decide(rows: Sequence[ComparedQuantity]) -> list[ComparedQuantity]:
    """Throughput, the shares, and response p50 and p95, which a camera feels.

    Service time stands in at a load if a log does not say when requests were due.
    """
    found: list[ComparedQuantity] = []
    for _, group in groupby(rows, key=lambda row: row.load):
        own = list(group)
        felt = "response" if any(row.quantity.startswith("response") for row in own) else "service"
        wanted = ("throughput", *SHARES, f"{felt} p50", f"{felt} p95")
        found += [row for row in own if row.quantity in wanted]
    return found
