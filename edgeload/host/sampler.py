"""When samples are taken: at fixed times on a clock that is passed in. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

MIN_INTERVAL_S = 0.1
"""The shortest window: the kernel counts CPU time in steps of 0.01 s, a tenth of this."""

_ROUNDING_S = 1e-9
_WITHOUT_END = 10**12
"""More samples than are taken in thousands of years."""


@dataclass(frozen=True)
class SampleTimes:
    """Samples are due every `interval_s` after the start, and the last one after `duration_s`.

    A remainder shorter than MIN_INTERVAL_S is no window of its own; it lengthens the last one. An
    infinite duration ends when sampling is stopped.
    """

    interval_s: float
    duration_s: float

    @property
    def count(self) -> int:
        """How many samples are due."""
        return self._whole + 1

    @property
    def _whole(self) -> int:
        if math.isinf(self.duration_s):
            return _WITHOUT_END
        return math.floor((self.duration_s - MIN_INTERVAL_S + _ROUNDING_S) / self.interval_s)

    def due_s(self, number: int) -> float:
        """Seconds from the start until sample `number` is due. Numbers count from 1."""
        return number * self.interval_s if number <= self._whole else self.duration_s

    def next_after(self, elapsed_s: float) -> int:
        """Number of the first sample due after `elapsed_s`; count + 1 if there is none."""
        if elapsed_s >= self.duration_s:
            return self.count + 1
        number = max(1, min(self.count, math.floor(elapsed_s / self.interval_s)))
        while self.due_s(number) <= elapsed_s:
            number += 1
        return number


@dataclass(frozen=True)
class Sampled:
    """The result of sampling: samples taken, samples skipped, and whether it was stopped early."""

    taken: int
    skipped: int
    stopped: bool
    own_cpu_s: float | None = None
    """What the sampling itself cost, with the processes that it started; None: not measured."""


def sample_on_time(
    times: SampleTimes,
    start_s: float,
    clock: Callable[[], float],
    wait: Callable[[float], bool],
    take: Callable[[float], None],
) -> Sampled:
    """Call `take` with the time of `clock` whenever a sample is due.

    Due times are absolute, so delays do not add up. A late sample is taken with its true time, and
    samples that fell due in the meantime are skipped. `wait` sleeps for the given seconds, but
    returns True at once if sampling has to stop. The window that has begun then becomes the last
    sample, unless it is shorter than MIN_INTERVAL_S. An exception from `take` ends the sampling.
    """
    number, taken, skipped = 1, 0, 0
    last_s = start_s
    while number <= times.count:
        stopped = _wait_until(start_s + times.due_s(number), clock, wait)
        now_s = clock()
        if stopped and now_s - last_s < MIN_INTERVAL_S:
            return Sampled(taken, skipped, stopped)
        take(now_s)
        taken, last_s = taken + 1, now_s
        if stopped:
            return Sampled(taken, skipped, stopped)
        following = max(number + 1, times.next_after(clock() - start_s))
        skipped += following - number - 1
        number = following
    return Sampled(taken, skipped, stopped=False)


def _wait_until(due_s: float, clock: Callable[[], float], wait: Callable[[float], bool]) -> bool:
    """Wait until `due_s` on the clock, even if a wait ends early. True if sampling has to stop."""
    while not wait(max(0.0, due_s - clock())):
        if clock() >= due_s:
            return False
    return True
