"""Charts of two sides, before and after: throughput, times and percentile curves. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeload.palette import PALETTE
from edgeload.plain_words import plural
from edgeload.read.analysis.compared_loads import matched_loads, nominal_rate
from edgeload.read.analysis.comparison import Comparison
from edgeload.read.analysis.differences import Side
from edgeload.read.analysis.percentile_curves import Curve, percentile_curves
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.figures.by_load import due_line
from edgeload.read.figures.chart import Axis, Chart, Key, Line, Values
from edgeload.read.figures.over_time import time_label
from edgeload.read.figures.percentile_curves import CURVE_CROSS_KEY, shown_times_ms
from edgeload.read.figures.scales import (
    clients_axis,
    due_axis,
    log_axis,
    places_of_never,
    plain,
    rate_axis,
    share_axis,
    stretched,
    values_of,
)
from edgeload.read.figures.signs import cross_keys, hollow_keys, hollow_points
from edgeload.read.statistics.percentiles import Quantile
from edgeload.read.words.comparison_words import comparison_title, curves_title, p95_title
from edgeload.read.words.legend_words import TOO_FEW, WHISKER

_SIDES = (("before", "orange", (8, 4)), ("after", "blue", ()))
_APART = 0.012  # of the axis: the whiskers of both sides are seen
_LONGEST_WHISKER = 5.0  # times the value
_MOST_LOADS = 3
_COLOURS = ("sky", "orange", "black")


@dataclass(frozen=True)
class _Run:
    """A run's steps by load, and their places on the x axis that all runs share."""

    side: str
    colour: str
    dash: tuple[int, ...]
    steps: Sequence[StepSummary]
    places: Sequence[int]


def compared_charts(comparison: Comparison, old: Side, new: Side) -> tuple[Chart, ...]:
    """Throughput and p95 against the arrival rate; runs of one side share their colour.

    Clients take the place of the rate if a log does not say what was due.
    """
    everything = [*old, *new]
    by_rate = all(run.log.requests_per_second for run in everything)
    loads = {_place(run, step, by_rate) for run in everything for step in run.steps}
    x_axis = due_axis(loads) if by_rate else clients_axis([int(load) for load in loads])
    due = sorted(loads) if by_rate else []
    x, due_places, runs = _runs(old, new, due, x_axis.high, by_rate=by_rate)
    answered = [
        _line(run, len(x), [plain(step.rates.throughput_per_s) for step in run.steps])
        for run in runs
    ]
    lines = list(answered)
    if due:
        rates = _spread(due, due_places, len(x))
        lines.insert(0, replace(due_line(rates), point_size=0.0))
    throughput = Chart(
        name="compared-throughput",
        title=comparison_title(comparison),
        group="clients",
        unit="/s",
        x=x,
        x_axis=x_axis,
        y_axis=rate_axis("answers per second", lines),
        lines=tuple(lines),
        keys=_hollow_keys(runs, answered),
    )
    return throughput, _times(runs, x, x_axis, _common_kind([*old, *new]))


def compared_curve_charts(comparison: Comparison, old: Side, new: Side) -> tuple[Chart, ...]:
    """Percentile curves of up to three loads that both sides have, of the first run of each.

    Empty if no load has enough answers for a p95 on both sides.
    """
    kind = _common_kind([old[0], new[0]])
    before, after = (_curves(side[0], kind) for side in (old, new))
    both = [
        (matched.load, before[first.index], after[second.index])
        for matched in matched_loads(old[:1], new[:1])
        for (_, first), (_, second) in [(matched.old[0], matched.new[0])]
        if first.index in before and second.index in after
    ]
    if not both:
        return ()
    chosen = [both[i] for i in np.unique(np.linspace(0, len(both) - 1, _MOST_LOADS).astype(int))]
    pairs = [
        (curve, name, colour, dash)
        for (_, *curves), colour in zip(chosen, _COLOURS, strict=False)
        for curve, (name, _, dash) in zip(curves, _SIDES, strict=True)
    ]
    x, places = _aligned([stretched(curve.shares).tolist() for curve, _, _, _ in pairs])
    lines = tuple(_curve_line(*pair, own, len(x)) for pair, own in zip(pairs, places, strict=True))
    chart = Chart(
        name="compared-percentiles",
        title=curves_title(comparison, [load for load, _, _ in chosen]),
        group="share",
        unit="ms",
        x=x,
        x_axis=share_axis(x[-1] or 0.0),
        y_axis=log_axis(
            time_label(kind), shown_times_ms([curve for curve, _, _, _ in pairs]), lines
        ),
        lines=lines,
        keys=cross_keys(lines, CURVE_CROSS_KEY),
    )
    return (chart,)


