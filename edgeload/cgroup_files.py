"""Reads a cgroup's files, versions 1 and 2: what it has used and may use, and which one is ours.

Sources: kernel.org/doc/html/latest/admin-guide/cgroup-v2.html (cpu.stat, cpu.max, memory.current,
memory.max) and .../cgroup-v1/ (cpuacct.usage, cpu.stat, cpu.cfs_quota_us, memory.*_in_bytes).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

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
        used_ns = number_of(folders.cpu / "cpuacct.usage")
        used_us = None if used_ns is None else used_ns / 1000
    return CgroupCounters(used_us, stat.get("nr_periods"), stat.get("nr_throttled"))


def limits(folders: CgroupFolders) -> CgroupLimits:
    """The cgroup's own limits, without those of the cgroups around it."""
    if folders.unified:
        quota, _, period = (text_of(folders.cpu / "cpu.max") or "max").partition(" ")
        memory = number_of(folders.memory / "memory.max")
    else:
        quota = text_of(folders.cpu / "cpu.cfs_quota_us") or "-1"
        period = text_of(folders.cpu / "cpu.cfs_period_us") or ""
        memory = number_of(folders.memory / "memory.limit_in_bytes")
    cores = int(quota) / int(period) if quota.isdigit() and period.isdigit() else None
    return CgroupLimits(cores, memory if memory is not None and memory < _NO_LIMIT else None)


@dataclass(frozen=True)
class CgroupMounts:
    """Where a system shows its cgroups: one tree in version 2, one for each controller in 1."""

    root: Path
    cpu: Path
    memory: Path
    unified: bool

    def own(self) -> Iterator[CgroupFolders]:
        """The cgroup of this process and those around it.

        In a container its path is often that of the host, which the container does not see: then
        the root of what it sees is its own.
        """
        paths = _own_paths(text_of(self.root / "proc/self/cgroup") or "")
        cpu = list(_around(self.cpu, paths.get("" if self.unified else "cpu", "/")))
        memory = list(_around(self.memory, paths.get("" if self.unified else "memory", "/")))
        for number in range(max(len(cpu), len(memory))):
            yield CgroupFolders(
                cpu[min(number, len(cpu) - 1)], memory[min(number, len(memory) - 1)], self.unified
            )


def mounts(root: Path = Path("/")) -> CgroupMounts:
    """Those of the system whose files lie under a folder."""
    mount = root / "sys/fs/cgroup"
    if (mount / "cgroup.controllers").exists():
        return CgroupMounts(root, mount, mount, unified=True)
    return CgroupMounts(root, mount / "cpu", mount / "memory", unified=False)


def with_least_cpu(own: Iterable[CgroupFolders]) -> CgroupFolders | None:
    """Of some cgroups, the one with the tightest limit of CPU; None if none has one."""
    limited = [(cores, one) for one in own if (cores := limits(one).cpu_cores) is not None]
    return min(limited, key=lambda pair: pair[0], default=(None, None))[1]


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


def text_of(path: Path) -> str | None:
    """What a small file says; None if it cannot be read."""
    try:
        return path.read_text().strip()
    except OSError:
        return None


def number_of(path: Path) -> int | None:
    """The number that a file holds; None if it cannot be read or holds no number."""
    text = text_of(path)
    return int(text) if text is not None and text.isdigit() else None


def _stat(path: Path) -> dict[str, int]:
    words = (line.split() for line in (text_of(path) or "").splitlines())
    return {pair[0]: int(pair[1]) for pair in words if len(pair) == 2 and pair[1].isdigit()}
