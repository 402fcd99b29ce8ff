"""Outages: spells without one good answer, when they ended and what they cost. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeload.failure_classes import CHANGED_ANSWER, GENERATOR
from edgeload.plan import RampStep
from edgeload.read.log.columns import Bools, Ints, Requests, RunLog
from edgeload.read.statistics.grouped import in_half_the_room
from edgeload.read.statistics.windows import Floats

LEAST_FAILURES = 3
LEAST_S = 1.0
_BY_CHANCE = 0.01
_BEFORE_S = 5.0
_NO_WAIT_S = 0.05
_LEAST_GAPS = 20
_TIMES_THE_USUAL = 20.0
SILENCE = "silence"
"""What stands for the class of failure where nothing failed."""


@dataclass(frozen=True)
class Outage:
    """A spell of failures without a good answer between them; instants in run time.

    It begins when the first request that failed was sent, or with the last good answer before, if
    that is later. `recovered_s` is the first good answer after it; `caught_up_s` is when requests
    were sent as promptly as before it. Both are None if the run ended earlier. `frames_lost` are
    the requests that failed in it, and those that fell due until the backlog was gone and were
    never sent. `outcome` is the most frequent class of failure, `steps` the steps that it touched.
    """

    start_s: float
    recovered_s: float | None
    caught_up_s: float | None
    frames_lost: int
    failures: int
    outcome: str
    steps: tuple[int, ...]
    group: str = ""
    """The camera group of a mix that alone was concerned."""

    @property
    def silent(self) -> bool:
        """Whether nothing failed in it: everything was answered, but late."""
        return not self.failures


@dataclass(frozen=True)
class FailureSpells:
    """Spells as columns, one place each; a run of ten million failures may have as many.

    Rows `first` to `last` of the requests in the order of their ends all failed; in a silence there
    are none, and `first` is the answer that ended it. It lasted from `start_s` until its last
    failure ended, `least_s` later, and at most until the first good answer at `recovered_s`, which
    is infinite if none came.
    """

    first: npt.NDArray[np.intp]
    last: npt.NDArray[np.intp]
    start_s: Floats
    recovered_s: Floats
    least_s: Floats

    def kept(self, mask: Bools) -> FailureSpells:
        """Those that the mask keeps, in order of time."""
        at = np.flatnonzero(mask)
        at = at[np.argsort(self.start_s[at], kind="stable")]
        return FailureSpells(
            self.first[at], self.last[at], self.start_s[at], self.recovered_s[at], self.least_s[at]
        )


@dataclass(frozen=True)
class FailureSeries:
    """A run's requests in the order of their ends, every row of failures among them, and silences.

    What the generator itself could not send is left out: it says nothing about the endpoint. `ok`
    is also a changed answer, because an endpoint that gives one is not down.
    """

    requests: Requests
    rows: Ints
    done_s: Floats
    ok: Bools
    spells: FailureSpells

    @property
    def sent_s(self) -> Floats:
        """When each of them was sent."""
        return self.requests.sent_s[self.rows]

    def longest_outage(self, start_s: float, end_s: float) -> tuple[float, float] | None:
        """The least and the most that the longest spell which touches a span may have lasted.

        (0, 0) without any; None if nothing was sent in the span.
        """
        sent_s = self.requests.sent_s
        if not np.any(((sent_s >= start_s) & (sent_s < end_s))[self.rows]):
            return None
        spells = self.spells
        touching = (spells.start_s < end_s) & (spells.recovered_s > start_s)
        least_s = spells.least_s[touching].max(initial=0.0)
        return float(least_s), float(
            (spells.recovered_s - spells.start_s)[touching].max(initial=0.0)
        )


def failure_series(requests: Requests) -> FailureSeries:
    """The requests by their ends, their rows of failures, and silences."""
    rows = in_half_the_room(np.argsort(requests.done_s, kind="stable"))
    ours = requests.having(GENERATOR)
    rows = rows[~ours[rows]] if ours.any() else rows
    ok, done_s = (requests.ok | requests.having(CHANGED_ANSWER))[rows], requests.done_s[rows]
    edges = np.flatnonzero(np.diff(np.concatenate([[True], ok, [True]]).astype(np.int8)))
    first, end = edges.reshape(-1, 2).T
    failed = np.flatnonzero(~ok)
    begins = np.searchsorted(failed, first)
    sent_s = requests.sent_s[rows[failed]]
    begun_s = np.minimum.reduceat(sent_s, begins) if len(begins) else sent_s
    start_s = np.maximum(begun_s, np.where(first > 0, done_s[first - 1], -np.inf))
    recovered_s = np.where(end < len(ok), done_s[np.minimum(end, len(ok) - 1)], np.inf)
    least_s = done_s[end - 1] - start_s
    silent = _silences(requests, rows, done_s, ok)
    spells = FailureSpells(
        np.concatenate([first, silent.first]),
        np.concatenate([end - 1, silent.last]),
        np.concatenate([start_s, silent.start_s]),
        np.concatenate([recovered_s, silent.recovered_s]),
        np.concatenate([least_s, silent.least_s]),
    )
    return FailureSeries(requests, rows, done_s, ok, spells)


def _silences(requests: Requests, rows: Ints, done_s: Floats, ok: Bools) -> FailureSpells:
    """Spells without any end of a request between two good answers, though several were wanted.

    They are far longer than the time between answers usually is, and at least three requests were
    sent or fell due in them: whoever waits for the endpoint sees no difference to a failure.
    """
    found: list[tuple[int, float, float]] = []
    pauses = np.flatnonzero((np.diff(done_s) >= LEAST_S) & ok[:-1] & ok[1:])
    if len(pauses):  # as a rule there is none
        sent_s = requests.sent_s[rows]
        wanted_s = sent_s if np.isnan(requests.due_s).any() else requests.due_s
        gaps_s = np.diff(done_s[ok])
        usual_s = float(np.median(gaps_s)) if len(gaps_s) >= _LEAST_GAPS else math.inf
        long_s = max(LEAST_S, _TIMES_THE_USUAL * usual_s)
        for before in pauses.tolist():
            after, end_s = before + 1, float(done_s[before + 1])
            still_open = (sent_s < end_s) & (done_s >= end_s)
            start_s = max(float(done_s[before]), float(np.min(sent_s[still_open], initial=end_s)))
            wanted = np.count_nonzero((wanted_s >= start_s) & (wanted_s < end_s))
            if end_s - start_s >= long_s and wanted >= LEAST_FAILURES:
                found.append((after, start_s, end_s))
    after_rows = np.array([row for row, _, _ in found], dtype=np.intp)
    starts_s, ends_s = (np.array([each[i] for each in found], dtype=np.float64) for i in (1, 2))
    return FailureSpells(after_rows, after_rows - 1, starts_s, ends_s, ends_s - starts_s)


def find_outages(
    log: RunLog,
    steps: Sequence[RampStep],
    series: FailureSeries,
    dues_s: Callable[[], Floats],
    ours: Sequence[int] = (),
) -> tuple[Outage, ...]:
    """The outages of a run, in order; `dues_s` gives the sorted due times of all planned requests.

    A spell counts if it has at least 3 failures, lasts at least 1 s, and if chance would not bring
    so long a row among requests that fail as often as those outside it. A silence, in which all was
    answered late, counts unless it touches one of the steps `ours`, in which the generator was at
    fault. A run without any good answer has no outage: it has no result.
    """
    if not series.ok.any():
        return ()
    last_due_s = max((step.end_s for step in steps), default=math.inf)
    spells = series.spells.kept(_count(series, log.last_s, last_due_s))
    found = []
    for place in range(len(spells.first)):
        outage = _outage(log, steps, series, spells, place, dues_s)
        if not outage.silent or not set(outage.steps) & set(ours):
            found.append(outage)
    return tuple(found)


def _count(series: FailureSeries, last_s: float, last_due_s: float) -> Bools:
    """Which spells are outages: silences, and rows of failures that are long and not by chance.

    After the last request was due, those that failed have no good answers among them any more: a
    spell must have begun a while before.
    """
    spells = series.spells
    size = spells.last - spells.first + 1
    failed, requests = int(np.count_nonzero(~series.ok)), len(series.ok)
    lasted_s = np.minimum(spells.recovered_s, last_s) - spells.start_s
    others = np.maximum(1, requests - size)
    by_chance = others * ((failed - size) / others) ** size > _BY_CHANCE
    in_time = spells.start_s <= last_due_s - LEAST_S
    rows = (size >= LEAST_FAILURES) & (lasted_s >= LEAST_S) & ~by_chance & in_time
    return np.asarray(rows | (size == 0), dtype=np.bool_)


def _outage(
    log: RunLog,
    steps: Sequence[RampStep],
    series: FailureSeries,
    spells: FailureSpells,
    place: int,
    dues_s: Callable[[], Floats],
) -> Outage:
    first, last = int(spells.first[place]), int(spells.last[place])
    start_s, end_s = float(spells.start_s[place]), float(spells.recovered_s[place])
    recovered = math.isfinite(end_s)
    rows = series.rows[first : last + 1]
    caught_up_s = _caught_up(log, steps, series, first, start_s) if recovered else None
    until_s = log.last_s if caught_up_s is None else caught_up_s
    lost = _never_sent(log, dues_s() if log.knows_due else None, start_s, until_s)
    outcomes = np.bincount(log.requests.outcome[rows])
    return Outage(
        start_s=start_s,
        recovered_s=end_s if recovered else None,
        caught_up_s=caught_up_s,
        frames_lost=len(rows) + lost,
        failures=len(rows),
        outcome=log.requests.outcomes[int(outcomes.argmax())] if len(rows) else SILENCE,
        steps=tuple(s.index for s in steps if s.start_s < end_s and s.end_s > start_s),
    )


def _caught_up(
    log: RunLog, steps: Sequence[RampStep], series: FailureSeries, first: int, start_s: float
) -> float | None:
    """When requests waited no longer to be sent than in the 5 s before the spell.

    That is from the first of as many in a row as there are clients. `first` is the spell's first
    row.
    """
    done_s, after = series.done_s, first + int(np.argmax(series.ok[first:]))
    wait_s = series.sent_s - log.requests.due_s[series.rows]
    if np.isnan(wait_s).any():  # the log knows no due times
        return float(done_s[after])
    from_row = int(np.searchsorted(done_s, start_s - _BEFORE_S))
    usual_s = max(_NO_WAIT_S, float(wait_s[from_row:first].max(initial=0.0)))
    late = np.flatnonzero(wait_s[after:] > usual_s)
    left = len(done_s) - after
    gaps = np.diff(np.concatenate([[-1], late, [left]])) - 1  # prompt ones before each late one
    clients = max((step.clients for step in steps), default=1)
    enough = np.flatnonzero(gaps >= min(clients, left))
    if not len(enough):
        return None
    row = 0 if enough[0] == 0 else int(late[enough[0] - 1]) + 1
    return float(done_s[after + row])


def _never_sent(log: RunLog, dues_s: Floats | None, start_s: float, end_s: float) -> int:
    """Requests that fell due in a span and were never sent."""
    if dues_s is None:
        return 0
    due = int(np.searchsorted(dues_s, end_s) - np.searchsorted(dues_s, start_s))
    sent = np.count_nonzero((log.requests.due_s >= start_s) & (log.requests.due_s < end_s))
    return max(0, due - int(sent))
