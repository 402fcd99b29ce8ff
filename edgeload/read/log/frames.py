"""Requests -> frames. A frame of a group with `then` is several requests; else it is one. Pure.

A frame's requests have its client's number and its own, and they are numbered by `part`: 0 is the
first request, 1 and up are those that its answer led to, its *followers*.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from edgeload.failure_classes import ABORTED
from edgeload.plan import Plan
from edgeload.read.log.columns import Bools, ErrorText, Ints, Requests, RunLog, frame_keys
from edgeload.read.statistics.windows import Floats

CUT_OFF = "no answer to all of the frame's requests is in the log"
"""The text of a frame's failure of which none of the requests is known to have failed."""

_Rows = npt.NDArray[np.intp]


def group_indices(client: Ints, plan: Plan) -> Ints:
    """For each client number, the index of its group in the plan; -1 if the plan lacks it."""
    known = np.array([plan.member(c).group for c in range(plan.max_clients)], dtype=np.int32)
    inside = (client >= 0) & (client < len(known))
    return np.where(inside, known[np.where(inside, client, 0)], -1)


def frames_of(requests: Requests, plan: Plan) -> Requests:
    """One row per frame, in the order in which their last requests stand in the log.

    The very same object if a frame of the plan is one request. A frame is ok only if all of its
    requests are. Otherwise it has the outcome, text and status of the first of them that failed,
    in order of their ends. If none failed but some are missing, because the run or its log was cut
    off, the frame is `aborted`, without a status. `sent_s` is that of its first request, `done_s`
    that of its last one; `bytes` is the sum. `from_edge` is 1 if all say so, 0 if one denies it.
    """
    if all(group.requests_per_frame == 1 for group in plan.groups) or not len(requests):
        return requests
    keys = frame_keys(requests)
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[order], prepend=keys[order[0]] - 1))
    ends = np.append(starts[1:], len(order))
    rows = requests.rows(order)
    frame = np.repeat(np.arange(len(starts)), ends - starts)
    decided = _last_ended(rows.done_s, frame, starts)
    first_failed, failed = _first_failed(rows, frame, len(starts))
    decided[failed] = first_failed[failed]
    cut_off = ~failed & (ends - starts < _requests_per_frame(rows.client[starts], plan))
    not_edge = np.logical_or.reduceat(rows.from_edge == 0, starts)
    all_edge = np.minimum.reduceat(rows.from_edge, starts) == 1
    frames = replace(
        rows.rows(decided),
        sent_s=np.minimum.reduceat(rows.sent_s, starts),
        done_s=np.maximum.reduceat(rows.done_s, starts),
        from_edge=np.where(not_edge, 0, np.where(all_edge, 1, -1)).astype(np.int8),
        bytes=np.add.reduceat(rows.bytes, starts, dtype=np.int64),
        part=None,
    )
    last_line = order[ends - 1]
    in_order = np.argsort(last_line)
    return _aborted(frames, cut_off).rows(in_order)


def followers_lag_s(log: RunLog) -> Floats | None:
    """By how much each frame's followers were sent late: sent - done of the first request.

    That of the latest one, in seconds; 0 for a frame without followers. None: no frame has any.
    """
    requests, frames = log.parts, log.requests
    if requests is None or requests.part is None:
        return None
    place = log.frame_of_part
    first = requests.part == 0
    answered_s = np.full(len(frames), np.inf)
    answered_s[place[first]] = requests.done_s[first]
    lag_s = np.zeros(len(frames))
    followers = ~first
    late_s = requests.sent_s[followers] - answered_s[place[followers]]
    np.maximum.at(lag_s, place[followers], late_s)
    return lag_s


def _requests_per_frame(client: Ints, plan: Plan) -> Ints:
    each = np.array([group.requests_per_frame for group in plan.groups] + [1])
    return np.asarray(each[group_indices(client, plan)])  # -1, no group of the plan, finds the 1


def _last_ended(done_s: Floats, frame: _Rows, starts: _Rows) -> _Rows:
    """For each frame, its row that ended last."""
    hits = np.flatnonzero(done_s == np.maximum.reduceat(done_s, starts)[frame])
    rows = np.empty(len(starts), dtype=np.intp)
    rows[frame[hits]] = hits  # of several, the last stays
    return rows


def _first_failed(rows: Requests, frame: _Rows, frames: int) -> tuple[_Rows, Bools]:
    """For each frame, its failed row that ended first, and whether there is one."""
    failed = np.flatnonzero(~rows.ok)
    failed = failed[np.argsort(rows.done_s[failed], kind="stable")][::-1]
    found = np.zeros(frames, dtype=np.intp)
    found[frame[failed]] = failed  # of several, the last stays: that which ended first
    has_one = np.zeros(frames, dtype=np.bool_)
    has_one[frame[failed]] = True
    return found, has_one


def _aborted(frames: Requests, mask: Bools) -> Requests:
    """The frames, those of the mask with the failure of a frame that was cut off."""
    if not mask.any():
        return frames
    outcomes = tuple(dict.fromkeys([*frames.outcomes, ABORTED]))
    errors = tuple(dict.fromkeys([*frames.errors, ErrorText(ABORTED, CUT_OFF)]))
    outcome, error = outcomes.index(ABORTED), errors.index(ErrorText(ABORTED, CUT_OFF))
    return replace(
        frames,
        outcome=np.where(mask, outcome, frames.outcome).astype(np.int16),
        error=np.where(mask, error, frames.error).astype(np.int32),
        status=np.where(mask, 0, frames.status),
        outcomes=outcomes,
        errors=errors,
    )
