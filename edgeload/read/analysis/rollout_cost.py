"""What the roll-out of a model cost: requests without a good answer, and slow answers. Pure.

Seconds around the roll-out are held against seconds of the same load just before it. A second is
slow if its p95 is a quarter above that of the time before, and above what further seconds like
those before would have by chance once in 500 roll-outs. Clients in a closed loop that waited count
as if they had gone on asking (`closed_loops`). Too little before it is an answer of its own: then
the cost is not known (method 16). In simulated queues without any roll-out, at 40 to 95 %
of their capacity, 0 to 4 % of the looks found slow seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from scipy import special

from edgeload.read.log.columns import Bools
from edgeload.read.statistics.closed_loops import NO_WAITS, ClosedWaits, unasked
from edgeload.read.statistics.percentiles import nearest_rank
from edgeload.read.statistics.windows import Floats, Window, count_in

LEAST_REQUESTS = 60
"""So many tell a p95 of the time before (method 6: 59 at 95 %)."""
LEAST_WIDTHS = 5
BEFORE_S = 60.0
LEAD_S = 10.0
"""A new pod loads its model before it answers, and that may already slow the old one down."""
AFTER_S = 30.0
NEAR_S = 10.0
"""Slow seconds are the roll-out's if they begin within it, or so soon after it."""
SLOWER = 1.25
MOST_SLOWER = 10.0
_QUANTILE = 0.95
_PER_WIDTH = 10
_LEAST_IN_WIDTH = 3
_BY_CHANCE = 0.01
_SLOW_BY_CHANCE = 0.002

Unknown = Literal["", "going_on_before", "too_few", "too_short", "too_uneven"]
"""Why it is not known whether answers were slower: the roll-out had begun before the run; too few
requests, or too few seconds, of the same load before it; or times that were too different from
second to second before it, so that nothing would show."""


@dataclass(frozen=True)
class AskedOfDetector:
    """What was asked of one detector, in order of the due times; seconds.

    `time_s` is how long an answer took, where it is `ok`. `missed_s` are the due times of frames
    that were never sent. `waits` are the requests, of these and others, that held up a client in a
    closed loop.
    """

    due_s: Floats
    time_s: Floats
    ok: Bools
    missed_s: Floats
    waits: ClosedWaits = NO_WAITS


@dataclass(frozen=True)
class RolloutCost:
    """Seconds from `start_s` to `end_s` around a roll-out, held against those before it.

    `requests` = good answers + `failed` + `never_sent`. `more_lost` are the failed and the unsent
    beyond what else was lost under this load; None: it may be chance, or nobody can tell. `slow_s`
    seconds were slow and `worse_s` slow or failing, None if `unknown` says why; the p95 of the time
    is that before the roll-out, that of the slow seconds, and the least that would have been slow.
    `requests_before` got a good answer
    just before it, in `seconds_before`.
    """

    start_s: float
    end_s: float
    requests: int
    failed: int
    never_sent: int
    more_lost: int | None
    slow_s: float | None
    worse_s: float | None
    p95_before_s: float | None
    p95_slow_s: float | None
    p95_limit_s: float | None
    requests_before: int
    seconds_before: float
    unknown: Unknown = ""

    @property
    def lost(self) -> int:
        """Requests without a good answer."""
        return self.failed + self.never_sent

    @property
    def is_free(self) -> bool:
        """Whether it is known that it cost nothing that could be seen."""
        return not self.unknown and not self.worse_s and self.more_lost == 0


def rollout_cost(
    asked: AskedOfDetector, at_s: float, over_s: float, load: Window, *, known_start: bool = True
) -> RolloutCost:
    """The cost of a roll-out that began at `at_s` and was over at `over_s`.

    `load` is the part of the run with the same load around it, and without another roll-out.
    """
    lead_s = min(LEAD_S, max(0.0, at_s - load.start_s) / 4)
    around = Window(at_s - lead_s, max(at_s, min(over_s + AFTER_S, load.end_s)))
    before = Window(max(load.start_s, around.start_s - BEFORE_S), around.start_s)
    near_s = min(around.end_s, over_s + NEAR_S)
    requests = int(np.count_nonzero(asked.ok & before.holds(asked.due_s)))
    width_s = max(1.0, _PER_WIDTH * before.length_s / requests) if requests else 1.0
    answers = _Answers.of(asked, before, width_s)
    times = _Before.of(answers, requests, before, width_s, near_s - around.start_s)
    unknown: Unknown = times.unknown if known_start else "going_on_before"
    edges = _edges(around, at_s, width_s)
    lost = _Losses.of(asked, around, load, edges)
    slow = _slow(answers, edges, near_s, times) if not unknown else None
    lengths_s = np.diff(edges)
    in_slow = around.holds(answers.due_s)
    if slow is not None:
        in_slow &= _in_marked(answers.due_s, edges, slow)
    slow_times = answers.time_s[in_slow]
    return RolloutCost(
        start_s=around.start_s,
        end_s=around.end_s,
        requests=lost.requests,
        failed=lost.failed,
        never_sent=lost.never_sent,
        more_lost=lost.more,
        slow_s=None if slow is None else float(lengths_s[slow].sum()),
        worse_s=None if slow is None else float(lengths_s[slow | lost.failing].sum()),
        p95_before_s=times.p95_s,
        p95_slow_s=(
            nearest_rank(np.sort(slow_times), _QUANTILE)
            if slow is not None and slow.any()
            else None
        ),
        p95_limit_s=None if unknown else times.limit_s,
        requests_before=times.requests,
        seconds_before=before.length_s,
        unknown=unknown,
    )


