"""Logs with a known truth: a plan played against a simulated queue, written as a run would."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from edgeload.box_records import ModelChange, ModelGone, ModelRecord
from edgeload.camera_group import DEFAULT_GROUP, CameraGroup
from edgeload.plan import Due, Plan, one_group_plan, ramp_steps
from edgeload.records import (
    LOG_FORMAT_VERSION,
    Anchor,
    ChainRecord,
    End,
    GroupRecord,
    Header,
    MachineSample,
    Missed,
    RampStepStart,
    Request,
    WallClock,
    WorkerDied,
    WorkerSample,
)
from edgeload.run.pacing import schedule_of
from edgeload.run.plan_record import plan_record
from edgeload.runlog import LogWriter

WALL_S = 1_795_000_000.25
TIMEOUT_S = 10.0
WORKERS = 2

Service = Callable[[random.Random], float]
Outcome = Callable[[random.Random, float], str]


def constant(service_s: float) -> Service:
    """Every request takes the same time."""
    return lambda chance: service_s


def exponential(mean_s: float) -> Service:
    """Exponential service times."""
    return lambda chance: chance.expovariate(1.0 / mean_s)


def plan_of(clients: Sequence[int], step_s: float, rate: float, **changes: Any) -> Plan:
    """A plan of equal steps."""
    return one_group_plan(ramp_steps(clients, step_s), rate, **changes)


@dataclass
class Played:
    """What a simulated run wrote down."""

    plan: Plan
    requests: list[Request] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)


@dataclass
class Pool:
    """Servers behind one first-come-first-served queue."""

    servers: int
    service: Service
    free: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self.free = [0.0] * self.servers

    def start_s(self, sent_s: float, stalls: Iterable[tuple[float, float]] = ()) -> float:
        """When a request that is sent now will start; takes a server."""
        start_s = max(sent_s, heapq.heappop(self.free))
        return next((end for begin, end in stalls if begin <= start_s < end), start_s)


def play(
    plan: Plan,
    *,
    servers: int,
    service: Service,
    stalls: Iterable[tuple[float, float]] = (),
    outcome: Outcome = lambda chance, sent_s: "ok",
    lag: Callable[[random.Random], float] = lambda chance: 0.0,
    seed: int = 1,
) -> Played:
    """First come, first served by `servers` servers, one request in flight per client."""
    pool = Pool(servers, service)
    pools = dict.fromkeys((group.name for group in plan.groups), pool)
    return play_mix(plan, pools, stalls=stalls, outcome=outcome, lag=lag, seed=seed)


def play_mix(
    plan: Plan,
    pools: Mapping[str, Pool],
    *,
    stalls: Iterable[tuple[float, float]] = (),
    outcome: Outcome = lambda chance, sent_s: "ok",
    lag: Callable[[random.Random], float] = lambda chance: 0.0,
    seed: int = 1,
    pool_of: Callable[[int], str] | None = None,
) -> Played:
    """Each group by the pool of its name; groups may share one. One frame in flight per client.

    `pool_of` names the pool of a client instead.

    The recursion of a multi-server queue (Kiefer and Wolfowitz 1955): a request starts when it was
    sent or when a server is free, whichever is later, and never inside a stall. A frame with
    further requests sends them at once when its first answer is in, to the pool `NAME then` if
    there is one, else to the same.
    """
    chance = random.Random(seed)
    clock = WallClock(Anchor(WALL_S, 0.0))
    played = Played(plan)
    schedules = {client: schedule_of(plan, client) for client in range(plan.max_clients)}
    ready: list[tuple[float, int, int, Due]] = []

    def next_frame(client: int, free_s: float) -> None:
        schedule = schedules[client]
        group = plan.group_of(client).name
        for due, reason in schedule.free_at(free_s, answered=True):
            played.missed.append(
                Missed(clock.ts(free_s), client, due.number, due.step, due.due_s, reason, group)
            )
        if schedule.next is None:
            return
        due = schedule.take()
        sent_s = max(due.due_s, free_s) + lag(chance)
        heapq.heappush(ready, (sent_s, client, 0, due))

    pending = dict.fromkeys(schedules, 1)
    frame_end_s = dict.fromkeys(schedules, 0.0)
    for client, schedule in schedules.items():
        if schedule.next is not None:
            due = schedule.take()
            heapq.heappush(ready, (due.due_s + lag(chance), client, 0, due))
    while ready:
        sent_s, client, part, due = heapq.heappop(ready)
        group = plan.group_of(client)
        name = pool_of(client) if pool_of else group.name
        pool = pools.get(f"{name} then", pools[name]) if part else pools[name]
        start_s = pool.start_s(sent_s, stalls)
        done_s = start_s + pool.service(chance)
        heapq.heappush(pool.free, done_s)
        how = outcome(chance, sent_s)
        line = request(client, due.number, due.step, due.due_s, sent_s, done_s, how)
        played.requests.append(msgspec.structs.replace(line, group=group.name, part=part))
        if part == 0 and group.requests_per_frame > 1 and how == "ok":
            pending[client] = group.requests_per_frame - 1
            for follower in range(1, group.requests_per_frame):
                heapq.heappush(ready, (done_s, client, follower, due))
            continue
        pending[client] -= 1
        frame_end_s[client] = max(frame_end_s[client], done_s)
        if not pending[client]:
            pending[client] = 1
            next_frame(client, frame_end_s[client])
    return played


def request(
    client: int,
    number: int,
    step: int,
    due_s: float,
    sent_s: float,
    done_s: float,
    outcome: str = "ok",
    error: str | None = None,
) -> Request:
    """A request line as a client writes it."""
    clock = WallClock(Anchor(WALL_S, 0.0))
    ts = clock.ts(done_s)
    ok = outcome == "ok"
    return Request(
        asctime=clock.asctime(ts),
        ts=ts,
        worker_number=client,
        request_number=number,
        latency=done_s - sent_s,
        success=ok,
        error=None if ok else error or f"{outcome}: no answer",
        step=step,
        due_s=due_s,
        sent_s=sent_s,
        done_s=done_s,
        status=200 if ok else None,
        outcome=outcome,
        from_edge={"ok": True, "escalated": False}.get(outcome),
        bytes=20_000,
        group=DEFAULT_GROUP,
    )


def group_record(group: CameraGroup) -> GroupRecord:
    """What the header says about a group: a detector of its own, a chain to one other."""
    then = [ChainRecord("det_followers", group.requests_per_frame - 1)]
    return GroupRecord(
        name=group.name,
        cameras=group.cameras,
        requests_per_second=group.requests_per_second,
        arrivals=group.arrivals,
        late=group.late,
        detector_id=f"det_{group.name}",
        timeout_s=TIMEOUT_S,
        then=then if group.requests_per_frame > 1 else [],
    )


def header_of(plan: Plan, machine: Mapping[str, Any] | None = None, **settings: Any) -> Header:
    """The first line of a log of that plan."""
    return Header(
        format_version=LOG_FORMAT_VERSION,
        run_id="20261123-183001-abcdef",
        asctime="2026-11-23 18:30:01,250",
        ts=WALL_S,
        anchor=Anchor(WALL_S, 1000.0),
        plan=plan_record(plan, [group_record(group) for group in plan.groups]),
        settings={"warmup": None, "same_image": False, "timeout": TIMEOUT_S, **settings},
        endpoint={"url": "http://127.0.0.1:1", "detector_id": "det_x", "embedded": None},
        workers=WORKERS,
        machine={"cpu_count": 2, **(machine or {})},
        versions={"edgeload": "0"},
        images={"count": 64},
    )


def end_of(played: Played, **changes: Any) -> End:
    """The last line, with counters that agree with the lines."""
    counts = Counter(r.success for r in played.requests)
    at_s = max((r.done_s for r in played.requests), default=played.plan.duration_s)
    end = End(
        asctime="",
        ts=WALL_S + at_s,
        at_s=max(at_s, played.plan.duration_s),
        stopped_s=played.plan.duration_s,
        interrupted=False,
        reason="plan",
        counted={
            "sent": len(played.requests),
            "ok": counts[True],
            "failed": counts[False],
            "missed": len(played.missed),
        },
    )
    changed: End = _replaced(end, changes)
    return changed


def cpu_samples(
    plan: Plan,
    cores: float = 0.1,
    core_wait_s: float | None = 0.0002,
    limit_stops_per_s: float | None = None,
) -> list[WorkerSample]:
    """Samples of workers that each use so many cores, once a second.

    `core_wait_s`: until one is given a core, which happens 10 times a second; None: not known.
    `limit_stops_per_s`: of 10 periods of a CPU limit, this many stop them; None: there is none.
    """

    def waits(t: int) -> dict[str, Any]:
        known = {"core_wait_s": 10 * t * core_wait_s, "core_waits": 10 * t} if core_wait_s else {}
        if limit_stops_per_s is not None:
            known |= {"limit_periods": 10 * t, "limit_stops": int(limit_stops_per_s * t)}
        return dict[str, Any](known)

    return [
        WorkerSample(
            WALL_S + t, worker, 100 + worker, float(t), 0.5 + cores * t, 0, 0, 0, **waits(t)
        )
        for t in range(int(plan.duration_s) + 1)
        for worker in range(WORKERS)
    ]


def machine_samples(plan: Plan, stolen_share: float, node: str = "") -> list[MachineSample]:
    """What a hypervisor took: so much of each second."""
    return [
        MachineSample(WALL_S + t, float(t), stolen_share * t, node)
        for t in range(int(plan.duration_s) + 1)
    ]


def death(worker: int, at_s: float, clients: int = 1) -> WorkerDied:
    """A worker killed by SIGKILL."""
    return WorkerDied("", WALL_S + at_s, worker, 100 + worker, at_s, None, "SIGKILL", clients)


def model_change(
    at_s: float,
    model: str,
    before: str | None = None,
    worker: int = 0,
    detector: str = "det_cameras",
) -> ModelChange:
    """A worker's first answer by another model; the old one answered 0.1 s before."""
    before_s = None if before is None else at_s - 0.1
    return ModelChange(WALL_S + at_s, at_s, worker, detector, model, before, before_s)


