"""The cost of a roll-out, from queues and failures whose truth is known."""

from __future__ import annotations

import dataclasses
import heapq
import random
from collections.abc import Callable

import numpy as np
import pytest

from edgeload.read.analysis.rollout_cost import AskedOfDetector, RolloutCost, rollout_cost
from edgeload.read.statistics.closed_loops import NO_WAITS, ClosedWaits
from edgeload.read.statistics.windows import Window

AT_S, OVER_S, END_S = 80.0, 85.0, 150.0
LOAD = Window(2.0, END_S)


def asked(
    rate: float = 40.0,
    *,
    servers: int = 4,
    mean_s: float = 0.05,
    seed: int = 1,
    slower: Callable[[float], float] = lambda at_s: 1.0,
    fails: Callable[[random.Random, float], bool] = lambda chance, at_s: False,
) -> AskedOfDetector:
    """Cameras of 2 requests/s in front of a queue with lognormal service times (sigma 0.5)."""
    chance = random.Random(seed)
    phases = [chance.random() / 2 for _ in range(int(rate / 2))]
    due_s = np.array(sorted(p + i / 2 for p in phases for i in range(int((END_S - p) * 2))))
    free, times = [0.0] * servers, []
    for at_s in due_s.tolist():
        start_s = max(at_s, heapq.heappop(free))
        took_s = mean_s * chance.lognormvariate(-0.125, 0.5) * slower(at_s)
        heapq.heappush(free, start_s + took_s)
        times.append(start_s + took_s - at_s)
    ok = np.array([not fails(chance, at_s) for at_s in due_s.tolist()])
    return AskedOfDetector(due_s, np.array(times), ok, np.zeros(0))


def closed(
    clients: int,
    mean_s: float = 0.05,
    *,
    stuck: tuple[float, float] = (0.0, 0.0),
    held: int = 100,
    held_ok: bool = True,
    seed: int = 1,
) -> AskedOfDetector:
    """Clients that ask again at once, each with a server of its own and lognormal times.

    What the first `held` of them ask while the box is stuck is answered when that is over.
    """
    chance = random.Random(seed)
    rows = []
    for client in range(clients):
        at_s = 0.001 * client
        while at_s < END_S:
            took_s, stands = (
                mean_s * chance.lognormvariate(-0.125, 0.5),
                stuck[0] <= at_s < stuck[1],
            )
            if stands and client < held:
                took_s += stuck[1] - at_s
            rows.append((at_s, took_s, held_ok or not (stands and client < held), client))
            at_s += took_s
    due_s, time_s, ok, who = (np.array(column) for column in zip(*sorted(rows), strict=True))
    waits = ClosedWaits(who.astype(np.int64), due_s, time_s)
    return AskedOfDetector(due_s, time_s, ok, np.zeros(0), waits)


def cost_of(rows: AskedOfDetector, at_s: float = AT_S, load: Window = LOAD) -> RolloutCost:
    return rollout_cost(rows, at_s, at_s + OVER_S - AT_S, load)


def test_nothing_is_seen_where_nothing_was() -> None:
    """And the limit says what would have been seen: above the p95 before, by less than half."""
    cost = cost_of(asked())
    assert cost.is_free
    assert (cost.lost, cost.more_lost, cost.slow_s, cost.worse_s) == (0, 0, 0.0, 0.0)
    assert cost.p95_before_s is not None
    assert cost.p95_limit_s is not None
    assert 1.25 <= cost.p95_limit_s / cost.p95_before_s < 1.75


def test_slow_seconds_are_counted_and_measured() -> None:
    """A pod that takes 4 times as long for 5 s, at a load that it still carries."""
    cost = cost_of(asked(20.0, servers=8, slower=lambda at_s: 4.0 if 80 <= at_s < 85 else 1.0))
    assert cost.slow_s == cost.worse_s == pytest.approx(5.0, abs=1.0)
    assert cost.p95_before_s is not None
    assert cost.p95_slow_s is not None
    assert cost.p95_slow_s / cost.p95_before_s == pytest.approx(4.0, rel=0.25)
    assert cost.more_lost == 0


