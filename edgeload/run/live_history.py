"""What a view of a run remembers from moment to moment, and the state that follows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import sub

from edgeload.objectives import Objective
from edgeload.plan import Plan, RampStep, default_warm_up_s
from edgeload.run.announcement import due_per_s
from edgeload.run.backlog_watch import BacklogWatch, Growths
from edgeload.run.counters import NO_COUNTS, Effort, LiveCounts, lag_below_s, percentile
from edgeload.run.dues_so_far import Dues
from edgeload.run.live_state import Figures, Generator, LiveState, LiveStep, Second, StepState
from edgeload.run.objectives_so_far import Batch, SoFar, batch_of, merged_batches, so_far
from edgeload.run.supervisor import RunProgress

_FAILED_SHARE = 0.01
"""A load of which more fails is not carried."""
_BEHIND_SHARE = 0.97
_LEAST_FRAMES = 20
_SECOND_S = 1.0
_MOST_SECONDS = 300


@dataclass(frozen=True)
class _Base:
    """A moment from which on something is counted."""

    at_s: float
    counts: tuple[LiveCounts, ...]
    """Of all groups together, and of each."""
    due: tuple[int, ...]
    """Frames of each group that have fallen due."""
    efforts: tuple[Effort, ...]


@dataclass
class _StepMemory:
    """What is remembered of the present step."""

    step: RampStep
    warm_s: float
    """Run time at which its warm-up ends."""
    begin: _Base
    warm: _Base
    """The last moment of the warm-up, so far."""
    batches: list[list[Batch]]
    watch: BacklogWatch
    ended: bool = False

    def base(self, now_s: float) -> _Base:
        """What its rates and times count from: without the warm-up, as soon as that is over."""
        return self.begin if now_s <= self.warm_s else self.warm


class RunHistory:
    """Takes every moment of a run, which costs little, and tells the state when it is asked."""

    def __init__(
        self, objectives: Sequence[Objective] = (), warm_up_s: float | None = None
    ) -> None:
        """`warm_up_s` is the setting: None means the default of each step."""
        self._wanted = tuple(objectives)
        self._warm_up_s = warm_up_s
        self._dues: Dues | None = None
        self._memory: _StepMemory | None = None
        self._finished: list[LiveStep] = []
        self._seconds: list[Second] = []
        self._last_second: tuple[float, tuple[LiveCounts, ...], tuple[int, ...]] | None = None
        self._rates: tuple[float, ...] = ()
        self._due: tuple[int, ...] = ()
        self._last: RunProgress | None = None

    def take(self, progress: RunProgress) -> None:
        """One more moment, which brings no message."""
        self._last, counts = progress, _all_counts(progress)
        self._due = self._due_until(progress)
        memory = self._memory
        if memory is None or memory.step.index != progress.step:
            if memory is not None and not memory.ended:
                self._finished.append(self._row(progress, memory, counts, over=True))
            memory = self._memory = self._begin(progress, counts)
        if progress.now_s <= memory.warm_s:
            memory.warm = self._base(progress, counts)
        if not progress.stopping and progress.now_s < memory.step.end_s:
            memory.watch.take(progress.now_s, self._backlogs(progress.plan, counts)[1:])
        self._count_seconds(progress, memory, counts)
        last = progress.step == len(progress.plan.steps) - 1
        over = progress.stopping or (last and progress.now_s >= memory.step.end_s)
        if over and not memory.ended:
            self._finished.append(self._row(progress, memory, counts, over=True))
            memory.ended = True

    @property
    def ended_steps(self) -> int:
        """How many steps are over."""
        return len(self._finished)

    def end(self) -> None:
        """Every worker has ended, so the last step is over: its answers may come before its end."""
        progress, memory = self._last, self._memory
        if progress is not None and memory is not None and not memory.ended:
            self._finished.append(self._row(progress, memory, _all_counts(progress), over=True))
            memory.ended = True

    def state(self) -> LiveState | None:
        """The state at the moment that was taken last; None before the first."""
        progress, memory = self._last, self._memory
        if progress is None or memory is None:
            return None
        counts = _all_counts(progress)
        growths = _growths(progress, memory, told=not progress.stopping)
        base, plan = memory.base(progress.now_s), progress.plan
        timed = counts[0].since(base.counts[0])
        names = ["", *(group.name for group in plan.groups)]
        figures = [
            self._figures(progress, memory, counts, growths, place, name)
            for place, name in enumerate(names)
            if place == 0 or len(plan.groups) > 1
        ]
        return LiveState(
            progress.now_s,
            plan,
            progress.stopping,
            figures[0],
            tuple(figures[1:]),
            tuple(self._finished),
            self._row(progress, memory, counts, over=memory.ended),
            tuple(self._seconds),
            counts[0].failures,
            self._objectives(plan, memory, counts, base, growths),
            _generator(timed, progress, memory),
            progress.box,
        )

    def _begin(self, progress: RunProgress, counts: tuple[LiveCounts, ...]) -> _StepMemory:
        step = progress.plan.steps[progress.step]
        warm_up_s = self._warm_up_s
        if warm_up_s is None:
            warm_up_s = default_warm_up_s(step.duration_s)
        base = self._base(progress, counts)
        batches: list[list[Batch]] = [[] for _ in self._wanted]
        warm_s = step.start_s + warm_up_s
        watch = BacklogWatch(progress.plan, step, warm_s)
        return _StepMemory(step, warm_s, base, base, batches, watch)

    def _base(self, progress: RunProgress, counts: tuple[LiveCounts, ...]) -> _Base:
        return _Base(progress.now_s, counts, self._due, progress.efforts)

    def _due_until(self, progress: RunProgress) -> tuple[int, ...]:
        """Frames of each group that have fallen due; none do after a stop."""
        if progress.stopping:
            return self._due or (0,) * len(progress.plan.groups)
        self._dues = self._dues or Dues(progress.plan)
        return self._dues.until(progress.now_s)

    def _backlogs(self, plan: Plan, counts: tuple[LiveCounts, ...]) -> list[int | None]:
        """Frames that fell due and have not ended: of all open groups, and of each."""
        own = [
            None if group.closed else due - _done(done)
            for group, due, done in zip(plan.groups, self._due, counts[1:], strict=True)
        ]
        waiting = [backlog for backlog in own if backlog is not None]
        found = [sum(waiting) if waiting else None, *own]
        return [None if backlog is None else max(0, backlog) for backlog in found]

    def _count_seconds(
        self, progress: RunProgress, memory: _StepMemory, counts: tuple[LiveCounts, ...]
    ) -> None:
        """Once a second: rates and times of the last one, and what it says of the objectives."""
        if self._last_second is None or not self._rates:
            self._rates = (0.0,) * len(counts)
            self._last_second = progress.now_s, counts, self._due
        last_s, before, due_before = self._last_second
        span_s = progress.now_s - last_s
        if span_s < _SECOND_S:
            return
        self._last_second = progress.now_s, counts, self._due
        self._rates = tuple(
            (now.frames_ok - then.frames_ok) / span_s
            for now, then in zip(counts, before, strict=True)
        )
        times = counts[0].since(before[0]).response
        second = Second(self._rates[0], percentile(times, 0.5), percentile(times, 0.95))
        self._seconds = [*self._seconds[-_MOST_SECONDS + 1 :], second]
        if last_s < memory.warm_s or progress.stopping:
            return
        fallen = [now - then for now, then in zip(self._due, due_before, strict=True)]
        for place, objective in enumerate(self._wanted):
            index = _place_of(objective, progress.plan)
            counted = _groups_of(index, progress.plan)
            closed = any(progress.plan.groups[each].closed for each in counted)
            due = 0 if closed else sum(fallen[each] for each in counted)
            batch = batch_of(objective, counts[index].since(before[index]), due)
            memory.batches[place] = merged_batches([*memory.batches[place], batch])

    def _row(
        self,
        progress: RunProgress,
        memory: _StepMemory,
        counts: tuple[LiveCounts, ...],
        *,
        over: bool,
    ) -> LiveStep:
        plan, step = progress.plan, memory.step
        base = memory.base(progress.now_s)
        whole, timed = (counts[0].since(b.counts[0]) for b in (memory.begin, base))
        span_s = min(progress.now_s, step.end_s) - base.at_s
        done_per_s = timed.frames_ok / span_s if span_s > 0 else None
        stopped = progress.stopping and progress.now_s < step.end_s
        return LiveStep(
            step,
            plan.copies(step),
            due_per_s(plan, step),
            plan.arrival_rate(step),
            done_per_s,
            whole.frames_failed,
            whole.missed,
            percentile(timed.response, 0.50),
            percentile(timed.response, 0.95),
            "stopped" if stopped else self._step_state(progress, memory, counts),
            over,
        )

    def _step_state(
        self, progress: RunProgress, memory: _StepMemory, counts: tuple[LiveCounts, ...]
    ) -> StepState:
        base = memory.base(progress.now_s)
        timed = counts[0].since(base.counts[0])
        if _generator(timed, progress, memory).in_doubt:
            return "invalid"
        if _growths(progress, memory).any:
            return "saturates"
        if timed.done >= _LEAST_FRAMES and timed.failed > _FAILED_SHARE * timed.done:
            return "fails"
        if progress.now_s < memory.warm_s:
            return "warm-up"
        due = sum(now - then for now, then in zip(self._due, base.due, strict=True))
        if due < _LEAST_FRAMES or any(group.closed for group in progress.plan.groups):
            return "unclear"
        return "keeps up" if timed.frames_ok >= _BEHIND_SHARE * due else "unclear"

    def _figures(
        self,
        progress: RunProgress,
        memory: _StepMemory,
        counts: tuple[LiveCounts, ...],
        growths: Growths,
        place: int,
        name: str,
    ) -> Figures:
        own, group = counts[place], place - 1 if place else None
        before = memory.base(progress.now_s).counts[place]
        times = tuple(map(sub, own.response, before.response))
        return Figures(
            name,
            due_per_s(progress.plan, memory.step, group),
            progress.plan.arrival_rate(memory.step, group),
            self._rates[place],
            own.frames_ok,
            own.frames_failed,
            own.missed,
            percentile(times, 0.50),
            percentile(times, 0.95),
            self._backlogs(progress.plan, counts)[place],
            _growth_at(place, growths),
        )

    def _objectives(
        self,
        plan: Plan,
        memory: _StepMemory,
        counts: tuple[LiveCounts, ...],
        base: _Base,
        growths: Growths,
    ) -> tuple[SoFar, ...]:
        load = plan.copies(memory.step)
        found = []
        for objective, batches in zip(self._wanted, memory.batches, strict=True):
            if not objective.applies_to(load):
                continue
            place = _place_of(objective, plan)
            own = counts[place].since(base.counts[place])
            waiting = sum(
                max(0, self._due[each] - _done(counts[each + 1]) - counts[each + 1].missed)
                for each in _groups_of(place, plan)  # of a closed loop, nothing falls due
            )
            grows = _growth_at(place, growths) is not None
            found.append(so_far(objective, own, batches, waiting=waiting, grows=grows))
        return tuple(found)


def _done(counts: LiveCounts) -> int:
    """Frames that have ended, answered or not."""
    return counts.frames_ok + counts.frames_failed


def _all_counts(progress: RunProgress) -> tuple[LiveCounts, ...]:
    """The counts of all groups together, and of each."""
    alone = (progress.counts,) if len(progress.plan.groups) == 1 else ()
    unknown = alone or (NO_COUNTS,) * len(progress.plan.groups)
    return (progress.counts, *(progress.by_group or unknown))


def _generator(counts: LiveCounts, progress: RunProgress, memory: _StepMemory) -> Generator:
    """Our own machine in this step; `counts` are those since its base."""
    sent, before = sum(counts.lag), memory.base(progress.now_s).efforts
    cores = [
        (now.cpu_s - then.cpu_s) / (now.at_s - then.at_s)
        for then, now in zip(before, progress.efforts, strict=False)
        if then.cpu_s > 0 and now.at_s - then.at_s >= _SECOND_S / 2
    ]
    waits = [
        (now.core_wait_s - then.core_wait_s) / (now.core_waits - then.core_waits)
        for then, now in zip(before, progress.efforts, strict=False)
        if now.core_waits > then.core_waits > 0
    ]
    return Generator(
        lag_below_s(counts.lag, 0.99),
        counts.late,
        counts.late / sent if sent else 0.0,
        max(cores, default=None),
        len(progress.efforts),
        progress.dead_workers,
        progress.now_s <= memory.warm_s,
        max(waits, default=None),
    )


def _growths(progress: RunProgress, memory: _StepMemory, *, told: bool = True) -> Growths:
    """How fast backlogs grow in this step; none if that is not to be told.

    What a dead worker should have sent waits for ever, through our own fault.
    """
    if progress.dead_workers or not told:
        return Growths(None, (None,) * len(progress.plan.groups))
    return memory.watch.growths()


def _growth_at(place: int, growths: Growths) -> float | None:
    """That of the groups whose counts stand at a place: see `_place_of`."""
    return (growths.total, *growths.by_group)[place]


def _groups_of(place: int, plan: Plan) -> Sequence[int]:
    """The indices of the groups whose counts stand at a place: see `_place_of`."""
    return range(len(plan.groups)) if place == 0 else (place - 1,)


def _place_of(objective: Objective, plan: Plan) -> int:
    """0 for all groups together, or 1 for the first group, and so on."""
    names = [group.name for group in plan.groups]
    return names.index(objective.group) + 1 if objective.group in names else 0
