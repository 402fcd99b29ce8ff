"""The ladder of a search: the load of each trial over time, and how the interval closes. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from edgeload.palette import PALE, PALETTE
from edgeload.plain_words import listed
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.search_result import SearchResult, SearchTrial, TierCapacity
from edgeload.read.figures.chart import Axis, Chart, Line, Mark, Values
from edgeload.read.figures.over_time import time_axis
from edgeload.read.figures.scales import linear_axis, log_axis, plain
from edgeload.read.figures.search_axes import SearchScale, search_scale
from edgeload.read.statistics.boundary import Boundary, boundary_of
from edgeload.read.words.search_titles import (
    INTERVAL_SO_FAR,
    TIME_OF_TRIALS,
    TRIAL_SIGNS,
    ladder_title,
    near_title,
)

_COLOURS = {
    "pass": "green",
    "fail": "vermilion",
    "undecided": "orange",
    "invalid": "black",
    "broken": "purple",
}
_DASHES = {"pass": (), "fail": (), "undecided": (6, 4), "invalid": (2, 3), "broken": (2, 3)}
_RUNG_WIDTH = 6.0
_NO_CLOSER = 0.5
"""A chart of the loads near the answer shows them closer if they are at most this share of all."""
_AFTER = 0.04
_ROOM_OF_SIGNS = 0.06
_MANY = 10.0
"""Loads that differ by more than this factor stand on a logarithmic axis."""
_NEAR = 0.35
"""Trials within this share of the answer are near it."""


def ladder_charts(summary: RunSummary) -> tuple[Chart, ...]:
    """A chart for each tier, and one of the trials near its answer if these are a small part of it.

    Tiers that all trials judged alike have one together. None without a search, or before its first
    trial.
    """
    scale = search_scale(summary)
    if scale is None:
        return ()
    scale = replace(scale, search=_told_apart(scale.search))
    return tuple(
        chart
        for number in range(len(scale.search.tiers))
        for chart in _of_tier(_Ladder(summary, scale, number))
    )


def _told_apart(search: SearchResult) -> SearchResult:
    """A search whose tiers with the same verdicts and the same answer are one."""
    alike: dict[object, list[int]] = {}
    for number, tier in enumerate(search.tiers):
        verdicts = tuple(trial.verdicts[number] for trial in search.trials)
        answer = (tier.boundary.best, tier.boundary.low, tier.boundary.high, tier.answer)
        alike.setdefault((verdicts, answer), []).append(number)
    tiers = []
    for numbers in alike.values():
        names = listed([search.tiers[number].tier.name for number in numbers])
        first = search.tiers[numbers[0]]
        tiers.append(replace(first, tier=replace(first.tier, name=names)))
    firsts = [numbers[0] for numbers in alike.values()]
    trials = [
        replace(
            trial,
            verdicts=tuple(trial.verdicts[number] for number in firsts),
            reasons=tuple(trial.reasons[number] for number in firsts),
        )
        for trial in search.trials
    ]
    return replace(search, tiers=tuple(tiers), trials=tuple(trials))


@dataclass(frozen=True)
class _Ladder:
    """A search as one of its tiers sees it; `number` is that tier's."""

    summary: RunSummary
    scale: SearchScale
    number: int

    @property
    def trials(self) -> tuple[SearchTrial, ...]:
        return self.scale.search.trials

    @property
    def tier(self) -> TierCapacity:
        return self.scale.search.tiers[self.number]

    def verdict(self, trial: SearchTrial) -> str:
        return "broken" if trial.broken else trial.verdicts[self.number]


def _of_tier(ladder: _Ladder) -> Iterator[Chart]:
    """Of several tiers, the charts of one stand side by side."""
    several, part = len(ladder.scale.search.tiers) > 1, ladder.tier.tier.name
    name = f"ladder_{ladder.number + 1}" if several else "ladder"
    whole = replace(_chart(ladder, name, _whole_axis(ladder)), part=part)
    near = _near_axis(ladder, whole.y_axis)
    if near is None:
        yield whole
        return
    closer = _chart(ladder, f"{name}_near", near)
    yield replace(whole, half=several)
    yield replace(closer, title=near_title(ladder.tier), part=part, half=several)


def _chart(ladder: _Ladder, name: str, axis: Axis) -> Chart:
    places = _places(ladder)
    return Chart(
        name=name,
        title=ladder_title(ladder.scale.search, ladder.tier, ladder.scale.loads),
        group="time",
        unit="" if ladder.scale.whole else "/s",
        x=tuple(place.at_s for place in places),
        x_axis=time_axis(ladder.summary, places[-1].at_s, TIME_OF_TRIALS),
        y_axis=axis,
        lines=(_interval(ladder, places, axis), *_rungs(ladder, places, axis)),
        marks=_answer(ladder, axis),
    )


