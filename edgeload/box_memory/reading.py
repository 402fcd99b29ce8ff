"""What the box said of its memory once it had settled: one reading, and its parts. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from edgeload.box_records import BoxResources, DetectorUsage, Usage

MemoryKind = Literal["ram", "vram"]
MEMORY_KINDS: tuple[MemoryKind, ...] = ("ram", "vram")
MemoryState = Literal["idle", "in_use"]
"""`idle`: as many detectors as before were used, and the newest never. `in_use`: all are asked."""
PodPart = Literal["total", "primary", "oodd"]


@dataclass(frozen=True)
class MemoryReading:
    """The box with so many of our detectors. `figures` are those of RAM and VRAM in bytes.

    `ids` are ours that are configured. Not `settled`: its memory still moved when time was up.
    `ram_renewed` is false if the box had not renewed its figures of RAM: then those are old.
    """

    detectors: int
    state: MemoryState
    at_s: float
    figures: BoxResources
    ids: tuple[str, ...] = ()
    settled: bool = True
    ram_renewed: bool = True
    answers: int = 0
    """How many queries they answered well, of `queries`."""
    queries: int = 0

    def usage(self, kind: MemoryKind) -> Usage | None:
        """How the memory is shared; None if that is not known, or known from before only."""
        if kind == "ram":
            return self.figures.ram_bytes if self.ram_renewed else None
        return self.figures.vram_bytes

    def used(self, kind: MemoryKind) -> float | None:
        """Bytes in use, in all, if they had settled."""
        usage = self.usage(kind)
        return usage.total if usage is not None and self.settled else None

    def own(
        self, kind: MemoryKind, part: PodPart = "total", ids: Sequence[str] | None = None
    ) -> float | None:
        """What our detectors use, or these of them, by the box's own account of each.

        None if it leaves one out, or if the figures had not settled.
        """
        if self.usage(kind) is None or not self.settled:
            return None
        listed = {each.detector_id.lower(): each for each in self.figures.detectors}
        found = [
            pod_bytes(listed[each.lower()], kind, part) if each.lower() in listed else None
            for each in (self.ids if ids is None else ids)
        ]
        known = [each for each in found if each is not None]
        return sum(known) if known and len(known) == len(found) else None


def total_bytes(figures: BoxResources, kind: MemoryKind) -> float | None:
    """The size of the memory."""
    return figures.ram_total_bytes if kind == "ram" else figures.vram_total_bytes


def used_bytes(figures: BoxResources, kind: MemoryKind) -> float | None:
    """How much of it is in use by now, as far as the box has noticed."""
    usage = figures.ram_bytes if kind == "ram" else figures.vram_bytes
    return None if usage is None else usage.total


def pod_bytes(usage: DetectorUsage, kind: MemoryKind, part: PodPart = "total") -> float | None:
    """What one detector uses, or one of its two pods."""
    values: Mapping[tuple[str, str], float | None] = {
        ("ram", "total"): usage.ram_bytes,
        ("ram", "primary"): usage.ram_primary_bytes,
        ("ram", "oodd"): usage.ram_oodd_bytes,
        ("vram", "total"): usage.vram_bytes,
        ("vram", "primary"): usage.vram_primary_bytes,
        ("vram", "oodd"): usage.vram_oodd_bytes,
    }
    return values[kind, part]


def of_state(readings: Sequence[MemoryReading], state: MemoryState) -> list[MemoryReading]:
    """The readings in which it was so, and the one of before any of our detectors."""
    return [each for each in readings if each.state == state or each.detectors == 0]
