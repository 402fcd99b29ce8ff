"""Workers that do not start: what one of three does, instead of a worker of the program."""

from __future__ import annotations

import os
import signal
import time
from multiprocessing.connection import Connection
from typing import Any

BAD = 1
"""The index of the worker that fails; the others are ready, and wait for their end."""


def killed(pipe: Connection, counts: Any) -> None:
    """As by the system when memory runs out."""
    _start(pipe, lambda: os.kill(os.getpid(), signal.SIGKILL))


def stopped(pipe: Connection, counts: Any) -> None:
    """As by a debugger."""
    _start(pipe, lambda: os.kill(os.getpid(), signal.SIGSTOP))


def hanging(pipe: Connection, counts: Any) -> None:
    """As on a network file system that is gone."""
    _start(pipe, lambda: time.sleep(600))


def _start(pipe: Connection, fault: Any) -> None:
    if pipe.recv().index == BAD:
        fault()
    pipe.send("ready")
    pipe.recv()
