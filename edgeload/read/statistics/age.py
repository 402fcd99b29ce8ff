"""The age of the newest answer of each camera: a sawtooth over time, and how it spreads. Pure.

A camera's age is now less the due time of the newest frame that has its answer. Between answers it
grows by a second each second. An answer at t to a frame that was due at d, the newest so far, lets
it fall to t - d. Before its first answer a camera is of infinite age.

Ages are looked at over time: if p95 is 0.8 s, then the age was at most 0.8 s in 95 % of the time,
pooled over all cameras. In a span in which no answer comes, the age runs through its values evenly,
so the distribution is piecewise linear and is solved exactly, without a grid.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edgeload.read.statistics.grouped import ROWS_AT_ONCE, Grouped, GroupNumbers, grouped, in_parts
from edgeload.read.statistics.windows import Floats, Window

_ROUNDING = 1e-12  # a share that is q up to rounding reaches q

_Places = npt.NDArray[np.intp]
_CurvePart = tuple[Floats, Floats]


@dataclass(frozen=True)
class Age:
    """Ages in seconds, over the time of all cameras; infinity: no answer yet ("never").

    `max_s` is the age just before the answer that ended it.
    """

    p50_s: float
    p95_s: float
    max_s: float
    mean_s: float


@dataclass(frozen=True)
class AgeOverTime:
    """Ages in seconds in bins of time; NaN: no camera counted, infinity: never answered."""

    middle_s: Floats
    p50_s: Floats
    p95_s: Floats
    max_s: Floats


@dataclass(frozen=True)
class AgeSpans:
    """Spans [start_s, end_s) of time of one camera each, in any order, and in each the due time of
    the camera's newest answered frame; -infinity: there is none yet.
    """

    start_s: Floats
    end_s: Floats
    newest_due_s: Floats

    @property
    def time_s(self) -> float:
        """The time of all cameras together."""
        return float((self.end_s - self.start_s).sum())

    @property
    def age(self) -> Age | None:
        """The ages in four numbers; None without any time."""
        return age_of([self])

    def quantile(self, q: float) -> float:
        """The least age that is exceeded in at most 1 - q of the time; of spans that are not none.

        F(x) is the share of time with an age up to x: the spans' values [a, a + l] each add
        min(max(x - a, 0), l). The solution of F(x) = q lies between two ends of such intervals.
        """
        never = bool(np.isinf(self.newest_due_s).any())
        return _quantiles(self._curve, self.time_s, [q], never)[0]

    @property
    def max_s(self) -> float:
        """The largest age; of spans that are not none."""
        return float((self.end_s - self.newest_due_s).max())

    @property
    def mean_s(self) -> float:
        """The mean age over time; of spans that are not none."""
        return self.area_s2 / self.time_s

    @property
    def area_s2(self) -> float:
        """The integral of the ages over time."""
        middle_s = self.start_s + self.end_s
        middle_s /= 2
        middle_s -= self.newest_due_s
        return float(((self.end_s - self.start_s) * middle_s).sum())

    def share_above(self, age_s: float) -> float:
        """The share of the time with an age over this one; of spans that are not none."""
        below_s = 0.0
        for known_s, all_below_s in self._curve:
            below_s = float(np.interp(age_s, known_s, all_below_s))
            if age_s <= known_s[-1]:
                break
        return max(0.0, 1.0 - below_s / self.time_s)

    @cached_property
    def _curve(self) -> tuple[_CurvePart, ...]:
        begin_s, end_s = self.finite_ages()
        return tuple(_curve(np.sort(begin_s), np.sort(end_s)))

    def finite_ages(self) -> tuple[Floats, Floats]:
        """The ages at the starts and at the ends of the spans, without those that are infinite."""
        finite = np.isfinite(self.newest_due_s)
        kept = slice(None) if finite.all() else finite
        due_s = self.newest_due_s[kept]
        return self.start_s[kept] - due_s, self.end_s[kept] - due_s

    def split(self, edges_s: Floats) -> tuple[AgeSpans, ...]:
        """The spans cut at these instants, in order: one part between each two neighbours."""
        bins = len(edges_s) - 1
        first = np.clip(np.searchsorted(edges_s, self.start_s, side="right") - 1, 0, bins)
        last = np.clip(np.searchsorted(edges_s, self.end_s, side="left") - 1, -1, bins - 1)
        pieces = np.maximum(last - first + 1, 0)
        span = np.repeat(np.arange(len(pieces)), pieces)
        piece = np.arange(len(span)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        column = first[span] + piece
        order = np.argsort(column, kind="stable")
        span, column = span[order], column[order]
        start_s = np.maximum(self.start_s[span], edges_s[column])
        end_s = np.minimum(self.end_s[span], edges_s[column + 1])
        cuts = np.searchsorted(column, np.arange(bins + 1))
        parts = [slice(cuts[i], cuts[i + 1]) for i in range(bins)]
        return tuple(AgeSpans(start_s[p], end_s[p], self.newest_due_s[span[p]]) for p in parts)

    def over_time(self, edges_s: Floats) -> AgeOverTime:
        """The ages between each two neighbours of these instants, for a figure."""
        none = Age(math.nan, math.nan, math.nan, math.nan)
        ages = [part.age or none for part in self.split(edges_s)]
        return AgeOverTime(
            middle_s=(edges_s[:-1] + edges_s[1:]) / 2,
            p50_s=np.array([age.p50_s for age in ages]),
            p95_s=np.array([age.p95_s for age in ages]),
            max_s=np.array([age.max_s for age in ages]),
        )


def age_of(parts: Iterable[AgeSpans]) -> Age | None:
    """The ages of several sets of spans together; None without any time.

    It keeps less than the spans themselves, so those of a long log can be made one after the other.
    """
    begin_parts, end_parts = [np.zeros(0)], [np.zeros(0)]
    time_s = area_s2 = 0.0
    max_s = -math.inf
    for part in parts:
        if part.time_s > 0:
            time_s += part.time_s
            area_s2 += part.area_s2
            max_s = max(max_s, part.max_s)
            begin_s, end_s = part.finite_ages()
            begin_parts.append(begin_s)
            end_parts.append(end_s)
    if not time_s > 0:
        return None
    begin_s, end_s = _sorted(begin_parts), _sorted(end_parts)
    p50_s, p95_s = _quantiles(_curve(begin_s, end_s), time_s, [0.5, 0.95], math.isinf(max_s))
    return Age(p50_s, p95_s, max_s, area_s2 / time_s)


def _sorted(parts: list[Floats]) -> Floats:
    """All values in order. The parts are emptied: of a long log they are large."""
    values = np.concatenate(parts)
    parts.clear()
    values.sort()
    return values


def _curve(begin_s: Floats, end_s: Floats) -> Iterator[_CurvePart]:
    """Ages in order, and the time spent at or below each: straight lines lie between them.

    `begin_s` and `end_s` are the ages at the starts and at the ends of spans, each in order. The
    curve comes in parts: each begins with the last point of the one before.
    """
    age_s, below_s, still_open, first, begun = np.zeros(0), np.zeros(1), 0, 0, 0
    while first < len(end_s):
        ahead = (begin_s[begun + ROWS_AT_ONCE :], end_s[first + ROWS_AT_ONCE :])
        cut_s = min((float(values[0]) for values in ahead if len(values)), default=math.inf)
        until = int(np.searchsorted(begin_s, cut_s, side="right"))
        last = int(np.searchsorted(end_s, cut_s, side="right"))
        begins, ends = begin_s[begun:until], end_s[first:last]
        change = np.full(len(begins) + len(ends), -1, dtype=np.int8)
        change[np.searchsorted(ends, begins) + np.arange(len(begins))] = 1
        merged_s = np.empty(len(change))
        merged_s[change > 0], merged_s[change < 0] = begins, ends
        spans = np.cumsum(change, dtype=np.int32) + still_open
        before = np.concatenate([[still_open], spans[:-1]])[1 - len(age_s[-1:]) :]
        age_s = np.concatenate([age_s[-1:], merged_s])
        below_s = np.cumsum(np.concatenate([below_s[-1:], before * np.diff(age_s)]))
        yield age_s, below_s
        still_open, first, begun = int(spans[-1]), last, until


def _quantiles(
    curve: Iterable[_CurvePart], time_s: float, shares: Sequence[float], never: bool
) -> list[float]:
    """The ages at rising shares of the time; `never`: some time is beyond the curve's end."""
    wanted_s = [q * time_s * (1.0 - _ROUNDING) for q in shares]
    found: list[float] = []
    longest_s = math.inf
    for age_s, below_s in curve:
        while len(found) < len(wanted_s) and below_s[-1] >= wanted_s[len(found)]:
            place = int(np.searchsorted(below_s, wanted_s[len(found)]))
            known = slice(max(0, place - 1), place + 1)
            found.append(float(np.interp(wanted_s[len(found)], below_s[known], age_s[known])))
        longest_s = float(age_s[-1])
    # Is some wanted share not reached, although all ages are finite, it is a matter of rounding.
    return found + [math.inf if never else longest_s] * (len(wanted_s) - len(found))


