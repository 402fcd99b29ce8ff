"""The first steps of a worker process, which tells its parent if it cannot start."""

from __future__ import annotations

import contextlib
import importlib
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from typing import Any

from edgeload.untrusted_text import printable


@dataclass(frozen=True)
class CouldNotStart:
    """What a worker sends in place of "ready" if this machine is the cause."""

    why: str


def begin(module: str, name: str, pipe: Pipe, shared_counts: Any) -> None:
    """Import the entry of a worker, which may fail here although the parent could, and call it."""
    try:
        entry = getattr(importlib.import_module(module), name)
    except Exception as error:  # whatever it is, the parent has to say it
        could_not_start(pipe, error)
        return
    entry(pipe, shared_counts)


def could_not_start(pipe: Pipe, error: Exception) -> None:
    """Tell the parent why this worker ends before the run."""
    with contextlib.suppress(OSError):  # the parent has gone
        pipe.send(CouldNotStart(printable(f"{type(error).__name__}: {error}")))
