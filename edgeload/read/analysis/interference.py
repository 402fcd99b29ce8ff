"""What groups do to each other: each beside another against itself alone, round by round. Pure.

The unit is the round (method 13): the step in which a group is beside another is divided by the
step of the same round in which it is alone, so that slow changes of the endpoint cancel out.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from edgeload.interference_plan import (
    Level,
    SideBySide,
    all_cameras,
    group_alone,
    half_of,
    is_interference_plan,
    shown_side_by_side,
)
from edgeload.plan import Plan
from edgeload.read.analysis.influence import Influence, judged
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.log.columns import Ints, RunLog
from edgeload.read.statistics.paired_ratios import PairedRatio, paired_ratio
from edgeload.read.statistics.percentiles import nearest_rank
from edgeload.read.statistics.windows import Window

LEAST_FRAMES = 5
"""A step's p95 of fewer frames says nothing."""
LEFT_OVER_SHARE = 0.01
"""A step that begins with more of the step before than this share of its own does not count."""
_NO_ANSWER = 0.001
"""For this ratio counts a throughput of 0, which has no logarithm."""


@dataclass(frozen=True)
class AloneFigures:
    """A group alone: medians over the rounds of what its steps saw after the warm-up.

    `throughput_per_s` are good answers, `p95_s` is infinite if it is never answered; None: not
    measured. `requests_per_second` of one camera is None for a closed loop, whose p95 is that of
    service time; all others have that of response time.
    """

    group: str
    cameras: int
    requests_per_second: float | None
    throughput_per_s: float | None
    p95_s: float | None


@dataclass(frozen=True)
class RoundStep:
    """A step of a round: the cameras of the groups that sent, by name, and whether it counts."""

    index: int
    cameras: Mapping[str, int]
    counts: bool


@dataclass(frozen=True)
class Interference:
    """All groups alone and all pairs.

    Steps that do not count were INVALID, cut, or began while the endpoint was still busy with the
    step before.
    """

    rounds: int
    """Those of which a step counts."""
    step_s: float
    alone: tuple[AloneFigures, ...]
    influences: tuple[Influence, ...]
    without_half: tuple[str, ...]
    """Groups of one camera, which have no half."""
    invalid_steps: int
    left_over_steps: int
    steps: tuple[RoundStep, ...] = ()

    @property
    def measured(self) -> bool:
        """Whether any pair was."""
        return any(influence.verdict != "not measured" for influence in self.influences)


@dataclass(frozen=True)
class _Seen:
    """A group in the window of one step; `p95_s` is None of too few frames."""

    throughput_per_s: float
    p95_s: float | None


def find_interference(log: RunLog, steps: Sequence[StepSummary]) -> Interference | None:
    """What the steps of an interference run show; None for any other run."""
    plan = log.plan
    if plan is None or not log.settings.get("interference") or not is_interference_plan(plan):
        return None
    whole = [step for step in steps if step.valid and step.complete]
    left_over = _left_over(log, steps)
    usable = {step.index: step for step in whole if step.index not in left_over}
    seen, longest_s = _all_seen(log, plan, usable)
    full = all_cameras(plan)
    alone, beside = _by_round(plan, seen, full)
    found = [
        _compared(plan, full, side, alone[side.group], beside.get(side, {}), longest_s)
        for side in _sides(full)
    ]
    return Interference(
        rounds=len({plan.steps[index].round for index in usable}),
        step_s=plan.steps[0].duration_s,
        alone=tuple(_alone(plan, full, i, alone[i].values()) for i in range(len(full))),
        influences=tuple(judged(found)),
        without_half=tuple(
            group.name
            for group, cameras in zip(plan.groups, full, strict=True)
            if half_of(cameras) is None
        ),
        invalid_steps=sum(not step.valid for step in steps),
        left_over_steps=len(left_over & {step.index for step in whole}),
        steps=tuple(_round_step(plan, step.index, usable) for step in steps),
    )


def _round_step(plan: Plan, index: int, usable: Container[int]) -> RoundStep:
    sending = zip(plan.groups, plan.steps[index].cameras or (), strict=True)
    cameras = {group.name: count for group, count in sending if count}
    return RoundStep(index, cameras, index in usable)


def _sides(full: Sequence[int]) -> Iterator[SideBySide]:
    """All that can be measured, group by group."""
    levels: tuple[Level, ...] = ("half", "full")
    for group in range(len(full)):
        for beside, cameras in enumerate(full):
            for level in levels:
                if beside != group and (level == "full" or half_of(cameras)):
                    yield SideBySide(group, beside, level)


def _left_over(log: RunLog, steps: Sequence[StepSummary]) -> set[int]:
    """Steps in whose window too much of what was sent before them still ended."""
    requests = log.requests
    starts_s = np.array([step.window.start_s for step in steps])
    first = np.array([step.index for step in steps])
    reached = np.searchsorted(starts_s, requests.done_s, side="right") - 1
    own = np.searchsorted(first, requests.step)
    late = np.flatnonzero(reached > own)
    counts = np.zeros(len(steps) + 1, dtype=np.int64)
    np.add.at(counts, own[late] + 1, 1)
    np.add.at(counts, reached[late] + 1, -1)
    carried = np.cumsum(counts)[:-1]
    return {
        step.index
        for step, count in zip(steps, carried.tolist(), strict=True)
        if count > LEFT_OVER_SHARE * step.within.sent
    }


