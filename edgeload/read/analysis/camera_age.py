"""The age of the newest answer of a log's cameras, in a window of the run. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from edgeload.plan import Plan, RampStep
from edgeload.read.log.columns import Bools, Ints, RunLog
from edgeload.read.statistics.age import Age, AgeSpans, age_of, age_spans_in_parts, joined_spans
from edgeload.read.statistics.windows import Floats, Window

BATCHES = 10
"""So many parts of equal length a window has, to see how its ages vary."""

_Places = npt.NDArray[np.intp]


def age_in(log: RunLog, clients: Collection[int], window: Window) -> Age | None:
    """The ages of these clients' newest answers inside a window, in four numbers.

    None: the log does not say when frames were due, or none of them was due by then.
    """
    parts = _parts_in(log, clients, window)
    return None if parts is None else age_of(parts)


def age_spans_in(log: RunLog, clients: Collection[int], window: Window) -> AgeSpans | None:
    """The same, span by span. None: the log does not say when frames were due."""
    parts = _parts_in(log, clients, window)
    return None if parts is None else joined_spans(parts)


def _parts_in(log: RunLog, clients: Collection[int], window: Window) -> Iterator[AgeSpans] | None:
    """The same, some cameras at a time.

    A camera counts from its first due frame until the end of the last step in which it sends. If it
    pauses in between, it begins anew, and answers of before the pause tell nothing.
    """
    if log.plan is None or not log.knows_due:
        return None
    plan, frames = log.plan, log.requests
    chosen = np.array(sorted(set(clients)), dtype=np.int64)
    stretches = _stretches(plan, chosen)
    camera = _stretch_of_row(log, chosen, stretches, window)
    first_answer_s = np.full(len(stretches.client) + 1, np.inf)  # the last one is that of no camera
    np.minimum.at(first_answer_s, camera, frames.done_s)
    from_s = stretches.start_s.copy()  # for whoever was answered before the window, early enough
    touching = (stretches.start_s < window.end_s) & (stretches.end_s > window.start_s)
    for each in np.flatnonzero(touching & (first_answer_s[:-1] > window.start_s)).tolist():
        steps = plan.steps[stretches.first_step[each] : stretches.last_step[each] + 1]
        from_s[each] = _first_due(plan, int(stretches.client[each]), steps)
    return age_spans_in_parts(
        camera,
        frames.due_s,
        frames.done_s,
        from_s,
        stretches.end_s,
        window,
        in_order=frames.clients_in_order,
    )


@dataclass(frozen=True)
class AgeWindow:
    """The ages of cameras' newest answers in one window, as a bound on them is judged.

    `batches` are the ages in each tenth of it. `peaks_s` has the age just before each answer, in
    the order of the answers. `queued`: a camera that is behind works off its frames one by one, so
    ages grow with a backlog; otherwise it drops frames, and stays up to date.
    """

    batches: tuple[AgeSpans, ...]
    peaks_s: Floats
    queued: bool


def age_windows(log: RunLog, clients: Collection[int], window: Window) -> tuple[AgeWindow, ...]:
    """The ages of these clients' newest answers in a window; none: the log cannot say."""
    spans = age_spans_in(log, clients, window)
    if spans is None or log.plan is None:
        return ()
    answered = np.flatnonzero(spans.end_s < window.end_s)
    answered = answered[np.argsort(spans.end_s[answered], kind="stable")]
    places = {log.plan.member(client).group for client in clients}
    groups = [log.plan.groups[place] for place in places]
    return (
        AgeWindow(
            batches=spans.split(np.linspace(window.start_s, window.end_s, BATCHES + 1)),
            peaks_s=(spans.end_s - spans.newest_due_s)[answered],
            queued=any(group.late == "queue" and not group.closed for group in groups),
        ),
    )


@dataclass(frozen=True)
class _Stretches:
    """Steps in a row, without a pause, in which one camera sends, by columns. `of[step, place]` is
    the stretch of the camera at that place in a step; -1: it does not send.
    """

    of: _Places
    client: npt.NDArray[np.int64]
    first_step: _Places
    last_step: _Places
    start_s: Floats
    end_s: Floats


def _stretches(plan: Plan, chosen: npt.NDArray[np.int64]) -> _Stretches:
    places = np.array([plan.member(client) for client in chosen.tolist()]).reshape(-1, 2)
    sends = np.array([_sending(step, chosen, *places.T) for step in plan.steps]).T
    quiet = np.zeros((len(chosen), 1), dtype=np.bool_)
    goes_on = np.array([a.end_s == b.start_s for a, b in pairwise(plan.steps)], dtype=np.bool_)
    begins = sends & ~np.hstack([quiet, sends[:, :-1] & goes_on])
    ends = sends & ~np.hstack([sends[:, 1:] & goes_on, quiet])
    number = np.cumsum(begins.ravel()).reshape(begins.shape) - 1
    place, first_step = np.nonzero(begins)
    last_step = np.nonzero(ends)[1]
    return _Stretches(
        of=np.where(sends, number, -1).T,
        client=chosen[place],
        first_step=first_step,
        last_step=last_step,
        start_s=np.array([step.start_s for step in plan.steps])[first_step],
        end_s=np.array([step.end_s for step in plan.steps])[last_step],
    )


def _sending(
    step: RampStep,
    clients: npt.NDArray[np.int64],
    group: npt.NDArray[np.int64],
    number: npt.NDArray[np.int64],
) -> Bools:
    """`Plan.sends_in` for many clients, whose groups and numbers within these are given."""
    sends = np.asarray(clients < step.clients, dtype=np.bool_)
    if step.cameras is not None:
        sends &= number < np.array(step.cameras, dtype=np.int64)[group]
    return sends


def _stretch_of_row(
    log: RunLog, chosen: npt.NDArray[np.int64], stretches: _Stretches, window: Window
) -> Ints:
    """For each row its stretch, if it is a good answer of a chosen camera before the window's end;
    else -1.
    """
    frames = log.requests
    place = np.full(int(chosen.max(initial=-1)) + 2, -1)  # the last one stands for all others
    place[chosen] = np.arange(len(chosen))
    of = np.full((len(stretches.of) + 1, len(chosen) + 1), -1, dtype=np.int32)
    of[:-1, :-1] = stretches.of  # and the last row and column for no step and no camera
    client = np.clip(frames.client, -1, len(place) - 1)
    camera: Ints = of[frames.step, place.astype(np.int32)[client]]
    camera[~(frames.ok & (frames.done_s < window.end_s))] = -1
    return camera


def _first_due(plan: Plan, client: int, steps: Sequence[RampStep]) -> float:
    """When the first frame of a camera is due in these steps; infinity: none is."""
    if plan.group_of(client).closed:  # it sends as soon as it may
        return steps[0].start_s
    dues = (next(plan.step_dues(client, step), None) for step in steps)
    return next((due_s for due_s in dues if due_s is not None), math.inf)