def joined_spans(several: Iterable[AgeSpans]) -> AgeSpans:
    """The time of several sets of spans together."""
    parts, none = list(several), [np.zeros(0)]
    return AgeSpans(
        np.concatenate(none + [part.start_s for part in parts]),
        np.concatenate(none + [part.end_s for part in parts]),
        np.concatenate(none + [part.newest_due_s for part in parts]),
    )


def age_spans(
    camera: GroupNumbers,
    due_s: Floats,
    answered_s: Floats,
    from_s: Floats,
    until_s: Floats,
    window: Window,
) -> AgeSpans:
    """The ages of cameras 0, 1, ... inside a window.

    There is one entry of `camera`, `due_s` and `answered_s` for each good answer, in any order,
    those before the window included; entries of camera -1 are of none. Camera c counts from
    `from_s[c]` until `until_s[c]`.
    """
    return joined_spans(age_spans_in_parts(camera, due_s, answered_s, from_s, until_s, window))


def age_spans_in_parts(
    camera: GroupNumbers,
    due_s: Floats,
    answered_s: Floats,
    from_s: Floats,
    until_s: Floats,
    window: Window,
    *,
    in_order: bool = False,
) -> Iterator[AgeSpans]:
    """The same, some answers at a time. `in_order`: those of each camera stand in order of time."""
    order = None if in_order else np.argsort(answered_s, kind="stable")
    counts_s = np.append(np.maximum(from_s, window.start_s), np.inf)  # the last is of no camera, -1
    ends_s = np.append(np.minimum(until_s, window.end_s), -np.inf)
    begun_s, newest_s = counts_s.copy(), np.full(len(counts_s), -np.inf)
    for part in in_parts(len(camera)):
        rows = part if order is None else order[part]
        of, due, at_s = camera[rows], due_s[rows], answered_s[rows]
        before = at_s <= counts_s[of]
        np.maximum.at(newest_s, of[before], due[before])
        inside = np.flatnonzero((at_s < ends_s[of]) & ~before)
        own = grouped(of[inside])
        kept = inside[own.order]
        at_s = at_s[kept]
        newest = own.previous(_newest_so_far(own, due[kept], newest_s), newest_s)
        yield _that_last(own.previous(at_s, begun_s), at_s, newest)
    yield _that_last(begun_s[:-1], ends_s[:-1], newest_s[:-1])


def _that_last(begun_s: Floats, ended_s: Floats, newest_s: Floats) -> AgeSpans:
    """The spans that are not empty."""
    kept = ended_s > begun_s
    return AgeSpans(begun_s[kept], ended_s[kept], newest_s[kept])


def _newest_so_far(own: Grouped, due_s: Floats, before_s: Floats) -> Floats:
    """The running maximum of each camera's due times, `before_s` included.

    Ranks by camera, then due time, grow from camera to camera, so one running maximum does for all.
    A camera that sends its frames in order, one at a time, needs none.
    """
    camera = own.group
    due_s[own.begins] = np.maximum(due_s[own.begins], before_s[camera[own.begins]])
    if ((due_s[1:] >= due_s[:-1]) | own.begins[1:]).all():
        return due_s
    by_rank = np.lexsort((due_s, camera))
    ranks = np.empty(len(due_s), dtype=np.intp)
    ranks[by_rank] = np.arange(len(due_s))
    newest: _Places = np.maximum.accumulate(ranks)
    return np.asarray(due_s[by_rank[newest]])
