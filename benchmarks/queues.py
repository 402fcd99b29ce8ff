"""Queues simulated exactly, many runs at once: what a load test of them would measure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeload.read.statistics.windows import Floats


@dataclass(frozen=True)
class Queue:
    """Servers behind one queue; times are in units of the mean service time of one server.

    Arrivals are Poisson's ("M"), or a renewal process with gaps of half the variance ("G").
    """

    name: str
    servers: int
    arrivals: str
    service: str


def response_times(
    queue: Queue, load: float, size: int, settling: int, runs: int, seed: int
) -> tuple[Floats, Floats]:
    """Waits and response times of `size` requests (rows), after `settling` others from empty.

    The columns are so many independent runs at a share `load` of the capacity. By the recursion of
    Kiefer and Wolfowitz ("On the theory of queues with many servers", 1955): each request takes the
    server that is free first. With one server it is Lindley's (1952).
    """
    chance = np.random.default_rng(seed)
    work = np.zeros((queue.servers, runs))  # time until each server is free, sorted
    waits, times = np.empty((size, runs)), np.empty((size, runs))
    for number in range(-settling, size):
        work -= _gaps(chance, queue, 1.0 / (load * queue.servers), runs)
        np.maximum(work, 0.0, out=work)
        if number >= 0:
            waits[number] = work[0]
        work[0] += _services(chance, queue, runs)
        if number >= 0:
            times[number] = work[0]
        work.sort(axis=0)
    return waits, times


def _gaps(chance: np.random.Generator, queue: Queue, mean: float, runs: int) -> Floats:
    if queue.arrivals == "M":
        return chance.exponential(mean, runs)
    return chance.gamma(2.0, mean / 2.0, runs)


def _services(chance: np.random.Generator, queue: Queue, runs: int) -> Floats:
    if queue.service == "constant":
        return np.ones(runs)
    if queue.service == "exponential":
        return chance.exponential(1.0, runs)
    return chance.lognormal(-0.125, 0.5, runs)
