"""How full a box may become: its limits, the margin below them, and room for one more. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from edgeload.box_memory.reading import (
    MEMORY_KINDS,
    MemoryKind,
    MemoryReading,
    of_state,
    pod_bytes,
    total_bytes,
    used_bytes,
)
from edgeload.box_records import BoxResources

ASSUMED_EVICTION_PERCENT = 90.0
"""Of a box that does not say from which share of its RAM on it evicts pods."""
LEAST_MARGIN = 0.05
"""Of the limit. A larger margin is what a detector takes, whose roll-out loads both models."""


@dataclass(frozen=True)
class MemoryLimit:
    """The most that may be used, and the margin that is kept free below it, in bytes.

    `said`: the box itself names the limit.
    """

    limit: float
    margin: float
    said: bool

    @property
    def usable(self) -> float:
        """What may be used."""
        return self.limit - self.margin


def limit_of(figures: BoxResources, kind: MemoryKind) -> tuple[float, bool] | None:
    """The limit, and whether the box says it; None if the size of the memory is not known.

    RAM ends where the box evicts pods; VRAM has no such threshold.
    """
    total = total_bytes(figures, kind)
    if total is None:
        return None
    if kind == "vram":
        return total, True
    percent = figures.eviction_percent
    return total * (percent or ASSUMED_EVICTION_PERCENT) / 100.0, percent is not None


def limit_with_margin(
    figures: BoxResources, kind: MemoryKind, largest: float | None
) -> MemoryLimit | None:
    """The same with a margin: what the `largest` detector takes, and at least 5 %."""
    found = limit_of(figures, kind)
    if found is None:
        return None
    limit, said = found
    return MemoryLimit(limit, max(largest or 0.0, LEAST_MARGIN * limit), said)


def largest_rise(readings: Sequence[MemoryReading], kind: MemoryKind) -> float | None:
    """The most that one detector has added, loaded and used; None before the first one.

    Then it is the largest that the box names, of those that it has already.
    """
    used = [(each.detectors, each.used(kind)) for each in of_state(readings, "in_use")]
    known = [(count, value) for count, value in used if value is not None]
    rises = [
        (value - before) / (count - fewer)
        for (fewer, before), (count, value) in pairwise(known)
        if count > fewer
    ]
    if rises:
        return max(0.0, *rises)
    figures = readings[-1].figures if readings else None
    named = [pod_bytes(each, kind) or 0.0 for each in figures.detectors] if figures else []
    return max(named, default=None)


def no_room_for(more: int, readings: Sequence[MemoryReading]) -> MemoryKind | None:
    """The memory that `more` further detectors would not leave its margin; None: they fit.

    On a box of several GPUs, any of them may get a detector, so the fullest one counts.
    """
    newest = readings[-1].figures
    for kind in MEMORY_KINDS:
        largest = largest_rise(readings, kind)
        bound = limit_with_margin(newest, kind, largest)
        used = used_bytes(newest, kind)
        if bound is None or used is None:
            continue
        if used + more * (largest or 0.0) > bound.usable:
            return kind
    free = least_free_bytes(newest)
    several, largest = len(newest.gpus) > 1, largest_rise(readings, "vram") or 0.0
    return "vram" if several and free is not None and free < more * largest else None


def least_free_bytes(figures: BoxResources) -> float | None:
    """What the fullest GPU has left; None if that is not known."""
    free = [
        gpu.vram_total_bytes - gpu.vram_used_bytes
        for gpu in figures.gpus
        if gpu.vram_total_bytes is not None and gpu.vram_used_bytes is not None
    ]
    return min(free, default=None)


def overfull(figures: BoxResources) -> MemoryKind | None:
    """The memory whose limit is reached, whatever the margin: nothing more may be waited for."""
    for kind in MEMORY_KINDS:
        found, used = limit_of(figures, kind), used_bytes(figures, kind)
        if found is not None and used is not None and used >= found[0]:
            return kind
    return None
