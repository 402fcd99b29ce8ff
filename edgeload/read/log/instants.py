"""Instants as a log of the older form gives them -> one steady time axis. Pure.

They are of a wall clock: in seconds or less, of a zone that is not always told, set while the run
went on. Array in, array out; one member per line, in the log's order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

import numpy as np

from edgeload.read.log.columns import Bools, ClockJump, Ints
from edgeload.read.statistics.windows import Floats

LATE_LINE_S = 2.0
"""A line may be written so much later than another that it was done before."""
LEAST_PAUSE_S = 5.0
SURE_PAUSE_S = 86_400.0
MOST_LATENCY_S = 86_400.0

# An instant below the first limit is in seconds, below the second in milliseconds, and so on.
_UNITS = ((1e11, 1.0), (1e14, 1e-3), (1e17, 1e-6), (1e20, 1e-9))
UNIT_NAMES = {1e-3: "milliseconds", 1e-6: "microseconds", 1e-9: "nanoseconds"}
_QUARTER_HOUR_S = 900
_LINES_TO_BE_SURE = 10
_SURE_SHARE = 0.8
_IMPOSSIBLE = 3.0
_MOST_JUMPS = 1000


def in_seconds(instants: Floats) -> tuple[Floats, float]:
    """Instants in seconds, NaN for what is none, and the finest unit that was met.

    The size tells: seconds of this millennium have ten digits, milliseconds thirteen. Small numbers
    are seconds of another clock.
    """
    seconds = np.full(len(instants), np.nan)
    finest, least = 1.0, 0.0
    for limit, unit in _UNITS:
        here = (instants >= least) & (instants < limit)
        if here.any():
            seconds[here] = instants[here] * unit if unit != 1.0 else instants[here]
            finest = unit
        least = limit
    return seconds, finest


def zone_s(pair: tuple[float, float] | None, first_naive_s: float) -> float:
    """What to add to local times taken for UTC: from an instant told both ways, else this zone.

    `pair` is (seconds since the epoch, the same as local time); zones are whole quarters of hours.
    """
    if pair is not None:
        return round((pair[0] - pair[1]) / _QUARTER_HOUR_S) * float(_QUARTER_HOUR_S)
    try:
        naive = datetime.fromtimestamp(first_naive_s, timezone.utc).replace(tzinfo=None)
        return naive.timestamp() - first_naive_s
    except (ValueError, OverflowError, OSError):
        return 0.0


def filled(instants: Floats) -> Floats:
    """Unknown instants taken from the line before; those before the first known, from that."""
    known = np.flatnonzero(~np.isnan(instants))
    if not len(known):
        return np.zeros(len(instants))
    last = np.searchsorted(known, np.arange(len(instants)), side="right") - 1
    found: Floats = instants[known[np.maximum(last, 0)]]
    return found


@dataclass(frozen=True)
class Straightened:
    """Instants without the clock's jumps backwards, and the jumps: positions, and seconds < 0."""

    at_s: Floats
    jumps: tuple[ClockJump, ...]


def without_back_jumps(at_s: Floats, slack_s: Floats, client: Ints) -> Straightened:
    """Undo every jump back of the clock: the instants after it continue from where it was.

    A client writes its lines one after the other. If one of its lines is earlier than the one
    before, and nearly all of the next lines of the log are too early as well, the clock was set.
    Lines that are merely out of order stay where they are. `slack_s` is how much later than its
    instant a line may have been written for a known reason.
    """
    before = np.concatenate([[-np.inf], np.maximum.accumulate(at_s)[:-1]])
    if not np.any(at_s + slack_s < before - LATE_LINE_S):
        return Straightened(at_s, ())
    straight = at_s.copy()
    written_s = at_s + slack_s
    jumps: list[ClockJump] = []
    offset_s = last_offset_s = 0.0
    latest_s = -np.inf
    own_latest_s: dict[int, float] = {}
    for i in range(len(at_s)):
        now_s = float(at_s[i]) + offset_s
        own = int(client[i])
        if now_s + slack_s[i] < own_latest_s.get(own, -np.inf) - LATE_LINE_S:
            ahead = written_s[i : i + _LINES_TO_BE_SURE] + offset_s < latest_s - LATE_LINE_S
            if ahead.mean() >= _SURE_SHARE and len(jumps) < _MOST_JUMPS:
                jump_s = -_whole_quarters(latest_s - now_s)
                jumps.append(ClockJump(i, jump_s))
                last_offset_s, offset_s = offset_s, offset_s - jump_s
                now_s -= jump_s
        elif jumps and i - jumps[-1].line < _LINES_TO_BE_SURE and now_s > latest_s + LATE_LINE_S:
            old_s = float(at_s[i]) + last_offset_s  # its instant was taken before the clock was set
            now_s = old_s if abs(old_s - latest_s) <= LATE_LINE_S else now_s
        straight[i] = now_s
        latest_s = max(latest_s, now_s)
        own_latest_s[own] = max(own_latest_s.get(own, -np.inf), now_s)
    return Straightened(straight, tuple(jumps))


