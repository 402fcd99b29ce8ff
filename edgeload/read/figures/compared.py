"""Charts of two sides, before and after: throughput, times and percentile curves. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from edgeload.palette import PALETTE
from edgeload.read.analysis.compared_loads import nominal_rate
from edgeload.read.analysis.comparison import Comparison
from edgeload.read.analysis.differences import Side
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.figures.by_load import due_line
from edgeload.read.figures.chart import Axis, Chart, Key, Line, Values
from edgeload.read.figures.scales import (
    due_axis,
    loads_axis,
    log_axis,
    plain,
    rate_axis,
    values_of,
)
from edgeload.read.figures.signs import cross_keys, hollow_keys, hollow_points
from edgeload.read.statistics.format import short
from edgeload.read.statistics.percentiles import Quantile
from edgeload.read.words.compared_group_words import shown_groups
from edgeload.read.words.comparison_words import comparison_title, group_title, p95_title
from edgeload.read.words.legend_words import COPIES, WHISKER

SIDE_LOOKS: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("before", "orange", (8, 4)),
    ("after", "blue", ()),
)
"""Name, colour and dash of both sides."""
_APART = 0.012  # of the axis: the whiskers of both sides are seen
_LONGEST_WHISKER = 5.0  # times the value
_LONGEST_NAME = 16


@dataclass(frozen=True)
class _Run:
    """A run's steps by load, and their places on the x axis that all runs share."""

    side: str
    colour: str
    dash: tuple[int, ...]
    steps: Sequence[StepSummary]
    places: Sequence[int]


@dataclass(frozen=True)
class _Scale:
    """What the x axis counts: the arrival rate, clients, or copies of a mix."""

    by: Literal["rate", "clients", "copies"]

    def place(self, run: RunSummary, step: StepSummary) -> float:
        """Where a step stands on the x axis."""
        if self.by == "copies":
            return float(step.copies)
        rate = nominal_rate(run, step.clients) if self.by == "rate" else None
        return float(step.clients) if rate is None else rate

    def axis(self, loads: Iterable[float]) -> Axis:
        """The axis over these loads."""
        if self.by == "rate":
            return due_axis(loads)
        label = COPIES if self.by == "copies" else "clients"
        return loads_axis([int(load) for load in loads], label)

    def due(self, runs: Iterable[RunSummary]) -> dict[float, float]:
        """What was due per second at each load, as far as it is known."""
        if self.by == "clients":
            return {}
        known = {
            self.place(run, step): nominal_rate(run, step.clients)
            for run in runs
            for step in run.steps
        }
        return {at: rate for at, rate in sorted(known.items()) if rate}

    def load(self, step: StepSummary) -> int:
        """What a sign in the legend names a step by."""
        return step.copies if self.by == "copies" else step.clients

    @property
    def noun(self) -> str:
        """What that is one of."""
        return "copy" if self.by == "copies" else "client"


def compared_charts(comparison: Comparison, old: Side, new: Side) -> tuple[Chart, ...]:
    """Throughput and p95 against the arrival rate; runs of one side share their colour.

    Clients take the place of the rate if a log does not say what was due. Of a mix, each group has
    both charts against its copies. Loads in which only some cameras send, as in an interference
    run, have no place among the copies, and no charts.
    """
    if any(row.load and row.load.cameras for row in comparison.rows):
        return ()
    title = comparison_title(comparison)
    if comparison.mix:
        names = shown_groups(comparison)
        return tuple(
            chart
            for name in names
            for chart in _group_charts(
                name, title if name == names[0] else group_title(comparison, name), old, new
            )
        )
    by_rate = all(run.log.requests_per_second for run in (*old, *new))
    kind = common_kind([*old, *new])
    return _charts(old, new, _Scale("rate" if by_rate else "clients"), title, p95_title(kind), kind)


def _group_charts(name: str, title: str, old: Side, new: Side) -> tuple[Chart, ...]:
    """The charts of one group of two mixes."""
    before, after = (_group_of(side, name) for side in (old, new))
    runs = [*before, *after]
    closed = any(step.closed for run in runs for step in run.steps)
    kind = "service" if closed else common_kind(runs)
    times_title = p95_title(kind, name)
    throughput, times = _charts(before, after, _Scale("copies"), title, times_title, kind)
    return tuple(
        replace(
            chart,
            name=f"{chart.name}-{name}",
            y_axis=replace(chart.y_axis, label=f"{short(name, _LONGEST_NAME)}: {label}"),
        )
        for chart, label in ((throughput, "answers/s"), (times, "p95, ms"))
    )


def _group_of(side: Side, name: str) -> list[RunSummary]:
    """A group of each run of a side that has it."""
    return [group for run in side for group in run.groups if group.group == name]