@dataclass(frozen=True)
class _Answers:
    """The times of good answers in order of their due times, with those that clients in a closed
    loop would have got, had they not waited: a standstill is slow for as long as it lasts."""

    due_s: Floats
    time_s: Floats

    @classmethod
    def of(cls, asked: AskedOfDetector, usual: Window, width_s: float) -> _Answers:
        """In `usual` they asked as often as they do; a wait of `width_s` hides one."""
        more_s, more_times_s = unasked(asked.waits, usual, width_s)
        due_s = np.concatenate([asked.due_s[asked.ok], more_s])
        order = np.argsort(due_s, kind="stable")
        return cls(due_s[order], np.concatenate([asked.time_s[asked.ok], more_times_s])[order])


@dataclass(frozen=True)
class _Losses:
    """Requests without a good answer around a roll-out, held against those elsewhere."""

    requests: int
    failed: int
    never_sent: int
    more: int | None
    failing: Bools
    """The seconds in which more was lost than chance allows; none if all of it may be chance."""

    @classmethod
    def of(cls, asked: AskedOfDetector, around: Window, load: Window, edges: Floats) -> _Losses:
        failed_s, missed_s = asked.due_s[~asked.ok], asked.missed_s
        sent, failed, missed = (count_in(s, around) for s in (asked.due_s, failed_s, missed_s))
        requests, lost = sent + missed, failed + missed
        others = count_in(asked.due_s, load) + count_in(missed_s, load) - requests
        others_lost = count_in(failed_s, load) + count_in(missed_s, load) - lost
        none = np.zeros(len(edges) - 1, dtype=np.bool_)
        if not lost or not others:
            return cls(requests, failed, missed, None if lost else 0, none)
        expected = others_lost / others * requests
        due, gone = _lost_in(asked, edges)
        usual = _most_share(others_lost, others)
        # By chance, all that was lost falls into one of two spans as often as a binomial says.
        if special.betainc(lost, others_lost + 1, requests / (requests + others)) < _BY_CHANCE / 2:
            more = max(1, round(lost - expected))
            return cls(requests, failed, missed, more, np.asarray(gone > usual * due))
        worst = _worst_elsewhere(asked, around, load)
        burst = _bursts(due, gone, usual) & (gone > worst * due)
        if burst.any():
            in_burst = float(np.sum((gone - others_lost / others * due)[burst]))
            more = round(in_burst) if others_lost else lost
            return cls(requests, failed, missed, max(1, more), burst)
        return cls(requests, failed, missed, 0 if lost <= np.ceil(expected) else None, none)


def _lost_in(asked: AskedOfDetector, edges: Floats) -> tuple[Floats, Floats]:
    """What was due in each width, and what of it got no good answer."""
    missed = _counts(asked.missed_s, edges)
    due = _counts(asked.due_s, edges) + missed
    return due, _counts(asked.due_s[~asked.ok], edges) + missed


def _bursts(due: Floats, gone: Floats, usual: float) -> Bools:
    """The widths in which so much is lost by chance once in 200 roll-outs."""
    some = gone > 0
    by_chance = np.ones(len(due))
    by_chance[some] = special.betainc(gone[some], due[some] - gone[some] + 1, usual)
    return np.asarray(by_chance < _BY_CHANCE / 2 / max(1, len(due)), dtype=np.bool_)


def _worst_elsewhere(asked: AskedOfDetector, around: Window, load: Window) -> float:
    """The largest share that was lost in a second of the same load, but not around the roll-out."""
    worst = 0.0
    for span in (Window(load.start_s, around.start_s), Window(around.end_s, load.end_s)):
        if span.length_s > 0:
            due, gone = _lost_in(asked, _edges(span, span.start_s, 1.0))
            worst = max(worst, float(np.max(gone / np.maximum(due, 1.0), initial=0.0)))
    return worst