def _whole_quarters(seconds: float) -> float:
    """A jump that is a change of zone or of summer time is exact; any other one stays."""
    whole_s = round(seconds / _QUARTER_HOUR_S) * float(_QUARTER_HOUR_S)
    return whole_s if whole_s and abs(seconds - whole_s) <= LATE_LINE_S else seconds


@dataclass(frozen=True)
class Pause:
    """Nothing happened from `start_s` to `end_s`, although some client was free to send."""

    start_s: float
    end_s: float


def pauses(
    sent_s: Floats, done_s: Floats, client: Ints, others_s: Floats, begins: Bools | None = None
) -> tuple[Pause, ...]:
    """Spans in which the clock jumped ahead, or the generator stood still.

    A client that has its answer sends again within its period. If no request was sent or answered
    for over three periods and 5 s, and not every client was waiting for an answer, no time passed
    for the generator. If all of them waited, it was the endpoint, and the span stays. `others_s`
    are other signs of life: ramp steps and samples of the host. `begins` says which requests begin
    a period; None: all.
    """
    events = np.sort(np.concatenate([sent_s[~np.isnan(sent_s)], done_s, others_s]))
    gaps = np.flatnonzero(np.diff(events) > LEAST_PAUSE_S)
    if not len(gaps):
        return ()
    first = np.ones(len(done_s), np.bool_) if begins is None else begins
    least_s = max(LEAST_PAUSE_S, 3 * _period_s(done_s[first], client[first]))
    found = []
    for gap in gaps:
        start_s, end_s = float(events[gap]), float(events[gap + 1])
        after = done_s >= end_s
        active = set(client[done_s <= start_s].tolist()) & set(client[after].tolist())
        waiting = set(client[after & (sent_s <= start_s)].tolist())
        length_s = end_s - start_s
        if length_s > SURE_PAUSE_S or (length_s > least_s and active - waiting):
            found.append(Pause(end_s - min(length_s, _whole_quarters(length_s)), end_s))
    return tuple(found)


def _period_s(done_s: Floats, client: Ints) -> float:
    """The usual time from one answer of a client to its next."""
    order = np.lexsort((done_s, client))
    same = client[order][1:] == client[order][:-1]
    between = np.diff(done_s[order])[same]
    return float(np.median(between)) if len(between) else 0.0


def without_pauses(at_s: Floats, found: tuple[Pause, ...]) -> Floats:
    """Instants on an axis from which the pauses are cut; one inside a pause is at its start."""
    cut: Floats = at_s.copy()
    for pause in found:
        cut -= np.clip(at_s - pause.start_s, 0.0, pause.end_s - pause.start_s)
    return cut


def latency_unit(latency: Floats, done_s: Floats, client: Ints, most_clients: int) -> float:
    """The unit of the latencies, in seconds: 1, unless they cannot possibly be seconds.

    A client waits for one answer at a time, so its latencies add up to no more than its time. Half
    of them are the median or more: one odd value proves nothing. `most_clients` is how many the
    ramp had at most; if there were more of them than numbers, they waited side by side.
    """
    known = ~np.isnan(latency)
    clients, index = np.unique(client[known], return_inverse=True)
    if not len(clients) or int(known.sum()) <= 2 * len(clients):
        return 1.0
    first, last = np.full(len(clients), np.inf), np.full(len(clients), -np.inf)
    np.minimum.at(first, index, done_s[known])
    np.maximum.at(last, index, done_s[known])
    side_by_side = max(1.0, most_clients / len(clients)) if most_clients else 30.0
    room_s = float((last - first + 1.0).sum()) * side_by_side
    filled_s = float(np.median(latency[known])) * (int(known.sum()) - len(clients))
    if filled_s <= _IMPOSSIBLE * room_s:
        return 1.0
    return next((unit for unit in UNIT_NAMES if filled_s * unit <= room_s), 1.0)


def impossible(latency_s: Floats) -> Bools:
    """Which latencies cannot be: negative after a clock was set, or longer than a day."""
    return np.asarray(~((latency_s >= 0) & (latency_s <= MOST_LATENCY_S)), dtype=np.bool_)
