"""How long this process was ready to run and had to wait for a core, by the kernel's own account.

A starved process measures its own waiting: answers lie in its sockets meanwhile. Its lag does not
show that. A client sends nothing while it waits for an answer, so it sends nothing late.
"""

from __future__ import annotations

import contextlib
import os
from typing import NamedTuple

from edgeload.cgroup_files import counters, mounts, with_least_cpu

_ACCOUNT = "/proc/self/schedstat"
_LONGEST = 100


class CoreWaits(NamedTuple):
    """All that a process has waited for a core since its start. None and 0 if nobody says so."""

    waited_s: float | None
    times: int
    """How often it was given a core, after a wait of any length."""
    limit_periods: int = 0
    """Periods for which its CPU limit is accounted, mostly of 100 ms; 0 without a limit."""
    limit_stops: int = 0
    """Those in which all that it may use was used up, so that it was stopped until the next."""


NOT_KNOWN = CoreWaits(None, 0)


class CoreWaitsReader:
    """Reads the account of the thread that makes it, which must be its process' first one.

    It is Linux' `/proc/PID/schedstat`: nanoseconds on a core, nanoseconds in the queue before one,
    times it was given one. Time for which a CPU quota stops the process counts as waiting there.
    """

    def __init__(self) -> None:
        self._account: int | None = None
        with contextlib.suppress(OSError):
            self._account = os.open(_ACCOUNT, os.O_RDONLY | os.O_CLOEXEC)
        self._limited = with_least_cpu(mounts().own())

    def look(self) -> CoreWaits:
        """The account at this moment."""
        waited = self._waited()
        if self._limited is None:
            return waited
        told = counters(self._limited)
        return waited._replace(
            limit_periods=told.periods or 0, limit_stops=told.throttled_periods or 0
        )

    def _waited(self) -> CoreWaits:
        if self._account is None:
            return NOT_KNOWN
        try:
            _, waited_ns, times = map(int, os.pread(self._account, _LONGEST, 0).split())
        except (OSError, ValueError):
            return NOT_KNOWN
        return CoreWaits(waited_ns / 1e9, times)
