"""Did a program have its core while it was measured? By the kernel's accounts of a window.

What other programs took is not idle time, not our program's own CPU, and our program was ready to
run meanwhile: so it is at most the rest of the window, and at most the time that its threads waited
for a core. (A tree of several processes on one core waits for itself, too; only the rest of the
window tells that from others.) What the hypervisor took (steal) comes on top.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.process_tree import cpu_s, waited_s

LEAST_SHARE = 0.95
"""Of its core: a measurement of a program that had less is thrown away."""
TOO_NOISY = "the machine was too noisy to tell"
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class CoreAccount:
    """A program and its core at one instant; all but `at_s` count up, in seconds."""

    at_s: float
    idle_s: float
    """Of the core."""
    stolen_s: float
    """Of the core, by the hypervisor."""
    cpu_s: float
    """Of the program's processes."""
    waited_s: float
    """In a queue for a core, of all its threads together."""


def look(tree: psutil.Process, core: int) -> CoreAccount:
    """The account at this moment, of a process and all that it started."""
    idle_s, stolen_s = core_times(core)
    return CoreAccount(time.monotonic(), idle_s, stolen_s, cpu_s(tree), waited_s(tree))


def core_times(core: int | None = None, stat: Path = Path("/proc/stat")) -> tuple[float, float]:
    """(idle, stolen) seconds of a core, or of all together, since the machine started."""
    name = "cpu" if core is None else f"cpu{core}"
    for line in stat.read_text(encoding="ascii").splitlines():
        label, *ticks = line.split()
        if label == name:
            idle, waiting, stolen = (int(ticks[column]) for column in (3, 4, 7))
            return (idle + waiting) / _TICKS_PER_S, stolen / _TICKS_PER_S
    raise OSError(f"{stat} does not name {name}")


def share_had(start: CoreAccount, end: CoreAccount) -> float:
    """Which share of a window the core was the program's whenever it was ready to run."""
    wall_s = end.at_s - start.at_s
    rest_s = wall_s - (end.idle_s - start.idle_s) - (end.cpu_s - start.cpu_s)
    others_s = max(0.0, min(rest_s, end.waited_s - start.waited_s))
    return 1.0 - (others_s + end.stolen_s - start.stolen_s) / wall_s


def enough(kept: int, measured: int) -> bool:
    """Whether what is left tells something: at least half, and not nothing."""
    return kept > 0 and 2 * kept >= measured


def least_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The least of the one to the least of the other: what disturbs a program only adds to it."""
    return min(ours) / min(theirs)


@dataclass(frozen=True)
class MachineAccount:
    """All cores together at one instant, in seconds; `idle_s` and `stolen_s` count up."""

    at_s: float
    idle_s: float
    stolen_s: float


def look_at_machine() -> MachineAccount:
    """The account at this moment."""
    return MachineAccount(time.monotonic(), *core_times())


def share_of_others(start: MachineAccount, end: MachineAccount, own_cpu_s: float) -> float:
    """Which share of all cores others used in a window in which we used so much CPU.

    What the hypervisor took counts as theirs. The accounts have steps of 10 ms.
    """
    machine_s = (end.at_s - start.at_s) * (os.cpu_count() or 1)
    busy_s = machine_s - (end.idle_s - start.idle_s)
    return max(0.0, busy_s - own_cpu_s) / machine_s


def children_cpu_s() -> float:
    """User and system seconds of all programs that this process started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@dataclass(frozen=True)
class Timing:
    """How long something took."""

    seconds: float
    others: float
    """Share of the machine that others used meanwhile."""

    @property
    def kept(self) -> bool:
        """Whether the machine was ours."""
        return self.others <= 1.0 - LEAST_SHARE
