"""The quantities of one load on two sides: their changes with intervals, and a verdict each. Pure.

Throughput and the medians of windows are compared by Hodges and Lehmann's shift, percentiles of
merged windows by a bootstrap of whole windows, shares by the difference of proportions. A load is
compared if both sides have a valid, complete step of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

import numpy as np

from edgeload.read.analysis.compared_loads import Found, Load, MatchedLoad
from edgeload.read.analysis.compared_windows import (
    Cut,
    LoadWindows,
    values_of_windows,
    windows_of,
)
from edgeload.read.analysis.finding import Finding
from edgeload.read.statistics.percentiles import nearest_rank
from edgeload.read.statistics.shares import WindowedShare, difference_of_shares
from edgeload.read.statistics.two_samples import Shift, hodges_lehmann, inflation, percentile_ratio
from edgeload.read.statistics.windows import Floats

QuantityVerdict = Literal["better", "worse", "same", "undecided"]

MARGIN = 0.05
SHARE_MARGIN = 0.005
"""Shares of requests that differ by less are the same: half of what a capacity may lose (1 %)."""
SHARES = ("errors", "missed", "escalated")
"""The quantities that are shares of requests; they change by a difference, and less is better."""

NO_OBSTACLE = ("both_overloaded", "capacity_beyond_ramp")
"""Why a quantity is not compared, although other quantities say what there is to say."""

_AS_GOOD_AS_NEVER_S = 1e6
_QUANTILES = {"p95": (0.95, 59), "p99": (0.99, 299)}  # with the fewest times that bound it
_NO_CHANGE = Shift(0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True)
class ComparedQuantity:
    """One quantity at one load; `load` is None for the capacity, which is of the whole run.

    `shift` and its limits are relative to the old value; those of shares are differences. Values
    are over all windows of a side: per second, seconds (infinity: never answered), or shares from 0
    to 1. `p` is None if there was nothing to test. `verdict` is "undecided" if `why` says what
    keeps the quantity from being compared.
    """

    load: Load | None
    quantity: str
    old: float | None
    new: float | None
    shift: float | None
    low: float | None
    high: float | None
    p: float | None
    verdict: QuantityVerdict
    why: Finding | None = None

    @property
    def clients(self) -> int | None:
        """Clients of the load on the new side."""
        return self.load.clients if self.load else None


def compare_load(matched: MatchedLoad, margin: float, *, same_runs: bool) -> list[ComparedQuantity]:
    """All quantities of a load, throughput first; one that says why if none can be compared.

    Of a mix with a closed loop as a whole, throughput is the only one: a group that answers faster
    sends more, so it would weigh more in shares and percentiles (Simpson's paradox).
    """
    why = next(chain(_unfit(matched.old, "old"), _unfit(matched.new, "new")), None)
    usable_old, usable_new = _usable(matched.old), _usable(matched.new)
    if not usable_old or not usable_new:
        return [not_compared(matched.load, "throughput", why)]
    if _unplanned(matched.load) and (sent := _sent_differ(usable_old, usable_new)):
        return [not_compared(matched.load, "throughput", sent)]
    old, new = windows_of(usable_old), windows_of(usable_new)
    if not old.due or not new.due:
        return [not_compared(matched.load, "throughput", Finding("too_few_windows", "note"))]
    pair = _Pair(matched.load, margin, same_runs=same_runs)
    rates = [
        [values_of_windows(cut, "throughput_per_s") for cut in side.due] for side in (old, new)
    ]
    rows = [pair.by_windows("throughput", *rates)]
    if matched.load.all_groups and any(map(_has_closed_loop, usable_new)):
        return rows
    rows += _shares(pair, old, new)
    rows += _times(pair, "service", old.service, new.service)
    if old.response is not None and new.response is not None:
        rows += _times(pair, "response", old.response, new.response)
    if _overloaded(usable_old) and _overloaded(usable_new) and not same_runs:
        rows = [_without_change(row) if _grows(row) else row for row in rows]
    return rows


def not_compared(load: Load | None, quantity: str, why: Finding | None) -> ComparedQuantity:
    """A quantity without a comparison, and why."""
    return ComparedQuantity(load, quantity, None, None, None, None, None, None, "undecided", why)


def _unfit(found: Sequence[Found], side: str) -> Iterator[Finding]:
    """Why the steps of one side cannot be compared."""
    for _, step in found:
        if not step.valid:
            codes = tuple(doubt.code for doubt in step.doubts)
            yield Finding("side_invalid", "note", numbers={"side": side, "codes": codes})
        elif not step.complete:
            yield Finding("side_incomplete", "note", numbers={"side": side})


def _usable(found: Sequence[Found]) -> list[Found]:
    return [(run, step) for run, step in found if step.valid and step.complete]


def _unplanned(load: Load) -> bool:
    """Whether the logs do not say how much was due: they are of the older form."""
    return load.arrival_per_s is None and load.copies is None


def _has_closed_loop(found: Found) -> bool:
    plan = found[0].log.plan
    return plan is not None and any(group.closed for group in plan.groups)


def _sent_differ(old: Sequence[Found], new: Sequence[Found]) -> Finding | None:
    """Without arrival rates, as many clients are the same load only if they sent as much."""
    if not all(sum(step.window.length_s for _, step in side) for side in (old, new)):
        return Finding("too_few_windows", "note")
    before, after = (
        sum(step.within.sent for _, step in side) / sum(step.window.length_s for _, step in side)
        for side in (old, new)
    )
    if abs(after - before) <= MARGIN * before:
        return None
    return Finding("sent_rates_differ", "note", numbers={"old_per_s": before, "new_per_s": after})


def _overloaded(found: Sequence[Found]) -> bool:
    """Whether a backlog grew in every step."""
    return all(step.overloaded for _, step in found)


def _grows(row: ComparedQuantity) -> bool:
    return row.quantity == "missed" or row.quantity.startswith("response")


def _without_change(row: ComparedQuantity) -> ComparedQuantity:
    """Where a queue grows, these figures tell how long the step was; throughput tells the rest."""
    why = Finding("both_overloaded", "note")
    return replace(row, shift=None, low=None, high=None, p=None, verdict="undecided", why=why)


def _shares(pair: _Pair, old: LoadWindows, new: LoadWindows) -> Iterator[ComparedQuantity]:
    """Failed requests of those sent, missed of those due, and answers that were not the edge's."""
    sides = (old, new)
    yield pair.by_shares("errors", *(side.shares("failed", "sent") for side in sides))
    if all(window.missed is not None for side in sides for cut in side.due for window in cut):
        yield pair.by_shares("missed", *(side.shares("missed", "due") for side in sides))
    if any(window.named for side in sides for cut in side.due for window in cut):
        yield pair.by_shares("escalated", *(side.shares("away", "named") for side in sides))


def _times(
    pair: _Pair, kind: str, old: Sequence[Cut], new: Sequence[Cut]
) -> Iterator[ComparedQuantity]:
    """Median and percentiles of a kind of time."""
    sides = [
        [[getattr(window, f"{kind}_s") for window in cut] for cut in side] for side in (old, new)
    ]
    if not all(sides):
        yield not_compared(pair.load, f"{kind} p50", Finding("too_few_windows", "note"))
        return
    medians = [[np.array([np.median(w) for w in cut]) for cut in side] for side in sides]
    yield pair.by_windows(f"{kind} p50", *medians)
    counts = [sum(len(window) for cut in side for window in cut) for side in sides]
    for name, (q, least) in _QUANTILES.items():
        if min(counts) >= least:
            yield pair.by_bootstrap(f"{kind} {name}", q, *sides)
        elif name == "p95":
            why = Finding("too_few_for_p95", "note", numbers={"needed": least})
            yield not_compared(pair.load, f"{kind} p95", why)


@dataclass(frozen=True)
class _Pair:
    """What the comparisons of one load share; `same_runs`: both sides are the same run."""

    load: Load
    margin: float
    same_runs: bool

    def by_windows(
        self, quantity: str, old: Sequence[Floats], new: Sequence[Floats]
    ) -> ComparedQuantity:
        """A value for each window, run by run: their shift."""
        a, b = np.concatenate(old), np.concatenate(new)
        before, after = float(np.median(a)), float(np.median(b))
        if not before and max(a.max(), b.max()) > 0:
            return not_compared(self.load, quantity, Finding("old_side_empty", "note"))
        if self.same_runs or not before:
            return self._judged(quantity, before, after, _NO_CHANGE)
        bounded_old, bounded_new = (np.minimum(side, _AS_GOOD_AS_NEVER_S) for side in (a, b))
        shift = hodges_lehmann(bounded_old, bounded_new).widened(inflation([old, new]))
        value, low, high = (_relative(v, before) for v in (shift.value, shift.low, shift.high))
        return self._judged(quantity, before, after, Shift(value, low, high, shift.p))

    def by_bootstrap(
        self,
        quantity: str,
        q: float,
        old: Sequence[Sequence[Floats]],
        new: Sequence[Sequence[Floats]],
    ) -> ComparedQuantity:
        """The times in each window, run by run: the ratio of a percentile of them all."""
        a, b = (list(chain.from_iterable(side)) for side in (old, new))
        before, after = (nearest_rank(np.concatenate(side), q) for side in (a, b))
        each_old, each_new = (
            [np.array([nearest_rank(window, q) for window in run]) for run in side]
            for side in (old, new)
        )
        if math.isinf(before) != math.isinf(after):
            return replace(self.by_windows(quantity, each_old, each_new), old=before, new=after)
        if self.same_runs or math.isinf(before):
            return self._judged(quantity, before, after, _NO_CHANGE)
        shift = percentile_ratio(a, b, q).widened(inflation([each_old, each_new]))
        return self._judged(quantity, before, after, shift)

    def by_shares(
        self, quantity: str, old: Sequence[WindowedShare], new: Sequence[WindowedShare]
    ) -> ComparedQuantity:
        """Hits of members in each window, run by run: the difference of their shares."""
        a, b = WindowedShare.merged(old), WindowedShare.merged(new)
        before, after = a.value, b.value
        if before is None or after is None:
            why = Finding("old_side_empty" if before is None else "new_side_empty", "note")
            return not_compared(self.load, quantity, why)
        if not before and not after:  # there is nothing to test, and nothing to correct for
            return ComparedQuantity(self.load, quantity, 0.0, 0.0, 0.0, 0.0, 0.0, None, "same")
        if self.same_runs:
            return self._judged(quantity, before, after, _NO_CHANGE)
        factor = inflation([[share.by_window for share in side] for side in (old, new)])
        return self._judged(quantity, before, after, difference_of_shares(a, b, factor))

    def _judged(self, quantity: str, old: float, new: float, shift: Shift) -> ComparedQuantity:
        if quantity not in SHARES:  # nothing that is measured can become less than nothing
            value, low, high = (max(-1.0, at) for at in (shift.value, shift.low, shift.high))
            shift = Shift(value, low, high, shift.p)
        margin = SHARE_MARGIN if quantity in SHARES else self.margin
        verdict = verdict_of(shift, margin, more_is_better=quantity == "throughput")
        return ComparedQuantity(
            self.load, quantity, old, new, shift.value, shift.low, shift.high, shift.p, verdict
        )


def verdict_of(shift: Shift, margin: float, *, more_is_better: bool) -> QuantityVerdict:
    """Same: the whole interval is within the margin. A change: the estimate is beyond the margin,
    and the whole interval beyond half of it.

    An interval knows the scatter within runs. Runs of an unchanged endpoint on a busy machine also
    differ among each other by a few percent, so an interval that merely excludes 0 is too little.
    """
    if -margin <= shift.low and shift.high <= margin:
        return "same"
    surely = max(shift.low, -shift.high)
    if abs(shift.value) > margin and surely > margin / 2:
        return "better" if (shift.value > 0) == more_is_better else "worse"
    return "undecided"


def _relative(change: float, before: float) -> float:
    """A change relative to the old value: -1 if only the new side was answered, infinity if only
    the old side was.
    """
    if abs(change) > _AS_GOOD_AS_NEVER_S / 2:
        return math.inf if change > 0 else -1.0
    return change / before
