"""What is seen of the cores before the load."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from edgeload.core_plan import SWITCHED_OFF
from edgeload.cpu_times import CpuTime
from edgeload.run import core_look
from edgeload.run.core_look import CoreLook, is_own_address, workers_of_auto

_COMPUTES = """
import sys, time
while time.process_time() < 0.2:
    pass
print("done", flush=True)
sys.stdin.read()
"""
_LINUX = pytest.mark.skipif(not Path("/proc/stat").exists(), reason="only Linux says it")


def test_what_our_children_compute_is_ours() -> None:
    """While they live, and once they have ended."""
    before_s = core_look._own_s()
    with subprocess.Popen(
        [sys.executable, "-c", _COMPUTES], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        alive_s = core_look._own_s() - before_s
        child.stdin.close()
    assert alive_s > 0.15  # the kernel may count in hundredths
    assert core_look._own_s() - before_s > 0.15


@_LINUX
def test_what_others_compute_is_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a second of all CPUs, less what is ours; and never less than nothing."""
    cpus = sorted(os.sched_getaffinity(0))
    busy = {"s": 10.0, "own": 3.0}
    clock = iter([100.0, 102.0, 102.0, 200.0, 202.0, 202.0])
    strangers = {max(cpus) + 1: CpuTime(7.0, 0.0)}
    monkeypatch.setattr("edgeload.run.core_look.time.monotonic", lambda: next(clock))
    monkeypatch.setattr(
        core_look, "cpu_times", lambda: dict.fromkeys(cpus, CpuTime(busy["s"], 0.0)) | strangers
    )
    monkeypatch.setattr(core_look, "_own_s", lambda: busy["own"])
    look = CoreLook(lambda _: None)
    busy |= {"s": 11.0, "own": 3.5}
    strangers[max(cpus) + 1] = CpuTime(9.0, 0.0)
    found = look.machine()
    assert found.busy == dict.fromkeys(cpus, 0.5)
    assert found.others == pytest.approx((len(cpus) - 0.5) / 2)
    look = CoreLook(lambda _: None)
    busy |= {"own": 99.0}
    assert look.machine().others == 0.0


@_LINUX
def test_a_look_lasts_at_least_a_tenth_of_a_second() -> None:
    """The kernel counts in hundredths; a look that has lasted longer waits for nothing."""
    pauses: list[float] = []
    CoreLook(pauses.append).machine()
    assert 0.0 < pauses[0] <= 0.1


def test_whoever_does_not_want_it_pays_nothing_for_it() -> None:
    """Not even the look."""
    pauses: list[float] = []
    assert CoreLook(pauses.append).plan(1, pin=False, endpoint_here=False) == SWITCHED_OFF
    assert pauses == []


def test_own_addresses_are_known() -> None:
    """Loopback, and the addresses of our interfaces; one of a documentation network is none."""
    assert is_own_address("127.0.0.1")
    assert is_own_address("::1")
    assert not is_own_address("192.0.2.7")
    for found in psutil.net_if_addrs().values():
        for each in found:
            if each.family == socket.AF_INET:
                assert is_own_address(each.address)


def test_auto_is_at_least_one_worker() -> None:
    """On this machine, whatever it is."""
    for pin in (True, False):
        assert 1 <= workers_of_auto(pin=pin, endpoint_here=True) <= (os.cpu_count() or 1)
