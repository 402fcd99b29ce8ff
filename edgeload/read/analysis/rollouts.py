"""The roll-outs of models in a run: when, how long both models answered, and what it cost. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgeload.failure_classes import ABORTED, GENERATOR
from edgeload.plan import RampStep
from edgeload.read.analysis.detector_times import DetectorOfRun, rows_by_detector
from edgeload.read.analysis.model_spans import AnsweringModels, ModelSpan
from edgeload.read.analysis.rollout_cost import (
    LEAD_S,
    AskedOfDetector,
    RolloutCost,
    rollout_cost,
)
from edgeload.read.analysis.steps import group_dues, run_until_s, warm_up_s
from edgeload.read.log.columns import RunLog
from edgeload.read.log.frames import group_indices
from edgeload.read.statistics.closed_loops import NO_WAITS, ClosedWaits
from edgeload.read.statistics.windows import Floats, Window

_Rows = np.ndarray[tuple[int], np.dtype[np.intp]]
_TOGETHER_S = 2.0
"""Models that were met within this time of each other had both answered before the run."""
GONE_S = 5.0
"""A model that was silent for so long at the end of the run has gone."""


@dataclass(frozen=True)
class ModelTurn:
    """A model that took the place of another one.

    Both answered until `both_until_s`; None: the old one gave no answer any more. `over`: one of
    them had gone by the end of the run. `withdrawn`: that was the new one. `going_on_before`: both
    answered when the run began, so nobody knows since when.
    """

    old: ModelSpan
    new: ModelSpan
    at_s: float
    both_until_s: float | None
    over: bool
    withdrawn: bool
    going_on_before: bool

    @property
    def over_s(self) -> float:
        """When only one of them answered, as far as the run tells."""
        return max(self.at_s, self.both_until_s or 0.0)


@dataclass(frozen=True)
class Rollout:
    """A roll-out of a run, and its cost; `steps` are those in which it fell, by their index.

    `others` are the detectors whose models changed at the same time.
    """

    detector_id: str
    detector_name: str | None
    turn: ModelTurn
    steps: tuple[int, ...]
    cost: RolloutCost


def model_turns(spans: Sequence[ModelSpan], end_s: float) -> tuple[ModelTurn, ...]:
    """The roll-outs among the models of one detector; `end_s` is the end of the run."""
    known = sorted(spans, key=lambda span: span.first_s)
    together = [s for s in known if s.first_s - known[0].first_s < _TOGETHER_S]
    together.sort(key=lambda span: span.last_s)  # whichever was met first, the old one goes first
    ordered = [*together, *known[len(together) :]]
    return tuple(
        _turn(ordered[:place], span, end_s, going_on_before=place < len(together))
        for place, span in enumerate(ordered)
        if place
    )


def _turn(
    earlier: Sequence[ModelSpan], new: ModelSpan, end_s: float, *, going_on_before: bool
) -> ModelTurn:
    """The new model replaces the latest of those that still answer."""
    alive = [span for span in earlier if span.last_s >= new.first_s]
    old = alive[-1] if alive else max(earlier, key=lambda span: span.last_s)
    ended_s = min(old.last_s, new.last_s)
    return ModelTurn(
        old=old,
        new=new,
        at_s=new.first_s,
        both_until_s=ended_s if ended_s > new.first_s else None,
        over=ended_s <= end_s - GONE_S,
        withdrawn=new.last_s < old.last_s and new.last_s <= end_s - GONE_S,
        going_on_before=going_on_before,
    )


def find_rollouts(log: RunLog, models: AnsweringModels) -> tuple[Rollout, ...]:
    """The roll-outs of a run in order of time; none if the answers name no models."""
    turns = {each: model_turns(models.of(each), log.last_s) for each in models.detectors}
    if not any(turns.values()):
        return ()
    detectors, of_row = rows_by_detector(log)
    known = {(each.detector_id or "").lower(): place for place, each in enumerate(detectors)}
    found: list[Rollout] = []
    for detector_id, own in turns.items():
        place = known.get(detector_id.lower())
        if own and place is not None:
            asked = _asked(log, detectors[place], np.asarray(of_row == place, dtype=np.bool_))
            found += _with_costs(log, detectors[place], own, asked)
    return tuple(sorted(found, key=lambda each: each.turn.at_s))


def _with_costs(
    log: RunLog, detector: DetectorOfRun, turns: Sequence[ModelTurn], asked: AskedOfDetector
) -> Iterator[Rollout]:
    """The roll-outs of one detector, each against the time between those beside it."""
    free_s = -np.inf
    for place, turn in enumerate(turns):
        following = turns[place + 1 :]
        next_s = following[0].at_s - LEAD_S if following else np.inf
        load = _load_around(log, turn.at_s, free_s, next_s)
        over_s = turn.over_s if turn.over else np.inf
        cost = rollout_cost(asked, turn.at_s, over_s, load, known_start=not turn.going_on_before)
        free_s = cost.end_s
        steps = tuple(
            step.index
            for step in log.steps
            if step.start_s <= turn.over_s and step.end_s > turn.at_s
        )
        yield Rollout(detector.detector_id or "", detector.name, turn, steps, cost)


def _load_around(log: RunLog, at_s: float, from_s: float, until_s: float) -> Window:
    """The part of the step at an instant, without its warm-up, between two roll-outs."""
    for step in log.steps:
        if step.start_s <= at_s < step.end_s:
            start_s = max(step.start_s + warm_up_s(log, step), min(from_s, at_s))
            end_s = min(step.end_s, run_until_s(log), log.last_s, max(until_s, at_s))
            return Window(min(start_s, at_s), max(end_s, at_s))
    return Window(at_s, at_s)


def _asked(
    log: RunLog, detector: DetectorOfRun, own: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> AskedOfDetector:
    """What was asked of one detector, without what our own machine could not send."""
    requests = log.sent_requests
    sent = own & ~requests.having(GENERATOR)
    waits = _closed_waits(log, np.flatnonzero(sent))
    rows = np.flatnonzero(sent & ~requests.having(ABORTED))
    due_s = requests.due_s[rows] if log.knows_due else requests.sent_s[rows]
    rows, due_s = rows[np.argsort(due_s, kind="stable")], np.sort(due_s)
    begun_s = due_s
    if requests.part is not None:  # a further answer of a frame does not wait for the first one
        begun_s = np.where(requests.part[rows] > 0, requests.sent_s[rows], due_s)
    return AskedOfDetector(
        due_s,
        requests.done_s[rows] - begun_s,
        requests.ok[rows],
        _never_sent(log, detector),
        waits,
    )


def _closed_waits(log: RunLog, rows: _Rows) -> ClosedWaits:
    """The requests of clients in closed loops, also those that the end of the run cut off."""
    requests, plan = log.sent_requests, log.plan
    if plan is None or not any(group.closed for group in plan.groups):
        return NO_WAITS
    closed = np.array([*(group.closed for group in plan.groups), False])  # the last: no group
    ended = np.isfinite(requests.done_s[rows] - requests.sent_s[rows])
    rows = rows[ended & closed[group_indices(requests.client[rows], plan)]]
    sent_s, done_s = requests.sent_s[rows], requests.done_s[rows]
    return ClosedWaits(requests.client[rows].astype(np.int64), sent_s, done_s - sent_s)


def _never_sent(log: RunLog, detector: DetectorOfRun) -> Floats:
    """When frames were due that were never sent, of the groups that ask the detector first."""
    plan, header = log.plan, log.header
    if plan is None or header is None or not log.missed:
        return np.zeros(0)
    groups = header.plan.groups
    of_client = group_indices(log.requests.client, plan)
    found = [np.zeros(0)]
    for index, group in enumerate(plan.groups):
        asks = not groups or groups[index].detector_id == detector.detector_id
        if asks and not group.closed:
            sent_s = log.requests.due_s[of_client == index]
            found += [_unsent(log, step, index, sent_s) for step in log.steps]
    return np.sort(np.concatenate(found))


def _unsent(log: RunLog, step: RampStep, index: int, sent_s: Floats) -> Floats:
    """The due times of a group in a step that no request had."""
    assert log.plan is not None
    dues_s = group_dues(log.plan, step, index)
    dues_s = dues_s[dues_s < run_until_s(log)]
    due_us, sent_us = (np.rint(each * 1e6).astype(np.int64) for each in (dues_s, sent_s))
    return np.asarray(dues_s[~np.isin(due_us, sent_us)])
