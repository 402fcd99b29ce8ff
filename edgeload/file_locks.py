"""Which process holds the lock of a file, as the system tells, without touching the file."""

from __future__ import annotations

from pathlib import Path

_LOCKS = Path("/proc/locks")


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
