"""Outages: spells without one good answer, when they ended and what they cost. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeload.failure_classes import GENERATOR
from edgeload.plan import RampStep
from edgeload.read.log.columns import Bools, Requests, RunLog
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

    @property
    def silent(self) -> bool:
        """Whether nothing failed in it: everything was answered, but late."""
        return not self.failures

    start_s: float
    recovered_s: float | None
    caught_up_s: float | None
    frames_lost: int
    failures: int
    outcome: str
    steps: tuple[int, ...]


@dataclass(frozen=True)
class FailureSpell:
    """Rows `first` to `last` of requests in the order of their ends, all failed; or none, and then
    `first` is the answer that ended a silence.

    `least_s` is the time until the last failure ended, `most_s` the time without evidence of a good
    answer: infinite if none came after it.
    """

    first: int
    last: int
    start_s: float
    recovered_s: float | None
    least_s: float

    @property
    def silent(self) -> bool:
        """Whether nothing failed: requests were answered late, all of them."""
        return self.last < self.first

    @property
    def most_s(self) -> float:
        """Seconds from its start to the first good answer."""
        return math.inf if self.recovered_s is None else self.recovered_s - self.start_s


@dataclass(frozen=True)
class FailureSeries:
    """A run's requests in the order of their ends, every row of failures among them, and silences.

    What the generator itself could not send is left out: it says nothing about the endpoint.
    """

    rows: npt.NDArray[np.intp]
    done_s: Floats
    sent_s: Floats
    ok: Bools
    spells: tuple[FailureSpell, ...]

    def longest_outage(self, start_s: float, end_s: float) -> tuple[float, float] | None:
        """The least and the most that the longest spell which touches a span may have lasted.

        Until its last failure it surely lasted, and at most until the first good answer. (0, 0)
        without any; None if nothing was sent in the span.
        """
        if not np.any((self.sent_s >= start_s) & (self.sent_s < end_s)):
            return None
        found = [
            (spell.least_s, spell.most_s)
            for spell in self.spells
            if spell.start_s < end_s and (spell.recovered_s or math.inf) > start_s
        ]
        return max((least for least, _ in found), default=0.0), max(
            (most for _, most in found), default=0.0
        )


def failure_series(requests: Requests) -> FailureSeries:
    """The requests by their ends, and their rows of failures."""
    rows = np.flatnonzero(~requests.having(GENERATOR))
    rows = rows[np.argsort(requests.done_s[rows], kind="stable")]
    ok, done_s, sent_s = requests.ok[rows], requests.done_s[rows], requests.sent_s[rows]
    spells = [*_spells(done_s, sent_s, ok), *_silences(requests, done_s, sent_s, ok)]
    spells.sort(key=lambda spell: spell.start_s)
    return FailureSeries(rows, done_s, sent_s, ok, tuple(spells))


def _spells(done_s: Floats, sent_s: Floats, ok: Bools) -> Iterator[FailureSpell]:
    edges = np.flatnonzero(np.diff(np.concatenate([[True], ok, [True]]).astype(np.int8)))
    for first, end in edges.reshape(-1, 2).tolist():
        begun_s = float(sent_s[first:end].min())
        start_s = max(begun_s, float(done_s[first - 1])) if first else begun_s
        yield FailureSpell(
            first,
            end - 1,
            start_s=start_s,
            recovered_s=float(done_s[end]) if end < len(ok) else None,
            least_s=float(done_s[end - 1]) - start_s,
        )


def _silences(requests: Requests, done_s: Floats, sent_s: Floats, ok: Bools) -> list[FailureSpell]:
    """Spells without any end of a request between two good answers, though several were wanted.

    They are far longer than the time between answers usually is, and at least three requests were
    sent or fell due in them: whoever waits for the endpoint sees no difference to a failure.
    """
    good = np.flatnonzero(ok)
    gaps_s = np.diff(done_s[good])
    if len(gaps_s) < _LEAST_GAPS:
        return []
    long_s = max(LEAST_S, _TIMES_THE_USUAL * float(np.median(gaps_s)))
    found = []
    for place in np.flatnonzero((gaps_s >= long_s) & (np.diff(good) == 1)).tolist():
        before, after = int(good[place]), int(good[place + 1])
        still_open = (sent_s < done_s[after]) & (done_s >= done_s[after])
        start_s = max(float(done_s[before]), float(sent_s[still_open].min()))
        end_s = float(done_s[after])
        wanted_s = sent_s if np.isnan(requests.due_s).any() else requests.due_s
        wanted = np.count_nonzero((wanted_s >= start_s) & (wanted_s < end_s))
        if end_s - start_s >= long_s and wanted >= LEAST_FAILURES:
            found.append(FailureSpell(after, after - 1, start_s, end_s, end_s - start_s))
    return found


def find_outages(
    log: RunLog, steps: Sequence[RampStep], series: FailureSeries, dues_s: Callable[[], Floats]
) -> tuple[Outage, ...]:
    """The outages of a run, in order; `dues_s` gives the sorted due times of all planned requests.

    A spell counts if it has at least 3 failures, lasts at least 1 s, and if chance would not bring
    so long a row among requests that fail as often as those outside it; and so does a silence, in
    which nothing failed, but all was answered late. A run without any good
    answer has no outage: it has no result.
    """
    if not series.ok.any():
        return ()
    failed = int(np.count_nonzero(~series.ok))
    found = [s for s in series.spells if _counts(s, log.last_s, failed, len(series.ok))]
    if not found:
        return ()
    dues = dues_s() if log.knows_due else None
    clients = max((step.clients for step in steps), default=1)
    return tuple(_outage(log, steps, series, spell, dues, clients) for spell in found)


def _counts(spell: FailureSpell, last_s: float, failed: int, requests: int) -> bool:
    """Whether a spell is an outage: long, and not by chance."""
    size = spell.last - spell.first + 1
    if spell.silent:
        return True
    end_s = last_s if spell.recovered_s is None else spell.recovered_s
    if size < LEAST_FAILURES or end_s - spell.start_s < LEAST_S:
        return False
    others = max(1, requests - size)
    return bool(others * ((failed - size) / others) ** size <= _BY_CHANCE)


def _outage(
    log: RunLog,
    steps: Sequence[RampStep],
    series: FailureSeries,
    spell: FailureSpell,
    dues_s: Floats | None,
    clients: int,
) -> Outage:
    rows = series.rows[spell.first : spell.last + 1]
    wait_s = series.sent_s - log.requests.due_s[series.rows]
    caught_up_s = _caught_up(spell, series.done_s, wait_s, clients)
    until_s = log.last_s if caught_up_s is None else caught_up_s
    end_s = log.last_s if spell.recovered_s is None else spell.recovered_s
    return Outage(
        start_s=spell.start_s,
        recovered_s=spell.recovered_s,
        caught_up_s=caught_up_s,
        frames_lost=len(rows) + _never_sent(log, dues_s, spell.start_s, until_s),
        failures=len(rows),
        outcome=SILENCE
        if spell.silent
        else log.requests.outcomes[int(np.bincount(log.requests.outcome[rows]).argmax())],
        steps=tuple(s.index for s in steps if s.start_s < end_s and s.end_s > spell.start_s),
    )


def _caught_up(spell: FailureSpell, done_s: Floats, wait_s: Floats, clients: int) -> float | None:
    """When requests waited no longer to be sent than in the 5 s before the spell.

    That is from the first of as many in a row as there are clients.
    """
    if spell.recovered_s is None or np.isnan(wait_s).any():  # NaN: the log knows no due times
        return spell.recovered_s
    from_row = int(np.searchsorted(done_s, spell.start_s - _BEFORE_S))
    usual_s = max(_NO_WAIT_S, float(wait_s[from_row : spell.first].max(initial=0.0)))
    late = np.flatnonzero(wait_s[spell.last + 1 :] > usual_s)
    left = len(done_s) - spell.last - 1
    gaps = np.diff(np.concatenate([[-1], late, [left]])) - 1  # prompt ones before each late one
    enough = np.flatnonzero(gaps >= min(clients, left))
    if not len(enough):
        return None
    row = 0 if enough[0] == 0 else int(late[enough[0] - 1]) + 1
    return float(done_s[spell.last + 1 + row])


def _never_sent(log: RunLog, dues_s: Floats | None, start_s: float, end_s: float) -> int:
    """Requests that fell due in a span and were never sent."""
    if dues_s is None:
        return 0
    due = int(np.searchsorted(dues_s, end_s) - np.searchsorted(dues_s, start_s))
    sent = np.count_nonzero((log.requests.due_s >= start_s) & (log.requests.due_s < end_s))
    return max(0, due - int(sent))
