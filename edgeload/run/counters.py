"""Live counts of the workers, in memory that the parent reads without asking them.

Each worker writes blocks of its own, one for each camera group, and the parent only reads them. A
64-bit slot is written at once, so no lock is needed. The buckets of a histogram are 2 % wide from
10 us to 200 s; a value that is read from a bucket is therefore within 1 % of the recorded one.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from operator import add, sub
from typing import Any

from edgeload.camera_group import DEFAULT_GROUP
from edgeload.failure_classes import FAILURE_KINDS, UNCLASSIFIED, http_failure, http_hundred
from edgeload.generator_limits import LATE_LIMIT_S, late_limit_s
from edgeload.records import Request
from edgeload.run.core_waits import NOT_KNOWN, CoreWaits
from edgeload.run.tasks import WorkerTask

SENT, FAILED, MISSED, CONNECTS, STALE_RETRIES, FAILED_AGAIN, LATE = range(7)
CPU_US, EFFORT_AT_US, CORE_WAIT_US, CORE_WAITS = range(7, 11)
"""Slots of a block; two histograms of `BUCKETS` slots follow, then lags and failures by class."""

_COUNTS = ("sent", "ok", "failed", "missed", "connects", "stale_retries")
_LEAST_S = 1e-5
_WIDTH = 1.02
_PER_LOG = 1.0 / math.log(_WIDTH)
BUCKETS = math.ceil(math.log(200.0 / _LEAST_S) * _PER_LOG) + 1

LAG_BUCKETS = 32
"""Bucket n has the lags below 2^n us, and not below half of that; the last one is above 17 min."""

_STATUSES = (400, 401, 403, 404, 405, 408, 413, 422, 429, 500, 502, 503, 504)
COUNTED_CLASSES = (
    *(kind.name for kind in FAILURE_KINDS),
    *map(http_failure, _STATUSES),
    *(http_failure(f"{hundred}xx") for hundred in range(1, 10)),
)
"""Classes of failures that have a slot of their own; other statuses share that of their hundred."""

_SERVICE = CORE_WAITS + 1
_RESPONSE = _SERVICE + BUCKETS
_LAG = _RESPONSE + BUCKETS
_CLASS = _LAG + LAG_BUCKETS
SLOTS = _CLASS + len(COUNTED_CLASSES)
_CLASS_SLOTS = {name: _CLASS + index for index, name in enumerate(COUNTED_CLASSES)}

Histogram = tuple[int, ...]
"""Requests per bucket; `BUCKETS` of them."""


def bucket(seconds: float) -> int:
    """Index of the bucket for a duration; the first and the last take what lies outside."""
    if seconds <= _LEAST_S:
        return 0
    return min(int(math.log(seconds / _LEAST_S) * _PER_LOG), BUCKETS - 1)


def bucket_value(index: int) -> float:
    """The duration in seconds that represents a bucket: its geometric middle."""
    return float(_LEAST_S * _WIDTH ** (index + 0.5))


def percentile(histogram: Sequence[int], quantile: float) -> float | None:
    """Nearest-rank percentile in seconds, within 1 %; None if the histogram is empty.

    `quantile` lies between 0 and 1: 0.95 for the p95.
    """
    index = _percentile_bucket(histogram, quantile)
    return None if index is None else bucket_value(index)


def lag_below_s(lags: Sequence[int], quantile: float) -> float | None:
    """A bound in seconds that a percentile of the generator's lag is below; at most twice as large.

    None if nothing was sent.
    """
    index = _percentile_bucket(lags, quantile)
    return None if index is None else 2**index / 1e6


def _percentile_bucket(histogram: Sequence[int], quantile: float) -> int | None:
    total = sum(histogram)
    if total == 0:
        return None
    rank = max(1, math.ceil(quantile * total))
    seen = 0
    for index, count in enumerate(histogram):
        seen += count
        if seen >= rank:
            return index
    return None


def class_slot(outcome: str) -> int:
    """The slot in which failures of a class are counted."""
    slot = _CLASS_SLOTS.get(outcome) or _CLASS_SLOTS.get(http_hundred(outcome))
    return _CLASS_SLOTS[UNCLASSIFIED] if slot is None else slot


@dataclass(frozen=True)
class LiveCounts:
    """What all workers together have counted up to one moment, of all groups or of one.

    Connections and stale retries are those of all groups.
    """

    sent: int
    ok: int
    """Requests that the edge answered as it should."""
    failed: int
    missed: int
    connects: int
    stale_retries: int
    """Requests sent again because the server had closed an idle connection."""
    service: Histogram
    """Service times of the requests that count as ok."""
    response: Histogram
    """Response times of the frames that were answered as they should be."""
    failed_again: int = 0
    """Of the failed requests, those of a frame of which another had failed before."""
    late: int = 0
    """Frames that this machine sent later than is allowed, through its own fault alone."""
    lag: Histogram = (0,) * LAG_BUCKETS
    """Lags of the generator, of each frame: see LAG_BUCKETS."""
    classes: Histogram = (0,) * len(COUNTED_CLASSES)
    """Failed requests by class, in the order of COUNTED_CLASSES."""

    @property
    def failures(self) -> dict[str, int]:
        """Failed requests by the name of their class, the most frequent first."""
        found = [(name, n) for name, n in zip(COUNTED_CLASSES, self.classes, strict=True) if n]
        return dict(sorted(found, key=lambda each: -each[1]))

    @property
    def frames_ok(self) -> int:
        """Frames that got all of their answers."""
        return sum(self.response)

    @property
    def frames_failed(self) -> int:
        """Frames of which a request failed."""
        return self.failed - self.failed_again

    @property
    def done(self) -> int:
        """Requests that have ended, successful or not."""
        return self.ok + self.failed

    def since(self, before: LiveCounts) -> LiveCounts:
        """What was counted between an earlier moment and this one."""
        return LiveCounts(
            self.sent - before.sent,
            self.ok - before.ok,
            self.failed - before.failed,
            self.missed - before.missed,
            self.connects - before.connects,
            self.stale_retries - before.stale_retries,
            tuple(map(sub, self.service, before.service)),
            tuple(map(sub, self.response, before.response)),
            self.failed_again - before.failed_again,
            self.late - before.late,
            tuple(map(sub, self.lag, before.lag)),
            tuple(map(sub, self.classes, before.classes)),
        )

    def plain(self) -> dict[str, int]:
        """The counts by name, without the histograms."""
        return {name: getattr(self, name) for name in _COUNTS}


NO_COUNTS = LiveCounts(0, 0, 0, 0, 0, 0, (0,) * BUCKETS, (0,) * BUCKETS)


class WorkerCounters:
    """One worker's blocks of `SLOTS` 64-bit integers: counts, then histograms.

    There is one block for each camera group. The connections and the CPU time stand in the first.
    The requests that count as ok are those in the histogram of service times.
    """

    __slots__ = ("_blocks", "_chains", "_first", "_free_s", "_named")

    def __init__(
        self,
        shared: Any,
        groups: Sequence[str] = (DEFAULT_GROUP,),
        chains: Sequence[str] = (),
        late_limits_s: Sequence[float] = (),
    ) -> None:
        """`groups` are the names of the groups; `chains` those whose frames have several requests.

        Such a frame's response time is entered by `frame_done`, and not by `finished`.
        `late_limits_s` is the lag that is allowed to each group; 5 ms if it is not given.
        """
        slots = memoryview(shared).cast("B").cast("q")
        self._blocks = [slots[i * SLOTS : (i + 1) * SLOTS] for i in range(len(groups))]
        limits_s = late_limits_s or (LATE_LIMIT_S,) * len(groups)
        self._named = dict(zip(groups, zip(self._blocks, limits_s, strict=True), strict=True))
        self._first = self._blocks[0]
        self._chains = frozenset(chains)
        self._free_s: dict[int, float] = {}  # by client: when its last request ended

    def finished(self, requests: Sequence[Request]) -> None:
        """Count requests that have ended, and enter the times of the successful ones.

        A client's requests come in the order in which they ended.
        """
        named, chains, log, most = self._named, self._chains, math.log, BUCKETS - 1
        free_s = self._free_s
        for request in requests:
            slots, limit_s = named[request.group]
            client = request.worker_number
            if not request.part:
                due_s, idle_s = request.due_s, free_s.get(client, 0.0)
                lag_s = request.sent_s - (due_s if due_s > idle_s else idle_s)
                at = int(lag_s * 1e6).bit_length() if lag_s > 0 else 0
                slots[_LAG + (at if at < LAG_BUCKETS else LAG_BUCKETS - 1)] += 1
                if lag_s > limit_s:
                    slots[LATE] += 1
            free_s[client] = request.done_s
            if not request.success:
                slots[FAILED] += 1
                slots[class_slot(request.outcome)] += 1
                continue
            service_s = request.latency
            # `bucket`, written out: this runs once per request, in the generator.
            at = int(log(service_s / _LEAST_S) * _PER_LOG) if service_s > _LEAST_S else 0
            slots[_SERVICE + (at if at < most else most)] += 1
            if chains and request.group in chains:
                continue
            response_s = request.done_s - request.due_s
            at = int(log(response_s / _LEAST_S) * _PER_LOG) if response_s > _LEAST_S else 0
            slots[_RESPONSE + (at if at < most else most)] += 1

    def frame_done(self, group: int, response_s: float) -> None:
        """Enter the response time of a frame that needed several answers and got all of them."""
        self._blocks[group][_RESPONSE + bucket(response_s)] += 1

    def frame_failed(self, group: int, requests: int) -> None:
        """Count the failed requests of a frame that needed several answers, as one frame."""
        self._blocks[group][FAILED_AGAIN] += requests - 1

    def missed(self, group: int, frames: int) -> None:
        """Count frames that will not be sent; `group` is the group's index."""
        self._blocks[group][MISSED] += frames

    def sent(self, requests: Sequence[int]) -> None:
        """Set the requests sent so far, by group."""
        for block, count in zip(self._blocks, requests, strict=True):
            block[SENT] = count

    def connections(self, opened: int, stale_retries: int) -> None:
        """Set the connections opened so far, and the requests sent again over new ones."""
        self._first[CONNECTS] = opened
        self._first[STALE_RETRIES] = stale_retries

    def effort(self, at_s: float, cpu_s: float, core: CoreWaits = NOT_KNOWN) -> None:
        """Set the CPU time and the waits of this process so far, at a run time; in seconds."""
        self._first[CPU_US] = int(cpu_s * 1e6)
        self._first[EFFORT_AT_US] = int(at_s * 1e6)
        self._first[CORE_WAIT_US] = int((core.waited_s or 0.0) * 1e6)
        self._first[CORE_WAITS] = core.times


