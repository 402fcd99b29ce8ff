"""What is said about the memory of a box, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgeload.box_memory.limits import ASSUMED_EVICTION_PERCENT
from edgeload.box_memory.memory_result import (
    MemoryOfDetectors,
    OwnAccount,
    Room,
    memories_of,
    room_in_all,
)
from edgeload.box_memory.reading import MemoryKind, MemoryReading
from edgeload.byte_sizes import GIBIBYTE, MEBIBYTE
from edgeload.plain_words import listed, plural
from edgeload.read.statistics.format import interval, number

KIND_NAMES: dict[MemoryKind, str] = {"ram": "RAM", "vram": "VRAM"}
STATE_NAMES = {"idle": "idle", "in_use": "in use"}


@dataclass(frozen=True)
class MemoryReport:
    """All that was measured. `names` are those of our detectors, in the order of being added."""

    url: str
    names: tuple[str, ...]
    readings: tuple[MemoryReading, ...]
    ended_early: str
    renewed_every_s: float

    @property
    def memories(self) -> list[MemoryOfDetectors]:
        """RAM and VRAM, as far as they are known."""
        return memories_of(self.readings)

    @property
    def detectors(self) -> int:
        """How many of our detectors were measured."""
        return self.readings[-1].detectors if self.readings else 0


def gib(value: float | None) -> str:
    """`1.25 GiB`; below a tenth `51.2 MiB`."""
    if value is None:
        return "-"
    if abs(value) < 0.1 * GIBIBYTE:
        return f"{number(value / MEBIBYTE)} MiB"
    return f"{number(value / GIBIBYTE)} GiB"


def with_limits(value: float, low: float | None, high: float | None) -> str:
    """`0.51 GiB (0.50 to 0.52)`: limits in the unit of the value."""
    text = gib(value)
    if low is None or high is None:
        return f"{text} (interval not known)"
    unit = MEBIBYTE if text.endswith("MiB") else GIBIBYTE
    limits = interval(low / unit, high / unit)
    return f"{text} ({limits})" if limits else text


def memory_headline(report: MemoryReport) -> str:
    """What a detector takes, and for how many more there is room."""
    known = [each for each in report.memories if each.in_use is not None]
    takes = [
        f"{with_limits(each.in_use.value, each.in_use.low, each.in_use.high)} of "
        f"{KIND_NAMES[each.kind]}"
        for each in known
        if each.in_use is not None
    ]
    if not takes:
        return "What a detector takes is not known."
    return f"A detector in use takes {listed(takes)}. {room_words(report)}"


def room_words(report: MemoryReport) -> str:
    """For how many more detectors there is room."""
    room, memories = room_in_all(report.memories), report.memories
    beside = f"beside {'these' if report.detectors != 1 else 'this'} {report.detectors}"
    if room is None:
        return f"For how many more there is room is not known{_why_no_room(memories)}."
    limiting = [each for each in memories if each.room == room and not each.is_flat]
    first = min(
        (each for each in memories if each.room is not None),
        key=lambda each: (each.room.low, each.room.high) if each.room else (0, 0),
    )
    kind = KIND_NAMES[(limiting or [first])[0].kind]
    if room.high == 0:
        return (
            f"There is no room for another one {beside}: {kind} would come too near to its limit."
        )
    return f"There is room for {_range(room)} more {beside}; {kind} is full first."


def _range(room: Room) -> str:
    return str(room.low) if room.low == room.high else f"{room.low} to {room.high}"


def _why_no_room(memories: Sequence[MemoryOfDetectors]) -> str:
    """Which slope is not certain; empty if nothing at all is known."""
    unsure = [KIND_NAMES[each.kind] for each in memories if each.room is None and not each.is_flat]
    if not unsure:
        return ""
    grow = "grows" if len(unsure) == 1 else "grow"
    return f": it is not certain how much {listed(unsure)} {grow} per detector"


def memory_sentences(report: MemoryReport) -> Iterator[str]:
    """Everything else that a reader should know."""
    if report.ended_early:
        yield f"{report.ended_early}."
    for memory in report.memories:
        yield from _about(memory)
    moving = [each for each in report.readings if not each.settled]
    if moving:
        yield (
            f"{plural(len(moving), 'reading')} had not settled in time, and {_counts(moving)}: "
            f"{listed([_which(each) for each in moving])}."
        )
    stale = [each for each in report.readings if not each.ram_renewed]
    if stale:
        yield (
            f"The box did not renew its figures of RAM at {listed([_which(e) for e in stale])}: "
            "those are no data."
        )


def _counts(readings: Sequence[MemoryReading]) -> str:
    return "does not count" if len(readings) == 1 else "do not count"


def _which(reading: MemoryReading) -> str:
    return f"{plural(reading.detectors, 'detector')} {STATE_NAMES[reading.state]}"


def _about(memory: MemoryOfDetectors) -> Iterator[str]:
    """One kind of memory: idle and in use, the two pods, what else runs, and the limit."""
    name = KIND_NAMES[memory.kind]
    if memory.is_flat:
        yield f"{name}: detectors take next to nothing of it."
        return
    if memory.idle is not None:
        idle = memory.idle
        yield (
            f"{name}: a detector that is loaded and never asked adds "
            f"{with_limits(idle.mean, idle.low, idle.high)}{_own_words(memory.said_idle)}."
        )
    if memory.said_in_use is not None:
        said = memory.said_in_use
        yield (
            f"{name}: by the box's own account, a detector in use takes {gib(said.total)}"
            f"{_of_pods(said)}{_against(memory)}."
        )
    if memory.besides is not None:
        last = "" if memory.besides_last is None else f", and {gib(memory.besides_last)} at the end"
        yield f"{name}: everything else on the box used {gib(memory.besides)} before{last}."
    if memory.limit is not None:
        limit = memory.limit
        where = {
            "ram": "the box evicts pods" if limit.said else (
                f"a box may evict pods (this one does not say; {ASSUMED_EVICTION_PERCENT:g} % is "
                "assumed)"
            ),
            "vram": "the GPU's memory ends",
        }[memory.kind]  # fmt: skip
        yield (
            f"{name}: {where} at {gib(limit.limit)}. A margin of {gib(limit.margin)} is kept free: "
            "what the largest detector takes, because a roll-out loads both its models, and at "
            "least 5 %."
        )


def _own_words(said: OwnAccount | None) -> str:
    """The box's own account behind what was measured; empty if there is none."""
    return f"; by the box's own account {gib(said.total)}{_of_pods(said)}" if said else ""


