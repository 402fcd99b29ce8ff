"""Turns what happened to a worker's requests into records, counts and lines of the log."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence

import msgspec

from edgeload.box_records import ModelRecord
from edgeload.camera_group import DEFAULT_GROUP
from edgeload.plan import Due
from edgeload.records import Anchor, Missed, MissedReason, Request, WallClock, WorkerSample
from edgeload.run.core_waits import CoreWaitsReader
from edgeload.run.counters import WorkerCounters
from edgeload.run.recent_ids import RecentIds
from edgeload.run.tcp_account import NO_TCP, TcpTotals
from edgeload.run.wire import RequestResult
from edgeload.runlog import LogWriter
from edgeload.untrusted_text import one_line

FLUSH_S = 0.05
"""Records wait at most about this long, so a killed worker loses at most the last 100 ms."""

_NEVER_S = float("inf")


class _Ended(msgspec.Struct, gc=False):
    """The arguments of `Recorder.request`.

    Not a tuple: thousands of those would wait for `flush`, and Python's collector of cycles would
    look at each of them several times.
    """

    client: int
    due: Due
    sent_s: float
    done_s: float
    status: int | None
    result: RequestResult
    sent_bytes: int
    retried: bool
    group: int
    part: int


class Recorder:
    """Collects records and writes them together, at most FLUSH_S after the first of them."""

    def __init__(
        self,
        log: LogWriter,
        counts: WorkerCounters,
        anchor: Anchor,
        worker: int,
        groups: Sequence[str] = (DEFAULT_GROUP,),
    ) -> None:
        """`groups` are the names of the plan's camera groups, in its order."""
        self._counts = counts
        self._groups = tuple(groups)
        self._log = log
        self._clock = WallClock(anchor)
        self._core_waits = CoreWaitsReader()
        self._worker = worker
        self._ended: list[_Ended] = []
        self._requests: list[Request] = []
        self._others: list[Missed | WorkerSample | ModelRecord] = []
        self._confident = 0
        self._below_threshold = 0
        self._recent = RecentIds()
        self._repeated: dict[int, int] = {}
        self.sent = [0] * len(self._groups)
        """Requests sent, by group."""
        self.connects = 0
        self.stale_retries = 0
        self.compared = 0
        """Edge answers that were compared with those before the run."""
        self.flush_due_s = _NEVER_S
        """Run time by which `flush` must be called; infinite while there is nothing to write."""

    def request(
        self,
        client: int,
        due: Due,
        sent_s: float,
        done_s: float,
        status: int | None,
        result: RequestResult,
        sent_bytes: int,
        retried: bool = False,
        group: int = 0,
        part: int = 0,
    ) -> None:
        """Record a request that has ended, successful or not; `group` is the group's index.

        This only keeps what is known: the record is made by `flush`, for all of them in one loop.
        """
        self._ended.append(
            _Ended(client, due, sent_s, done_s, status, result, sent_bytes, retried, group, part)
        )
        if self.flush_due_s == _NEVER_S:
            self.flush_due_s = done_s + FLUSH_S

    def missed(
        self,
        client: int,
        missed: list[tuple[Due, MissedReason]],
        now_s: float,
        group: int = 0,
    ) -> None:
        """Record frames that will not be sent; `group` is the group's index."""
        ts, name = self._clock.ts(now_s), self._groups[group]
        for due, reason in missed:
            record = Missed(ts, client, due.number, due.step, due.due_s, reason, name)
            self._others.append(record)
        self._counts.missed(group, len(missed))
        self.flush_due_s = min(self.flush_due_s, now_s + FLUSH_S)

    def frame(self, group: int, response_s: float) -> None:
        """Count a frame that needed several answers and got all of them."""
        self._counts.frame_done(group, response_s)

    def frame_failed(self, group: int, requests: int) -> None:
        """Count a frame that needed several answers, of which so many failed."""
        self._counts.frame_failed(group, requests)

    def effort(self, now_s: float, tcp: TcpTotals | None = None) -> None:
        """Record what this process has spent so far: CPU time, waits, requests, connections.

        `tcp` is what the kernel says about them; None: nothing.
        """
        self._make_records()  # the sample counts what their answers said
        tcp = tcp or NO_TCP
        cpu_s = time.process_time()
        core = self._core_waits.look()
        self._counts.effort(now_s, cpu_s, core)
        self._others.append(
            WorkerSample(
                ts=self._clock.ts(now_s),
                worker=self._worker,
                pid=os.getpid(),
                at_s=now_s,
                cpu_s=cpu_s,
                sent=sum(self.sent),
                connects=self.connects,
                stale_retries=self.stale_retries,
                confident=self._confident,
                below_threshold=self._below_threshold,
                compared=self.compared,
                repeated_ids=self._repeated,
                open_connections=tcp.open,
                asked_connections=tcp.asked,
                round_trip_s=tcp.round_trip_s and round(tcp.round_trip_s, 6),
                on_the_way_s=round(tcp.on_the_way_s, 6),
                retransmits=tcp.retransmits,
                core_wait_s=core.waited_s and round(core.waited_s, 6),
                core_waits=core.times,
                limit_periods=core.limit_periods,
                limit_stops=core.limit_stops,
            ),
        )
        self._repeated = {}
        self.flush_due_s = min(self.flush_due_s, now_s + FLUSH_S)

    def models(self, told: Iterable[ModelRecord], now_s: float) -> list[ModelRecord]:
        """Record which models answered; returns the records as they will stand in the log."""
        records = [
            msgspec.structs.replace(each, ts=self._clock.ts(each.at_s), worker=self._worker)
            for each in told
        ]
        if records:
            self._others += records
            self.flush_due_s = min(self.flush_due_s, now_s + FLUSH_S)
        return records

    def flush(self) -> None:
        """Count and write the records that are waiting."""
        self._make_records()
        self._counts.finished(self._requests)
        self._counts.sent(self.sent)
        self._counts.connections(self.connects, self.stale_retries)
        self._log.append(self._requests)
        self._log.append(self._others)
        self._requests = []
        self._others = []
        self.flush_due_s = _NEVER_S

    def _make_records(self) -> None:
        """Make those of the requests that have ended since the last call, in that order."""
        ended, self._ended = self._ended, []
        groups, labels, requests = self._groups, self._clock.labels, self._requests
        query_ids: list[str] = []
        for each in ended:
            due, sent_s, done_s, result = each.due, each.sent_s, each.done_s, each.result
            error, outcome, below_threshold = result.error, result.outcome, result.below_threshold
            if error is not None:
                error = one_line(error)
            if below_threshold is not None:
                self._below_threshold += below_threshold
                self._confident += not below_threshold
            if result.query_id is not None:
                query_ids.append(result.query_id)
            ts, asctime = labels(done_s)
            requests.append(
                Request(
                    asctime,
                    ts,
                    each.client,
                    due.number,
                    int((done_s - sent_s) * 1e9 + 0.5) / 1e9,  # round() takes three times as long
                    outcome == "ok",
                    error,
                    due.step,
                    due.due_s,
                    sent_s,
                    done_s,
                    each.status,
                    outcome,
                    result.from_edge,
                    each.sent_bytes,
                    groups[each.group],
                    each.retried,
                    each.part,
                )
            )
        if not self._recent.are_new(query_ids):
            self._count_repeated(ended)

    def _count_repeated(self, ended: Sequence[_Ended]) -> None:
        """Count, by step, the answers whose id an answer before has had."""
        for each in ended:
            query_id, step = each.result.query_id, each.due.step
            if query_id is not None and self._recent.is_known(query_id):
                self._repeated[step] = self._repeated.get(step, 0) + 1
