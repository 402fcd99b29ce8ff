"""The rows of upstream's application benchmark -> a log with a camera group for each lens. Pure.

A camera sends a frame, and then as many further requests about it as it is told to, side by side.
Each copy of a lens has a detector of its own, and so a group of its own.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgeload.camera_group import CameraGroup
from edgeload.plan import Plan, RampStep
from edgeload.read.log.columns import Bools, CameraLogs, Ints, Requests, RunLog
from edgeload.read.log.frames import frames_of
from edgeload.read.log.lens_facts import Lens, LensFacts
from edgeload.read.log.log_error import LogError
from edgeload.read.log.older_rows import NO_CAMERA, LensCamera, OlderRows, RampMark
from edgeload.read.log.older_table import older_table
from edgeload.read.log.older_times import TimedRows, timed_rows
from edgeload.read.statistics.windows import Floats

_UNNAMED = "unnamed"
_MOST_GROUPS = 200
_MOST_PART = 2**15 - 1


@dataclass(frozen=True)
class _Group:
    """A group, the lens and copy that it is, and the numbers of its cameras in that, sorted."""

    group: CameraGroup
    lens: str
    copy: int
    numbers: tuple[int, ...]


def lens_log(
    rows: OlderRows, name: Path, facts: LensFacts | None, requests_per_second: float | None
) -> RunLog:
    """A log called `name` with one step: the time that was measured, without the warm-up.

    Without `facts` that time is not known, and the whole run is the step; `requests_per_second` is
    what a camera was to send then. A frame counts by when it was sent. Raises LogError if the run
    has too many groups, or if no frame is left.
    """
    rows = _all_named(rows)
    groups = _groups(rows, facts, requests_per_second)
    if len(groups) > _MOST_GROUPS:
        raise LogError(f"the log {name} has more than {_MOST_GROUPS} camera groups")
    client = _clients(rows, groups)
    number, part = _frames(client, np.array(rows.follows, dtype=np.bool_))
    rows = replace(rows, client=array("i", client.tolist()), number=array("i", number.tolist()))
    if facts is not None:
        rows = replace(rows, marks=_marks(rows, facts, sum(len(g.numbers) for g in groups)))
    timed = timed_rows(rows)
    began_s = _began_s(timed, client, number)
    start_s, end_s = _window(timed, began_s, facts)
    before, after = began_s < start_s, (began_s >= end_s) & (facts is not None)
    table = older_table(rows, timed, start_s, [0.0], part).rows(~(before | after))
    if not len(table):
        raise LogError(f"the log {name} holds no request of the time that was measured")
    plan = _plan(groups, table, end_s - start_s)
    frames = frames_of(table, plan)
    return RunLog(
        path=name,
        header=None,
        plan=plan,
        steps=plan.steps,
        requests_per_second=None,
        wall_s=start_s,
        last_s=max(float(table.done_s.max()), end_s - start_s),
        requests=replace(table, part=None) if frames is table else frames,
        parts=None if frames is table else table,
        missed={},
        workers=(),
        deaths=(),
        end=None,
        damage=rows.tally.total,
        repairs=timed.repairs,
        host=timed.host,
        cameras=CameraLogs(
            window_known=facts is not None,
            left_out=(_count(client, number, before), _count(client, number, after)),
            silent=tuple(_silent(groups, table)) if facts else (),
            failed=facts.failed if facts else (),
        ),
    )


def _all_named(rows: OlderRows) -> OlderRows:
    """Rows of which each has a camera: what names none is that of its client."""
    if NO_CAMERA not in rows.camera:
        return rows
    cameras = list(rows.cameras)
    known: dict[int, int] = {}
    named = array("i")
    for camera, client in zip(rows.camera, rows.client, strict=True):
        if camera == NO_CAMERA and client not in known:
            known[client] = len(cameras)
            cameras.append(LensCamera(_UNNAMED, 0, client))
        named.append(known[client] if camera == NO_CAMERA else camera)
    return replace(rows, camera=named, cameras=cameras)


def _groups(
    rows: OlderRows, facts: LensFacts | None, requests_per_second: float | None
) -> list[_Group]:
    """In the order of the run's own list of lenses, then in that in which they appear."""
    lenses = {lens.name: lens for lens in facts.lenses} if facts else {}
    seen: dict[tuple[str, int], set[int]] = {
        (lens.name, copy): set(range(lens.cameras))
        for lens in lenses.values()
        for copy in range(lens.copies)
    }
    for camera in rows.cameras:
        seen.setdefault((camera.lens, camera.copy), set()).add(camera.camera)
    copies = Counter(lens for lens, _ in seen)
    found = [
        _Group(
            CameraGroup(
                name=lens if copies[lens] == 1 else f"{lens}_copy{copy}",
                cameras=len(numbers),
                requests_per_second=_rate(lenses.get(lens), requests_per_second),
                requests_per_frame=1 + (lenses[lens].followers if lens in lenses else 0),
            ),
            lens,
            copy,
            tuple(sorted(numbers)),
        )
        for (lens, copy), numbers in seen.items()
        if numbers
    ]
    return [_with_own_name(each, found[:i]) for i, each in enumerate(found)]


