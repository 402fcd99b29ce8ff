"""The capacities of two sides, compared as a quantity: a lost one is never "same". Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeload.read.analysis.capacity import Capacity
from edgeload.read.analysis.compared_loads import RATE_TOLERANCE, nominal_rate
from edgeload.read.analysis.compared_quantities import ComparedQuantity, not_compared, verdict_of
from edgeload.read.analysis.differences import Side
from edgeload.read.analysis.finding import Evidence, Finding
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.statistics.two_samples import Shift, hodges_lehmann
from edgeload.read.statistics.windows import Floats


def compare_capacity(old: Side, new: Side, margin: float) -> ComparedQuantity | None:
    """The load that the runs of each side carried, in requests due per second.

    Copies take their place if all runs are of the same mix; runs of different ones are not to be
    compared.

    A run finds one capacity, so the unit is the run: a shift of the capacities is judged as one of
    any other quantity, and two runs that differ are undecided. A run that found none carried less
    than any load. None if no run found one.
    """
    found = [[run.capacity for run in side] for side in (old, new)]
    if not any(capacity for side in found for capacity in side):
        return None
    for name, side in zip(("old", "new"), found, strict=True):
        if not any(side):
            numbers = {**_counts(old, new), "lost": name}
            lost = Finding("capacity_on_one_side", "note", numbers=numbers)
            return not_compared(None, "capacity", lost)
    carried_old, carried_new = (np.array([_carried(run) for run in side]) for side in (old, new))
    before, after = float(np.median(carried_old)), float(np.median(carried_new))
    shift = _shift(carried_old, carried_new)
    verdict = verdict_of(shift, margin, more_is_better=True)
    why = None
    if not _limited(found, before, after):
        why = Finding("capacity_beyond_ramp", "note", numbers=_counts(old, new))
    elif verdict == "undecided":
        why = Finding("capacity_differs", "note", numbers=_counts(old, new))
    return ComparedQuantity(
        None, "capacity", before, after, shift.value, shift.low, shift.high,
        shift.p if np.isfinite(shift.low) else None, "undecided" if why else verdict, why,
    )  # fmt: skip


def copies_at_capacity(run: RunSummary) -> int | None:
    """Copies of the mix that a run carried; None without a mix or a capacity."""
    capacity = run.capacity
    if capacity is None or not run.groups:
        return None
    return next(step.copies for step in run.steps if step.index == capacity.step)


def _carried(run: RunSummary) -> float:
    """What was due at the capacity, or copies of a mix; clients, if the log does not say a
    client's rate.
    """
    if run.capacity is None:
        return 0.0
    copies = copies_at_capacity(run)
    if copies is not None:
        return float(copies)
    rate = nominal_rate(run, run.capacity.clients)
    return float(run.capacity.clients) if rate is None else rate


def _shift(old: Floats, new: Floats) -> Shift:
    everything = np.concatenate([old, new])
    if everything.max() <= everything.min() * (1.0 + RATE_TOLERANCE):
        return Shift(0.0, 0.0, 0.0, 1.0)
    found = hodges_lehmann(old, new)
    scale = float(np.median(old)) or float(everything.max())
    return Shift(found.value / scale, found.low / scale, found.high / scale, found.p)


def _limited(found: Sequence[Sequence[Capacity | None]], before: float, after: float) -> bool:
    """Whether the smaller capacities are the endpoint's, and not the end of a shorter ramp.

    If they are equal, at least one side's must be.
    """
    sides = [all(c is None or c.limited for c in side) for side in found]
    if after == before:
        return any(sides)
    return sides[0] if after > before else sides[1]


def _counts(old: Side, new: Side) -> dict[str, Evidence]:
    """Clients of each run's capacity, or copies of its mix; None: it found none."""
    if any(run.groups for run in (*old, *new)):
        copies = (tuple(map(copies_at_capacity, side)) for side in (old, new))
        return dict(zip(("old_copies", "new_copies"), copies, strict=True))
    clients = (
        tuple(run.capacity.clients if run.capacity else None for run in s) for s in (old, new)
    )
    return dict(zip(("old_clients", "new_clients"), clients, strict=True))
