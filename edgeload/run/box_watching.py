"""The process that watches the box (see `box_watch`): asks, and writes lines into the log.

It never asks for more than one thing at a time, and lets the box rest: at least as long as ten
times its answer took, so that it takes at most a tenth of its status server's time.
"""

from __future__ import annotations

import os
import sys
import time
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from edgeload.box_records import BoxFacts, BoxResources, RoundTrip, TelemetryLost
from edgeload.child_processes import die_with_parent
from edgeload.edge.box_facts import ask_facts
from edgeload.edge.box_resources import NoResources, ask_resources
from edgeload.edge.round_trip import measure_handshakes
from edgeload.records import Anchor
from edgeload.run.box_watch import BoxFigures, SaidBefore, WatchBegin, WatchEnd, WatchTask
from edgeload.runlog import LogWriter, ended_by_refusal
from edgeload.untrusted_text import remember_secret

_EVERY_S = 2.0
_REST_FACTOR = 10.0
_LOST_AFTER = 3
"""So many questions in a row without an answer are said in the log, once."""


def main() -> int:
    """Watch until the parent says that it is over, or is gone."""
    die_with_parent()
    orders = Connection(os.dup(sys.stdin.fileno()), writable=False)
    try:
        task: WatchTask = orders.recv()
        remember_secret(task.secret or "")
        _say(_said_before(task))
        begin: WatchBegin = orders.recv()
        with ended_by_refusal():
            _Watching(task, begin, orders).run()
    except (EOFError, BrokenPipeError):  # the run is over
        return 0
    return 0


def _said_before(task: WatchTask) -> SaidBefore:
    facts = msgspec.structs.replace(ask_facts(task.url, task.trust), at_s=time.monotonic())
    found = measure_handshakes(task.target, task.trust)
    if found is None:
        return SaidBefore(facts)
    at_s = time.monotonic()
    return SaidBefore(facts, RoundTrip(0.0, at_s, found.tries, found.tcp_s, found.tls_s))


def _say(record: Any) -> None:
    os.write(sys.stdout.fileno(), msgspec.json.encode(record) + b"\n")


class _Watching:
    """From the first moment of the load to its last."""

    def __init__(self, task: WatchTask, begin: WatchBegin, orders: Connection) -> None:
        self._task = task
        self._orders = orders
        self._anchor: Anchor = begin.anchor
        self._figures = begin.figures
        self._log = LogWriter(begin.log_file, create=False)
        self._silent = 0

    def run(self) -> None:
        rest_s = 0.0
        while not self._orders.poll(rest_s):
            rest_s = self._poll() if self._figures else 60.0
        end: WatchEnd = self._orders.recv()
        if end.facts:
            facts = ask_facts(self._task.url, self._task.trust)
            self._write(msgspec.structs.replace(facts, ts=self._ts(), at_s=self._now_s()))
        self._log.close()

    def _now_s(self) -> float:
        return round(time.monotonic() - self._anchor.monotonic_s, 6)

    def _ts(self) -> float:
        return round(self._anchor.wall_s + self._now_s(), 3)

    def _poll(self) -> float:
        """Ask once; for how many seconds to let the box rest."""
        began_s = time.monotonic()
        said = ask_resources(self._task.url, self._task.trust)
        took_s = time.monotonic() - began_s
        if isinstance(said, NoResources):
            self._had_none(said)
        else:
            self._silent = 0
            self._had(said, took_s)
        return max(_EVERY_S, _REST_FACTOR * took_s)

    def _had_none(self, none: NoResources) -> None:
        self._silent += 1
        if none.for_good or self._silent == _LOST_AFTER:
            self._write(TelemetryLost(self._ts(), self._now_s(), "resources", none.reason))
        self._figures = not none.for_good

    def _had(self, said: BoxResources, took_s: float) -> None:
        line = msgspec.structs.replace(
            said, ts=self._ts(), at_s=self._now_s(), took_s=round(took_s, 6)
        )
        self._write(line)
        gpus = [gpu.gpu_percent for gpu in said.gpus if gpu.gpu_percent is not None]
        cpu = said.cpu_percent
        _say(BoxFigures(cpu.total if cpu else None, max(gpus, default=None)))

    def _write(self, record: BoxFacts | BoxResources | TelemetryLost) -> None:
        self._log.append([record])
