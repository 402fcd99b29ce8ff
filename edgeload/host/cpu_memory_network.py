"""Reads CPU, memory and network through psutil; counters become percentages and rates."""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil

from edgeload.host.samples import Memory, Network
from edgeload.untrusted_text import printable

_T = TypeVar("_T")

CpuTimes = tuple[float, ...]
"""Seconds since boot, one value per kind of `HostCounters.cpu_kinds`."""

_IDLE_KINDS = frozenset({"idle", "iowait"})
_COUNTED_TWICE = frozenset({"guest", "guest_nice"})  # Linux includes them in user and nice


@dataclass(frozen=True)
class InterfaceCounters:
    """What one network interface has carried since it came up.

    Errors and drops are packets of both directions together.
    """

    sent_bytes: int
    received_bytes: int
    errors: int
    drops: int


@dataclass(frozen=True)
class HostCounters:
    """All counters of a host at one instant; empty for what cannot be read."""

    cpu_kinds: tuple[str, ...]
    cpu: CpuTimes
    cores: tuple[CpuTimes, ...]
    interfaces: Mapping[str, InterfaceCounters]


@dataclass(frozen=True)
class HostReading:
    """One reading of the host; CPU and network cover the time since the reading before."""

    cpu_percent: float | None
    cpu_per_core_percent: list[float | None]
    load_average: list[float] | None
    memory: Memory
    network: Network | None
    steal_percent: float | None = None


def busy_percent(kinds: Sequence[str], before: CpuTimes, after: CpuTimes) -> float | None:
    """Percentage of the time between two readings that was not idle. None if no time passed.

    As in psutil's cpu_percent, waiting for a disk counts as idle, and time that a hypervisor took
    away counts as busy. A counter that went backwards (iowait may, see proc(5)) counts as
    unchanged.
    """
    busy = idle = 0.0
    for kind, earlier, later in zip(kinds, before, after, strict=True):
        if kind in _COUNTED_TWICE:
            continue
        passed = max(0.0, later - earlier)
        if kind in _IDLE_KINDS:
            idle += passed
        else:
            busy += passed
    return round(100.0 * busy / (busy + idle), 3) if busy + idle > 0 else None


def steal_percent(kinds: Sequence[str], before: CpuTimes, after: CpuTimes) -> float | None:
    """Percentage of the time that a hypervisor took away; None if the system does not count it."""
    if "steal" not in kinds:
        return None
    passed = {
        kind: max(0.0, later - earlier)
        for kind, earlier, later in zip(kinds, before, after, strict=True)
        if kind not in _COUNTED_TWICE
    }
    total = sum(passed.values())
    return round(100.0 * passed["steal"] / total, 3) if total > 0 else None


def core_percents(
    kinds: Sequence[str], before: Sequence[CpuTimes], after: Sequence[CpuTimes]
) -> list[float | None]:
    """Busy percentage of every core.

    All are None if cores came or went between the readings, because they are renumbered then.
    """
    if len(before) != len(after):
        return [None] * len(after)
    return [busy_percent(kinds, b, a) for b, a in zip(before, after, strict=True)]


def network_between(
    before: Mapping[str, InterfaceCounters], after: Mapping[str, InterfaceCounters], window_s: float
) -> Network | None:
    """Traffic of all interfaces that both readings have, which are `window_s` seconds apart.

    An interface whose counters went backwards was removed and created again. What it carried is
    unknown, so it is left out. None if no interface remains.
    """
    if window_s <= 0:
        return None
    pairs = [
        (before[name], now)
        for name, now in after.items()
        if name in before and not _went_backwards(before[name], now)
    ]
    if not pairs:
        return None
    return Network(
        sent_bytes_per_s=round(sum(b.sent_bytes - a.sent_bytes for a, b in pairs) / window_s, 3),
        received_bytes_per_s=round(
            sum(b.received_bytes - a.received_bytes for a, b in pairs) / window_s, 3
        ),
        errors=sum(b.errors - a.errors for a, b in pairs),
        drops=sum(b.drops - a.drops for a, b in pairs),
    )


def _went_backwards(before: InterfaceCounters, after: InterfaceCounters) -> bool:
    return after.sent_bytes < before.sent_bytes or after.received_bytes < before.received_bytes


