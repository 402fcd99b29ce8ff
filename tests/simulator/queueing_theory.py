"""Formulas of queueing theory, for what the embedded endpoint computes."""

from __future__ import annotations

import math


def erlang_c(servers: int, load: float) -> float:
    """Probability that an arrival of M/M/c waits (Erlang 1917); load = arrival rate x mean."""
    last = load**servers / math.factorial(servers) * servers / (servers - load)
    return last / (sum(load**k / math.factorial(k) for k in range(servers)) + last)


def mmc_mean_wait_s(servers: int, rate_per_s: float, mean_s: float) -> float:
    """M/M/c: mean wait = C(c, a) / (c mu - lambda)."""
    load = rate_per_s * mean_s
    return erlang_c(servers, load) * mean_s / (servers - load)


def mmc_finds_at_least(count: int, servers: int, load: float) -> float:
    """M/M/c: probability that an arrival finds so many or more in the system, count <= c.

    By PASTA (Wolff 1982) that is the share of the time during which there are so many.
    """
    busy = [load**k / math.factorial(k) for k in range(servers)]
    all_busy = load**servers / math.factorial(servers) * servers / (servers - load)
    return (sum(busy[count:]) + all_busy) / (sum(busy) + all_busy)


def mg1_mean_wait_s(rate_per_s: float, mean_s: float, mean_square_s2: float) -> float:
    """M/G/1: mean wait = lambda E(S^2) / (2 (1 - rho)) (Pollaczek 1930, Khinchine 1932)."""
    return rate_per_s * mean_square_s2 / (2.0 * (1.0 - rate_per_s * mean_s))
