"""What a pool of workers can serve, by queueing theory. Pure.

A pool of c workers with streams of arrival rate lambda_i and mean service time s_i is stable if and
only if sum(lambda_i s_i) < c, whatever the distributions (Loynes, "The stability of a queue with
non-independent inter-arrival and service times", 1962). With one stream its capacity is c / s.
"""

from __future__ import annotations

from collections.abc import Iterable


def capacity_per_s(workers: int, mean_service_s: float, slowdown: float = 1.0) -> float | None:
    """Answers/s of a pool that serves one detector; None: no limit, as services take no time.

    `slowdown` is the factor of its service times. While a pool is saturated, each of its services
    starts when another one has ended, so all of its workers are busy. Hence under a law of
    `Contention` the slowdown is `factor(workers)` if all other pools are idle, and
    `factor(workers of all pools)` if all are saturated: then both capacities are exact.
    """
    return workers / (mean_service_s * slowdown) if mean_service_s else None


def offered_load(streams: Iterable[tuple[float, float]]) -> float:
    """The mean number of workers that are busy with streams of (arrival rate per s, mean in s)."""
    return sum(rate_per_s * mean_service_s for rate_per_s, mean_service_s in streams)


def is_stable(workers: int, streams: Iterable[tuple[float, float]]) -> bool:
    """Whether the queue of a pool stays short, with streams of (arrival rate per s, mean in s)."""
    return offered_load(streams) < workers