def model_gone(
    at_s: float, model: str, worker: int = 0, detector: str = "det_cameras"
) -> ModelGone:
    """A worker's last answer by a model that another one replaced."""
    return ModelGone(WALL_S + at_s, at_s, worker, detector, model)


def write(
    path: Path,
    played: Played,
    *,
    end: End | bool | None = True,
    workers: Sequence[WorkerSample] | None = None,
    deaths: Sequence[WorkerDied] = (),
    models: Sequence[ModelRecord] = (),
    machines: Sequence[MachineSample] = (),
    machine: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Path:
    """Write the run as a log. `end`: True for the usual last line, None for a killed run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = LogWriter(path)
    writer.append([header_of(played.plan, machine, **settings)])
    writer.append(
        [
            RampStepStart("", WALL_S + s.start_s, s.index, s.clients, s.start_s, s.start_s)
            for s in played.plan.steps
        ]
    )
    samples = cpu_samples(played.plan) if workers is None else workers
    body = [*played.requests, *played.missed, *samples, *deaths, *models, *machines]
    writer.append(sorted(body, key=lambda record: record.ts))
    if end is not None:
        writer.append([end_of(played) if isinstance(end, bool) else end])
    writer.close()
    return path


def _replaced(record: Any, changes: dict[str, Any]) -> Any:
    fields = {name: getattr(record, name) for name in record.__struct_fields__}
    return type(record)(**{**fields, **changes})
