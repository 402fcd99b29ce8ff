"""Trials of a load on simulated boxes, event by event, judged as the tool judges them.

Cameras with a fixed period and the phases of `edgeload.plan`, one request in flight each, late
frames sent late. Servers behind one queue, first come, first served.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heapreplace

import numpy as np

from benchmarks.simulated_boxes import Cameras, SimulatedBox
from edgeload.objectives import Objective
from edgeload.plan import cut_to_tell_s, least_step_s
from edgeload.read.analysis.margins import margin_of
from edgeload.read.analysis.objective_results import ObjectiveResult, Sample, result_of
from edgeload.read.analysis.shortfalls import BAD_SHARE
from edgeload.read.analysis.window_times import WindowTimes
from edgeload.read.statistics.backlog import BacklogGrowth, GrowthVerdict, backlog_growth
from edgeload.read.statistics.boundary import (
    Margin,
    Trial,
    TrialVerdict,
    ceiling_of,
    margin_of_groups,
)
from edgeload.read.statistics.share_boundary import ShareCount
from edgeload.read.statistics.windows import Floats, Window
from edgeload.search.looks import Look, decided, look_times

_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
_CUT_S = 2.0
_REFUSED_S = 0.001
_BLOCK = 4096
_WARMS_S = 60.0
GAP_S = 1.0


@dataclass(frozen=True)
class Seen:
    """What a look at a trial shows."""

    verdict: TrialVerdict
    growth: BacklogGrowth
    by_backlog: bool
    margin: Margin | None = None
    clear: bool = False
    shares: tuple[ShareCount, ...] = ()
    apart: Seen | None = None
    """What it would show if nobody had asked for failures; None: the same."""

    def trial(self, load: int, verdict: TrialVerdict, seconds: float) -> Trial:
        """The trial that ended with this look."""
        return Trial(
            load,
            verdict,
            seconds,
            ceiling_of(load, self.growth),
            self.by_backlog,
            self.margin,
            self.shares,
            None if self.apart is None else self.apart.trial(load, self.apart.verdict, seconds),
        )


class Bench:
    """One box under search: its clock goes on from trial to trial, and so do its disturbances."""

    def __init__(
        self,
        box: SimulatedBox,
        groups: Cameras | Sequence[Cameras],
        seed: int,
        objective: Objective | None = None,
    ) -> None:
        self.box, self.objective = box, objective
        self.groups = (groups,) if isinstance(groups, Cameras) else tuple(groups)
        self.period_s = max(1.0 / group.rate for group in self.groups)
        self.least_s = least_step_s(_CUT_S, self.period_s)
        self.now_s = 0.0
        chance = np.random.default_rng(seed)
        self.offsets: list[float] = chance.random(len(self.groups)).tolist()
        self._begun_s = float(chance.uniform(0, 600))
        self.draws = self._services(chance)
        self._heat, self._heated_s = 0.0, 0.0

    def _services(self, chance: np.random.Generator) -> Iterator[float]:
        while True:
            yield from (self.box.draws(chance, _BLOCK) * self.box.mean_s).tolist()

    def trial(self, load: int, longest_s: float, shortest_s: float = 0.0) -> Trial:
        """Send a load until its verdict is certain, for `shortest_s` seconds at least."""
        running = _Running(self, load)
        looks: list[Look] = []
        times = look_times(max(self.least_s, shortest_s), longest_s)
        for at_s in times:
            running.until(at_s)
            seen = running.seen(at_s)
            looks.append(Look(at_s, seen.verdict, seen.clear))
            verdict = decided(looks, last=at_s == times[-1])
            if verdict is not None:
                break
        assert verdict is not None
        return self._ended(running, at_s, seen, verdict)

    def fixed_trial(self, load: int, length_s: float) -> Trial:
        """Send a load for so long; the one look at its end decides."""
        running = _Running(self, load)
        running.until(length_s)
        seen = running.seen(length_s)
        return self._ended(running, length_s, seen, seen.verdict)

    def _ended(self, running: _Running, at_s: float, seen: Seen, verdict: TrialVerdict) -> Trial:
        seconds = running.drained_s(at_s) + GAP_S
        self.now_s += seconds
        return seen.trial(running.load, verdict, seconds)

    def counted(self, load: int, length_s: float) -> tuple[int, int]:
        """Send a load for so long: frames due, and those that were answered in time, at last."""
        running = _Running(self, load)
        running.until(length_s)
        bound_s = math.inf if self.objective is None else self.objective.bound
        late_s = np.array(running.done) - np.array(running.due)
        good = (late_s <= bound_s) & ~np.array(running.failed, dtype=np.bool_)
        self.now_s += running.drained_s(length_s) + GAP_S
        return len(running.dues(running.start_s + length_s)), int(good.sum())

    def slower(self, at_s: float, waiting: bool) -> float:
        """By what factor service takes longer at an instant."""
        box, clock_s = self.box, at_s + self._begun_s
        factor = 1.0
        if math.isfinite(box.slow_every_s) and clock_s % box.slow_every_s < 5.0:
            factor *= 1.3
        if box.wave:
            factor *= 1 + box.wave * math.sin(2 * math.pi * clock_s / 300)
        if box.slowed and waiting:
            factor *= 1 + box.slowed
        return factor * (1 + box.heats * self._heat)

    def stalled_until_s(self, at_s: float) -> float:
        """The instant from which on work begins, if it would begin now."""
        clock_s = at_s + self._begun_s
        into_s = clock_s % self.box.stall_every_s if math.isfinite(self.box.stall_every_s) else 1.0
        return at_s + max(0.0, 1.0 - into_s)

    def heat(self, at_s: float, service_s: float) -> None:
        """Work warms the box up, and time cools it down."""
        if self.box.heats:
            self._heat *= math.exp(-(at_s - self._heated_s) / _WARMS_S)
            self._heat += service_s / self.box.servers / _WARMS_S
            self._heated_s = at_s


class _Running:
    """A trial under way."""

    def __init__(self, bench: Bench, load: int) -> None:
        self.bench, self.load = bench, load
        self.start_s = bench.now_s
        first_s, period_s, work = [], [], []
        members: list[Floats] = []
        self.groups = len(bench.groups)
        for group, offset in zip(bench.groups, bench.offsets, strict=True):
            period = 1 / group.rate
            phases = (offset + np.arange(load * group.number) * _GOLDEN) % 1.0 * period
            first_s.append(phases + np.ceil((self.start_s - phases) / period) * period)
            period_s.append(np.full(len(phases), period))
            work.append(np.full(len(phases), group.work))
            members.append(np.full(len(phases), float(len(members))))
        self.first_s = np.concatenate(first_s)
        self.group = np.concatenate(members)
        self.period_s: list[float] = np.concatenate(period_s).tolist()
        self.work: list[float] = np.concatenate(work).tolist()
        self.next_s: list[float] = self.first_s.tolist()
        self.ready = [(due_s, client) for client, due_s in enumerate(self.next_s)]
        heapify(self.ready)
        self.free = [self.start_s] * bench.box.servers
        self.sent_by: list[int] = []
        self.due: list[float] = []
        self.done: list[float] = []
        self.failed: list[bool] = []

    def until(self, length_s: float) -> None:
        """Send all that can be sent in the first `length_s` seconds."""
        end_s, bench, box = self.start_s + length_s, self.bench, self.bench.box
        ready, free, next_s = self.ready, self.free, self.next_s
        periods_s, work = self.period_s, self.work
        due, done, failed, draws = self.due, self.done, self.failed, bench.draws
        sent_by = self.sent_by
        plain, most = box.plain, box.most_clients
        while ready[0][0] < end_s:
            sent_s, client = ready[0]
            refused = most is not None and client >= most
            if refused:
                done_s = sent_s + _REFUSED_S
            else:
                begun_s = free[0] if free[0] > sent_s else sent_s
                service_s = next(draws) * work[client]
                if not plain:
                    waiting = begun_s - sent_s > 1.0
                    begun_s = bench.stalled_until_s(begun_s)
                    service_s *= bench.slower(begun_s, waiting)
                    bench.heat(begun_s, service_s)
                done_s = begun_s + service_s
                heapreplace(free, done_s)
            due_s = next_s[client]
            sent_by.append(client)
            due.append(due_s)
            done.append(done_s)
            failed.append(refused)
            next_s[client] = due_s = due_s + periods_s[client]
            heapreplace(ready, (due_s if due_s > done_s else done_s, client))

    def dues(self, end_s: float) -> Floats:
        """All instants before `end_s` at which a frame fell due."""
        return np.concatenate([self._group_dues(group, end_s) for group in range(self.groups)])

    def _group_dues(self, group: int, end_s: float) -> Floats:
        first_s = self.first_s[self.group == group]
        period_s = 1 / self.bench.groups[group].rate
        count = math.ceil((end_s - self.start_s) / period_s) + 1
        every = first_s[:, None] + period_s * np.arange(count)
        return np.asarray(every[every < end_s], dtype=np.float64)

    def _growths(self, end_s: float, done_s: Floats) -> list[BacklogGrowth]:
        """The growth of the backlog of each group."""
        sender = self.group[np.array(self.sent_by, dtype=np.intp)]
        found = []
        for group, cameras in enumerate(self.bench.groups):
            period_s, span = 1 / cameras.rate, Window(self.start_s, end_s)
            due_s, cut_s = self._group_dues(group, end_s), cut_to_tell_s(_CUT_S, period_s)
            done = done_s[sender == group]
            found.append(backlog_growth(due_s, done, span, cut_s, period_s))
        return found

    def seen(self, length_s: float) -> Seen:
        """What a look after so many seconds shows, by the rules of the tool."""
        end_s = self.start_s + length_s
        due_s, done_s = np.array(self.due), np.array(self.done)
        failed = np.array(self.failed, dtype=np.bool_)
        growths = self._growths(end_s, done_s)
        growth = growths[0] if len(growths) == 1 else BacklogGrowth(_worst(growths))
        bad = failed[due_s >= self.start_s + _CUT_S]
        count = ShareCount("failures", int(bad.sum()), len(bad), BAD_SHARE)
        apart = replace(self._apart(length_s, growth, growths), shares=(count,) * bool(len(bad)))
        if not count.bad:
            return apart
        low, high = count.limits
        if low > BAD_SHARE:
            sure = low > 5 * BAD_SHARE
            return replace(apart, verdict="fail", by_backlog=False, clear=sure, apart=apart)
        if high <= BAD_SHARE or apart.verdict == "fail":
            return apart
        return replace(apart, verdict="undecided", by_backlog=False, apart=apart)

    def _apart(
        self, length_s: float, growth: BacklogGrowth, growths: Sequence[BacklogGrowth]
    ) -> Seen:
        """What a look shows of anything but failures."""
        bench, due_s, done_s = self.bench, np.array(self.due), np.array(self.done)
        failed = np.array(self.failed, dtype=np.bool_)
        by_growth: dict[str, TrialVerdict] = {"carried": "pass", "not_carried": "fail"}
        verdict = by_growth.get(growth.verdict, "undecided")
        clear = any(each.clear for each in growths)
        if len(growths) > 1:
            return Seen(verdict, growth, False, margin_of_groups(growths), clear)
        if bench.objective is None:
            return Seen(verdict, growth, by_backlog=True, clear=clear)
        all_due_s = self.dues(self.start_s + length_s)
        met = self._objective(length_s, all_due_s, due_s, done_s, failed, verdict == "fail")
        verdict = "fail" if met.status == "fail" else verdict
        verdict = "undecided" if verdict == "pass" and met.status != "pass" else verdict
        margin = margin_of(met)
        if margin is not None and verdict == "fail" and margin.value >= 0:
            margin = None  # met so far, but the backlog grows
        return Seen(verdict, growth, False, margin, clear)

    def _objective(
        self,
        length_s: float,
        all_due_s: Floats,
        due_s: Floats,
        done_s: Floats,
        failed: np.ndarray[tuple[int], np.dtype[np.bool_]],
        overloaded: bool,
    ) -> ObjectiveResult:
        """Only frames count whose time is up: what has not ended by then is over the bound."""
        objective = self.bench.objective
        assert objective is not None
        begin_s, end_s = self.start_s + _CUT_S, self.start_s + length_s
        last_s = end_s - objective.bound
        inside = (due_s >= begin_s) & (due_s < last_s)
        planned = int(((all_due_s >= begin_s) & (all_due_s < last_s)).sum())
        over = failed[inside] | (done_s[inside] >= end_s)
        response_s = (done_s - due_s)[inside][~over]
        times = WindowTimes(response_s, response_s, int(over.sum()), planned - len(response_s))
        sample = Sample(
            length_s=last_s - begin_s,
            times=times,
            missed=planned - len(over),
            failed=over,
            not_edge=np.zeros(0, dtype=np.bool_),
            outage_s=None,
            overloaded=overloaded,
            done=np.zeros(0),
            due=None,
            step_s=length_s,
        )
        return result_of(objective, sample)

    def drained_s(self, length_s: float) -> float:
        """How long the trial takes, with its last requests; frames that were not sent are lost."""
        return max(length_s, max(self.free) - self.start_s)


def _worst(growths: Sequence[BacklogGrowth]) -> GrowthVerdict:
    """A mix is carried if each of its groups is."""
    order: tuple[GrowthVerdict, ...] = ("not_carried", "too_short", "carried")
    return min((growth.verdict for growth in growths), key=order.index)


def true_capacity(box: SimulatedBox, cameras: Cameras, objective: Objective | None) -> int:
    """The largest load that is carried: by theory, and if an objective asks, by long trials."""
    top = box.carried((cameras,))
    if objective is None:
        return top
    low, high = 0, top + 1
    while high - low > 1:
        middle = (low + high) // 2
        if _long_quantile_s(box, cameras, middle, objective.quantile or 0.5) <= objective.bound:
            low = middle
        else:
            high = middle
    return low


def _long_quantile_s(box: SimulatedBox, cameras: Cameras, load: int, quantile: float) -> float:
    """A percentile of the response times of a load over 200,000 answers."""
    running = _Running(Bench(box, cameras, seed=10**6), load)
    running.until(200_000 / (load * cameras.rate))
    times_s = np.array(running.done) - np.array(running.due)
    return float(np.quantile(times_s[len(times_s) // 20 :], quantile))
