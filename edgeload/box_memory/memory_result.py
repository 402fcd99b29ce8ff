"""From readings to what a detector takes, and for how many more there is room. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from edgeload.box_memory.limits import MemoryLimit, largest_rise, limit_with_margin
from edgeload.box_memory.reading import (
    MEMORY_KINDS,
    MemoryKind,
    MemoryReading,
    MemoryState,
    PodPart,
    of_state,
)
from edgeload.read.statistics.over_runs import MeanOverRuns, mean_over_runs
from edgeload.read.statistics.slope import Slope, known_half, slope_of

_AGREES_WITHIN = 0.02
"""Of the slope: the box's own account may differ by so much without a word."""
_FLAT = 1e-3
"""Of the limit: what grows less per detector than this never fills the memory."""


@dataclass(frozen=True)
class Room:
    """Detectors for which there is room beside those that were measured: from `low` to `high`."""

    low: int
    high: int


@dataclass(frozen=True)
class OwnAccount:
    """What the box itself says that one of our detectors takes, on average, in bytes."""

    total: float
    primary: float | None
    oodd: float | None


@dataclass(frozen=True)
class MemoryOfDetectors:
    """One kind of memory, in bytes. None for what is not known.

    `in_use`: how it grows per detector that is loaded and asked. `idle`: what a detector adds that
    is loaded and was never asked. `said_idle` and `said_in_use`: the same by the box's own account.
    `besides`: what was in use before our detectors; `besides_last`: what is in use beside them at
    the end, by that account.
    """

    kind: MemoryKind
    in_use: Slope | None
    idle: MeanOverRuns | None
    said_idle: OwnAccount | None
    said_in_use: OwnAccount | None
    limit: MemoryLimit | None
    used: float
    besides: float | None
    besides_last: float | None

    @property
    def is_flat(self) -> bool:
        """Whether detectors take next to nothing of it."""
        slope, limit = self.in_use, self.limit
        if slope is None or limit is None or slope.low is None or slope.high is None:
            return False
        return max(abs(slope.low), abs(slope.high)) <= _FLAT * limit.limit

    @property
    def room(self) -> Room | None:
        """For how many more detectors it has room; None: not known, or any number.

        The interval of the slope gives the range; a slope that is not certainly above 0 gives none.
        """
        slope, limit = self.in_use, self.limit
        if limit is None or slope is None or not slope.is_certain or self.is_flat:
            return None
        assert slope.low is not None
        assert slope.high is not None
        free = max(0.0, limit.usable - self.used)
        return Room(_whole(free / slope.high), _whole(free / slope.low))

    @property
    def disagrees(self) -> bool:
        """Whether the box's own account is another than how its memory grew."""
        slope, said = self.in_use, self.said_in_use
        if slope is None or said is None or slope.low is None or slope.high is None:
            return False
        near = _AGREES_WITHIN * abs(slope.value)
        return not slope.low - near <= said.total <= slope.high + near


def memories_of(readings: Sequence[MemoryReading]) -> list[MemoryOfDetectors]:
    """RAM and VRAM, as far as the box says something of them."""
    found = [_memory_of(readings, kind) for kind in MEMORY_KINDS]
    return [each for each in found if each is not None]


def room_in_all(memories: Sequence[MemoryOfDetectors]) -> Room | None:
    """The room that all kinds of memory leave together.

    None if it is not known of one that is not flat, and so may be the first to be full.
    """
    rooms = [each.room for each in memories if not each.is_flat]
    known = [room for room in rooms if room is not None]
    if not known or len(known) < len(rooms):
        return None
    return Room(min(room.low for room in known), min(room.high for room in known))


def _memory_of(readings: Sequence[MemoryReading], kind: MemoryKind) -> MemoryOfDetectors | None:
    """What is known of one kind of memory; None if the box says nothing of it."""
    known = [(each, used) for each in readings if (used := each.used(kind)) is not None]
    if not any(used for _, used in known):
        return None
    last, used_last = known[-1]
    first = next((used for each, used in known if each.detectors == 0), None)
    own = last.own(kind)
    return MemoryOfDetectors(
        kind=kind,
        in_use=_in_use(readings, kind),
        idle=_idle(readings, kind),
        said_idle=_said(readings, kind, "idle"),
        said_in_use=_said(readings, kind, "in_use"),
        limit=limit_with_margin(last.figures, kind, largest_rise(readings, kind)),
        used=used_last,
        besides=first,
        besides_last=None if own is None else used_last - own,
    )


def _whole(count: float) -> int:
    """Rounded down, give or take a rounding error."""
    return math.floor(count + 1e-9)


def _in_use(readings: Sequence[MemoryReading], kind: MemoryKind) -> Slope | None:
    """What everything else uses should be the same each time: how it scatters is an error."""
    points = [
        (float(each.detectors), used)
        for each in of_state(readings, "in_use")
        if (used := each.used(kind)) is not None
    ]
    besides = _besides(readings, kind)
    return slope_of([count for count, _ in points], [used for _, used in points], besides)


def _besides(readings: Sequence[MemoryReading], kind: MemoryKind) -> list[float]:
    """What everything else used at each reading, by the box's own account of our detectors."""
    return [
        used - own
        for each in readings
        if (used := each.used(kind)) is not None and (own := each.own(kind)) is not None
    ]


def _idle(readings: Sequence[MemoryReading], kind: MemoryKind) -> MeanOverRuns | None:
    """What each new detector has added before it was asked: from in use to idle with one more."""
    added = []
    for before, after in pairwise(readings):
        more = after.detectors - before.detectors
        low, high = before.used(kind), after.used(kind)
        if more > 0 and low is not None and high is not None:
            added.append((high - low) / more)
    mean = mean_over_runs(added, least=-math.inf)
    if mean is None or mean.low is None or mean.high is None:
        return mean
    # Two readings make an addition, and few of them may be alike by chance.
    known = known_half(_besides(readings, kind)) * math.sqrt(2.0 / mean.n)
    half = max(known, (mean.high - mean.low) / 2)
    return MeanOverRuns(mean.n, mean.mean, mean.mean - half, mean.mean + half)


def _said(
    readings: Sequence[MemoryReading], kind: MemoryKind, state: MemoryState
) -> OwnAccount | None:
    """The box's own account, of the detectors that were in this state: idle, that is the newest of
    each reading, because the others were asked before; in use, all of the last reading.
    """
    found = [each for each in readings if each.state == state and each.ids]
    if state == "in_use":
        found = found[-1:]

    def mean(part: PodPart) -> float | None:
        ids = [each.ids if state == "in_use" else each.ids[-1:] for each in found]
        whole = [each.own(kind, part, ours) for each, ours in zip(found, ids, strict=True)]
        count = sum(map(len, ids))
        known = [value for value in whole if value is not None]
        if not known or len(known) < len(whole):
            return None
        return math.fsum(known) / count

    total = mean("total")
    return None if total is None else OwnAccount(total, mean("primary"), mean("oodd"))
