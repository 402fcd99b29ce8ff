"""How busy each CPU of this machine was, and what a hypervisor took from it: Linux' /proc/stat."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeload.cgroup_files import text_of

_STAT = Path("/proc/stat")
_IDLE, _IO_WAIT, _STEAL, _GUEST = 3, 4, 7, 8


@dataclass(frozen=True)
class CpuTime:
    """Seconds of one CPU since the machine was started."""

    busy_s: float
    """In which it computed for somebody on this machine."""
    stolen_s: float
    """In which it had something to compute, and the hypervisor ran somebody else in its place."""


def cpu_times(stat: Path = _STAT) -> dict[int, CpuTime]:
    """The times of each CPU; empty if the system does not say.

    The fields of a line are user, nice, system, idle, iowait, irq, softirq, steal, guest and
    guest_nice (man 5 proc_stat); guests are in user already. They count hundredths of a second.
    """
    if not hasattr(os, "sysconf"):
        return {}
    found: dict[int, CpuTime] = {}
    for line in (text_of(stat) or "").splitlines():
        name, *fields = line.split()
        number = name.removeprefix("cpu")
        if not number.isdigit():
            if found:  # the lines of CPUs stand together, in front
                break
            continue
        ticks = [int(text) / os.sysconf("SC_CLK_TCK") for text in fields if text.isdigit()]
        if len(ticks) > _STEAL:
            busy_s = sum(ticks[:_GUEST]) - ticks[_IDLE] - ticks[_IO_WAIT] - ticks[_STEAL]
            found[int(number)] = CpuTime(busy_s, ticks[_STEAL])
    return found


def busy_between(before: Mapping[int, CpuTime], after: Mapping[int, CpuTime]) -> dict[int, float]:
    """Seconds for which each CPU was busy between two looks."""
    return {cpu: after[cpu].busy_s - before[cpu].busy_s for cpu in before.keys() & after.keys()}


def mean_stolen_s(times: Mapping[int, CpuTime], cpus: Collection[int]) -> float | None:
    """What was taken from some CPUs so far, in seconds of each, on average; None: not known."""
    told = [times[cpu].stolen_s for cpu in cpus if cpu in times]
    return sum(told) / len(told) if told else None