def counters_of(task: WorkerTask, shared: Any) -> WorkerCounters:
    """The counters of a worker in its shared memory."""
    names = [group.name for group in task.groups]
    chains = [group.name for group in task.groups if group.then]
    limits_s = [late_limit_s(group.requests_per_second) for group in task.plan.groups]
    return WorkerCounters(shared, names, chains, limits_s)


@dataclass(frozen=True)
class Effort:
    """What one worker process has spent up to a run time; zeros before it began."""

    at_s: float
    cpu_s: float
    core_wait_s: float = 0.0
    core_waits: int = 0
    """As `records.WorkerSample` has it; zeros, too, if the system does not say."""


def read_efforts(blocks: Sequence[Any]) -> tuple[Effort, ...]:
    """What each worker has last said about its effort; `blocks` as in `read_counts`."""
    slots = [memoryview(block).cast("B").cast("q") for block in blocks]
    return tuple(
        Effort(
            each[EFFORT_AT_US] / 1e6,
            each[CPU_US] / 1e6,
            each[CORE_WAIT_US] / 1e6,
            each[CORE_WAITS],
        )
        for each in slots
    )


def read_counts(blocks: Sequence[Any]) -> LiveCounts:
    """The sum of all groups and workers at this moment; `blocks` is the memory of each worker."""
    return read_group_counts(blocks)[0]


