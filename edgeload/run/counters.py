"""Live counts of the workers, in memory that the parent reads without asking them.

Each worker writes a block of its own and the parent only reads it. A 64-bit slot is written at
once, so no lock is needed. The buckets of a histogram are 2 % wide from 10 us to 200 s; a value
that is read from a bucket is therefore within 1 % of the recorded one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import sub
from typing import Any

from edgeload.records import Request

SENT, OK_REQUESTS, FAILED, MISSED, CONNECTS, STALE_RETRIES = range(6)
"""Slots of a worker's block; two histograms of `BUCKETS` slots follow."""

_COUNTS = ("sent", "ok", "failed", "missed", "connects", "stale_retries")
_LEAST_S = 1e-5
_WIDTH = 1.02
_PER_LOG = 1.0 / math.log(_WIDTH)
BUCKETS = math.ceil(math.log(200.0 / _LEAST_S) * _PER_LOG) + 1

_SERVICE = len(_COUNTS)
_RESPONSE = _SERVICE + BUCKETS
SLOTS = _RESPONSE + BUCKETS

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
    total = sum(histogram)
    if total == 0:
        return None
    rank = max(1, math.ceil(quantile * total))
    seen = 0
    for index, count in enumerate(histogram):
        seen += count
        if seen >= rank:
            return bucket_value(index)
    return None


@dataclass(frozen=True)
class LiveCounts:
    """What all workers together have counted up to one moment."""

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
    """Response times of the same requests."""

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
        )

    def plain(self) -> dict[str, int]:
        """The counts by name, without the histograms."""
        return {name: getattr(self, name) for name in _COUNTS}


NO_COUNTS = LiveCounts(0, 0, 0, 0, 0, 0, (0,) * BUCKETS, (0,) * BUCKETS)


class WorkerCounters:
    """One worker's block of `SLOTS` 64-bit integers: six counts, then two histograms."""

    __slots__ = ("slots",)

    def __init__(self, shared: Any) -> None:
        self.slots = memoryview(shared).cast("B").cast("q")

    def finished(self, requests: Sequence[Request]) -> None:
        """Count requests that have ended, and enter the times of the successful ones."""
        slots, log, most = self.slots, math.log, BUCKETS - 1
        ok = 0
        for request in requests:
            if request.success:
                ok += 1
                service_s = request.latency
                response_s = request.done_s - request.due_s
                # `bucket`, written out: this runs once per request, in the generator.
                at = int(log(service_s / _LEAST_S) * _PER_LOG) if service_s > _LEAST_S else 0
                slots[_SERVICE + (at if at < most else most)] += 1
                at = int(log(response_s / _LEAST_S) * _PER_LOG) if response_s > _LEAST_S else 0
                slots[_RESPONSE + (at if at < most else most)] += 1
        slots[OK_REQUESTS] += ok
        slots[FAILED] += len(requests) - ok


def read_counts(blocks: Sequence[Any]) -> LiveCounts:
    """The sum of the workers' blocks at this moment.

    Each block is copied as a whole before it is read. Reading slot by slot takes so long that the
    worker counts on meanwhile, and then the histograms hold answers that the counts do not.
    """
    if not blocks:
        return NO_COUNTS
    copies = [memoryview(bytes(memoryview(block).cast("B"))).cast("q") for block in blocks]
    slots = tuple(map(sum, zip(*copies, strict=True)))
    return LiveCounts(
        sent=slots[SENT],
        ok=slots[OK_REQUESTS],
        failed=slots[FAILED],
        missed=slots[MISSED],
        connects=slots[CONNECTS],
        stale_retries=slots[STALE_RETRIES],
        service=slots[_SERVICE:_RESPONSE],
        response=slots[_RESPONSE:],
    )