def _answer(ladder: _Ladder, axis: Axis) -> tuple[Mark, ...]:
    best = ladder.tier.boundary.best
    if best is None or not _is_known(ladder):
        return ()
    at = ladder.scale.value(best)
    label = ladder.scale.loads.words(best)
    return (Mark(label, PALETTE["blue"], y=at),) if axis.low <= at <= axis.high else ()


def _is_known(ladder: _Ladder) -> bool:
    return ladder.tier.answer not in ("none", "unknown")


# --- the trials on the axis of time ---------------------------------------------------------------


@dataclass(frozen=True)
class _Place:
    """A place on the axis of time, in a trial or between two, and what is known from there on."""

    at_s: float
    trial: SearchTrial | None
    known: Boundary


def _places(ladder: _Ladder) -> list[_Place]:
    """Start and end of each trial, and a place after each, so that no line joins two of them.

    The last one is a little after the end, so that what is known then is seen.
    """
    trials = ladder.trials
    found: list[_Place] = []
    counted, known = 0, boundary_of(())
    last_s = trials[-1].end_s * (1 + _AFTER)
    for trial, next_s in zip(trials, [*(t.start_s for t in trials[1:]), last_s], strict=True):
        found.append(_Place(_instant(trial.start_s), trial, known))
        if trial.counts:
            counted += 1
            known = boundary_of(ladder.tier.trials[:counted])
        found.append(_Place(_instant(trial.end_s), trial, known))
        later_s = next_s if trial is trials[-1] else (trial.end_s + next_s) / 2
        found.append(_Place(_instant(later_s), None, known))
    return found


def _instant(at_s: float) -> float:
    """Run time, not before 0: the first trial begins with the run, give or take a moment."""
    return max(0.0, plain(at_s) or 0.0)


def _interval(ladder: _Ladder, places: Sequence[_Place], axis: Axis) -> Line:
    """Where the capacity is, by the trials so far."""

    def values(pick: Callable[[Boundary], int | None]) -> Values:
        found = [pick(place.known) for place in places]
        return tuple(None if load is None else ladder.scale.value(load) for load in found)

    return Line(
        INTERVAL_SO_FAR,
        PALE["blue"],
        _inside(values(lambda known: known.best), axis),
        kind="ground",
        low=values(lambda known: known.low),
        high=values(lambda known: known.high),
    )


def _inside(values: Values, axis: Axis) -> Values:
    return tuple(v if v is not None and axis.low <= v <= axis.high else None for v in values)


def _rungs(ladder: _Ladder, places: Sequence[_Place], axis: Axis) -> Iterator[Line]:
    """A line for each kind of verdict that occurs, with the trials inside the axis."""
    for verdict, (sign, meaning) in TRIAL_SIGNS.items():
        values = tuple(
            ladder.scale.value(place.trial.load)
            if place.trial is not None and ladder.verdict(place.trial) == verdict
            else None
            for place in places
        )
        values = _inside(values, axis)
        if any(value is not None for value in values):
            yield Line(
                f"{sign} {meaning}",
                PALETTE[_COLOURS[verdict]],
                values,
                dash=_DASHES[verdict],
                width=_RUNG_WIDTH,
                sign=sign,
            )


# --- axes -----------------------------------------------------------------------------------------


def _whole_axis(ladder: _Ladder) -> Axis:
    """All trials; the interval may go beyond them."""
    values = [ladder.scale.value(trial.load) for trial in ladder.trials]
    best = ladder.tier.boundary.best
    values += [] if best is None else [ladder.scale.value(best)]
    label, whole = ladder.scale.label, ladder.scale.whole
    if max(values) > _MANY * min(values):
        axis = log_axis(label, values)
        return replace(axis, high=axis.high * (axis.high / axis.low) ** _ROOM_OF_SIGNS)
    return linear_axis(label, 0.0, max(values) * 1.15, whole=whole)


def _near_axis(ladder: _Ladder, axis: Axis) -> Axis | None:
    """The loads near the answer; None if the other chart shows them well enough."""
    boundary = ladder.tier.boundary
    best, high = boundary.best, boundary.high
    if best is None or high is None or not _is_known(ladder):
        return None
    near = [t.load for t in ladder.trials if abs(t.load / best - 1) <= _NEAR]
    if len(near) < 2:
        return None
    widest = (best * (1 - _NEAR), best * (1 + _NEAR))
    limits = [min(max(load, widest[0]), widest[1]) for load in (boundary.low, high)]
    ends = [ladder.scale.value(load) for load in (*near, best, *limits)]
    air = max(ladder.scale.value(1), 0.15 * (max(ends) - min(ends)))
    low, top = max(0.0, min(ends) - air), max(ends) + air
    if _share_of(axis, max(low, axis.low), min(top, axis.high)) > _NO_CLOSER:
        return None
    return linear_axis(ladder.scale.label, low, top, whole=ladder.scale.whole)


def _share_of(axis: Axis, low: float, high: float) -> float:
    """The share of an axis that lies between two values."""
    if axis.log:
        return math.log(high / low) / math.log(axis.high / axis.low)
    return (high - low) / (axis.high - axis.low)