def test_a_backlog_counts_until_it_is_gone() -> None:
    """At 75 % of the capacity, a pod that stands still for 3 s leaves 3 x 60 requests behind, which
    take 180 / (80 - 60) = 9 s on top of what is due."""
    rows = asked(60.0, slower=lambda at_s: 1.0)
    times = rows.time_s.copy()
    for row, due_s in enumerate(rows.due_s.tolist()):  # the fluid limit of such a backlog
        if 80.0 <= due_s < 92.0:
            times[row] += max(0.0, 3.0 - (due_s - 80.0) * 0.25)
    cost = cost_of(AskedOfDetector(rows.due_s, times, rows.ok, rows.missed_s))
    assert cost.slow_s == pytest.approx(12.0, abs=1.0)


@pytest.mark.parametrize("clients", [2, 8])
@pytest.mark.parametrize("mean_s", [0.02, 0.05])
def test_a_standstill_of_a_closed_loop_is_slow_for_as_long_as_it_lasts(
    clients: int, mean_s: float
) -> None:
    """Nobody asks anything in these 20 s: all are waiting (coordinated omission, method 1)."""
    cost = cost_of(closed(clients, mean_s, stuck=(80.0, 100.0)))
    assert cost.slow_s == cost.worse_s == pytest.approx(20.0, abs=1.0)
    assert cost.p95_slow_s == pytest.approx(19.0, abs=0.5)
    assert not cost.is_free


@pytest.mark.parametrize("held_ok", [True, False])
def test_one_of_eight_closed_clients_that_waits_is_seen(*, held_ok: bool) -> None:
    """12 % of all that would have been asked meanwhile; also if its request fails in the end."""
    cost = cost_of(closed(8, stuck=(80.0, 100.0), held=1, held_ok=held_ok))
    assert cost.slow_s == pytest.approx(20.0, abs=2.0)


def test_a_standstill_before_the_new_model_is_not_free() -> None:
    """The old pod goes 20 s before the new one answers: half of that is in the time before."""
    cost = cost_of(closed(2, 0.02, stuck=(60.0, 80.0)))
    assert (cost.unknown, cost.is_free) == ("too_uneven", False)


def test_a_closed_loop_without_a_standstill_is_judged_as_it_is() -> None:
    """No wait is long: the correction adds nothing."""
    rows = closed(8)
    assert cost_of(rows) == cost_of(dataclasses.replace(rows, waits=NO_WAITS))
    assert cost_of(rows).is_free


def test_slow_seconds_go_on_as_long_as_there_is_no_pause() -> None:
    """The backlog of a roll-out counts to its end; slow seconds long after it do not."""
    for slow, seconds in (((80.0, 110.0), 30.0), ((100.0, 110.0), 0.0)):
        rows = asked()
        late = (rows.due_s >= slow[0]) & (rows.due_s < slow[1])
        times = np.where(late, rows.time_s + 1.0, rows.time_s)
        cost = cost_of(AskedOfDetector(rows.due_s, times, rows.ok, rows.missed_s))
        assert cost.slow_s == seconds


def test_a_burst_of_failures_is_no_news_where_there_are_others() -> None:
    """Every request of a second fails now and then, without any roll-out."""
    bursts = (20.0, 45.0, 65.0, 85.5)
    cost = cost_of(asked(fails=lambda chance, at_s: any(b <= at_s < b + 1 for b in bursts)))
    assert cost.failed == pytest.approx(40, abs=4)
    assert cost.more_lost in (0, None)


