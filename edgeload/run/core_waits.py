"""How long this process was ready to run and had to wait for a core, by the kernel's own account.

What a starved process measures is its own waiting: answers lie in its sockets meanwhile. Its lag
does not tell that where each client waits for an answer before it sends again.
"""

from __future__ import annotations

import contextlib
import os
from typing import NamedTuple

_ACCOUNT = "/proc/self/schedstat"
_LONGEST = 100


class CoreWaits(NamedTuple):
    """All that a process has waited for a core since its start. None and 0 if nobody says so."""

    waited_s: float | None
    times: int
    """How often it was given a core, after a wait of any length."""


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

    def look(self) -> CoreWaits:
        """The account at this moment."""
        if self._account is None:
            return NOT_KNOWN
        try:
            _, waited_ns, times = map(int, os.pread(self._account, _LONGEST, 0).split())
        except (OSError, ValueError):
            return NOT_KNOWN
        return CoreWaits(waited_ns / 1e9, times)
