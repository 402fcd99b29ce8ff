"""The figure: memory against the number of detectors, its slope and its limit. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeload.box_memory.memory_result import MemoryOfDetectors
from edgeload.box_memory.memory_words import (
    KIND_NAMES,
    STATE_NAMES,
    MemoryReport,
    gib,
    memory_headline,
    with_limits,
)
from edgeload.box_memory.reading import MemoryReading, MemoryState
from edgeload.byte_sizes import GIBIBYTE
from edgeload.palette import PALETTE
from edgeload.read.figures.chart import Chart, Line, Mark, Picture, Values
from edgeload.read.figures.scales import MOST_ACROSS, linear_axis

MEMORY_PNG = "memory.png"
_STYLES: dict[MemoryState, tuple[str, float]] = {
    "in_use": ("vermilion", 8.0),
    "idle": ("blue", 5.0),
}
_NEAR = 2.0
"""A limit that is further away than this multiple of what was in use is not drawn."""


def memory_picture(report: MemoryReport) -> Picture:
    """A chart for RAM and one for VRAM, as far as they are known."""
    charts = tuple(_chart(report, memory) for memory in report.memories)
    return Picture(MEMORY_PNG, charts, heading=memory_headline(report), subject=report.url)


def _chart(report: MemoryReport, memory: MemoryOfDetectors) -> Chart:
    counts = sorted({each.detectors for each in report.readings})
    name = KIND_NAMES[memory.kind]
    lines = tuple(_lines(report.readings, memory, counts))
    top = max((0.1, *(value for line in lines for value in line.values if value is not None)))
    usable = memory.limit.usable / GIBIBYTE if memory.limit else None
    near = usable is not None and usable <= _NEAR * top
    return Chart(
        name=f"memory_{memory.kind}",
        title=_title(memory),
        group="load",
        unit="GiB",
        x=tuple(map(float, counts)),
        x_axis=linear_axis(
            "detectors that were added", 0.0, max((1, *counts)) * 1.05, most=MOST_ACROSS, whole=True
        ),
        y_axis=linear_axis(
            f"{name} in use (GiB)", 0.0, max(top, usable or 0 if near else 0) * 1.12
        ),
        lines=lines,
        marks=(Mark("limit less margin", PALETTE["grey"], y=usable),) if near else (),
    )


def _title(memory: MemoryOfDetectors) -> str:
    """`RAM: 13.7 GiB may be used (the limit, 14.4 GiB, less a margin of 0.72 GiB)`."""
    name, limit = KIND_NAMES[memory.kind], memory.limit
    if limit is None:
        return name
    return (
        f"{name}: {gib(limit.usable)} may be used (the limit, {gib(limit.limit)}, less a margin of "
        f"{gib(limit.margin)})"
    )


def _lines(
    readings: Sequence[MemoryReading], memory: MemoryOfDetectors, counts: Sequence[int]
) -> Iterator[Line]:
    slope = memory.in_use
    if slope is not None:
        per = with_limits(slope.value, slope.low, slope.high)
        yield Line(
            f"per detector in use: {per}",
            PALETTE["black"],
            tuple(slope.at(count) / GIBIBYTE for count in counts),
            dash=(8, 4),
            width=1.2,
        )
    for state, (colour, size) in _STYLES.items():
        yield Line(
            STATE_NAMES[state],
            PALETTE[colour],
            _values(readings, memory, state, counts),
            width=0.0,
            point_size=size,
        )


def _values(
    readings: Sequence[MemoryReading],
    memory: MemoryOfDetectors,
    state: MemoryState,
    counts: Sequence[int],
) -> Values:
    """In GiB; nothing where it had not settled."""
    used = {
        each.detectors: each.used(memory.kind)
        for each in readings
        if each.state == state or each.detectors == 0
    }
    found = [used.get(count) for count in counts]
    return tuple(None if value is None else value / GIBIBYTE for value in found)
