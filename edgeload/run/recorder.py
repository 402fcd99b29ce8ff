"""The pen of one worker: turns what happened to its requests into records, counts and log lines."""

from __future__ import annotations

import os
import time
from typing import Any

from edgeload.plan import Due
from edgeload.records import Anchor, Missed, MissedReason, Request, WallClock, WorkerSample
from edgeload.run import counters
from edgeload.run.counters import Counters
from edgeload.run.wire import Judgement
from edgeload.runlog import LogWriter

FLUSH_S = 0.05
"""Records wait at most about this long: a killed worker loses no more than the last 100 ms."""


class Recorder:
    """Collects records and writes them in one append, at most FLUSH_S after the first of them."""

    def __init__(self, log: LogWriter, counts: Counters, anchor: Anchor, worker: int) -> None:
        self.counts = counts
        self._log = log
        self._clock = WallClock(anchor)
        self._worker = worker
        self._waiting: list[Any] = []
        self.flush_due_s = float("inf")
        """Run time by which `flush` must be called; infinite while nothing waits."""

    def request(
        self,
        client: int,
        due: Due,
        sent_s: float,
        done_s: float,
        status: int | None,
        judgement: Judgement,
        sent_bytes: int,
    ) -> None:
        """A request ended, well or not."""
        ok = judgement.outcome == "ok"
        ts = self._clock.ts(done_s)
        self._add(
            done_s,
            Request(
                self._clock.asctime(ts),
                ts,
                client,
                due.number,
                round(done_s - sent_s, 7),
                ok,
                judgement.error,
                due.step,
                round(due.due_s, 7),
                round(sent_s, 7),
                round(done_s, 7),
                status,
                judgement.outcome,
                judgement.from_edge,
                sent_bytes,
            ),
        )
        if ok:
            self.counts.add(counters.OK)
            self.counts.time(done_s - sent_s, done_s - due.due_s)
        else:
            self.counts.add(counters.FAILED)

    def missed(self, client: int, missed: list[tuple[Due, MissedReason]], now_s: float) -> None:
        """Requests that will not be sent."""
        for due, reason in missed:
            ts = self._clock.ts(now_s)
            record = Missed(ts, client, due.number, due.step, round(due.due_s, 7), reason)
            self._add(now_s, record)
        self.counts.add(counters.MISSED, len(missed))

    def effort(self, now_s: float) -> None:
        """What this process has spent so far."""
        slots = self.counts.slots
        self._add(
            now_s,
            WorkerSample(
                ts=self._clock.ts(now_s),
                worker=self._worker,
                pid=os.getpid(),
                at_s=round(now_s, 6),
                cpu_s=round(time.process_time(), 6),
                sent=slots[counters.SENT],
                connects=slots[counters.CONNECTS],
                stale_retries=slots[counters.STALE_RETRIES],
            ),
        )

    def _add(self, now_s: float, record: Any) -> None:
        if not self._waiting:
            self.flush_due_s = now_s + FLUSH_S
        self._waiting.append(record)

    def flush(self) -> None:
        """Write what waits."""
        self._log.append(self._waiting)
        self._waiting = []
        self.flush_due_s = float("inf")
