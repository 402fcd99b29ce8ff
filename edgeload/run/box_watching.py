"""The process that watches the box (see `box_watch`): asks, and writes lines into the log.

It never asks for more than one thing at a time, and lets the box rest: at least as long as ten
times its answer took, so that it takes at most a tenth of its status server's time.
"""

from __future__ import annotations

import os
import sys
import time
from multiprocessing.connection import Connection
from typing import Any, Literal

import msgspec

from edgeload.box_records import (
    BoxFacts,
    BoxResources,
    HostClock,
    MonitorLine,
    RoundTrip,
    TelemetryLost,
)
from edgeload.child_processes import die_with_parent
from edgeload.edge.box_facts import ask_facts
from edgeload.edge.box_resources import NoResources, ask_resources
from edgeload.edge.host_monitor import HostMonitor, NoMonitor
from edgeload.edge.round_trip import measure_handshakes
from edgeload.records import Anchor
from edgeload.run.box_watch import BoxFigures, SaidBefore, WatchBegin, WatchEnd, WatchTask
from edgeload.runlog import LogWriter, ended_by_refusal
from edgeload.untrusted_text import printable, remember_secret

_EVERY_S = 2.0
_MONITOR_EVERY_S = 1.0
_IDLE_S = 60.0
_REST_FACTOR = 10.0
_LOST_AFTER = 3
"""So many questions in a row without an answer are said in the log, once."""


def main() -> int:
    """Watch until the parent ends the run, or until the parent is gone."""
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
    idle = ask_resources(task.url, task.trust)  # first: the run's own queries follow soon
    facts = msgspec.structs.replace(ask_facts(task.url, task.trust), at_s=time.monotonic())
    said = SaidBefore(facts)
    if isinstance(idle, BoxResources):
        said.cpu_percent = idle.cpu_percent.total if idle.cpu_percent else None
        said.gpu_percent = _busiest_gpu(idle)
    if found := measure_handshakes(task.target, task.trust):
        at_s = time.monotonic()
        said.round_trip = RoundTrip(0.0, at_s, found.tries, found.tcp_s, found.tls_s)
    if task.monitor is not None:
        monitor = HostMonitor(task.monitor, task.monitor_secret)
        try:
            said.clock_bound_s = monitor.clock().bound_s
            said.monitor_is_here = monitor.is_here
        except NoMonitor as problem:
            said.monitor_problem = printable(str(problem))
    return said


def _busiest_gpu(said: BoxResources) -> float | None:
    known = [gpu.gpu_percent for gpu in said.gpus if gpu.gpu_percent is not None]
    return max(known, default=None)


def _say(record: Any) -> None:
    os.write(sys.stdout.fileno(), msgspec.json.encode(record) + b"\n")


class _Watching:
    """From the first moment of the load to its last."""

    def __init__(self, task: WatchTask, begin: WatchBegin, orders: Connection) -> None:
        self._task = task
        self._orders = orders
        self._anchor: Anchor = begin.anchor
        self._log = LogWriter(begin.log_file, create=False)
        self._silent = {"resources": 0, "monitor": 0}
        self._due_s: dict[str, float] = {"resources": 0.0} if begin.figures else {}
        if task.monitor is not None:
            self._due_s["monitor"] = 0.0
            self._monitor = HostMonitor(task.monitor, task.monitor_secret)

    def run(self) -> None:
        asks = {"resources": self._ask_resources, "monitor": self._ask_monitor}
        while not self._orders.poll(self._rest_s()):
            for name in [name for name, due_s in self._due_s.items() if due_s <= time.monotonic()]:
                rest_s = asks[name]()
                if rest_s is None:
                    del self._due_s[name]
                else:
                    self._due_s[name] = time.monotonic() + rest_s
        end: WatchEnd = self._orders.recv()
        if "monitor" in self._due_s:
            self._ask_monitor()  # what it has sampled since
        if end.facts:
            facts = ask_facts(self._task.url, self._task.trust)
            self._write(msgspec.structs.replace(facts, ts=self._ts(), at_s=self._now_s()))
        self._log.close()

    def _rest_s(self) -> float:
        """Until something is to be asked."""
        due_s = min(self._due_s.values(), default=time.monotonic() + _IDLE_S)
        return max(0.0, due_s - time.monotonic())

    def _now_s(self) -> float:
        return round(time.monotonic() - self._anchor.monotonic_s, 6)

    def _ts(self) -> float:
        return round(self._anchor.wall_s + self._now_s(), 3)

    def _ask_resources(self) -> float | None:
        """For how many seconds to let the box rest; None: it will never have figures."""
        began_s = time.monotonic()
        said = ask_resources(self._task.url, self._task.trust)
        took_s = time.monotonic() - began_s
        if isinstance(said, NoResources):
            self._had_none("resources", said.reason, for_good=said.for_good)
            return None if said.for_good else max(_EVERY_S, _REST_FACTOR * took_s)
        self._silent["resources"] = 0
        self._write(
            msgspec.structs.replace(
                said, ts=self._ts(), at_s=self._now_s(), took_s=round(took_s, 6)
            )
        )
        if self._task.monitor is None:
            cpu = said.cpu_percent
            self._show(cpu.total if cpu else None, _busiest_gpu(said))
        return max(_EVERY_S, _REST_FACTOR * took_s)

    def _ask_monitor(self) -> float | None:
        try:
            ping = self._monitor.clock()
            lines = self._monitor.lines()
        except NoMonitor as problem:
            self._had_none("monitor", printable(str(problem)), for_good=False)
            return _MONITOR_EVERY_S
        self._silent["monitor"] = 0
        offset_s = ping.offset_s + self._anchor.monotonic_s  # to run time, not to our clock
        clock = HostClock(
            self._ts(),
            self._now_s(),
            round(offset_s, 6),
            round(ping.bound_s, 6),
            round(ping.wall_offset_s, 6),
        )
        at_s = self._now_s()
        self._log.append([clock, *(MonitorLine(at_s, line) for line in lines)])
        samples = [line for line in lines if line.get("event") == "host_sample"]
        if samples:
            gpus = [gpu.get("utilization_percent") for gpu in samples[-1].get("gpus") or ()]
            known = [busy for busy in gpus if isinstance(busy, int | float)]
            self._show(samples[-1].get("cpu_percent"), max(known, default=None))
        return _MONITOR_EVERY_S

    def _had_none(
        self, source: Literal["resources", "monitor"], why: str, *, for_good: bool
    ) -> None:
        self._silent[source] += 1
        if for_good or self._silent[source] == _LOST_AFTER:
            self._write(TelemetryLost(self._ts(), self._now_s(), source, why))

    def _show(self, cpu_percent: float | None, gpu_percent: float | None) -> None:
        """Tell the parent the newest figures, for whoever looks at the run."""
        _say(BoxFigures(cpu_percent, gpu_percent))

    def _write(self, record: BoxFacts | BoxResources | TelemetryLost) -> None:
        self._log.append([record])
