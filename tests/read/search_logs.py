"""Logs of searches for the capacity with a known truth: trials played against a simulated queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import synthetic_log as sl

from edgeload.camera_group import CameraGroup
from edgeload.plan import Plan, RampStep, one_group_plan
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.records import End, RampStepStart, SearchRecord, StepEnd
from edgeload.run.plan_record import plan_record
from edgeload.runlog import LogWriter, create_log
from edgeload.search_axis import SearchAxis

PAUSE_S = 0.7
LOADS = ((8, 6.0), (32, 6.0), (64, 6.0), (44, 10.0), (40, 10.0), (41, 20.0), (39, 10.0))
"""Loads of 2/s each and seconds that show the capacity of 4 servers that take 50 ms: 40."""


@dataclass(frozen=True)
class Tried:
    """One trial: `outcome` is that of all of its requests, `late_s` how late our own side sent."""

    load: int
    seconds: float = 6.0
    outcome: str = "ok"
    late_s: float = 0.0
    verdict: str = ""


def write_search(
    path: Path,
    tried: Sequence[Tried],
    *,
    servers: int = 4,
    service: sl.Service | None = None,
    plan: Plan | None = None,
    axis: SearchAxis | None = None,
    pools: dict[str, sl.Pool] | None = None,
    most: int = 1000,
    budget_s: float | None = None,
    reason: str = "the search came to its end",
    interrupted: bool = False,
    ends: bool = True,
    **settings: Any,
) -> Path:
    """Write the log of a search that made these trials.

    All clients share `servers`; or each group has the pool of its name in `pools`. `settings` are
    those in the header, for example `slo`.
    """
    plan = plan or one_group_plan((), 2.0)
    axis = axis or SearchAxis("clients")
    record = SearchRecord(
        axis.over, most, 0.05, 100 if axis.over == "rate" else 1, axis.group, axis.clients, budget_s
    )
    groups = [sl.group_record(group) for group in plan.groups]
    header = msgspec.structs.replace(
        sl.header_of(plan, **settings), plan=plan_record(plan, groups, record)
    )
    create_log(path)
    log = LogWriter(path)
    log.append([header])
    now_s, numbers, counts = -PAUSE_S, Counter[int](), Counter[str]()
    for index, trial in enumerate(tried):
        start_s = now_s + PAUSE_S
        step = axis.step(plan, trial.load, index, start_s, start_s + trial.seconds)
        log.append([_start(step, now_s)])
        played = _play(replace(plan, steps=(step,)), trial, servers, service, pools)
        lines = [*played.requests, *played.missed]
        for line in lines:
            number = numbers[line.worker_number] + line.request_number
            log.append([msgspec.structs.replace(line, request_number=number)])
        for client in range(step.clients):
            numbers[client] += sum(1 for _ in plan.step_dues(client, step))
        counts.update("ok" if each.success else "failed" for each in played.requests)
        counts["missed"] += len(played.missed)
        now_s = max([step.end_s, *(each.done_s for each in played.requests)])
        whole = replace(plan, steps=(replace(step, end_s=now_s + 1.0),))
        log.append([each for each in sl.cpu_samples(whole) if each.at_s >= start_s - 1.0])
        ended = StepEnd("", sl.WALL_S + now_s, index, step.end_s, now_s, trial.verdict)
        log.append([ended])
    if ends:
        counted = {name: counts[name] for name in ("ok", "failed", "missed")}
        counted["sent"] = counts["ok"] + counts["failed"]
        log.append([End("", sl.WALL_S + now_s, now_s, now_s, interrupted, reason, counted)])
    log.close()
    return path


def _start(step: RampStep, now_s: float) -> RampStepStart:
    return RampStepStart(
        "",
        sl.WALL_S + now_s,
        step.index,
        step.clients,
        step.start_s,
        now_s,
        step.end_s,
        list(step.cameras) if step.cameras else None,
        step.speed,
    )


def _play(
    plan: Plan,
    trial: Tried,
    servers: int,
    service: sl.Service | None,
    pools: dict[str, sl.Pool] | None,
) -> sl.Played:
    """Each trial begins with free servers: queues drain between trials."""
    service = service or sl.constant(0.05)
    shared = sl.Pool(servers, service)
    own = {
        name: sl.Pool(pools[name].servers, pools[name].service) if pools else shared
        for name in (group.name for group in plan.groups)
    }
    return sl.play_mix(
        plan,
        own,
        outcome=lambda chance, sent_s: trial.outcome,
        lag=lambda chance: trial.late_s,
        seed=int(plan.steps[0].start_s * 10) + 7,
    )


def searched(path: Path, tried: Sequence[Tried] | None = None, **changes: Any) -> RunSummary:
    """The summary of such a log; without `tried`, of one that finds a capacity near 40."""
    trials = [Tried(*each) for each in LOADS] if tried is None else tried
    return analyse(read_log(write_search(path, trials, **changes)))


MIX = (CameraGroup("door", 4, 5.0), CameraGroup("person", 6, 2.0))


def mix_pools() -> dict[str, sl.Pool]:
    """Door is served by 8 servers at 160/s, person by 2 at 40/s: 3 copies of MIX fill person."""
    return {"door": sl.Pool(8, sl.constant(0.05)), "person": sl.Pool(2, sl.constant(0.05))}
