"""Which physical core each worker process gets, and where everything else goes. Pure.

A worker that is alone on its core waits for nobody, keeps its caches, and is not moved while it
computes. But it cannot flee, either, from a program that uses its core. So cores are given out only
if there are enough: one for each worker, one for the rest of this program, one for an endpoint on
this machine, and those that other programs use already.

A CPU limit below the cores says that the machine is shared by time: other containers run on the
very same cores, and would each pin their programs to them. The limit itself is the same on every
core: it counts time, wherever that is spent (kernel.org/doc, scheduler/sched-bwc).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edgeload.core_topology import PhysicalCore
from edgeload.plain_words import plural

_AS_FAST = 0.9
"""A core of at least this share of the fastest one's capacity is as fast."""
_NO_PROGRAM = 0.25
"""Other programs that take less of a core than this, together, are in nobody's way."""


@dataclass(frozen=True)
class MachineCores:
    """What is known about the cores of this machine before the load."""

    cores: tuple[PhysicalCore, ...] | None
    """None: the system does not say which there are."""
    limit: float | None = None
    """The CPU limit of our container, in cores; None: there is none."""
    busy: Mapping[int, float] = field(default_factory=dict)
    """How busy each CPU was lately, as a share of the time."""
    others: float | None = None
    """Cores that other programs used lately; None: not known."""

    @property
    def usable(self) -> int:
        """The number of CPUs that may be used."""
        return sum(len(core.cpus) for core in self.cores or ())

    @property
    def shared_by_time(self) -> bool:
        """Whether a CPU limit gives us less time than the cores that we see have."""
        return self.limit is not None and self.limit < self.usable

    @property
    def fast(self) -> tuple[PhysicalCore, ...]:
        """The physical cores that a worker may have: whole ones, and none slower than others."""
        whole = [core for core in self.cores or () if core.whole]
        most = max((core.capacity or 0 for core in whole), default=0)
        return tuple(core for core in whole if (core.capacity or 0) >= _AS_FAST * most)


@dataclass(frozen=True)
class CorePlan:
    """Where everything runs."""

    workers: tuple[tuple[int, ...], ...]
    """The CPUs of each worker's physical core, in the order of the workers."""
    rest: tuple[int, ...]
    """The CPUs of everything else of ours."""


@dataclass(frozen=True)
class NotPinned:
    """Workers run wherever the system puts them."""

    why: str
    """A clause, for example `it was switched off (--no-pin)`."""


SWITCHED_OFF = NotPinned("it was switched off (--no-pin)")
CANNOT_PIN = NotPinned("this system cannot pin processes to cores")


def plan_cores(machine: MachineCores, workers: int, *, endpoint_here: bool) -> CorePlan | NotPinned:
    """A physical core for each worker, if there are enough; else why not."""
    cores, fast = machine.cores, machine.fast
    if cores is None:
        return NotPinned("the system does not say which physical cores there are")
    if machine.shared_by_time:
        assert machine.limit is not None
        return NotPinned(
            f"the CPU limit of the container, {plural_cores(machine.limit)}, is less than the "
            f"{plural(machine.usable, 'CPU')} that it sees, so others use them as well"
        )
    if machine.others is None:
        return NotPinned("nobody knows which cores other programs use")
    taken = math.ceil(machine.others - _NO_PROGRAM)
    needed = workers + _rest_of(endpoint_here) + max(0, taken)
    if needed > len(cores):
        return NotPinned(
            f"{plural(needed, 'physical core')} would be needed, for {_needs(workers, taken)}"
            f"{' and the endpoint' if endpoint_here else ''}, and there "
            f"{'is' if len(cores) == 1 else 'are'} {len(cores)}"
        )
    if workers > len(fast):
        slow = "slower" if len(fast) < sum(core.whole for core in cores) else "shared with others"
        return NotPinned(
            f"{plural(workers, 'worker')} would get {plural(len(fast), 'physical core')}: the "
            f"others are {slow}"
        )
    given = sorted(fast, key=lambda core: _quiet_and_late(core, machine.busy))[:workers]
    given.sort(key=lambda core: core.cpus)
    rest = [cpu for core in cores if core not in given for cpu in core.cpus]
    return CorePlan(tuple(core.cpus for core in given), tuple(rest))


def auto_workers(machine: MachineCores, usable: int, *, pin: bool, endpoint_here: bool) -> int:
    """How many workers `auto` means on a machine with so many usable CPUs; at least 1.

    As many as can have a physical core of their own beside the rest, if that is more than one.
    Else, and if nothing is pinned: one for each usable CPU, but not more than a CPU limit has cores
    of time.
    """
    if machine.shared_by_time:
        assert machine.limit is not None
        return max(1, min(usable, math.floor(machine.limit)))
    own = min(len(machine.cores or ()) - _rest_of(endpoint_here), len(machine.fast))
    return own if pin and own > 1 else usable


def plural_cores(count: float) -> str:
    """`1 core`, `1.5 cores`."""
    return f"{count:.3g} core{'' if count == 1 else 's'}"


def _rest_of(endpoint_here: bool) -> int:
    return 2 if endpoint_here else 1


def _needs(workers: int, taken: int) -> str:
    """Who needs a core."""
    others = f", other programs ({taken})" if taken > 0 else ""
    return f"{plural(workers, 'worker')}, the rest of this program{others}"


def _quiet_and_late(core: PhysicalCore, busy: Mapping[int, float]) -> tuple[float, Sequence[int]]:
    """Quiet cores first, to a tenth; then the last ones: the first ones mostly get interrupts."""
    spent = sum(busy.get(cpu, 0.0) for cpu in core.cpus)
    return round(spent, 1), tuple(-cpu for cpu in core.cpus)
