"""Reads pressure, disks and TCP retransmits from the kernel's counters, as rates of a window.

Sources: /proc/pressure (kernel.org/doc/html/latest/accounting/psi.html: `total` is the stalled time
in µs), /proc/net/snmp (RetransSegs), and /proc/diskstats through psutil.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from edgeload.host.samples import Disk, Pressure

_RESOURCES = ("cpu", "memory", "io")


@dataclass(frozen=True)
class KernelCounters:
    """All counters at one instant; empty or None for what cannot be read."""

    stalled_us: Mapping[str, int]
    """By `RESOURCE_some` and `RESOURCE_full`."""
    retransmits: int | None
    disks: Mapping[str, tuple[int, int]]
    """Bytes read and written, by disk."""


@dataclass(frozen=True)
class KernelReading:
    """What happened in the window that has ended."""

    pressure: Pressure | None
    retransmits_per_s: float | None
    disk: Disk | None


def stalled_us(text: str) -> dict[str, int]:
    """The totals in a file of /proc/pressure, by `some` and `full`."""
    totals = {}
    for line in text.splitlines():
        kind, *words = line.split()
        totals[kind] = next(int(word[6:]) for word in words if word.startswith("total="))
    return totals


def retransmitted_segments(text: str) -> int | None:
    """RetransSegs in /proc/net/snmp, whose lines come in pairs of names and values."""
    pair = [line.split() for line in text.splitlines() if line.startswith("Tcp:")]
    if len(pair) != 2:
        return None
    told = dict(zip(*pair, strict=False)).get("RetransSegs")
    return None if told is None else int(told)


def between(before: KernelCounters, after: KernelCounters, window_s: float) -> KernelReading:
    """The rates of a window. A counter that went backwards was reset, and is not known."""
    if window_s <= 0:
        return KernelReading(None, None, None)
    return KernelReading(
        _pressure(before.stalled_us, after.stalled_us, window_s),
        _per_s(before.retransmits, after.retransmits, window_s),
        _disk(before.disks, after.disks, window_s),
    )


def _per_s(before: int | None, after: int | None, window_s: float) -> float | None:
    if before is None or after is None or after < before:
        return None
    return round((after - before) / window_s, 3)


def _pressure(
    before: Mapping[str, int], after: Mapping[str, int], window_s: float
) -> Pressure | None:
    def percent(key: str) -> float | None:
        us_per_s = _per_s(before.get(key), after.get(key), window_s)
        return None if us_per_s is None else round(min(100.0, us_per_s / 1e4), 3)

    if not after:
        return None
    return Pressure(
        cpu_some_percent=percent("cpu_some"),
        memory_some_percent=percent("memory_some"),
        memory_full_percent=percent("memory_full"),
        io_some_percent=percent("io_some"),
        io_full_percent=percent("io_full"),
    )


def _disk(
    before: Mapping[str, tuple[int, int]], after: Mapping[str, tuple[int, int]], window_s: float
) -> Disk | None:
    pairs = [
        (before[name], now)
        for name, now in after.items()
        if name in before and now[0] >= before[name][0] and now[1] >= before[name][1]
    ]
    if not pairs:
        return None
    read, written = (sum(b[i] - a[i] for a, b in pairs) / window_s for i in (0, 1))
    return Disk(read_bytes_per_s=round(read, 3), written_bytes_per_s=round(written, 3))


class KernelProbe:
    """Call `prime` once, then `read` at the end of each window."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._whole: dict[str, bool] = {}
        self.prime(0.0)

    def prime(self, at_s: float) -> None:
        """Start the first window at `at_s`, on the monotonic clock."""
        self._at_s, self._before = at_s, self._counters()

    def read(self, at_s: float) -> KernelReading:
        """End the window, and begin the next one."""
        before, window_s = self._before, at_s - self._at_s
        self.prime(at_s)
        return between(before, self._before, window_s)

    def _counters(self) -> KernelCounters:
        stalled = {}
        for resource in _RESOURCES:
            text = self._text(f"proc/pressure/{resource}")
            stalled.update({f"{resource}_{kind}": us for kind, us in stalled_us(text).items()})
        snmp = self._text("proc/net/snmp")
        return KernelCounters(
            stalled, retransmitted_segments(snmp) if snmp else None, self._disks()
        )

    def _text(self, name: str) -> str:
        try:
            return (self._root / name).read_text()
        except OSError:  # also a kernel that was started with psi=0
            return ""

    def _disks(self) -> dict[str, tuple[int, int]]:
        every = psutil.disk_io_counters(perdisk=True, nowrap=False) or {}
        return {
            name: (io.read_bytes, io.write_bytes)
            for name, io in every.items()
            if self._is_whole(name)
        }

    def _is_whole(self, name: str) -> bool:
        """Whether it is a device: a partition, or a volume on it, counts the same bytes again."""
        if name not in self._whole:
            self._whole[name] = (self._root / "sys/block" / name / "device").exists()
        return self._whole[name]