def _charts(
    old: Side, new: Side, scale: _Scale, title: str, times_title: str, kind: str
) -> tuple[Chart, Chart]:
    everything = [*old, *new]
    x_axis = scale.axis({scale.place(run, step) for run in everything for step in run.steps})
    due = scale.due(everything)
    x, due_places, runs = _runs(old, new, list(due), x_axis.high, scale)
    answered = [
        _line(run, len(x), [plain(step.rates.throughput_per_s) for step in run.steps])
        for run in runs
    ]
    lines = list(answered)
    if due:
        rates = spread_over(list(due.values()), due_places, len(x))
        lines.append(due_line(rates))
    throughput = Chart(
        name="compared-throughput",
        title=title,
        group="clients",
        unit="/s",
        x=x,
        x_axis=x_axis,
        y_axis=rate_axis("answers per second", lines),
        lines=tuple(lines),
        keys=_hollow_keys(runs, answered, scale),
    )
    return throughput, _times(runs, x, x_axis, times_title, kind, scale)


def common_kind(runs: Iterable[RunSummary]) -> str:
    """Response time, unless a log is of an older form, which knows service time alone."""
    return "service" if any(not run.log.knows_due for run in runs) else "response"


def _runs(
    old: Side, new: Side, due: list[float], reach: float, scale: _Scale
) -> tuple[Values, Sequence[int], list[_Run]]:
    """The common x, the places of `due` on it, and the runs, each a little beside its loads."""
    looks = [(SIDE_LOOKS[place], run) for place, side in enumerate((old, new)) for run in side]
    ordered = [sorted(run.steps, key=lambda s: (s.clients, s.index)) for _, run in looks]
    aside = {"before": -_APART * reach / 2, "after": _APART * reach / 2}
    own = [
        [scale.place(run, step) + aside[name] for step in steps]
        for ((name, _, _), run), steps in zip(looks, ordered, strict=True)
    ]
    x, (due_places, *places) = aligned_x([due, *own])
    return (
        x,
        due_places,
        [
            _Run(name, PALETTE[colour], dash, steps, found)
            for ((name, colour, dash), _), steps, found in zip(looks, ordered, places, strict=True)
        ],
    )


def aligned_x(each: Sequence[Sequence[float]]) -> tuple[Values, list[list[int]]]:
    """One ascending x that holds all of these ascending ones, and the places of each in it.

    An x that stands twice in one of them stands twice in the common one.
    """
    common: Counter[float] = Counter()
    for own in each:
        common |= Counter(own)
    x = np.array(sorted(common.elements()))
    places = [
        (np.searchsorted(x, own) + [own[:i].count(at) for i, at in enumerate(own)]).tolist()
        for own in each
    ]
    return values_of(x), places


def spread_over(own: Sequence[float | None], places: Sequence[int], length: int) -> Values:
    """Values at their places on the common x."""
    found = dict(zip(places, own, strict=True))
    return tuple(plain(found.get(place)) for place in range(length))


def _line(run: _Run, length: int, own: Sequence[float | None]) -> Line:
    steps = dict(zip(run.places, run.steps, strict=True))
    values = spread_over(own, run.places, length)
    return Line(
        run.side,
        run.colour,
        values,
        dash=run.dash,
        point_size=7,
        joined=True,
        hollow=hollow_points([steps.get(place) for place in range(length)], values),
    )


def _times(
    runs: Sequence[_Run], x: Values, x_axis: Axis, title: str, kind: str, scale: _Scale
) -> Chart:
    lines = tuple(_time_line(run, len(x), kind) for run in runs)
    shown = [v for line in lines for v in (*line.values, *line.low, *line.high) if v is not None]
    whiskers = (Key("whisker", PALETTE["grey"], WHISKER),) if shown else ()
    return Chart(
        name="compared-times",
        title=title,
        group="clients",
        unit="ms",
        x=x,
        x_axis=x_axis,
        y_axis=log_axis(f"{kind} p95, ms", shown, lines),
        lines=lines,
        keys=(*whiskers, *_hollow_keys(runs, lines, scale), *cross_keys(lines)),
    )


def _time_line(run: _Run, length: int, kind: str) -> Line:
    samples = [
        step.times.response if kind == "response" else step.times.service for step in run.steps
    ]
    known = [sample.quantile("p95") if sample else None for sample in samples]
    shown = [None if q is None or q.never else q for q in known]
    ends = [_whisker(q) if q else None for q in shown]
    never = tuple(
        place for place, q in zip(run.places, known, strict=True) if q is not None and q.never
    )
    return replace(
        _line(run, length, [q.value * 1000 if q else None for q in shown]),
        never=never,
        crosses=never,
        low=spread_over([end[0] * 1000 if end else None for end in ends], run.places, length),
        high=spread_over([end[1] * 1000 if end else None for end in ends], run.places, length),
    )


def _whisker(quantile: Quantile) -> tuple[float, float] | None:
    if quantile.low is None or quantile.high is None:
        return None
    return quantile.low, min(quantile.high, quantile.value * _LONGEST_WHISKER)


def _hollow_keys(runs: Sequence[_Run], lines: Sequence[Line], scale: _Scale) -> tuple[Key, ...]:
    loads = [
        {place: scale.load(step) for place, step in zip(run.places, run.steps, strict=True)}
        for run in runs
    ]
    return hollow_keys(zip(lines, loads, strict=True), of_sides=True, noun=scale.noun)
