"""Logs of cache audits whose truth is known: what a cache saves, and how the times spread."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import synthetic_log as sl

from edgeload.audit_plan import audit_load, comes_again, pair_of
from edgeload.plan import one_group_plan, ramp_steps
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.records import Missed

Law = Callable[[random.Random], float]
OVERHEAD_S = 0.0015
"""What the network takes, which no cache saves."""


def constant(mean_s: float) -> Law:
    return lambda chance: mean_s


def lognormal(mean_s: float, sigma: float = 0.5) -> Law:
    return lambda chance: mean_s * math.exp(chance.gauss(0.0, sigma) - sigma * sigma / 2)


def exponential(mean_s: float) -> Law:
    return lambda chance: chance.expovariate(1.0 / mean_s)


def bimodal(mean_s: float) -> Law:
    return lambda chance: mean_s * (5.5 if chance.random() < 0.1 else 0.5)


def audit_log(
    path: Path,
    law: Law,
    saves: float = 0.0,
    *,
    query_s: float = 0.05,
    processes: int = 1,
    repeated: int = 1,
    seed: int = 1,
    outcome: Callable[[int], str] = lambda number: "ok",
    slowed: Callable[[float], float] = lambda at_s: 1.0,
    seconds: float | None = None,
    **log: Any,
) -> Path:
    """Write the log of an audit of an endpoint with that law of service times.

    Each of its `processes` has a cache of its own, which holds whatever it has seen; a hit `saves`
    that share. `outcome` is by the number of the request, and at any instant all services take
    `slowed` times as long.
    """
    load = audit_load(query_s * (1 - saves / 2), math.inf, 16 * query_s, seconds=seconds)
    steps = ramp_steps([1], load.seconds)
    played = sl.Played(one_group_plan(steps, load.requests_per_second, seed=seed))
    chance = random.Random(seed)
    seen: set[tuple[int, int]] = set()
    free_s = 0.0
    for due in played.plan.client_dues(0):
        sent_s = max(due.due_s, free_s) + 0.0002
        if sent_s > load.seconds:
            missed = Missed(sl.WALL_S + due.due_s, 0, due.number, 0, due.due_s, "late")
            played.missed.append(missed)
            continue
        service_s = law(chance)
        if comes_again(seed, due.number):
            seen_by = pair_of(due.number) % repeated, chance.randrange(processes)
            service_s *= 1.0 - saves if seen_by in seen else 1.0
            seen.add(seen_by)
        free_s = sent_s + (service_s + OVERHEAD_S + chance.expovariate(5000.0)) * slowed(sent_s)
        how = outcome(due.number)
        line = sl.request(0, due.number, due.step, due.due_s, sent_s, free_s, how)
        played.requests.append(line)
    return sl.write(path, played, audit_cache=True, image_pool=repeated, seed=seed, **log)


def audited(path: Path, law: Law, saves: float = 0.0, **changes: Any) -> RunSummary:
    """The summary of such a log."""
    return analyse(read_log(audit_log(path, law, saves, **changes)))
