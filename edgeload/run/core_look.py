"""Looks at the cores of this machine while a run is prepared, and plans who gets which of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from ipaddress import ip_address
from typing import NamedTuple

import psutil

from edgeload.cgroup_files import limits, mounts, with_least_cpu
from edgeload.core_plan import (
    CANNOT_PIN,
    SWITCHED_OFF,
    CorePlan,
    MachineCores,
    NotPinned,
    auto_workers,
    plan_cores,
)
from edgeload.core_topology import physical_cores
from edgeload.cpu_times import CpuTime, busy_between, cpu_times
from edgeload.machine import own_cpus, usable_cores

_LEAST_S = 0.1
"""The kernel counts in hundredths of a second."""


class _Seen(NamedTuple):
    at_s: float
    times: dict[int, CpuTime]
    own_s: float


class CoreLook:
    """What the cores do from the moment on at which this is made."""

    def __init__(self, pause: Callable[[float], None] = time.sleep) -> None:
        self._pause = pause
        self._first = _seen()

    def machine(self) -> MachineCores:
        """What is known about the cores by now; waits until the look has lasted 0.1 s.

        What this program and its children computed meanwhile is not that of other programs.
        """
        self._pause(max(0.0, self._first.at_s + _LEAST_S - time.monotonic()))
        first, last = self._first, _seen()
        long_s = last.at_s - first.at_s
        allowed = own_cpus()
        busy_s = {
            cpu: spent_s
            for cpu, spent_s in busy_between(first.times, last.times).items()
            if cpu in allowed
        }
        others_s = max(0.0, sum(busy_s.values()) - (last.own_s - first.own_s))
        return MachineCores(
            physical_cores(allowed) if allowed else None,
            cpu_limit(),
            {cpu: spent_s / long_s for cpu, spent_s in busy_s.items()},
            others_s / long_s if busy_s else None,
        )

    def plan(self, workers: int, *, pin: bool, endpoint_here: bool) -> CorePlan | NotPinned:
        """Where so many workers and everything else are to run."""
        if not pin:
            return SWITCHED_OFF
        if not hasattr(os, "sched_setaffinity"):
            return CANNOT_PIN
        return plan_cores(self.machine(), workers, endpoint_here=endpoint_here)


def _seen() -> _Seen:
    return _Seen(time.monotonic(), cpu_times(), _own_s())


def _own_s() -> float:
    """CPU seconds of this process, of its children that live, and of those that have ended."""
    own = os.times()
    spent_s = own.user + own.system + own.children_user + own.children_system
    for child in psutil.Process().children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.Error:  # it has just ended
            continue
        spent_s += times.user + times.system
    return spent_s


def cpu_limit() -> float | None:
    """The CPU limit of the container or cgroup that this process is in, in cores; None: none."""
    limited = with_least_cpu(mounts().own())
    return None if limited is None else limits(limited).cpu_cores


def workers_of_auto(*, pin: bool, endpoint_here: bool) -> int:
    """How many worker processes `auto` means on this machine."""
    allowed = own_cpus()
    machine = MachineCores(physical_cores(allowed) if allowed else None, cpu_limit())
    return auto_workers(machine, usable_cores(), pin=pin, endpoint_here=endpoint_here)


def is_own_address(address: str) -> bool:
    """Whether a numeric address is one of this machine's own."""
    if ip_address(address).is_loopback:
        return True
    own = {each.address for found in psutil.net_if_addrs().values() for each in found}
    return address in own
