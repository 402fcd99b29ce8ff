"""What cgroups use: Kubernetes' pods, and the monitor's own container against its limits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from edgeload.cgroup_files import (
    CgroupCounters,
    CgroupFolders,
    CgroupLimits,
    counters,
    limits,
    mounts,
    number_of,
    with_least_cpu,
)
from edgeload.host.samples import CgroupUse
from edgeload.untrusted_text import printable

_LOOK_EVERY_S = 5.0
_POD = re.compile(r"pod([0-9a-f][0-9a-f_-]{31,35})(\.slice)?$")


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
        self._mounts = mounts(root)
        own = list(self._mounts.own())
        memory = [told for one in own if (told := limits(one).memory_bytes) is not None]
        self._limited = with_least_cpu(own)
        cores = limits(self._limited).cpu_cores if self._limited else None
        self.limits = CgroupLimits(cores, min(memory, default=None))
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
        used = "memory.current" if self._mounts.unified else "memory.usage_in_bytes"
        return CgroupUse(
            name=name,
            cpu_percent=None if before is None else cpu_percent(before, now, window_s),
            throttled_percent=None if before is None else throttled_percent(before, now),
            memory_bytes=number_of(folders.memory / used),
            memory_limit_bytes=limits(folders).memory_bytes,
        )

    def _find_pods(self) -> dict[str, CgroupFolders]:
        names = _pod_names(self._root / "var/log/pods")
        found = {}
        for top in sorted(self._mounts.cpu.glob("kubepods*")):
            for folder in sorted([*top.glob("*pod*"), *top.glob("*/*pod*")]):
                if match := _POD.search(folder.name):
                    uid = match[1].replace("_", "-")
                    memory = self._mounts.memory / folder.relative_to(self._mounts.cpu)
                    name = names.get(uid.replace("-", ""), uid)
                    found[name] = CgroupFolders(folder, memory, self._mounts.unified)
        return found


def _pod_names(logs: Path) -> dict[str, str]:
    """`namespace/pod` by uid without dashes: /var/log/pods has NAMESPACE_POD_UID, if readable."""
    try:
        parts = [path.name.split("_") for path in logs.iterdir()]
    except OSError:
        return {}
    return {p[2].replace("-", ""): printable(f"{p[0]}/{p[1]}") for p in parts if len(p) == 3}
