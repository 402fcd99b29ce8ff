"""When samples are taken, on a clock that only the test moves."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeload.host.sampler import MIN_INTERVAL_S, Sampled, SampleTimes, sample_on_time

START_S = 1000.0


@dataclass
class World:
    """A clock, a wait that moves it, and samples that cost time; perhaps stopped once."""

    costs_s: Iterator[float]
    stop_s: float = float("inf")
    wakes_early: bool = False
    now_s: float = START_S
    taken_s: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now_s

    def wait(self, timeout_s: float) -> bool:
        if self.now_s + timeout_s >= self.stop_s:
            self.now_s = max(self.now_s, self.stop_s)
            return True
        self.now_s += timeout_s * (0.7 if self.wakes_early and timeout_s > 1e-6 else 1.0)
        return False

    def take(self, at_s: float) -> None:
        assert at_s == self.now_s
        self.taken_s.append(at_s - START_S)
        self.now_s += next(self.costs_s, 0.0)

    def run(self, schedule: SampleTimes) -> Sampled:
        return sample_on_time(schedule, START_S, self.clock, self.wait, self.take)


schedules = st.builds(
    lambda interval_s, more: SampleTimes(interval_s, interval_s + more),
    st.floats(MIN_INTERVAL_S, 10.0),
    st.floats(0.0, 300.0),
)


def test_samples_do_not_drift() -> None:
    """1000 samples that cost 30 % of the interval each are taken at k times the interval."""
    world = World(iter([0.3] * 1000))
    assert world.run(SampleTimes(1.0, 1000.0)) == Sampled(1000, 0, stopped=False)
    assert world.taken_s == pytest.approx([float(k) for k in range(1, 1001)], abs=1e-6)


def test_missed_ticks_are_skipped_not_bunched() -> None:
    """A sample that costs 3.5 intervals skips three due times; the next one is on time again."""
    world = World(iter([0.0, 3.5]))
    assert world.run(SampleTimes(1.0, 8.0)) == Sampled(5, 3, stopped=False)
    assert world.taken_s == [1.0, 2.0, 6.0, 7.0, 8.0]


@settings(deadline=None)  # a busy machine is no failure
@given(schedules)
def test_windows_are_neither_too_short_nor_too_long(schedule: SampleTimes) -> None:
    """Undisturbed, samples cover the whole duration, in windows between the least length and the
    interval plus it."""
    world = World(iter([]))
    assert world.run(schedule) == Sampled(schedule.count, 0, stopped=False)
    ends = [0.0, *world.taken_s]
    windows = [b - a for a, b in pairwise(ends)]
    assert ends[-1] == pytest.approx(schedule.duration_s, abs=1e-6)
    assert min(windows) >= MIN_INTERVAL_S - 1e-6
    assert max(windows) <= schedule.interval_s + MIN_INTERVAL_S + 1e-6


@settings(deadline=None)  # a busy machine is no failure
@given(schedules, st.lists(st.floats(0.0, 30.0), max_size=50))
def test_every_due_time_is_taken_or_skipped(schedule: SampleTimes, costs_s: list[float]) -> None:
    """Whatever samples cost, taken + skipped is what was due, and none is taken before it is due
    or twice for one due time."""
    world = World(iter(costs_s))
    sampled = world.run(schedule)
    assert sampled.taken == len(world.taken_s)
    assert sampled.taken + sampled.skipped == schedule.count
    due_s = [schedule.due_s(k) for k in range(1, schedule.count + 1)]
    latest_due = [bisect_right(due_s, at_s + 1e-6) for at_s in world.taken_s]
    assert all(a < b for a, b in pairwise([0, *latest_due]))


def test_a_wait_that_ends_early_is_repeated() -> None:
    """A clock coarser than the wait, or a signal, never gives a sample before its time."""
    world = World(iter([]), wakes_early=True)
    world.run(SampleTimes(0.5, 5.0))
    assert world.taken_s == pytest.approx([0.5 * k for k in range(1, 11)], abs=1e-5)


@pytest.mark.parametrize(
    ("stop_s", "taken_s"),
    [(0.05, []), (0.7, [0.7]), (3.04, [1.0, 2.0, 3.0]), (3.4, [1.0, 2.0, 3.0, 3.4])],
)
def test_a_stop_keeps_what_has_passed(stop_s: float, taken_s: list[float]) -> None:
    """When stopped, the window begun becomes the last sample, unless it is too short for one."""
    world = World(iter([]), stop_s=START_S + stop_s)
    sampled = world.run(SampleTimes(1.0, 60.0))
    assert sampled == Sampled(len(taken_s), 0, stopped=True)
    assert world.taken_s == pytest.approx(taken_s)


def test_sampling_without_an_end_ends_when_stopped() -> None:
    """An infinite duration takes every sample on time, skips as any other does, and stops."""
    world = World(iter([0.0, 3.5]), stop_s=START_S + 5000.4)
    assert world.run(SampleTimes(1.0, float("inf"))) == Sampled(4998, 3, stopped=True)
    assert world.taken_s[-1] == pytest.approx(5000.4)


def test_a_stop_is_seen_between_slow_samples() -> None:
    """Samples that cost more than the interval leave no time to wait, and still one can stop."""
    world = World(iter([1.0] * 1000), stop_s=START_S + 10.5)
    assert world.run(SampleTimes(0.5, 1000.0)).stopped
    assert world.taken_s[-1] <= 11.5


def test_a_failing_sample_ends_the_sampling() -> None:
    """What a sample raises (a full disk) reaches the caller."""

    def take(at_s: float) -> None:
        raise OSError(28, "No space left on device")

    world = World(iter([]))
    with pytest.raises(OSError, match="No space"):
        sample_on_time(SampleTimes(1.0, 3.0), START_S, world.clock, world.wait, take)
