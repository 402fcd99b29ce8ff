"""Reads logs of the older form: JSON request lines between plain lines `RAMP <n> [ts=<epoch>]`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np

from edgeload.failure_classes import ESCALATED, SUCCESS
from edgeload.host.samples import HostSample
from edgeload.plan import RampStep
from edgeload.read.log.columns import ClockJump, Ints, Repairs, RunLog
from edgeload.read.log.instants import (
    UNIT_NAMES,
    Pause,
    filled,
    impossible,
    in_seconds,
    latency_unit,
    pauses,
    without_back_jumps,
    without_pauses,
    zone_s,
)
from edgeload.read.log.older_host import host_samples
from edgeload.read.log.older_rows import LOCAL, UNKNOWN, OlderRows, older_rows
from edgeload.read.log.table_builder import TableBuilder
from edgeload.read.statistics.windows import Floats
from edgeload.records import RequestRow

_ROWS_A_BATCH = 10_000
_MARK = -1
_SUCCEEDED = (SUCCESS, None)


@dataclass(frozen=True)
class _Timed:
    """The same log on one time axis, in seconds since the epoch. NaN: not known.

    A mark has no instant if it told none and no request came before it. A failure that does not
    say how long it took, took 0 s.
    """

    done_s: Floats
    latency_s: Floats
    marks_s: Floats
    host: tuple[HostSample, ...]
    repairs: Repairs


def read(path: Path, name: Path, requests_per_second: float | None) -> RunLog:
    """An older log as a RunLog that is called `name`. Raises LogError if it has no request.

    Such a log says when a request was done and how long it took, so sent = done - latency. When it
    was due it does not say: due times are NaN, and nothing can be known about response time,
    generator lag or requests missed. A request belongs to the step it was sent in.
    """
    rows = older_rows(path, name)
    timed = _timed(rows)
    first_sent = float((timed.done_s - np.nan_to_num(timed.latency_s)).min())
    last_done = float(timed.done_s.max())
    wall_s, steps = _steps(rows, timed.marks_s, first_sent, last_done)
    return RunLog(
        path=name,
        header=None,
        plan=None,
        steps=steps,
        requests_per_second=requests_per_second,
        wall_s=wall_s,
        last_s=last_done - wall_s,
        requests=_table(rows, timed, wall_s, steps).columns(),
        missed={},
        workers=(),
        deaths=(),
        end=None,
        damage=rows.tally.total,
        repairs=timed.repairs,
        host=timed.host,
    )


def _timed(rows: OlderRows) -> _Timed:
    """Units, zones, and what happened to the clock, in that order."""
    client = np.array(rows.client)
    told_s, unit = _in_seconds(rows, np.array(rows.instant), np.array(rows.told))
    done_s = filled(told_s)
    latency = np.array(rows.latency)
    most_clients = max((mark.clients for mark in rows.marks), default=0)
    latencies_unit = latency_unit(latency, done_s, client, most_clients)
    latency_s = latency * latencies_unit if latencies_unit != 1.0 else latency
    latency_s = np.where(impossible(latency_s), np.nan, latency_s)
    marks_s = _marks_in_seconds(rows)
    order, done_s, marks_s, back = _straightened(rows, done_s, marks_s, latency_s, client)
    sent_s = done_s - latency_s
    hosts_s = _hosts_in_seconds(rows, order, done_s)
    others_s = np.concatenate([marks_s[~np.isnan(marks_s)], hosts_s])
    found = pauses(sent_s, done_s, client, others_s)
    for pause in found:  # how long these took is not known: the clock changed meanwhile
        latency_s[(sent_s <= pause.start_s) & (done_s >= pause.end_s)] = np.nan
    ahead = [_as_jump(pause, rows, done_s) for pause in found]
    done_s, marks_s, hosts_s = (without_pauses(at_s, found) for at_s in (done_s, marks_s, hosts_s))
    failed = np.zeros(len(done_s), dtype=np.bool_)
    failed[list(rows.failures)] = True
    unknown = np.isnan(latency_s)
    latency_s[unknown & failed] = 0.0
    samples = zip(hosts_s.tolist(), (host.values for host in rows.hosts), strict=True)
    return _Timed(
        done_s=done_s,
        latency_s=latency_s,
        marks_s=marks_s,
        host=tuple(host_samples(samples)),
        repairs=Repairs(
            jumps=tuple(sorted([*back, *ahead], key=lambda jump: jump.line)),
            instants_unit=UNIT_NAMES.get(unit),
            latencies_unit=UNIT_NAMES.get(latencies_unit),
            without_instant=int(np.isnan(told_s).sum()),
            without_latency=int(np.count_nonzero(unknown & ~failed)),
        ),
    )


def _in_seconds(rows: OlderRows, instants: Floats, told: Ints) -> tuple[Floats, float]:
    """Instants in seconds since the epoch, NaN if not told, and the finest unit among them."""
    exact_s, unit = in_seconds(instants)
    local = told == LOCAL
    if local.any():
        first = float(instants[local][0]) if len(instants) else 0.0
        exact_s[local] = instants[local] + zone_s(_told_both_ways(rows), first)
    exact_s[told == UNKNOWN] = np.nan
    return exact_s, unit


def _told_both_ways(rows: OlderRows) -> tuple[float, float] | None:
    """An instant known exactly and as local time: of one line, or a ramp line and the next."""
    if rows.both is not None:
        exact, local_s = rows.both
        return float(in_seconds(np.array([exact]))[0][0]), local_s
    for mark in rows.marks:
        next_row = mark.requests_before
        if mark.instant is not None and next_row < len(rows.told) and rows.told[next_row] == LOCAL:
            exact_s = float(in_seconds(np.array([mark.instant]))[0][0])
            return (exact_s, rows.instant[next_row]) if math.isfinite(exact_s) else None
    return None


def _marks_in_seconds(rows: OlderRows) -> Floats:
    told = [math.nan if mark.instant is None else mark.instant for mark in rows.marks]
    return in_seconds(np.array(told, dtype=np.float64))[0]


def _straightened(
    rows: OlderRows, done_s: Floats, marks_s: Floats, latency_s: Floats, client: Ints
) -> tuple[Floats, Floats, Floats, list[ClockJump]]:
    """What was added to each request's instant, and all instants with the clock never set back.

    A ramp line that tells no instant was written after the request before it was done.
    """
    told = np.flatnonzero(~np.isnan(marks_s))
    before = np.array([mark.requests_before for mark in rows.marks], dtype=np.int64)
    whole_seconds = np.array(rows.told) != 0
    slack_s = np.where(whole_seconds, 1.0 + np.nan_to_num(latency_s), 0.0)
    all_s = np.insert(done_s, before[told], marks_s[told])
    found = without_back_jumps(
        all_s,
        np.insert(slack_s, before[told], 0.0),
        np.insert(client, before[told], _MARK),
    )
    lines = np.insert(np.array(rows.line), before[told], [rows.marks[i].line for i in told])
    is_mark = np.insert(np.zeros(len(done_s), np.bool_), before[told], True)
    straight_s = found.at_s[~is_mark]
    marks_s = marks_s.copy()
    marks_s[told] = found.at_s[is_mark]
    for i in np.flatnonzero(np.isnan(marks_s)).tolist():
        if before[i]:
            marks_s[i] = straight_s[before[i] - 1]
    jumps = [ClockJump(int(lines[jump.line]), jump.seconds) for jump in found.jumps]
    return straight_s - done_s, straight_s, marks_s, jumps


def _hosts_in_seconds(rows: OlderRows, added_s: Floats, done_s: Floats) -> Floats:
    """Instants of the host's samples; the clock was set for them as for the request before."""
    if not rows.hosts:
        return np.zeros(0)
    at_s, _ = _in_seconds(
        rows,
        np.array([host.instant for host in rows.hosts]),
        np.array([host.told for host in rows.hosts]),
    )
    before = np.searchsorted(np.array(rows.line), [host.line for host in rows.hosts]) - 1
    shifted: Floats = at_s + np.where(before >= 0, added_s[before], 0.0)
    return filled(shifted) if not np.isnan(shifted).all() else np.full(len(shifted), done_s[0])


