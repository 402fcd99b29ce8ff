"""Imported by the process that forks workers, and by no other: what must not outlive our program.

When our program is killed, its pipes end, and the workers end by that. A worker that is frozen does
not notice, and this process waits for it. So the operating system tells this process of our
program's death, and every worker of the death of this process.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import time
from multiprocessing import forkserver
from pathlib import Path
from types import FrameType, TracebackType

from edgeload.child_processes import die_with_parent

_WORKERS_END_WITHIN_S = 1.0
_FOLDERS = "pymp-"
"""How `multiprocessing` calls its temporary folders."""


def _end(number: int, frame: FrameType | None) -> None:
    """Our program is dead: leave its workers a moment to write down their last records."""
    until_s = time.monotonic() + _WORKERS_END_WITHIN_S
    with contextlib.suppress(ChildProcessError):  # none is left
        while time.monotonic() < until_s:
            os.waitpid(-1, os.WNOHANG)
            time.sleep(0.02)
    _remove_socket()
    os._exit(0)  # not by an exception, because this process may be ending already


def _remove_socket() -> None:
    """Remove the socket through which our program asks for workers, and its folder.

    Our program does it, too, unless it was killed.
    """
    address = forkserver._forkserver._forkserver_address  # type: ignore[attr-defined]
    if isinstance(address, str) and Path(address).parent.name.startswith(_FOLDERS):
        with contextlib.suppress(OSError):
            Path(address).unlink(missing_ok=True)
            Path(address).parent.rmdir()


def _say_unless_given_up(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """A worker whose program was stopped before it said what to do has nothing to report."""
    if not issubclass(kind, EOFError):
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _say_unless_given_up
atexit.register(_remove_socket)
signal.signal(signal.SIGUSR1, _end)
die_with_parent(signal.SIGUSR1)
os.register_at_fork(after_in_child=die_with_parent)
