"""The lock of a file or a folder: holds it, or asks the system which process does."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

_LOCKS = Path("/proc/locks")


@contextlib.contextmanager
def held_lock(path: Path) -> Iterator[None]:
    """Hold the exclusive lock while entered, however this process ends.

    Some file systems have no locks: there it is nobody's. Raises OSError if `path` is not there.
    """
    lock = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(lock)


def lock_holder(inode: int) -> int | None:
    """The process that holds an exclusive lock (flock) on a file; None: nobody that we can see."""
    try:
        for line in _LOCKS.read_text().splitlines():
            _, kind, _, how, pid, place, *_ = line.split()
            if (kind, how) == ("FLOCK", "WRITE") and int(place.rpartition(":")[2]) == inode:
                return int(pid)
    except (OSError, ValueError):  # another system, or a line of another form
        pass
    return None