def read_group_counts(blocks: Sequence[Any]) -> tuple[LiveCounts, tuple[LiveCounts, ...]]:
    """The sum of all workers at this moment: of all groups, and of each.

    Each block is copied as a whole before it is read. Reading slot by slot takes so long that the
    worker counts on meanwhile, and then the histograms hold answers that the counts do not.
    """
    if not blocks:
        return NO_COUNTS, ()
    slots = _added([memoryview(bytes(memoryview(b).cast("B"))).cast("q").tolist() for b in blocks])
    groups = [slots[start : start + SLOTS] for start in range(0, len(slots), SLOTS)]
    by_group = tuple(map(_counts, groups))
    if len(groups) == 1:
        return by_group[0], by_group
    return _counts(_added(groups)), by_group


def added_blocks(blocks: Sequence[Any]) -> bytes:
    """The memory of several workers added up, slot by slot, as that of one; none: no bytes.

    What stands in it about CPU time means nothing; `read_efforts` reads that of each.
    """
    if not blocks:
        return b""
    copies = [memoryview(bytes(memoryview(b).cast("B"))).cast("q").tolist() for b in blocks]
    return array("q", _added(copies)).tobytes()


def _added(blocks: Sequence[list[int]]) -> list[int]:
    """The sums of blocks of the same length, slot by slot; there is at least one."""
    total, *others = blocks
    for block in others:
        total = list(map(add, total, block))
    return total


def _counts(slots: list[int]) -> LiveCounts:
    service = tuple(slots[_SERVICE:_RESPONSE])
    return LiveCounts(
        sent=slots[SENT],
        ok=sum(service),
        failed=slots[FAILED],
        missed=slots[MISSED],
        connects=slots[CONNECTS],
        stale_retries=slots[STALE_RETRIES],
        service=service,
        response=tuple(slots[_RESPONSE:_LAG]),
        failed_again=slots[FAILED_AGAIN],
        late=slots[LATE],
        lag=tuple(slots[_LAG:_CLASS]),
        classes=tuple(slots[_CLASS:]),
    )
