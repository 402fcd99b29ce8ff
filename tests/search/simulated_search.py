"""A search on a simulated box, in simulated time: all is real but the workers and the network."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
from synthetic_log import (
    WALL_S,
    Service,
    constant,
    cpu_samples,
    group_record,
    header_of,
    play,
)

from edgeload.failure_classes import ESCALATED
from edgeload.objectives import parse_objective, tiers_of, with_tiers
from edgeload.plan import Plan, RampStep, one_group_plan
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.live_log import LiveLog
from edgeload.read.log.open import read_log
from edgeload.read.statistics.boundary import Trial
from edgeload.records import End, Missed, RampStepStart, Request, SearchRecord, StepEnd
from edgeload.run.phases import STOP_LEAD_S, Ending, RunOutcome
from edgeload.run.plan_record import plan_record
from edgeload.run.trials import Halted
from edgeload.runlog import LogWriter, create_log
from edgeload.search.driver import Search, SearchSetup
from edgeload.search_axis import SearchAxis

Share = Callable[[int], float]
"""The chance of a request at a load of so many clients."""
Late = Mapping[int | None, float]
"""Seconds by trial; None: in all others."""
NEVER_LATE: Late = {None: 0.0}
Played = tuple[list[Request], list[Missed]]


def always(share: float) -> Share:
    """The same share at every load."""
    return lambda clients: share


NEVER = always(0.0)


def growing(at_bound: int, bound: float = 0.01, power: float = 1.0) -> Share:
    """A share that grows with the load, and is the bound at `at_bound` clients: that many, and no
    more, are carried.
    """
    return lambda clients: min(1.0, bound * (clients / at_bound) ** power)


def beyond(knee: int, above: float, below: float = 0.0) -> Share:
    """A share that jumps: `knee` clients are carried, if `below` is within the bound."""
    return lambda clients: above if clients > knee else below


@dataclass(frozen=True)
class Box:
    """What answers: servers behind one queue. From `breaks_at` clients on, it answers nothing in
    its first `breaks` trials of such a load. By chance, each request `fails` or is escalated.
    """

    servers: int = 4
    service: Service = field(default_factory=lambda: constant(0.05))
    breaks_at: int = 10**9
    breaks: int = 0
    recovers: bool = True
    fails: Share = NEVER
    escalates: Share = NEVER

    def outcome(self, clients: int, chance: random.Random) -> str:
        """How a request ends."""
        drawn = chance.random()
        if drawn < self.fails(clients):
            return "http_503"
        return ESCALATED if drawn < self.fails(clients) + self.escalates(clients) else "ok"


class SimulatedTrials:
    """Stands for `run.trials.Trials`: trials take no time, and are written into a real log."""

    def __init__(
        self, path: Path, plan: Plan, record: SearchRecord, box: Box, late: Late, seed: int
    ) -> None:
        self._plan, self._box, self._late, self._seed = plan, box, late, seed
        self._now_s = -0.5
        self._broke = 0
        self._written = 0
        self._step: RampStep | None = None
        self._played: dict[RampStep, Played] = {}
        self.stop_at_s = float("inf")
        self._before: Counter[int] = Counter()
        self.counts = dict.fromkeys(("sent", "ok", "failed", "missed"), 0)
        self.messages: list[str] = []
        self.dead_workers = 0
        create_log(path)
        self.log = LogWriter(path)
        header = header_of(plan)
        recorded = plan_record(plan, [group_record(group) for group in plan.groups], record)
        self.log.append([msgspec.structs.replace(header, plan=recorded)])

    def now_s(self) -> float:
        return self._now_s

    def begin(self, step: RampStep) -> None:
        assert step.start_s > self._now_s
        self._step, self._written = step, 0
        self._fails = step.clients >= self._box.breaks_at and self._broke < self._box.breaks
        self._broke += self._fails
        start = RampStepStart(
            "",
            WALL_S + self._now_s,
            step.index,
            step.clients,
            step.start_s,
            self._now_s,
            step.end_s,
            list(step.cameras) if step.cameras else None,
            step.speed,
        )
        self.log.append([start])

    def _play(self, step: RampStep) -> Played:
        if step not in self._played:
            self._played = {step: self._play_anew(step)}
        return self._played[step]

    def _play_anew(self, step: RampStep) -> Played:
        box, breaks = self._box, self._fails
        played = play(
            replace(self._plan, steps=(step,)),
            servers=box.servers,
            service=box.service,
            outcome=lambda chance, sent_s: (
                "http_503" if breaks else box.outcome(step.clients, chance)
            ),
            lag=lambda chance: self._late.get(step.index, self._late[None]),
            seed=self._seed * 1000 + step.index,
        )
        requests = [self._numbered(each) for each in played.requests]
        return sorted(requests, key=lambda r: r.done_s), [*map(self._numbered, played.missed)]

    def _numbered(self, record: Any) -> Any:
        """Frames are numbered on from trial to trial."""
        number = self._before.get(record.worker_number, 0) + record.request_number
        return msgspec.structs.replace(record, request_number=number)

    def _write(self, requests: Sequence[Request], until_s: float) -> None:
        new = [r for r in requests[self._written :] if r.done_s <= until_s]
        self._written += len(new)
        self.counts["sent"] += len(new)
        good = sum(r.success for r in new)
        self.counts["ok"] += good
        self.counts["failed"] += len(new) - good
        self.log.append(new)

    def pause(self, until_s: float) -> None:
        assert self._step is not None
        stopped = until_s > self.stop_at_s
        self._now_s = max(self._now_s, min(until_s, self.stop_at_s))
        self._write(self._play(self._step)[0], self._now_s)
        if stopped:
            raise Halted(RunOutcome(Ending.SIGNAL, "stopped by SIGINT"))

    def end(self) -> RampStep:
        assert self._step is not None
        end_s = max(self._step.start_s, self._now_s + STOP_LEAD_S)
        step = replace(self._step, end_s=min(self._step.end_s, end_s))
        requests, missed = self._play(step)
        self._write(requests, float("inf"))
        self.counts["missed"] += len(missed)
        self.log.append(missed)
        for client in range(step.clients):
            self._before[client] += sum(1 for _ in self._plan.step_dues(client, step))
        self._now_s = max([step.end_s, self._now_s, *(r.done_s for r in requests)])
        whole = replace(self._plan, steps=(replace(step, end_s=self._now_s + 1.0),))
        self.log.append([s for s in cpu_samples(whole) if s.at_s >= step.start_s - 1.0])
        return step

    def note(self, step: RampStep, verdict: str) -> None:
        ts = WALL_S + self._now_s
        self.log.append([StepEnd("", ts, step.index, step.end_s, self._now_s, verdict)])

    def say(self, message: str) -> None:
        self.messages.append(message)

    def finish(self, outcome: RunOutcome) -> None:
        interrupted = outcome.ending is not Ending.FINISHED
        ts = WALL_S + self._now_s
        self.log.append(
            [End("", ts, self._now_s, self._now_s, interrupted, outcome.reason, self.counts)]
        )
        self.log.close()


@dataclass(frozen=True)
class Searched:
    """A search that is over: its trials by tier as it saw them, and what its log says."""

    outcome: RunOutcome
    tried: list[list[Trial]]
    summary: RunSummary
    messages: list[str]


def search(
    path: Path,
    box: Box,
    *,
    rate: float = 2.0,
    slo: Sequence[str] = (),
    most: int = 1000,
    axis: SearchAxis | None = None,
    budget_s: float | None = None,
    stop_at_s: float = float("inf"),
    late: Late = NEVER_LATE,
    plan: Plan | None = None,
    start: int = 1,
    seed: int = 0,
) -> Searched:
    """Search the capacity of a box; `late` is how late our own generator sends, by trial."""
    plan = plan or one_group_plan((), rate)
    axis = axis or SearchAxis("clients")
    record = SearchRecord(
        axis.over, most, 0.05, start, axis.group, axis.clients, budget_s, axis.base
    )
    objectives = with_tiers(map(parse_objective, slo), [group.name for group in plan.groups])
    tiers = tiers_of(objectives)
    trials = SimulatedTrials(path, plan, record, box, late, seed)
    trials.stop_at_s = stop_at_s
    setup = SearchSetup(plan, axis, record, tiers, None)
    outcome = RunOutcome(Ending.FINISHED, "")
    searching = Search(trials, LiveLog(path), setup, lambda: box.recovers, lambda state: None)  # type: ignore[arg-type]
    try:
        searching.run()
    except Halted as halted:
        outcome = halted.outcome
    trials.finish(outcome)
    summary = analyse(read_log(path), objectives)
    return Searched(outcome, [*searching._lines[0].done], summary, trials.messages)


Simulate = Callable[..., Searched]
