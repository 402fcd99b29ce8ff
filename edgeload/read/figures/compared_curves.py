"""Charts of two sides, before and after: how the times of loads that both have spread. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from edgeload.palette import PALETTE
from edgeload.plain_words import plural
from edgeload.read.analysis.compared_loads import Load, MatchedLoad
from edgeload.read.analysis.compared_mixes import loads_to_compare
from edgeload.read.analysis.comparison import Comparison
from edgeload.read.analysis.differences import Side
from edgeload.read.analysis.percentile_curves import Curve, percentile_curves
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.figures.chart import Chart, Line
from edgeload.read.figures.compared import (
    SIDE_LOOKS,
    aligned_x,
    common_kind,
    spread_over,
)
from edgeload.read.figures.over_time import time_label
from edgeload.read.figures.percentile_curves import CURVE_CROSS_KEY, shown_times_ms
from edgeload.read.figures.scales import log_axis, places_of_never, share_axis, stretched
from edgeload.read.figures.signs import cross_keys
from edgeload.read.words.compared_group_words import shown_groups
from edgeload.read.words.comparison_words import curves_title, group_curves_title, load_words

_MOST_LOADS = 3
_COLOURS = ("sky", "orange", "black")


def compared_curve_charts(comparison: Comparison, old: Side, new: Side) -> tuple[Chart, ...]:
    """Percentile curves of up to three loads that both sides have, of the first run of each.

    Of a mix, each group has a chart. There is none if no load has enough answers for a p95 on both
    sides.
    """
    matched = loads_to_compare(old[:1], new[:1]).matched
    if comparison.mix is None:
        return _chart(matched, lambda loads: curves_title(comparison, loads))
    found: list[Chart] = []
    for name in shown_groups(comparison):
        own = [each for each in matched if each.load.group == name]
        title = partial(group_curves_title, comparison, name)
        found += [replace(chart, name=f"{chart.name}-{name}") for chart in _chart(own, title)]
    return tuple(found)


def _chart(
    matched: Sequence[MatchedLoad], title: Callable[[Sequence[Load]], str]
) -> tuple[Chart, ...]:
    """One chart, or none if there is nothing to show."""
    if not matched:
        return ()
    first = [(each.old[0], each.new[0]) for each in matched]
    kind = common_kind(run for pair in first for run, _ in pair)
    before, after = (_curves(run, kind) for run, _ in first[0])
    both = [
        (each.load, before[old.index], after[new.index])
        for each, ((_, old), (_, new)) in zip(matched, first, strict=True)
        if old.index in before and new.index in after
    ]
    if not both:
        return ()
    chosen = [both[i] for i in np.unique(np.linspace(0, len(both) - 1, _MOST_LOADS).astype(int))]
    pairs = [
        (curve, f"{_load_words(load, curve)} {name}", colour, dash)
        for (load, *curves), colour in zip(chosen, _COLOURS, strict=False)
        for curve, (name, _, dash) in zip(curves, SIDE_LOOKS, strict=True)
    ]
    x, places = aligned_x([stretched(curve.shares).tolist() for curve, _, _, _ in pairs])
    lines = tuple(_curve_line(*pair, own, len(x)) for pair, own in zip(pairs, places, strict=True))
    chart = Chart(
        name="compared-percentiles",
        title=title([load for load, _, _ in chosen]),
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


def _load_words(load: Load, curve: Curve) -> str:
    return plural(curve.clients, "client") if load.copies is None else load_words(load)


def _curves(run: RunSummary, kind: str) -> dict[int, Curve]:
    found = percentile_curves(run)
    if found is None:
        return {}
    curves = found.response if kind == "response" else found.service
    return {curve.step: curve for curve in curves or ()}


def _curve_line(
    curve: Curve, name: str, colour: str, dash: tuple[int, ...], places: Sequence[int], length: int
) -> Line:
    never = tuple(places[place] for place in places_of_never(curve.times_s))
    return Line(
        f"{name} (n = {curve.n:,})",
        PALETTE[colour],
        spread_over((curve.times_s * 1000).tolist(), places, length),
        dash=dash,
        joined=True,
        never=never,
        crosses=never[:1],
    )
