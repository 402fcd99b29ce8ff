"""What the operating system says about this machine's processor."""

from __future__ import annotations

import os
import platform
import resource
from pathlib import Path


def own_cpus() -> frozenset[int]:
    """The CPUs that this process may use: its cpuset and its affinity. Empty: nobody knows."""
    if not hasattr(os, "sched_getaffinity"):  # not Linux
        return frozenset()
    return frozenset(os.sched_getaffinity(0))


def usable_cores() -> int:
    """Number of cores that this process may use; at least 1."""
    return len(own_cpus()) or os.cpu_count() or 1


def cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str | None:
    """Name of the processor; None if the system does not report it, as is usual on ARM boards."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or None
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(filter(None, names), None)


def open_as_many_files_as_allowed() -> None:
    """Raise this process's own limit of open files to what the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
