"""Live counters and histograms of one worker, in memory that the parent reads without asking.

A histogram's buckets are 2 % wide from 10 us to 200 s, so a value read from one is within 1 % of
the recorded value. Histograms of workers are merged by adding them. One process writes a block,
others only read it; a 64-bit slot is written at once, so no lock is needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

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

    def add(self, slot: int, count: int = 1) -> None:
        """Count up one of SENT, OK, FAILED, MISSED, CONNECTS, STALE_RETRIES."""
        self.slots[slot] += count

    def time(self, service_s: float, response_s: float) -> None:
        """Enter the times of one success into both histograms."""
        self.slots[_SERVICE + bucket(service_s)] += 1
        self.slots[_RESPONSE + bucket(response_s)] += 1


def total(blocks: Sequence[Any]) -> list[int]:
    """The sum of many workers' blocks, slot by slot: a moment's copy."""
    views = [memoryview(block).cast("B").cast("q") for block in blocks]
    return [sum(column) for column in zip(*views, strict=True)] if views else [0] * SLOTS


def response_histogram(slots: Sequence[int]) -> Sequence[int]:
    """The response-time histogram within a block or a sum of blocks."""
    return slots[_RESPONSE:]


def named(slots: Sequence[int]) -> dict[str, int]:
    """The plain counts of a block or a sum of blocks, by name."""
    return {name: slots[index] for index, name in enumerate(NAMES)}