def _as_jump(pause: Pause, rows: OlderRows, done_s: Floats) -> ClockJump:
    after = int(np.argmax(done_s >= pause.end_s))
    return ClockJump(rows.line[after], pause.end_s - pause.start_s)


def _steps(
    rows: OlderRows, marks_s: Floats, first_sent: float, last_done: float
) -> tuple[float, tuple[RampStep, ...]]:
    """Wall-clock second of run time 0, and the steps in run time.

    The log does not say when the last step was to end. The steps before it were of one length, as
    a rule, so it ends after their median length, or with the last answer if that is earlier.
    """
    clients = [mark.clients for mark in rows.marks] or [len(set(rows.client))]
    starts = [first_sent if math.isnan(at_s) else at_s for at_s in marks_s.tolist()]
    starts = starts or [first_sent]
    starts = [max(starts[: i + 1]) for i in range(len(starts))]
    lengths = [b - a for a, b in pairwise(starts)]
    final = min(last_done, starts[-1] + median(lengths)) if lengths else last_done
    ends = [*starts[1:], max(final, starts[-1])]
    return starts[0], tuple(
        RampStep(i, count, start - starts[0], end - starts[0])
        for i, (count, start, end) in enumerate(zip(clients, starts, ends, strict=True))
    )


def _table(
    rows: OlderRows, timed: _Timed, wall_s: float, steps: tuple[RampStep, ...]
) -> TableBuilder:
    table = TableBuilder()
    done_s = timed.done_s - wall_s
    sent_s = done_s - timed.latency_s
    starts = [step.start_s for step in steps]
    began_s = np.where(np.isnan(sent_s), done_s, sent_s)
    step = np.maximum(np.searchsorted(starts, began_s, side="right") - 1, 0)
    columns = (rows.client, rows.number, rows.from_edge, step.tolist())
    batch: list[RequestRow] = []
    for i, (client, number, said, in_step, sent, done) in enumerate(
        zip(*columns, sent_s.tolist(), done_s.tolist(), strict=True)
    ):
        outcome, error = rows.failures.get(i, _SUCCEEDED)
        batch.append(
            RequestRow(
                worker_number=client,
                request_number=number,
                error=error,
                step=in_step,
                due_s=math.nan,
                sent_s=sent,
                done_s=done,
                status=None,
                outcome=outcome,
                from_edge=False if outcome == ESCALATED else True if said > 0 else None,
                bytes=0,
            )
        )
        if len(batch) == _ROWS_A_BATCH:
            table.add(batch)
            batch.clear()
    table.add(batch)
    return table
