"""Logs of searches with a known truth: trial after trial against a simulated queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import msgspec
import synthetic_log as sl

from edgeload.camera_group import CameraGroup
from edgeload.plan import Plan, RampStep, mix_plan
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.records import RampStepStart, SearchOver, SearchRecord, StepEnd
from edgeload.run.plan_record import plan_record
from edgeload.runlog import LogWriter
from edgeload.search_axis import SearchAxis

PAUSE_S = 1.0
"""From the last answer of a trial to the start of the next."""
BOX_TRIALS = (
    (1, 4),
    (2, 4),
    (4, 4),
    (8, 4),
    (16, 4),
    (32, 6),
    (64, 6),
    (39, 20),
    (42, 12),
    (41, 25),
)
"""Loads and seconds of a search whose truth is 40 clients at 2 requests/s: 4 servers of 50 ms."""

GROUPS = (
    CameraGroup("door", 4, 5.0),
    CameraGroup("person", 6, 2.0, late="latest"),
    CameraGroup("label", 2, 4.0, "poisson"),
)
GROUP_OBJECTIVES = ["door: p95<300ms", "person: p95<500ms"]
TIERS = ["gold: p95<56ms", "silver: p95<2s"]
COPIES_TRIALS = ((1, 5), (2, 5), (4, 6), (3, 20), (4, 12))
CAMERA_TRIALS = ((1, 5), (4, 5), (16, 5), (32, 7), (20, 20), (21, 12))
OVER_CLIENTS = SearchRecord(over="clients", most=1000, resolution=0.05)


NO_CHANGES: Mapping[str, Any] = {}


@dataclass
class Searched:
    """What a search wrote down."""

    plan: Plan
    record: SearchRecord
    requests: list[Any] = field(default_factory=list)
    missed: list[Any] = field(default_factory=list)
    starts: list[RampStepStart] = field(default_factory=list)
    ends: list[StepEnd] = field(default_factory=list)

    @property
    def ended_s(self) -> float:
        """When the last answer of the last trial was in."""
        return self.ends[-1].at_s if self.ends else 0.0


def search(
    plan: Plan,
    record: SearchRecord,
    trials: Sequence[tuple[int, float]],
    pools: Callable[[], Mapping[str, sl.Pool]],
    *,
    outcome: Callable[[int, float], str] = lambda load, in_trial_s: "ok",
    lag: Callable[[int], float] = lambda load: 0.0,
    broken: Sequence[int] = (),
) -> Searched:
    """Carry out trials of (load, seconds), each with queues that are empty at its start.

    `outcome` is that of a request sent so many seconds after the start of a trial, and `lag` how
    late our own side sends it; `broken` are the places of the trials that do not count.
    """
    axis = SearchAxis(record.over, record.group, record.clients)
    found = Searched(replace(plan, steps=()), record)
    numbers: Counter[int] = Counter()
    start_s = 0.0
    for index, (load, seconds) in enumerate(trials):
        step = axis.step(plan, load, index, start_s, start_s + seconds)
        how = partial(_in_trial, outcome, load, start_s)
        _try(found, step, pools(), how, lag(load), numbers)
        end_s = max([step.end_s, *(r.done_s for r in found.requests if r.step == index)])
        verdict = "broken" if index in broken else "undecided"
        found.ends.append(StepEnd("", sl.WALL_S + end_s, index, step.end_s, end_s, verdict))
        start_s = end_s + PAUSE_S
    return found


def _in_trial(
    outcome: Callable[[int, float], str], load: int, start_s: float, sent_s: float
) -> str:
    return outcome(load, sent_s - start_s)


def _try(
    found: Searched,
    step: RampStep,
    pools: Mapping[str, sl.Pool],
    outcome: Callable[[float], str],
    lag_s: float,
    numbers: Counter[int],
) -> None:
    cameras = list(step.cameras) if step.cameras else None
    at_s = step.start_s
    found.starts.append(
        RampStepStart(
            "",
            sl.WALL_S + at_s,
            step.index,
            step.clients,
            at_s,
            at_s,
            step.end_s,
            cameras,
            step.speed,
        )
    )
    played = sl.play_mix(
        replace(found.plan, steps=(step,)),
        pools,
        outcome=lambda chance, sent_s: outcome(sent_s),
        lag=lambda chance: lag_s,
    )
    last: Counter[int] = Counter()
    for sent, kept in ((played.requests, found.requests), (played.missed, found.missed)):
        for one in sent:
            client, number = one.worker_number, one.request_number
            last[client] = max(last[client], number)
            kept.append(msgspec.structs.replace(one, request_number=number + numbers[client]))
    numbers.update(last)


def write(
    path: Path, found: Searched, *, ended: Mapping[str, Any] | None = NO_CHANGES, **settings: Any
) -> Path:
    """Write the search as a log. `ended` changes its last line; None: it was killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header = sl.header_of(found.plan, **settings)
    plan = plan_record(found.plan, header.plan.groups, found.record)
    whole = replace(found.plan, steps=(RampStep(0, 1, 0.0, found.ended_s),))
    played = sl.Played(whole, found.requests, found.missed)
    writer = LogWriter(path)
    writer.append([msgspec.structs.replace(header, plan=plan)])
    body = [*found.starts, *found.requests, *found.missed, *found.ends, *sl.cpu_samples(whole)]
    writer.append(sorted(body, key=lambda record: record.ts))
    if ended is not None:
        writer.append([sl.end_of(played, **ended)])
    writer.close()
    return path