def test_failures_are_told_from_those_that_happen_anyway() -> None:
    """Half of the requests of one second fail; in a run where 2 % always do, those are expected."""
    clean = cost_of(asked(fails=lambda chance, at_s: 85 <= at_s < 86 and chance.random() < 0.5))
    assert clean.more_lost == clean.failed == pytest.approx(20, abs=10)
    assert clean.worse_s == 1.0
    dirty = cost_of(
        asked(fails=lambda c, at_s: c.random() < (0.5 if 85 <= at_s < 86 else 0.02), seed=3)
    )
    assert dirty.more_lost is not None
    assert dirty.failed > clean.failed + 20
    assert dirty.worse_s == 1.0
    assert dirty.more_lost == pytest.approx(clean.failed, abs=15)
    usual = cost_of(asked(fails=lambda chance, at_s: chance.random() < 0.02))
    assert usual.failed > 10
    assert usual.more_lost in (0, None)
    assert usual.worse_s == 0.0


def test_one_failure_may_be_chance() -> None:
    """It says nothing: neither that the roll-out was the cause nor that it was not."""
    rows = asked()
    rows.ok[np.searchsorted(rows.due_s, 85.0)] = False
    cost = cost_of(rows)
    assert (cost.failed, cost.more_lost, cost.is_free) == (1, None, False)


def test_unsent_frames_count_as_lost() -> None:
    """A camera that waited for a pod which stood still sent nothing meanwhile."""
    rows = asked()
    gone = (rows.due_s >= 82.0) & (rows.due_s < 84.0)
    cost = cost_of(
        AskedOfDetector(rows.due_s[~gone], rows.time_s[~gone], rows.ok[~gone], rows.due_s[gone])
    )
    assert cost.more_lost == cost.never_sent == 80
    assert cost.failed == 0
    assert cost.worse_s == 2.0


@pytest.mark.parametrize(
    ("rate", "at_s", "load", "unknown"),
    [
        (2.0, 30.0, Window(20.0, END_S), "too_few"),
        (40.0, 6.0, LOAD, "too_short"),
        (40.0, 1.0, Window(1.0, END_S), "too_few"),
    ],
)
def test_too_little_before_it_is_an_answer_of_its_own(
    rate: float, at_s: float, load: Window, unknown: str
) -> None:
    """Nobody says that a roll-out was free without knowing what is usual."""
    cost = cost_of(asked(rate), at_s, load)
    assert cost.unknown == unknown
    assert (cost.slow_s, cost.p95_slow_s, cost.is_free) == (None, None, False)


def test_a_growing_backlog_before_it_tells_nothing() -> None:
    """At 130 % of the capacity the times grow without any roll-out: slow is then usual."""
    cost = cost_of(asked(104.0))
    assert cost.unknown == "too_uneven" or cost.slow_s == 0.0


def test_what_had_begun_before_the_run_is_not_judged() -> None:
    """There is nothing to hold it against, though failures are counted."""
    cost = rollout_cost(asked(), AT_S, OVER_S, LOAD, known_start=False)
    assert (cost.unknown, cost.slow_s) == ("going_on_before", None)


@pytest.mark.slow
@pytest.mark.parametrize("rate", [40.0, 72.0])
def test_queues_without_a_roll_out_are_seldom_blamed(rate: float) -> None:
    """In 200 runs each at half and at 90 % of the capacity, at most 5 % are; a pod that takes 3
    times as long for 5 s is seen in at least 80 % of them."""
    free = [cost_of(asked(rate, seed=seed)) for seed in range(200)]
    assert sum(bool(cost.slow_s) for cost in free) <= 10
    cold = [
        cost_of(asked(rate, seed=seed, slower=lambda at_s: 3.0 if 80 <= at_s < 85 else 1.0))
        for seed in range(100)
    ]
    assert sum(bool(cost.slow_s) for cost in cold) >= 80


def test_a_burst_of_failures_is_no_chance_also_after_few_requests() -> None:
    """Thirty requests before it, none of which failed, and then most of one second: with a share
    of 14 % at most (99 %, Clopper and Pearson), 20 of 40 come by chance once in 10^6 times.
    """
    chance = random.Random(1)
    rows = asked(fails=lambda _, at_s: 85 <= at_s < 86 and chance.random() < 0.5)
    cost = cost_of(rows, load=Window(AT_S - 1.0, 95.0))
    assert cost.unknown == "too_few"
    assert cost.more_lost == cost.lost > 10
