"""memory.json and readings.jsonl: typed records of all that was measured. Pure."""

from __future__ import annotations

from typing import Literal

import msgspec

from edgeload.box_memory.memory_result import MemoryOfDetectors, OwnAccount, Room, room_in_all
from edgeload.box_memory.memory_words import MemoryReport, memory_headline, memory_sentences
from edgeload.box_memory.reading import MemoryKind, MemoryReading, MemoryState
from edgeload.read.statistics.over_runs import MeanOverRuns
from edgeload.read.statistics.slope import Slope

MEMORY_FORMAT = 1


class PerDetector(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes per detector, with the limits of the 95 % interval; null: too few readings."""

    bytes: float
    low: float | None
    high: float | None


class SaidPerDetector(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes per detector by the box's own account, and of its two pods; null: not said."""

    bytes: float
    primary: float | None
    oodd: float | None


class RoomRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How many more detectors fit."""

    low: int
    high: int


class MemoryRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of memory, in bytes; null: not known."""

    kind: MemoryKind
    in_use: PerDetector | None
    idle: PerDetector | None
    said_in_use: SaidPerDetector | None
    said_idle: SaidPerDetector | None
    disagrees: bool
    limit: float | None
    limit_is_said: bool | None
    margin: float | None
    used: float
    besides_before: float | None
    besides_at_end: float | None
    room: RoomRecord | None


class ReadingRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One reading, in bytes; null: no data, or not settled."""

    detectors: int
    state: MemoryState
    at_s: float
    settled: bool
    ram_renewed: bool
    queries: int
    answers: int
    ram: float | None
    vram: float | None
    ram_of_ours: float | None
    vram_of_ours: float | None


class MemoryJson(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    kind: Literal["memory"] = "memory"
    format: int = MEMORY_FORMAT
    url: str
    detectors: list[str]
    """Their names, or ids, in the order in which they were added; those that were measured."""
    headline: str
    sentences: list[str]
    ended_early: str | None
    renewed_every_s: float
    room: RoomRecord | None
    memories: list[MemoryRecord]
    readings: list[ReadingRecord]


def memory_json(report: MemoryReport) -> str:
    """The text of memory.json."""
    memories = report.memories
    record = MemoryJson(
        url=report.url,
        detectors=list(report.names[: report.detectors]),
        headline=memory_headline(report),
        sentences=list(memory_sentences(report)),
        ended_early=report.ended_early or None,
        renewed_every_s=report.renewed_every_s,
        room=_room(room_in_all(memories)),
        memories=[_memory(each) for each in memories],
        readings=[_reading(each) for each in report.readings],
    )
    return msgspec.json.format(msgspec.json.encode(record), indent=2).decode() + "\n"


def reading_json(reading: MemoryReading) -> bytes:
    """One of its readings as a line of its own."""
    return msgspec.json.encode(_reading(reading)) + b"\n"


def _memory(memory: MemoryOfDetectors) -> MemoryRecord:
    limit = memory.limit
    return MemoryRecord(
        kind=memory.kind,
        in_use=_slope(memory.in_use),
        idle=_mean(memory.idle),
        said_in_use=_said(memory.said_in_use),
        said_idle=_said(memory.said_idle),
        disagrees=memory.disagrees,
        limit=limit.limit if limit else None,
        limit_is_said=limit.said if limit else None,
        margin=limit.margin if limit else None,
        used=memory.used,
        besides_before=memory.besides,
        besides_at_end=memory.besides_last,
        room=_room(memory.room),
    )


def _reading(reading: MemoryReading) -> ReadingRecord:
    return ReadingRecord(
        detectors=reading.detectors,
        state=reading.state,
        at_s=round(reading.at_s, 3),
        settled=reading.settled,
        ram_renewed=reading.ram_renewed,
        queries=reading.queries,
        answers=reading.answers,
        ram=reading.used("ram"),
        vram=reading.used("vram"),
        ram_of_ours=reading.own("ram"),
        vram_of_ours=reading.own("vram"),
    )


def _slope(slope: Slope | None) -> PerDetector | None:
    return PerDetector(bytes=slope.value, low=slope.low, high=slope.high) if slope else None


def _mean(mean: MeanOverRuns | None) -> PerDetector | None:
    return PerDetector(bytes=mean.mean, low=mean.low, high=mean.high) if mean else None


def _said(said: OwnAccount | None) -> SaidPerDetector | None:
    if said is None:
        return None
    return SaidPerDetector(bytes=said.total, primary=said.primary, oodd=said.oodd)


def _room(room: Room | None) -> RoomRecord | None:
    return RoomRecord(low=room.low, high=room.high) if room else None
