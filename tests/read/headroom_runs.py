"""Searches for headroom with a known truth: their trials against simulated queues, analysed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import synthetic_log as sl

from edgeload.camera_group import CameraGroup
from edgeload.plan import Plan
from edgeload.read.analysis.headroom_result import GroupHeadroom
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.records import RampStepStart, SearchRecord, StepEnd
from edgeload.run.plan_record import plan_record
from edgeload.runlog import LogWriter
from edgeload.search_axis import SearchAxis

GROUPS = (CameraGroup("door", 5, 4.0), CameraGroup("person", 3, 2.0))
SERVICE_S = 0.0488
TRIAL_S = 14.0
PAUSE_S = 6.0
"""Long enough for the queue of an overloaded trial to drain."""

Tried = tuple[str, int]
"""The group that is varied, and its cameras."""
SHARED_TRIALS: Sequence[Tried] = (
    ("door", 5),
    ("door", 10),
    *[("door", 8), ("door", 9)] * 2,
    ("person", 14),
    *[("person", 10), ("person", 11)] * 2,
)
"""On two shared workers: 40.98 frames/s, so 8 door beside 3 person, and 10 person beside 5 door."""


def shared_pool(workers: int = 2, groups: Sequence[CameraGroup] = GROUPS) -> dict[str, sl.Pool]:
    """One pool serves all groups."""
    pool = sl.Pool(workers, sl.constant(SERVICE_S))
    return {group.name: pool for group in groups}


def headroom_run(
    path: Path,
    pools: Mapping[str, sl.Pool],
    trials: Sequence[Tried] = SHARED_TRIALS,
    *,
    groups: Sequence[CameraGroup] = GROUPS,
    base: int = 1,
    ended: int | None = None,
    **settings: Any,
) -> RunSummary:
    """The summary of a search that made these trials. Only the first `ended` came to an end."""
    record = SearchRecord("headroom", most=1000, resolution=0.05, base=base)
    steps = [(SearchAxis("group", group, base=base), load) for group, load in trials]
    return searched_run(path, Plan((), tuple(groups)), record, steps, pools, ended, **settings)


def searched_run(
    path: Path,
    empty: Plan,
    record: SearchRecord,
    trials: Sequence[tuple[SearchAxis, int]],
    pools: Mapping[str, sl.Pool],
    ended: int | None = None,
    **settings: Any,
) -> RunSummary:
    """The summary of any search; `empty` is its plan without steps."""
    steps = tuple(
        axis.step(
            empty, load, index, index * (TRIAL_S + PAUSE_S), index * (TRIAL_S + PAUSE_S) + TRIAL_S
        )
        for index, (axis, load) in enumerate(trials)
    )
    plan = replace(empty, steps=steps)
    played = sl.play_mix(plan, pools)
    header = sl.header_of(plan, **settings)
    header = msgspec.structs.replace(header, plan=plan_record(empty, header.plan.groups, record))
    starts = [
        RampStepStart(
            *("", sl.WALL_S + s.start_s, s.index, s.clients, s.start_s, s.start_s, s.end_s),
            list(s.cameras) if s.cameras else None,
            s.speed,
        )
        for s in steps
    ]
    ends = [
        StepEnd("", sl.WALL_S + s.end_s, s.index, s.end_s, s.end_s + PAUSE_S / 2, "")
        for s in steps[: len(steps) if ended is None else ended]
    ]
    writer = LogWriter(path)
    writer.append([header])
    body = [*starts, *played.requests, *played.missed, *ends, *sl.cpu_samples(plan)]
    writer.append(sorted(body, key=lambda record: record.ts))
    if ended is None:
        writer.append([sl.end_of(played)])
    writer.close()
    return analyse(read_log(path))


def clients_run(
    path: Path, loads: Sequence[int], rate: float, workers: int = 2, **settings: Any
) -> RunSummary:
    """A search over clients, without a mix, on so many workers of 48.8 ms."""
    group = CameraGroup(requests_per_second=rate)
    record = SearchRecord("clients", most=1000, resolution=0.05)
    trials = [(SearchAxis("clients"), load) for load in loads]
    plan = Plan((), (group,))
    return searched_run(path, plan, record, trials, shared_pool(workers, [group]), **settings)


def rate_run(path: Path, speeds: Sequence[int], clients: int, rate: float) -> RunSummary:
    """A search over the rate of these clients, in hundredths of `rate`, on two workers."""
    group = CameraGroup(requests_per_second=rate)
    record = SearchRecord("rate", most=10_000, resolution=0.05, start=100, clients=clients)
    trials = [(SearchAxis("rate", clients=clients), speed) for speed in speeds]
    return searched_run(path, Plan((), (group,)), record, trials, shared_pool(2, [group]))


def copies_run(path: Path, loads: Sequence[int], workers: int = 2, **settings: Any) -> RunSummary:
    """A search over copies of the mix, on one pool of so many workers."""
    record = SearchRecord("copies", most=1000, resolution=0.05)
    trials = [(SearchAxis("copies"), load) for load in loads]
    return searched_run(path, Plan((), GROUPS), record, trials, shared_pool(workers), **settings)


def found_of(summary: RunSummary, group: str, tier: str = "") -> GroupHeadroom:
    """What was found out about one group, for the tier of this name."""
    assert summary.headroom is not None
    (groups,) = (each.groups for each in summary.headroom.tiers if each.tier.name == tier)
    return next(each for each in groups if each.group == group)
