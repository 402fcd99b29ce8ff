"""Logs with a known truth: a plan played against a simulated queue, written as a run would."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edgeload.plan import Plan, ramp_steps
from edgeload.records import (
    LOG_FORMAT_VERSION,
    Anchor,
    End,
    Header,
    Missed,
    PlanRecord,
    RampStepStart,
    Request,
    StepRecord,
    WallClock,
    WorkerDied,
    WorkerSample,
)
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
    return replace(Plan(ramp_steps(clients, step_s), rate), **changes)


@dataclass
class Played:
    """What a simulated run wrote down."""

    plan: Plan
    requests: list[Request] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)


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
    """First come, first served by `servers` servers, one request in flight per client.

    The recursion of a multi-server queue (Kiefer and Wolfowitz 1955): a request starts when it was
    sent or when a server is free, whichever is later, and never inside a stall.
    """
    chance = random.Random(seed)
    clock = WallClock(Anchor(WALL_S, 0.0))
    played = Played(plan)
    free = [0.0] * servers
    dues = {client: plan.client_dues(client) for client in range(plan.max_clients)}
    ready: list[tuple[float, int, int, int, float]] = []

    def next_request(client: int, free_s: float) -> None:
        for due in dues[client]:
            sent_s = max(due.due_s, free_s) + lag(chance)
            if sent_s < plan.steps[due.step].end_s:
                heapq.heappush(ready, (sent_s, client, due.number, due.step, due.due_s))
                return
            played.missed.append(
                Missed(clock.ts(sent_s), client, due.number, due.step, due.due_s, "late")
            )

    for client in dues:
        next_request(client, 0.0)
    while ready:
        sent_s, client, number, step, due_s = heapq.heappop(ready)
        start_s = max(sent_s, heapq.heappop(free))
        start_s = next((end for begin, end in stalls if begin <= start_s < end), start_s)
        done_s = start_s + service(chance)
        heapq.heappush(free, done_s)
        played.requests.append(
            request(client, number, step, due_s, sent_s, done_s, outcome(chance, sent_s))
        )
        next_request(client, done_s)
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
    )


def header_of(plan: Plan, **settings: Any) -> Header:
    """The first line of a log of that plan."""
    return Header(
        format_version=LOG_FORMAT_VERSION,
        run_id="20261123-183001-abcdef",
        asctime="2026-11-23 18:30:01,250",
        ts=WALL_S,
        anchor=Anchor(WALL_S, 1000.0),
        plan=PlanRecord(
            [StepRecord(s.clients, s.start_s, s.end_s) for s in plan.steps],
            plan.requests_per_second,
            plan.arrivals,
            plan.late,
            plan.seed,
        ),
        settings={"warmup": None, "same_image": False, "timeout": TIMEOUT_S, **settings},
        endpoint={"url": "http://127.0.0.1:1", "detector_id": "det_x", "embedded": None},
        workers=WORKERS,
        machine={"cpu_count": 2},
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


def cpu_samples(plan: Plan, cores: float = 0.1) -> list[WorkerSample]:
    """Samples of workers that each use so many cores, once a second."""
    return [
        WorkerSample(WALL_S + t, worker, 100 + worker, float(t), 0.5 + cores * t, 0, 0, 0)
        for t in range(int(plan.duration_s) + 1)
        for worker in range(WORKERS)
    ]


def death(worker: int, at_s: float, clients: int = 1) -> WorkerDied:
    """A worker killed by SIGKILL."""
    return WorkerDied("", WALL_S + at_s, worker, 100 + worker, at_s, None, "SIGKILL", clients)


def write(
    path: Path,
    played: Played,
    *,
    end: End | bool | None = True,
    workers: Sequence[WorkerSample] | None = None,
    deaths: Sequence[WorkerDied] = (),
    **settings: Any,
) -> Path:
    """Write the run as a log. `end`: True for the usual last line, None for a killed run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = LogWriter(path)
    writer.append([header_of(played.plan, **settings)])
    writer.append(
        [
            RampStepStart("", WALL_S + s.start_s, s.index, s.clients, s.start_s, s.start_s)
            for s in played.plan.steps
        ]
    )
    samples = cpu_samples(played.plan) if workers is None else workers
    body = [*played.requests, *played.missed, *samples, *deaths]
    writer.append(sorted(body, key=lambda record: record.ts))
    if end is not None:
        writer.append([end_of(played) if isinstance(end, bool) else end])
    writer.close()
    return path


def _replaced(record: Any, changes: dict[str, Any]) -> Any:
    fields = {name: getattr(record, name) for name in record.__struct_fields__}
    return type(record)(**{**fields, **changes})
