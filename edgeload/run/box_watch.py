"""Watches the box beside the load, from a process of its own: what it says, and how busy it is.

The process asks for facts and round trips while the run is prepared. It then writes the box's
figures into the log, until it is told to end, and asks for the facts once more. Whatever happens to
it, the run goes on: what is missing is missing.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgspec

from edgeload.box_records import BoxFacts, RoundTrip
from edgeload.child_processes import command, environment
from edgeload.edge.location import Target
from edgeload.edge.trust import TlsTrust
from edgeload.records import Anchor
from edgeload.signals import withheld

_BEFORE_WITHIN_S = 4.0
_AFTER_WITHIN_S = 5.0


@dataclass(frozen=True)
class WatchTask:
    """What the process has to know from the start."""

    url: str
    target: Target
    trust: TlsTrust
    monitor: str | None = None
    """The address of the monitor on the endpoint's host, if there is one."""
    monitor_secret: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    """What no line may show, should the box repeat it; it goes through a pipe."""


@dataclass(frozen=True)
class WatchBegin:
    """The load begins: where to write, and whether to ask for the box's figures meanwhile."""

    log_file: Path
    anchor: Anchor
    figures: bool


@dataclass(frozen=True)
class WatchEnd:
    """The load has ended; `facts`: ask for them once more."""

    facts: bool


class SaidBefore(msgspec.Struct):
    """What the box said before the run; instants are monotonic seconds of this host."""

    facts: BoxFacts
    round_trip: RoundTrip | None = None
    cpu_percent: float | None = None
    """How busy the box was, by its own word; `gpu_percent`: its busiest GPU."""
    gpu_percent: float | None = None
    monitor_problem: str | None = None
    """Why the monitor gives nothing, in one line."""
    clock_bound_s: float | None = None
    """How well its clock is known."""
    monitor_is_here: bool | None = None
    """Whether the monitor runs on our own host; None: it gave no answer."""


class BoxFigures(msgspec.Struct):
    """The newest figures, in percent, for whoever shows the run. None: not known."""

    cpu_percent: float | None = None
    gpu_percent: float | None = None


class BoxWatch:
    """Our end of the process, which ends with the `with` that it is used in."""

    def __init__(self, task: WatchTask) -> None:
        with withheld():
            self._process = subprocess.Popen(
                command("edgeload.run.box_watching:main"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
                start_new_session=True,  # Ctrl-C is ours
            )
        assert self._process.stdin is not None
        self._orders = Connection(os.dup(self._process.stdin.fileno()), readable=False)
        self._process.stdin.close()
        self._rest = b""
        self.newest: BoxFigures | None = None
        """What the process has said last of the box's figures."""
        self._send(task)

    def __enter__(self) -> BoxWatch:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        assert self._process.stdout is not None
        self._orders.close()
        self._process.stdout.close()
        self._process.wait()

    def said_before(self) -> SaidBefore | None:
        """What the box said before the run; None if it took too long, or the process failed."""
        until_s = time.monotonic() + _BEFORE_WITHIN_S
        while (line := self._line(until_s - time.monotonic())) is not None:
            with contextlib.suppress(msgspec.MsgspecError):
                return msgspec.json.decode(line, type=SaidBefore)
        return None

    def begin(self, begin: WatchBegin) -> None:
        """The load begins."""
        self._send(begin)

    def look(self) -> BoxFigures | None:
        """The newest figures of the box, without waiting."""
        while (line := self._line(0.0)) is not None:
            with contextlib.suppress(msgspec.MsgspecError):
                self.newest = msgspec.json.decode(line, type=BoxFigures)
        return self.newest

    def end(self, *, facts: bool) -> None:
        """The load has ended: let it write what is left, and wait for that, but not for long."""
        self._send(WatchEnd(facts))
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_AFTER_WITHIN_S)

    def _send(self, message: Any) -> None:
        with contextlib.suppress(OSError):
            self._orders.send(message)

    def _line(self, within_s: float) -> bytes | None:
        """The next line that it has said; None: there is none in time, or none any more."""
        assert self._process.stdout is not None
        until_s = time.monotonic() + within_s
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                if not selector.select(max(0.0, until_s - time.monotonic())):
                    return None
                piece = self._process.stdout.read1(65536)  # type: ignore[attr-defined]
                if not piece:
                    return None
                self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return line