def counted_interfaces(
    loopback: Mapping[str, bool], has_device: Callable[[str], bool]
) -> list[str]:
    """Names of the interfaces to add up. `loopback` says for each name whether it is a loopback.

    They are those with a device, because a bridge and its virtual ends carry the same bytes a
    second and third time. In a container no interface has a device: there, all but loopbacks count.
    """
    outside = sorted(name for name, is_loopback in loopback.items() if not is_loopback)
    return [name for name in outside if has_device(name)] or outside


class CpuMemoryNetworkProbe:
    """Reads this host through psutil: call `prime` once, then `read` at the end of each window.

    What cannot be read has no figures in this sample, hides nothing else, and is asked again.
    """

    def __init__(self, say: Callable[[str], object] = lambda text: None) -> None:
        """`say` gets one line for each source that cannot be read, the first time."""
        self._say = say
        self._failed: set[str] = set()
        stats = self.ask("network interfaces", psutil.net_if_stats) or {}
        loopback = {name: "loopback" in s.flags.split(",") for name, s in stats.items()}
        self.interfaces = counted_interfaces(loopback, _has_device)
        self._at_s = 0.0
        self._before = self._counters()

    def prime(self, at_s: float) -> None:
        """Start the first window at `at_s`, on the monotonic clock."""
        self._at_s = at_s
        self._before = self._counters()

    def ask(self, what: str, question: Callable[[], _T]) -> _T | None:
        """The answer; None if it fails. `what` is the name of the source."""
        try:
            return question()
        except Exception as problem:  # psutil raises anything if /proc is not what it expects
            if what not in self._failed:
                self._failed.add(what)
                why = printable(f"{type(problem).__name__}: {problem}")
                self._say(f"No figures: {what} cannot be read ({why}).")
            return None

    def read(self, at_s: float) -> HostReading:
        """Read the host at `at_s`. The window since the last call ends, and the next one begins."""
        before, now = self._before, self._counters()
        window_s = at_s - self._at_s
        self._before, self._at_s = now, at_s
        kinds = now.cpu_kinds
        return HostReading(
            cpu_percent=busy_percent(kinds, before.cpu, now.cpu) if before.cpu and kinds else None,
            cpu_per_core_percent=core_percents(kinds, before.cores, now.cores) if kinds else [],
            load_average=_load_average(),
            memory=self.ask("memory", _memory) or Memory(None, None, None),
            network=network_between(before.interfaces, now.interfaces, window_s),
            steal_percent=(
                steal_percent(kinds, before.cpu, now.cpu) if before.cpu and kinds else None
            ),
        )

    def _counters(self) -> HostCounters:
        cpu = self.ask("CPU", psutil.cpu_times)
        cores = self.ask("CPU by core", lambda: psutil.cpu_times(percpu=True))
        return HostCounters(
            cpu_kinds=() if cpu is None else tuple(cpu._fields),
            cpu=() if cpu is None else tuple(cpu),
            cores=tuple(tuple(core) for core in cores or ()),
            interfaces=self.ask("network", self._traffic) or {},
        )

    def _traffic(self) -> dict[str, InterfaceCounters]:
        every = psutil.net_io_counters(pernic=True, nowrap=False)
        return {
            name: InterfaceCounters(
                sent_bytes=io.bytes_sent,
                received_bytes=io.bytes_recv,
                errors=io.errin + io.errout,
                drops=io.dropin + io.dropout,
            )
            for name, io in every.items()
            if name in self.interfaces
        }


def _memory() -> Memory:
    memory = psutil.virtual_memory()
    return Memory(
        used_bytes=memory.used,
        available_bytes=memory.available,
        used_percent=round(100.0 * (1 - memory.available / memory.total), 3),
    )


def _has_device(interface: str) -> bool:
    return Path("/sys/class/net", interface, "device").exists()


def _load_average() -> list[float] | None:
    try:
        return list(os.getloadavg())
    except (AttributeError, OSError):
        return None


def host_machine() -> dict[str, str]:
    """Name, system and Python version of this host, and its board if it has a device tree."""
    board = _first_line(Path("/proc/device-tree/model"))
    return {
        "host": socket.gethostname(),
        "system": platform.system(),
        "release": platform.release(),
        "architecture": platform.machine(),
        **({"board": board} if board else {}),
        "python": platform.python_version(),
    }


def _first_line(path: Path) -> str:
    try:
        return path.read_text(errors="replace").split("\n")[0].strip("\0 ")
    except OSError:
        return ""
