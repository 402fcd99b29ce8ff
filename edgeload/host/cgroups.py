"""Reads cgroups, versions 1 and 2: Kubernetes' pods, and the limits of the monitor's own container.

Sources: kernel.org/doc/html/latest/admin-guide/cgroup-v2.html (cpu.stat, cpu.max, memory.current,
memory.max) and .../cgroup-v1/ (cpuacct.usage, cpu.stat, cpu.cfs_quota_us, memory.*_in_bytes).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgeload.host.samples import CgroupUse
from edgeload.untrusted_text import printable

_LOOK_EVERY_S = 5.0
_POD = re.compile(r"pod([0-9a-f][0-9a-f_-]{31,35})(\.slice)?$")
_NO_LIMIT = 2**60
"""Version 1 writes "no limit" as a number near 2**63."""


@dataclass(frozen=True)
class CgroupFolders:
    """Where a cgroup's files are: one folder in version 2, two in version 1."""

    cpu: Path
    memory: Path
    unified: bool


@dataclass(frozen=True)
class CgroupCounters:
    """A cgroup at one instant; None for what cannot be read."""

    used_us: float | None
    periods: int | None
    throttled_periods: int | None


@dataclass(frozen=True)
class CgroupLimits:
    """What a container may use; None: no limit."""

    cpu_cores: float | None = None
    memory_bytes: int | None = None


def counters(folders: CgroupFolders) -> CgroupCounters:
    """CPU time since the cgroup was made, and scheduling periods if it has a quota."""
    stat = _stat(folders.cpu / "cpu.stat")
    if folders.unified:
        used_us: float | None = stat.get("usage_usec")
    else:
        used_ns = _number(folders.cpu / "cpuacct.usage")
        used_us = None if used_ns is None else used_ns / 1000
    return CgroupCounters(used_us, stat.get("nr_periods"), stat.get("nr_throttled"))


def limits(folders: CgroupFolders) -> CgroupLimits:
    """The cgroup's own limits, without those of the cgroups around it."""
    if folders.unified:
        quota, _, period = (_text(folders.cpu / "cpu.max") or "max").partition(" ")
        memory = _number(folders.memory / "memory.max")
    else:
        quota = _text(folders.cpu / "cpu.cfs_quota_us") or "-1"
        period = _text(folders.cpu / "cpu.cfs_period_us") or ""
        memory = _number(folders.memory / "memory.limit_in_bytes")
    cores = int(quota) / int(period) if quota.isdigit() and period.isdigit() else None
    return CgroupLimits(cores, memory if memory is not None and memory < _NO_LIMIT else None)


def cpu_percent(before: CgroupCounters, after: CgroupCounters, window_s: float) -> float | None:
    """CPU in the window; 100 % is one core."""
    if before.used_us is None or after.used_us is None or window_s <= 0:
        return None
    used_us = after.used_us - before.used_us
    return round(used_us / window_s / 1e4, 3) if used_us >= 0 else None


def throttled_percent(before: CgroupCounters, after: CgroupCounters) -> float | None:
    """Share of the periods in which the quota was used up. None without a quota or a period."""
    counts = (before.periods, after.periods, before.throttled_periods, after.throttled_periods)
    if None in counts:
        return None
    earlier, later, throttled_earlier, throttled_later = (count or 0 for count in counts)
    if later <= earlier:
        return None
    return round(100.0 * (throttled_later - throttled_earlier) / (later - earlier), 3)


@dataclass(frozen=True)
class CgroupReading:
    """The window that has ended."""

    cgroups: list[CgroupUse] | None
    cpu_of_limit_percent: float | None
    throttled_percent: float | None


