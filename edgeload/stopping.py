"""Which signals stop a program, and how they end one that has not begun yet.

A program imports this first, so it imports next to nothing itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
from types import FrameType

from edgeload.exit_codes import INTERRUPTED


def stopping_signals() -> list[signal.Signals]:
    """The signals that stop a program: Ctrl-C, SIGTERM, and that of a closed terminal.

    The last one is left out if it is ignored: that is how `nohup` keeps a program going.
    """
    nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [signal.SIGINT, signal.SIGTERM, *([] if nohup else [signal.SIGHUP])]


def end_at_once_if_stopped() -> None:
    """Let these signals end the program with one word and without a traceback."""
    for number in stopping_signals():
        signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone
        os.write(2, b"Interrupted.\n")
    os._exit(INTERRUPTED)