def summary_of(path: Path, found: Searched, **settings: Any) -> RunSummary:
    """The summary of a search, written and read again."""
    return analyse(read_log(write(path, found, **settings)))


MIX = (CameraGroup("door", 4, 5.0), CameraGroup("person", 6, 2.0))


def mix_search(
    trials: Sequence[tuple[int, float]], over: str, door: int = 8, **changes: Any
) -> Searched:
    """A search over "copies" or the cameras of a "group", person, of MIX.

    Door has 8 servers, which carry 160 requests/s; person 2, which carry 40: that is 20 cameras.
    Or door has as many servers as `door` says.
    """
    group = "person" if over == "group" else None
    record = SearchRecord(over=over, most=1000, resolution=0.05, group=group)  # type: ignore[arg-type]

    def pools() -> dict[str, sl.Pool]:
        servers = {"door": door, "person": 2}
        return {name: sl.Pool(count, sl.constant(0.05)) for name, count in servers.items()}

    return search(Plan((), MIX, ramp_group=group), record, trials, pools, **changes)


def three_groups_search(over: str = "copies", group: str | None = None) -> Searched:
    """A search over copies of `GROUPS`, or over the cameras of one of its groups.

    The groups have a pool each. That of person carries 40/s: 3 copies or 20 of its cameras.
    """
    plan = replace(mix_plan(GROUPS, [1], 1), steps=())
    record = SearchRecord(over=cast(SearchOver, over), most=1000, resolution=0.05, group=group)
    trials = COPIES_TRIALS if group is None else CAMERA_TRIALS
    return search(
        plan,
        record,
        trials,
        group_pools,
    )


def group_pools() -> dict[str, sl.Pool]:
    """The pool of each group, idle."""
    return {
        "door": sl.Pool(6, sl.exponential(0.04)),
        "person": sl.Pool(1, sl.constant(0.025)),
        "label": sl.Pool(4, sl.exponential(0.03)),
    }


def rate_search() -> Searched:
    """A search over the rate of 4 clients, whose setting is 2/s; 20/s of each are carried."""
    return box_search(
        ((100, 6), (400, 5), (1600, 4), (980, 20), (1010, 12)),
        record=SearchRecord(over="rate", most=100_000, resolution=0.05, start=100, clients=4),
    )


def breaking_search() -> Searched:
    """An endpoint that breaks after 2 s of 16 clients, is asked again, and carries 12."""
    return box_search(
        ((1, 4), (8, 4), (16, 4), (16, 8), (12, 10)),
        outcome=lambda load, in_trial_s: "refused" if load >= 16 and in_trial_s > 2 else "ok",
        broken=[2],
    )


def box_search(
    trials: Sequence[tuple[int, float]] = BOX_TRIALS,
    rate: float = 2.0,
    record: SearchRecord = OVER_CLIENTS,
    **changes: Any,
) -> Searched:
    """A search over clients of 2 requests/s each; four servers of 50 ms carry 80 requests/s."""
    plan = replace(sl.plan_of([1], 1, rate), steps=())
    name = plan.groups[0].name
    return search(plan, record, trials, lambda: {name: sl.Pool(4, sl.constant(0.05))}, **changes)