def _against(memory: MemoryOfDetectors) -> str:
    if not memory.disagrees:
        return ""
    return (
        ", which does not agree with how its memory grew: it leaves something out, or something "
        "else changed meanwhile"
    )


def _of_pods(said: OwnAccount | None) -> str:
    """` (0.40 GiB the primary pod, 0.10 GiB the OODD pod)`; empty if the box does not say that."""
    if said is None or said.primary is None or said.oodd is None:
        return ""
    return f" ({gib(said.primary)} the primary pod, {gib(said.oodd)} the OODD pod)"


def reading_line(reading: MemoryReading) -> str:
    """One reading, while it goes on."""
    parts = [
        f"{KIND_NAMES[kind]} {gib(used)}"
        for kind in KIND_NAMES
        if (used := reading.used(kind)) is not None
    ]
    asked = f", {reading.answers} of {reading.queries} queries answered" if reading.queries else ""
    return f"{_which(reading)}: {', '.join(parts) or 'no data'}{asked}"


def no_room(kind: MemoryKind, detectors: int) -> str:
    """Why no further detector was added."""
    return (
        f"Stopped after {plural(detectors, 'detector')}: with one more, {KIND_NAMES[kind]} would "
        "come too near to its limit"
    )


def fills_up(kind: MemoryKind) -> str:
    """Why adding a detector was given up."""
    return f"Stopped, because {KIND_NAMES[kind]} reached its limit while a detector was added"


def no_figures(reason: str) -> str:
    """The line for a box that says nothing of its memory."""
    return (
        f"the box says nothing of its memory: {reason}; edgeload memory needs a box of May 2026 or "
        "later, with its metrics server"
    )


def no_ram() -> str:
    """The line for a box whose metrics server says nothing."""
    return no_figures(
        "it does not say how much RAM is in use, so it could run out of it unnoticed (is its "
        "metrics server down?)"
    )


def not_renewed(detectors: int) -> str:
    """Why no further detector was added to a box that says nothing new of its RAM."""
    return (
        f"Stopped after {plural(detectors, 'detector')}: the box does not renew its figures of "
        "RAM, so it could run out of it unnoticed"
    )


def no_answers(silent: Sequence[str], asked: int) -> str:
    """The line for detectors that never answer: what they take in use is not known."""
    return (
        f"{listed(silent)} answered none of {plural(asked, 'query')} well, so no memory in use was "
        "measured; edgeload check says why"
    )
