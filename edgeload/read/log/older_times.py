"""The lines of a log of the older form -> one time axis, in seconds since the epoch. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edgeload.host.samples import HostSample
from edgeload.read.log.columns import ClockJump, Ints, Repairs
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
from edgeload.read.log.older_host import empty_lines, host_samples
from edgeload.read.log.older_rows import LOCAL, UNKNOWN, OlderRows
from edgeload.read.statistics.windows import Floats

_MARK = -1


@dataclass(frozen=True)
class TimedRows:
    """A log on one time axis, in seconds since the epoch. NaN: not known.

    A mark has no instant if it told none and no request came before it. A failure that does not
    say how long it took, took 0 s.
    """

    done_s: Floats
    latency_s: Floats
    marks_s: Floats
    host: tuple[HostSample, ...]
    repairs: Repairs


def timed_rows(rows: OlderRows) -> TimedRows:
    """Units, zones, and what happened to the clock, in that order."""
    client = np.array(rows.client)
    told_s, unit = _in_seconds(rows, np.array(rows.instant), np.array(rows.told))
    done_s = filled(told_s)
    latency = np.array(rows.latency)
    most_clients = max((mark.clients for mark in rows.marks), default=0)
    alone = np.array(rows.follows) == 0  # the others are under way side by side
    latencies_unit = latency_unit(latency[alone], done_s[alone], client[alone], most_clients)
    latency_s = latency * latencies_unit if latencies_unit != 1.0 else latency
    latency_s = np.where(impossible(latency_s), np.nan, latency_s)
    marks_s = _marks_in_seconds(rows)
    order, done_s, marks_s, back = _straightened(rows, done_s, marks_s, latency_s, client)
    sent_s = done_s - latency_s
    hosts_s = _hosts_in_seconds(rows, order, done_s)
    others_s = np.concatenate([marks_s[~np.isnan(marks_s)], hosts_s])
    found = pauses(sent_s, done_s, client, others_s, begins=alone)
    for pause in found:  # how long these took is not known: the clock changed meanwhile
        latency_s[(sent_s <= pause.start_s) & (done_s >= pause.end_s)] = np.nan
    ahead = [_as_jump(pause, rows, done_s) for pause in found]
    done_s, marks_s, hosts_s = (without_pauses(at_s, found) for at_s in (done_s, marks_s, hosts_s))
    failed = np.zeros(len(done_s), dtype=np.bool_)
    failed[list(rows.failures)] = True
    unknown = np.isnan(latency_s)
    latency_s[unknown & failed] = 0.0
    samples = zip(hosts_s.tolist(), (host.values for host in rows.hosts), strict=True)
    return TimedRows(
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
            host_lines=len(rows.hosts),
            empty_host_lines=empty_lines(host.values for host in rows.hosts),
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
        exact_s = float(in_seconds(np.array([exact]))[0][0])
        if math.isfinite(exact_s):
            return exact_s, local_s
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
