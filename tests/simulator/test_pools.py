"""Pools beside each other: as if each were alone."""

from __future__ import annotations

import math
import random

from edgeload.simulator.pools import FifoPools
from edgeload.simulator.queueing import FifoQueue

WORKERS = {"a": 1, "b": 3}


def test_each_pool_is_the_queue_that_it_would_be_alone() -> None:
    """Jobs come out in order of their end over all pools, and each pool's are those of its queue.

    A pool that is added later is no different, and a stall stops all.
    """
    chance = random.Random(4)
    pools = FifoPools(WORKERS)
    pools.add("c", 2)
    alone = {name: FifoQueue(workers) for name, workers in {**WORKERS, "c": 2}.items()}
    ends_s: list[float] = []
    now_s = 0.0
    for number in range(600):
        now_s += chance.expovariate(100.0)
        if number == 300:
            pools.stall(now_s, 0.2)
            for queue in alone.values():
                queue.stall(now_s, 0.2)
        name = chance.choice("abc")
        service_s = chance.expovariate(30.0)
        assert pools.busy_share(name, now_s) == alone[name].busy_share(now_s)
        ticket = pools.arrive(name, now_s, service_s)
        assert alone[name].job(alone[name].arrive(now_s, service_s)) == pools.job(ticket)
        assert pools.next_end_s() == min(
            end_s for queue in alone.values() if (end_s := queue.next_end_s()) is not None
        )
        until_s = math.inf if number == 599 else now_s
        ended = pools.done(until_s)
        for name, queue in alone.items():
            own = [job for (pool, _), job in ended if pool == name]
            assert own == [job for _, job in queue.done(until_s)]
        ends_s += [job.end_s for _, job in ended]
    assert ends_s == sorted(ends_s)
    assert len(ends_s) == 600
    assert pools.next_end_s() is None


def test_an_arrival_finds_as_many_busy_as_there_are_services() -> None:
    """The share counts the workers of its own pool, from the start of a service to its end."""
    pools = FifoPools({"a": 4, "b": 1})
    shares = []
    for at_s in (0.0, 0.1, 0.2, 0.3, 0.4):
        shares.append(pools.busy_share("a", at_s))
        pools.arrive("a", at_s, 1.0)
    assert shares == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert pools.busy_share("b", 0.4) == 0.0
    assert pools.busy_share("a", 1.35) == 0.25  # the fifth, which started at 1.0
