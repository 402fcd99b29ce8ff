"""Notes once a second what a hypervisor took from the CPUs on which the workers run.

A virtual machine whose CPU is given to another one stands still, and none of its own clocks of CPU
time shows that: to the kernel it is time in which nothing could run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

from edgeload.cpu_times import CpuTime, cpu_times, mean_stolen_s
from edgeload.machine import own_cpus
from edgeload.records import MachineSample, WallClock

_EVERY_S = 1.0


class StolenTime:
    """Makes a sample whenever a second has gone by."""

    def __init__(
        self,
        clock: WallClock,
        cpus: Collection[int] | None = None,
        node: str = "",
        read: Callable[[], dict[int, CpuTime]] = cpu_times,
    ) -> None:
        """`cpus` are those of the workers; None: all that this process may use now."""
        self._clock = clock
        self._cpus = own_cpus() if cpus is None else cpus
        self._node = node
        self._read = read
        self._next_s = -math.inf
        self._before_s = mean_stolen_s(read(), self._cpus)

    def look(self, now_s: float, *, over: bool = False) -> list[MachineSample]:
        """A sample at run time `now_s`, if one is due or the run is over.

        None, ever, if the system does not say what was taken.
        """
        if self._before_s is None or (now_s < self._next_s and not over):
            return []
        self._next_s = now_s + _EVERY_S
        taken_s = mean_stolen_s(self._read(), self._cpus)
        if taken_s is None:
            return []
        return [
            MachineSample(
                ts=self._clock.ts(now_s),
                at_s=round(now_s, 6),
                stolen_s=round(taken_s - self._before_s, 6),
                node=self._node,
            )
        ]
