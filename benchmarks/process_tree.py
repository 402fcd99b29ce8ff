"""The CPU time of a process and all that it started, and their end."""

from __future__ import annotations

import contextlib
import subprocess
import time

import psutil


def cpu_s(process: psutil.Process) -> float:
    """User and system seconds of a process and all its descendants that live.

    To the nanosecond, by Linux' clock of each process: what `/proc` says has steps of 10 ms.
    """
    total = 0.0
    for member in [process, *process.children(recursive=True)]:
        with contextlib.suppress(OSError):  # it has ended meanwhile
            total += time.clock_gettime(_cpu_clock(member.pid))
    return total


def _cpu_clock(pid: int) -> int:
    """Number of the clock of a process' CPU time: see clock_getcpuclockid(3)."""
    return ~pid << 3 | 2


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for member in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
    process.kill()
    process.wait()