def _place(run: RunSummary, step: StepSummary, by_rate: bool) -> float:
    """Where a step stands on the x axis."""
    rate = nominal_rate(run, step.clients) if by_rate else None
    return float(step.clients) if rate is None else rate


def _common_kind(runs: Iterable[RunSummary]) -> str:
    """Response time, unless a log is of an older form, which knows service time alone."""
    return "service" if any(not run.log.knows_due for run in runs) else "response"


def _runs(
    old: Side, new: Side, due: list[float], reach: float, *, by_rate: bool
) -> tuple[Values, Sequence[int], list[_Run]]:
    """The common x, the places of `due` on it, and the runs, each a little beside its loads."""
    looks = [(_SIDES[place], run) for place, side in enumerate((old, new)) for run in side]
    ordered = [sorted(run.steps, key=lambda s: (s.clients, s.index)) for _, run in looks]
    aside = {"before": -_APART * reach / 2, "after": _APART * reach / 2}
    own = [
        [_place(run, step, by_rate) + aside[name] for step in steps]
        for ((name, _, _), run), steps in zip(looks, ordered, strict=True)
    ]
    x, (due_places, *places) = _aligned([due, *own])
    return (
        x,
        due_places,
        [
            _Run(name, PALETTE[colour], dash, steps, found)
            for ((name, colour, dash), _), steps, found in zip(looks, ordered, places, strict=True)
        ],
    )


def _aligned(each: Sequence[Sequence[float]]) -> tuple[Values, list[list[int]]]:
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


def _spread(own: Sequence[float | None], places: Sequence[int], length: int) -> Values:
    """Values at their places on the common x."""
    found = dict(zip(places, own, strict=True))
    return tuple(plain(found.get(place)) for place in range(length))


def _line(run: _Run, length: int, own: Sequence[float | None]) -> Line:
    steps = dict(zip(run.places, run.steps, strict=True))
    values = _spread(own, run.places, length)
    return Line(
        run.side,
        run.colour,
        values,
        dash=run.dash,
        point_size=7,
        joined=True,
        hollow=hollow_points([steps.get(place) for place in range(length)], values),
    )


def _times(runs: Sequence[_Run], x: Values, x_axis: Axis, kind: str) -> Chart:
    lines = tuple(_time_line(run, len(x), kind) for run in runs)
    shown = [v for line in lines for v in (*line.values, *line.low, *line.high) if v is not None]
    whiskers = (Key("whisker", PALETTE["grey"], WHISKER),) if shown else ()
    return Chart(
        name="compared-times",
        title=p95_title(kind),
        group="clients",
        unit="ms",
        x=x,
        x_axis=x_axis,
        y_axis=log_axis(f"{kind} p95, ms", shown, lines),
        lines=lines,
        keys=(*whiskers, *_hollow_keys(runs, lines), *cross_keys(lines)),
        note="" if shown else TOO_FEW,
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
        low=_spread([end[0] * 1000 if end else None for end in ends], run.places, length),
        high=_spread([end[1] * 1000 if end else None for end in ends], run.places, length),
    )


def _whisker(quantile: Quantile) -> tuple[float, float] | None:
    if quantile.low is None or quantile.high is None:
        return None
    return quantile.low, min(quantile.high, quantile.value * _LONGEST_WHISKER)


def _hollow_keys(runs: Sequence[_Run], lines: Sequence[Line]) -> tuple[Key, ...]:
    loads = [
        {place: step.clients for place, step in zip(run.places, run.steps, strict=True)}
        for run in runs
    ]
    return hollow_keys(zip(lines, loads, strict=True), of_sides=True)


def _curves(run: RunSummary, kind: str) -> dict[int, Curve]:
    found = percentile_curves(run)
    if found is None:
        return {}
    curves = found.response if kind == "response" else found.service
    return {curve.step: curve for curve in curves or ()}


def _curve_line(
    curve: Curve, side: str, colour: str, dash: tuple[int, ...], places: Sequence[int], length: int
) -> Line:
    never = tuple(places[place] for place in places_of_never(curve.times_s))
    return Line(
        f"{plural(curve.clients, 'client')} {side} (n = {curve.n:,})",
        PALETTE[colour],
        _spread((curve.times_s * 1000).tolist(), places, length),
        dash=dash,
        joined=True,
        never=never,
        crosses=never[:1],
    )
