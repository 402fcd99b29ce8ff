"""Live counters and histograms of one worker, in memory that the parent reads without asking.

A histogram's buckets are 2 % wide from 10 us to 200 s, so a value read from one is within 1 % of
the recorded value. Histograms of workers are merged by adding them. One process writes a block,
others only read it; a 64-bit slot is written at once, so no lock is needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from edgeload.records import Request

SENT, OK, FAILED, MISSED, CONNECTS, STALE_RETRIES = range(6)
NAMES = ("sent", "ok", "failed", "missed", "connects", "stale_retries")

_LEAST_S = 1e-5
_WIDTH = 1.02
_PER_LOG = 1.0 / math.log(_WIDTH)
BUCKETS = math.ceil(math.log(200.0 / _LEAST_S) * _PER_LOG) + 1

_SERVICE = len(NAMES)
_RESPONSE = _SERVICE + BUCKETS
SLOTS = _RESPONSE + BUCKETS


def bucket(seconds: float) -> int:
    """Index of the bucket that holds a duration; the first and last take what lies outside."""
    if seconds <= _LEAST_S:
        return 0
    return min(int(math.log(seconds / _LEAST_S) * _PER_LOG), BUCKETS - 1)


def bucket_value(index: int) -> float:
    """The duration in seconds that stands for a bucket: its geometric middle."""
    return float(_LEAST_S * _WIDTH ** (index + 0.5))


def percentile(histogram: Sequence[int], share: float) -> float | None:
    """Nearest-rank percentile of a histogram in seconds, within 1 %; None where it is empty."""
    total = sum(histogram)
    if total == 0:
        return None
    rank = max(1, math.ceil(share * total))
    seen = 0
    for index, count in enumerate(histogram):
        seen += count
        if seen >= rank:
            return bucket_value(index)
    return None


class Counters:
    """A worker's block of `SLOTS` 64-bit integers: six counts, then two histograms."""

    __slots__ = ("slots",)

    def __init__(self, shared: Any) -> None:
        self.slots = memoryview(shared).cast("B").cast("q")

    def finished(self, requests: Sequence[Request]) -> None:
        """Count requests that have ended, and enter the times of the successes."""
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
        slots[OK] += ok
        slots[FAILED] += len(requests) - ok


def total(blocks: Sequence[Any]) -> list[int]:
    """The sum of many workers' blocks, slot by slot: a moment's copy.

    Each block is copied whole before it is read: a walk over its slots lasts long enough for the
    worker to count on meanwhile, and then the histograms hold answers that the counts do not.
    """
    views = [memoryview(bytes(memoryview(block).cast("B"))).cast("q") for block in blocks]
    return [sum(column) for column in zip(*views, strict=True)] if views else [0] * SLOTS


def service_histogram(slots: Sequence[int]) -> Sequence[int]:
    """The service-time histogram within a block or a sum of blocks."""
    return slots[_SERVICE:_RESPONSE]


def response_histogram(slots: Sequence[int]) -> Sequence[int]:
    """The response-time histogram within a block or a sum of blocks."""
    return slots[_RESPONSE:]


def since(now: Sequence[int], then: Sequence[int]) -> list[int]:
    """What was counted between two moments."""
    return [a - b for a, b in zip(now, then, strict=True)]


def named(slots: Sequence[int]) -> dict[str, int]:
    """The plain counts of a block or a sum of blocks, by name."""
    return {name: slots[index] for index, name in enumerate(NAMES)}
