"""When samples are taken: at absolute due times on a clock that comes in as an argument."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

MIN_INTERVAL_S = 0.1
"""Shortest window: the kernel counts CPU time in steps of 0.01 s, which is 10 % of it."""

_ROUNDING_S = 1e-9


@dataclass(frozen=True)
class Schedule:
    """Samples are due `k * interval_s` after the start, and the last one after `duration_s`.

    A remainder shorter than MIN_INTERVAL_S makes no window of its own: it lengthens the last one.
    """

    interval_s: float
    duration_s: float

    @property
    def count(self) -> int:
        """How many samples are due."""
        return self._whole + 1

    @property
    def _whole(self) -> int:
        return math.floor((self.duration_s - MIN_INTERVAL_S + _ROUNDING_S) / self.interval_s)

    def due_s(self, number: int) -> float:
        """Seconds from the start to sample `number`, which counts from 1."""
        return number * self.interval_s if number <= self._whole else self.duration_s

    def next_after(self, elapsed_s: float) -> int:
        """Number of the first sample due later than `elapsed_s`; count + 1 when there is none."""
        if elapsed_s >= self.duration_s:
            return self.count + 1
        number = max(1, min(self.count, math.floor(elapsed_s / self.interval_s)))
        while self.due_s(number) <= elapsed_s:
            number += 1
        return number


@dataclass(frozen=True)
class Sampled:
    """How the sampling went: samples taken, due times passed over, and whether it was stopped."""

    taken: int
    skipped: int
    stopped: bool


def sample_on_time(
    schedule: Schedule,
    start_s: float,
    clock: Callable[[], float],
    wait: Callable[[float], bool],
    take: Callable[[float], None],
) -> Sampled:
    """Call `take` with the time of `clock` at every due time of the schedule.

    Due times are absolute, so that lateness never adds up; a late sample is taken with its true
    time, and due times that passed meanwhile are skipped. `wait` sleeps for the given seconds and
    answers True, at once, when sampling has to stop; what has passed of that window then becomes
    the last sample, unless it is shorter than MIN_INTERVAL_S. What `take` raises ends the sampling.
    """
    number, taken, skipped = 1, 0, 0
    last_s = start_s
    while number <= schedule.count:
        stopped = _wait_until(start_s + schedule.due_s(number), clock, wait)
        now_s = clock()
        if stopped and now_s - last_s < MIN_INTERVAL_S:
            return Sampled(taken, skipped, stopped)
        take(now_s)
        taken, last_s = taken + 1, now_s
        if stopped:
            return Sampled(taken, skipped, stopped)
        following = max(number + 1, schedule.next_after(clock() - start_s))
        skipped += following - number - 1
        number = following
    return Sampled(taken, skipped, stopped=False)


def _wait_until(due_s: float, clock: Callable[[], float], wait: Callable[[float], bool]) -> bool:
    """Wait for an instant on the clock, again where a wait ends early; True when stopped."""
    while not wait(max(0.0, due_s - clock())):
        if clock() >= due_s:
            return False
    return True