# --- what each step saw ---------------------------------------------------------------------------


def _all_seen(
    log: RunLog, plan: Plan, steps: Mapping[int, StepSummary]
) -> tuple[dict[tuple[int, int], _Seen], float]:
    """Each sending group of each step, by (step, group); the longest time of any answer."""
    requests = log.requests
    group_of = np.array([plan.member(client).group for client in range(plan.max_clients)])
    order = np.argsort(requests.step, kind="stable")
    bounds = np.searchsorted(requests.step[order], np.arange(len(plan.steps) + 1))
    seen: dict[tuple[int, int], _Seen] = {}
    for index, step in steps.items():
        rows = order[bounds[index] : bounds[index + 1]]
        groups = group_of[requests.client[rows]]
        for group, cameras in enumerate(plan.steps[index].cameras or ()):
            found = _seen(log, plan, step, group, rows[groups == group]) if cameras else None
            if found is not None:
                seen[index, group] = found
    times_s = (requests.done_s - requests.due_s)[requests.ok]
    return seen, float(times_s.max(initial=1.0))


def _seen(log: RunLog, plan: Plan, step: StepSummary, group: int, rows: Ints) -> _Seen | None:
    """One group in a step's window; None if nothing was due."""
    requests, window = log.requests, step.window
    ok = requests.outcome[rows] == 0
    due_s, done_s = requests.due_s[rows], requests.done_s[rows]
    inside = window.holds(due_s)
    closed = plan.groups[group].closed
    planned = None if closed else _due_in(plan, group, step.index, window)
    due = max(planned or 0, int(np.count_nonzero(inside)))
    if not due:
        return None
    good = inside & ok
    times = done_s[good] - (requests.sent_s[rows] if closed else due_s)[good]
    p95_s = None
    if due >= LEAST_FRAMES:
        p95_s = nearest_rank(np.append(times, np.full(due - len(times), np.inf)), 0.95)
    answers = int(np.count_nonzero(ok & window.holds(done_s)))
    return _Seen(answers / window.length_s, p95_s)


def _due_in(plan: Plan, group: int, index: int, window: Window) -> int:
    """Frames of a group that fall due in a step's window."""
    step = plan.steps[index]
    if plan.groups[group].arrivals == "constant":
        return plan.step_frames(replace(step, start_s=window.start_s), window.end_s, group)
    dues = chain.from_iterable(plan.step_dues(c, step) for c in plan.clients_of(group, step))
    return sum(window.start_s <= due_s < window.end_s for due_s in dues)


_Rounds = dict[int, _Seen]


def _by_round(
    plan: Plan, seen: Mapping[tuple[int, int], _Seen], full: Sequence[int]
) -> tuple[dict[int, _Rounds], dict[SideBySide, _Rounds]]:
    """What was seen of each group alone, and beside another, by the number of the round."""
    alone: defaultdict[int, _Rounds] = defaultdict(dict)
    beside: defaultdict[SideBySide, _Rounds] = defaultdict(dict)
    for step in plan.steps:
        number, only = step.round or 0, group_alone(step)
        if only is not None and (step.index, only) in seen:
            alone[only][number] = seen[step.index, only]
        for side in shown_side_by_side(step, full):
            if (step.index, side.group) in seen:
                beside[side][number] = seen[step.index, side.group]
    return alone, beside


def _alone(plan: Plan, full: Sequence[int], index: int, rounds: Iterable[_Seen]) -> AloneFigures:
    group, found = plan.groups[index], list(rounds)
    p95_s = [seen.p95_s for seen in found if seen.p95_s is not None]
    return AloneFigures(
        group.name,
        full[index],
        group.requests_per_second,
        float(np.median([seen.throughput_per_s for seen in found])) if found else None,
        nearest_rank(p95_s, 0.5) if p95_s else None,
    )


# --- ratios ---------------------------------------------------------------------------------------


def _compared(
    plan: Plan,
    full: Sequence[int],
    side: SideBySide,
    alone: _Rounds,
    beside: _Rounds,
    longest_s: float,
) -> Influence:
    """The ratios of one side, over the rounds that show both; not yet judged."""
    numbers = sorted(alone.keys() & beside.keys())
    pairs = [(alone[number], beside[number]) for number in numbers]
    timed = [(a.p95_s, b.p95_s) for a, b in pairs if a.p95_s is not None and b.p95_s is not None]
    finite = [(a, b) for a, b in timed if math.isfinite(a)]
    overloaded = bool(timed) and 2 * len(finite) <= len(timed)
    cameras = full[side.beside]
    return Influence(
        group=plan.groups[side.group].name,
        beside=plan.groups[side.beside].name,
        level=side.level,
        cameras=full[side.group],
        beside_cameras=cameras if side.level == "full" else half_of(cameras) or cameras,
        rounds=len(pairs),
        throughput=_ratio(
            [
                (a.throughput_per_s, max(b.throughput_per_s, _NO_ANSWER * a.throughput_per_s))
                for a, b in pairs
                if a.throughput_per_s
            ]
        ),
        p95=None if overloaded else _ratio(finite, longest_s),
        overloaded_alone=overloaded,
        verdict="not measured",
        rounds_to_tell=None,
    )


def _ratio(pairs: Sequence[tuple[float, float]], infinity: float = math.inf) -> PairedRatio | None:
    first, second = (np.array([pair[i] for pair in pairs]) for i in (0, 1))
    return paired_ratio(first, second, infinity)