class CgroupProbe:
    """Call `prime` once, then `read` at the end of each window."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        mount = root / "sys/fs/cgroup"
        self._unified = (mount / "cgroup.controllers").exists()
        self._cpu = mount if self._unified else mount / "cpu"
        self._memory = mount if self._unified else mount / "memory"
        own = list(self._own())
        cpu = [(told, one) for one in own if (told := limits(one).cpu_cores) is not None]
        memory = [told for one in own if (told := limits(one).memory_bytes) is not None]
        tightest = min(cpu, key=lambda pair: pair[0], default=(None, None))
        self.limits = CgroupLimits(tightest[0], min(memory, default=None))
        self._limited = tightest[1]
        self._pods: dict[str, CgroupFolders] = {}
        self._looked_s = float("-inf")
        self.prime(0.0)

    def prime(self, at_s: float) -> None:
        """Start the first window at `at_s`, on the monotonic clock."""
        if not self._looked_s <= at_s < self._looked_s + _LOOK_EVERY_S:
            self._looked_s, self._pods = at_s, self._find_pods()
        self._at_s = at_s
        self._before = {name: counters(folders) for name, folders in self._pods.items()}
        self._own_before = counters(self._limited) if self._limited else None

    def read(self, at_s: float) -> CgroupReading:
        """End the window, and begin the next one."""
        before, own, window_s = self._before, self._own_before, at_s - self._at_s
        self.prime(at_s)
        pods = [
            self._use(name, before.get(name), now, window_s) for name, now in self._before.items()
        ]
        used = throttled = None
        if own is not None and self._own_before is not None and self.limits.cpu_cores:
            percent = cpu_percent(own, self._own_before, window_s)
            used = None if percent is None else round(percent / self.limits.cpu_cores, 3)
            throttled = throttled_percent(own, self._own_before)
        return CgroupReading(pods or None, used, throttled)

    def _use(
        self, name: str, before: CgroupCounters | None, now: CgroupCounters, window_s: float
    ) -> CgroupUse:
        folders = self._pods[name]
        used = "memory.current" if self._unified else "memory.usage_in_bytes"
        return CgroupUse(
            name=name,
            cpu_percent=None if before is None else cpu_percent(before, now, window_s),
            throttled_percent=None if before is None else throttled_percent(before, now),
            memory_bytes=_number(folders.memory / used),
            memory_limit_bytes=limits(folders).memory_bytes,
        )

    def _own(self) -> Iterator[CgroupFolders]:
        """The cgroup of this process and those around it.

        In a container its path is often that of the host, which the container does not see: then
        the root of what it sees is its own.
        """
        paths = _own_paths(_text(self._root / "proc/self/cgroup") or "")
        cpu = list(_around(self._cpu, paths.get("" if self._unified else "cpu", "/")))
        memory = list(_around(self._memory, paths.get("" if self._unified else "memory", "/")))
        for number in range(max(len(cpu), len(memory))):
            yield CgroupFolders(
                cpu[min(number, len(cpu) - 1)], memory[min(number, len(memory) - 1)], self._unified
            )

    def _find_pods(self) -> dict[str, CgroupFolders]:
        names = _pod_names(self._root / "var/log/pods")
        found = {}
        for top in sorted(self._cpu.glob("kubepods*")):
            for folder in sorted([*top.glob("*pod*"), *top.glob("*/*pod*")]):
                if match := _POD.search(folder.name):
                    uid = match[1].replace("_", "-")
                    memory = self._memory / folder.relative_to(self._cpu)
                    name = names.get(uid.replace("-", ""), uid)
                    found[name] = CgroupFolders(folder, memory, self._unified)
        return found


def _own_paths(text: str) -> dict[str, str]:
    """Path by controller ("" in version 2) in /proc/self/cgroup: lines `ID:CONTROLLERS:PATH`."""
    paths = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        paths.update(dict.fromkeys(controllers.split(","), path))
    return paths


def _around(mount: Path, path: str) -> Iterator[Path]:
    folder = mount / path.lstrip("/")
    while folder != mount:
        if folder.exists():
            yield folder
        folder = folder.parent
    yield mount


def _pod_names(logs: Path) -> dict[str, str]:
    """`namespace/pod` by uid without dashes: /var/log/pods has NAMESPACE_POD_UID, if readable."""
    try:
        parts = [path.name.split("_") for path in logs.iterdir()]
    except OSError:
        return {}
    return {p[2].replace("-", ""): printable(f"{p[0]}/{p[1]}") for p in parts if len(p) == 3}


def _text(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text is not None and text.isdigit() else None


def _stat(path: Path) -> dict[str, int]:
    words = (line.split() for line in (_text(path) or "").splitlines())
    return {pair[0]: int(pair[1]) for pair in words if len(pair) == 2 and pair[1].isdigit()}
