"""A load generator as a process: that it sends, the CPU of all that it started, and their end."""

from __future__ import annotations

import contextlib
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.ending import NoFigures
from benchmarks.nginx import Nginx

_BEGIN_WITHIN_S = 30.0
_LOOK_EVERY_S = 0.05
_BEGUN = 50
"""A load generator sends when its server has seen so many requests: more than a check or two."""


def await_requests(
    name: str, process: subprocess.Popen[bytes], server: Nginx, before: int, errors: Path
) -> None:
    """Wait until a load generator sends to its server, which had seen `before` requests.

    Raises NoFigures if it ends before that, with the last line of what it wrote to `errors`.
    """
    until_s = time.monotonic() + _BEGIN_WITHIN_S
    while server.requests() - before < _BEGUN:
        if process.poll() is not None:
            words = errors.read_text(encoding="utf-8", errors="replace").strip()
            last = f": {words.splitlines()[-1]}" if words else ""
            raise NoFigures(f"{name} ended with {process.returncode} before it sent{last}")
        if time.monotonic() > until_s:
            raise NoFigures(f"{name} sent nothing for {_BEGIN_WITHIN_S:g} s")
        time.sleep(0.05)  # each look is a request, which costs the server CPU


def cpu_s(process: psutil.Process) -> float:
    """User and system seconds of a process and all its descendants that live.

    To the nanosecond, by Linux' clock of each process: what `/proc` says has steps of 10 ms.
    """
    total = 0.0
    for member in [process, *process.children(recursive=True)]:
        with contextlib.suppress(OSError):  # it has ended meanwhile
            total += time.clock_gettime(_cpu_clock(member.pid))
    return total


def waited_s(process: psutil.Process) -> float:
    """Seconds for which the threads of a process and its descendants were ready and had no core.

    By `/proc/PID/task/TID/schedstat`, whose second number is nanoseconds in a queue.
    """
    waited_ns = 0
    for member in [process, *process.children(recursive=True)]:
        for account in Path(f"/proc/{member.pid}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):  # it has ended meanwhile
                waited_ns += int(account.read_text(encoding="ascii").split()[1])
    return waited_ns / 1e9


def own_memory_mb(process: psutil.Process) -> float:
    """Memory of a process and all its descendants that no file stands behind, in MB of 2^20 bytes.

    What is resident less what is shared, by `/proc/PID/statm`, so programs and libraries are left
    out. What a fork still shares with its parent counts in both. (`smaps_rollup` would tell them
    apart, but to look at it every moment slows a large program down by a sixth.)
    """
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        for member in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
                memory = member.memory_info()
                total += memory.rss - memory.shared
    return total / 2**20


def peak_memory_mb(program: subprocess.Popen[Any]) -> float:
    """The most of that at once, from now until the program ends; 20 looks a second."""
    tree, peak_mb = psutil.Process(program.pid), 0.0
    while program.poll() is None:
        peak_mb = max(peak_mb, own_memory_mb(tree))
        time.sleep(_LOOK_EVERY_S)
    return peak_mb


def own_cpu_s(pid: int) -> float:
    """User and system seconds of one process alone, to the nanosecond."""
    return time.clock_gettime(_cpu_clock(pid))


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