def _rate(lens: Lens | None, requests_per_second: float | None) -> float | None:
    return requests_per_second if lens is None else lens.frames_per_s


def _with_own_name(each: _Group, before: list[_Group]) -> _Group:
    """A lens may be called as a copy of another is."""
    if each.group.name not in {other.group.name for other in before}:
        return each
    return replace(each, group=replace(each.group, name=f"{each.group.name}_{len(before)}"))


def _clients(rows: OlderRows, groups: list[_Group]) -> Ints:
    """The number of each row's camera in the plan, in which those of a group are neighbours."""
    numbered = (LensCamera(g.lens, g.copy, number) for g in groups for number in g.numbers)
    client = {camera: i for i, camera in enumerate(numbered)}
    of_camera = np.array([client[camera] for camera in rows.cameras], dtype=np.int64)
    found: Ints = of_camera[np.array(rows.camera)]
    return found


def _frames(client: Ints, follows: Bools) -> tuple[Ints, Ints]:
    """For each row the number of its frame, from 1, and its place in that; in order of the rows.

    Requests that follow no first one, because its line is lost, are of frame 0.
    """
    order = np.argsort(client, kind="stable")
    begins = ~follows[order]
    place = np.arange(len(order))
    first = np.concatenate([[True], np.diff(client[order]) != 0])[: len(order)]
    head = np.maximum.accumulate(np.where(first, place, 0))
    frames = np.cumsum(begins)
    number: Ints = frames - (frames - begins)[head]
    last_begin = np.maximum.accumulate(np.where(first | begins, place, 0))
    lost = ~begins[last_begin]  # a follower stands first: it is not the first request of its frame
    part = np.minimum(place - last_begin + lost, _MOST_PART)
    in_rows = np.empty((2, len(order)), dtype=np.int64)
    in_rows[:, order] = number, part
    return in_rows[0], in_rows[1]


def _marks(rows: OlderRows, facts: LensFacts, cameras: int) -> list[RampMark]:
    """The time that was measured, as if lines of the log told when it began and ended."""
    at = np.array(rows.instant)
    found = []
    for clients, instant in ((cameras, facts.start_s), (0, facts.end_s)):
        before = int(np.count_nonzero(at < instant))
        line = rows.line[min(before, len(rows.line) - 1)]
        found.append(RampMark(clients, line, before, instant))
    return found


def _began_s(timed: TimedRows, client: Ints, number: Ints) -> Floats:
    """For each row, when the first request of its frame was sent."""
    sent_s = np.where(np.isnan(timed.latency_s), timed.done_s, timed.done_s - timed.latency_s)
    _, frame = np.unique(np.stack([client, number]), axis=1, return_inverse=True)
    frame = frame.ravel()
    first_s = np.full(int(frame.max()) + 1, np.inf)
    np.minimum.at(first_s, frame, sent_s)
    began_s: Floats = first_s[frame]
    return began_s


def _window(timed: TimedRows, began_s: Floats, facts: LensFacts | None) -> tuple[float, float]:
    if facts is None:
        return float(began_s.min()), float(timed.done_s.max())
    start_s, end_s = timed.marks_s.tolist()
    return start_s, max(start_s, end_s)


def _count(client: Ints, number: Ints, rows: Bools) -> int:
    return len(np.unique(np.stack([client[rows], number[rows]]), axis=1).T)


def _plan(groups: list[_Group], table: Requests, length_s: float) -> Plan:
    """The groups with as many requests a frame as most of their frames have, if nothing tells."""
    bounds = np.cumsum([0, *(len(group.numbers) for group in groups)])
    steps = (RampStep(0, int(bounds[-1]), 0.0, length_s),)
    own = [
        replace(group.group, requests_per_frame=_per_frame(group.group, table, low, high))
        for group, low, high in zip(groups, bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
    ]
    return Plan(steps, tuple(own))


def _per_frame(group: CameraGroup, table: Requests, low: int, high: int) -> int:
    if group.requests_per_frame > 1 or table.part is None:
        return group.requests_per_frame
    own = (table.client >= low) & (table.client < high)
    frames = np.stack([table.client[own], table.number[own]])
    sizes = np.unique(frames, axis=1, return_counts=True)[1]
    return int(np.bincount(sizes).argmax()) if len(sizes) else 1


def _silent(groups: list[_Group], table: Requests) -> Iterator[str]:
    """`person camera 2`: cameras that were to send, without a request in the measured time."""
    heard = set(np.unique(table.client).tolist())
    client = 0
    for group in groups:
        for number in group.numbers:
            if client not in heard:
                yield f"{group.group.name} camera {number}"
            client += 1