@dataclass(frozen=True)
class _Before:
    """What is usual: the seconds just before."""

    requests: int
    p95_s: float | None
    limit_s: float
    """Seconds with a p95 above this are slow."""
    unknown: Unknown

    @classmethod
    def of(
        cls, answers: _Answers, requests: int, before: Window, width_s: float, looks: float
    ) -> _Before:
        """`looks` is for how many seconds around the roll-out others will be held against these.

        `requests` of the answers were asked for.
        """
        if requests < LEAST_REQUESTS:
            return cls(requests, None, np.inf, "too_few")
        p95s = _p95s(answers, _edges(before, before.end_s, width_s))
        logs = np.log(p95s[np.isfinite(p95s)])
        if before.length_s < LEAST_WIDTHS * width_s or len(logs) < LEAST_WIDTHS:
            return cls(requests, None, np.inf, "too_short")
        p95_s = nearest_rank(np.sort(answers.time_s[before.holds(answers.due_s)]), _QUANTILE)
        limit_s = max(SLOWER * p95_s, _limit_s(logs, max(1.0, looks / width_s)))
        unknown: Unknown = "too_uneven" if limit_s > MOST_SLOWER * p95_s else ""
        return cls(requests, p95_s, limit_s, unknown)


def _limit_s(logs: Floats, looks: float) -> float:
    """A p95 in seconds that a further second exceeds by chance once in 500 times, of all `looks`.

    `logs` are the logarithms of the p95 of seconds in order. The limit is that of a prediction
    from a sample (Student's t), which counts as smaller the more alike neighbours are: n_eff =
    n (1 - r) / (1 + r), with r the correlation of neighbours.
    """
    off = logs - logs.mean()
    spread = float(np.sum(off**2))
    alike = max(0.0, float(np.sum(off[1:] * off[:-1])) / spread) if spread else 0.0
    effective = max(3.0, len(logs) * (1.0 - alike) / (1.0 + alike))
    error = np.sqrt(spread / len(logs) * effective / (effective - 1.0) * (1.0 + 1.0 / effective))
    t = float(special.stdtrit(effective - 1.0, 1.0 - _SLOW_BY_CHANCE / looks))
    with np.errstate(over="ignore"):
        return float(np.exp(logs.mean() + t * error))


def _slow(answers: _Answers, edges: Floats, at_s: float, usual: _Before) -> Bools:
    """The slow seconds: those near the roll-out, and those that follow them without a pause."""
    p95s = _p95s(answers, edges)
    above = np.where(np.isnan(p95s), False, p95s > usual.limit_s)
    slow = above & (edges[:-1] < at_s)
    for place in np.flatnonzero(edges[:-1] >= at_s).tolist():
        slow[place] = above[place] and slow[place - 1]
    return np.asarray(slow, dtype=np.bool_)


def _p95s(answers: _Answers, edges: Floats) -> Floats:
    """The p95 of the good answers to what was due in each width; NaN for less than 3 of them."""
    at = np.searchsorted(answers.due_s, edges)
    found = [
        nearest_rank(np.sort(answers.time_s[a:b]), _QUANTILE)
        if b - a >= _LEAST_IN_WIDTH
        else np.nan
        for a, b in pairwise(at.tolist())
    ]
    return np.array(found, dtype=np.float64)


def _most_share(hits: int, of: int) -> float:
    """The upper limit of a share at 99 % (Clopper & Pearson 1934)."""
    return 1.0 if hits >= of else float(special.betaincinv(hits + 1, of - hits, 1.0 - _BY_CHANCE))


def _edges(span: Window, at_s: float, width_s: float) -> Floats:
    """Edges of widths that fill a span, one of them at `at_s`; the outer ones may be shorter."""
    first = np.ceil((span.start_s - at_s) / width_s - 1e-9)
    last = np.floor((span.end_s - at_s) / width_s + 1e-9)
    inner = at_s + width_s * np.arange(first, last + 1)
    edges = np.concatenate([[span.start_s], inner, [span.end_s]])
    return np.asarray(edges[np.concatenate([[True], np.diff(edges) > 1e-6])])


def _counts(sorted_s: Floats, edges: Floats) -> Floats:
    """How many sorted instants fall into each width."""
    return np.diff(np.searchsorted(sorted_s, edges)).astype(np.float64)


def _in_marked(due_s: Floats, edges: Floats, marked: Bools) -> Bools:
    """Which instants fall into a marked width."""
    at = np.searchsorted(edges, due_s, side="right") - 1
    inside = (at >= 0) & (at < len(marked))
    return np.asarray(inside & marked[np.where(inside, at, 0)], dtype=np.bool_)
