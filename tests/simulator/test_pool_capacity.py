"""What a pool can serve, against a queue that is driven there."""

from __future__ import annotations

import random

import pytest

from edgeload.simulator.pool_capacity import capacity_per_s, is_stable, offered_load
from edgeload.simulator.queueing import FifoQueue, ServiceTime


def test_one_detector() -> None:
    """c / mean; no limit if services take no time."""
    assert capacity_per_s(4, 0.05) == pytest.approx(80.0)
    assert capacity_per_s(4, 0.0) is None


@pytest.mark.parametrize("factor", [0.95, 1.05])
def test_a_mix_is_stable_if_and_only_if_its_load_is_below_the_workers(factor: float) -> None:
    """Two Poisson streams at 3 workers: at 105 % the queue grows as predicted, at 95 % it stays."""
    streams = [(30.0 * factor, 0.06), (12.0 * factor, 0.1)]  # 1.8 + 1.2 busy workers
    assert offered_load(streams) == pytest.approx(3.0 * factor)
    assert is_stable(3, streams) == (factor < 1.0)
    chance = random.Random(20261127)
    queue, seconds = FifoQueue(3), 2000.0
    arrivals = sorted(
        (at_s, mean_s)
        for rate_per_s, mean_s in streams
        for at_s in _poisson(chance, rate_per_s, seconds)
    )
    for at_s, mean_s in arrivals:
        queue.arrive(at_s, ServiceTime("exponential", mean_s).draw(chance))
    jobs = [job for _, job in queue.done(float("inf"))]
    behind_s = max(job.end_s for job in jobs) - seconds
    grown_s = max(0.0, factor - 1.0) * seconds
    # The work that arrives is the sum of 84,000 times: its deviation is 0.6 % of it, 12 s.
    assert behind_s == pytest.approx(grown_s, abs=36.0)
    assert (behind_s > 50.0) == (factor > 1.0)


def _poisson(chance: random.Random, rate_per_s: float, seconds: float) -> list[float]:
    instants_s, now_s = [], chance.expovariate(rate_per_s)
    while now_s < seconds:
        instants_s.append(now_s)
        now_s += chance.expovariate(rate_per_s)
    return instants_s
