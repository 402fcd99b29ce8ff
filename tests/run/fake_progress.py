"""Moments of a run that never was, for the tests of what is shown."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from operator import add

from edgeload.camera_group import CameraGroup
from edgeload.plan import Plan, mix_plan, one_group_plan, ramp_steps
from edgeload.run.counters import (
    BUCKETS,
    COUNTED_CLASSES,
    LAG_BUCKETS,
    NO_COUNTS,
    Effort,
    LiveCounts,
    bucket,
)
from edgeload.run.supervisor import RunProgress

TICK_S = 0.25
ONE_GROUP = one_group_plan(ramp_steps([10, 20, 50], 8.0), 2.0)


def plan_of(steps: int, groups: int = 0, step_s: float = 8.0) -> Plan:
    """A plan of so many steps; of so many camera groups, or of clients of one kind."""
    loads = range(1, steps + 1)
    if not groups:
        return one_group_plan(ramp_steps([10 * load for load in loads], step_s), 2.0)
    kinds = (CameraGroup(f"cameras at door {n + 1}", n + 1, 2.0) for n in range(groups))
    return mix_plan(tuple(kinds), list(loads), step_s)


def counts_of(
    ok: int,
    response_s: float = 0.05,
    *,
    failures: Sequence[int] = (),
    lag_us: int = 100,
) -> LiveCounts:
    """So many answers that took so long, and so many failures of the first classes there are."""
    times, classes, lag = [0] * BUCKETS, [0] * len(COUNTED_CLASSES), [0] * LAG_BUCKETS
    times[bucket(response_s)] = ok
    classes[: len(failures)] = failures
    sent = ok + sum(failures)
    lag[lag_us.bit_length()] = sent
    return replace(
        NO_COUNTS,
        sent=sent,
        ok=ok,
        failed=sum(failures),
        service=tuple(times),
        response=tuple(times),
        lag=tuple(lag),
        classes=tuple(classes),
    )


def added(a: LiveCounts, b: LiveCounts) -> LiveCounts:
    """Both together."""
    return replace(
        a,
        sent=a.sent + b.sent,
        ok=a.ok + b.ok,
        failed=a.failed + b.failed,
        service=tuple(map(add, a.service, b.service)),
        response=tuple(map(add, a.response, b.response)),
        late=a.late + b.late,
        lag=tuple(map(add, a.lag, b.lag)),
        classes=tuple(map(add, a.classes, b.classes)),
    )


@functools.cache
def moments(
    plan: Plan,
    until_s: float,
    *,
    capacity_per_s: float = 1e9,
    response_s: float = 0.05,
    classes: int = 0,
    dead_workers: int = 0,
    cpu_cores: float = 0.1,
) -> list[RunProgress]:
    """A run against an endpoint of this capacity, until a run time.

    Answers take `response_s` as long as it keeps up. One request in twenty fails, in turn with one
    of so many classes. The backlog that a step leaves behind is missed.
    """
    found: list[RunProgress] = []
    done = [0.0] * len(plan.groups)
    by_group = [NO_COUNTS] * len(plan.groups)
    waiting, ticks, number = 0.0, round(until_s / TICK_S), 0
    for tick in range(ticks + 1):
        now_s = tick * TICK_S
        step = next((s for s in plan.steps if s.end_s > now_s), plan.steps[-1])
        if now_s == step.start_s:
            waiting = 0.0
        rates = [plan.arrival_rate(step, g) or 0.0 for g in range(len(plan.groups))]
        total = sum(rates)
        share = min(1.0, capacity_per_s / total) if total else 1.0
        waiting += total * (1 - share) * TICK_S
        slow_s = response_s + waiting / total if total else response_s
        for g, rate in enumerate(rates):
            if now_s < plan.duration_s:
                before, done[g] = int(done[g]), done[g] + rate * share * TICK_S
            fresh = int(done[g]) - before if tick else 0
            failing = [0] * classes
            for _ in range(fresh):
                number += 1
                if classes and number % 20 == 0:
                    failing[number // 20 % classes] += 1
            new = counts_of(fresh - sum(failing), slow_s, failures=failing)
            by_group[g] = added(by_group[g], new)
        all_of_them = NO_COUNTS
        for own in by_group:
            all_of_them = added(all_of_them, own)
        turns = 10 + round(100 * now_s)
        effort = Effort(now_s, 0.3 + cpu_cores * now_s, 0.0002 * turns, turns)
        efforts = (effort, effort)
        found.append(
            RunProgress(
                now_s,
                step.index,
                plan,
                all_of_them,
                False,
                None,
                tuple(by_group),
                efforts,
                dead_workers,
            )
        )
    return found
