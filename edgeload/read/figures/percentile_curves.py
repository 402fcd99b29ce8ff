"""Percentile curves: how long the slowest few take, one curve for each step. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from edgeload.palette import IN_ORDER, PALETTE
from edgeload.read.analysis.percentile_curves import FASTEST, Curve, percentile_curves
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.figures.chart import Chart, Key, Line
from edgeload.read.figures.over_time import time_label
from edgeload.read.figures.scales import (
    log_axis,
    places_of_never,
    plain,
    share_axis,
    stretched,
    values_of,
)
from edgeload.read.figures.signs import cross_keys, short_doubt_of
from edgeload.read.words.legend_words import CROSS_OF_A_CURVE
from edgeload.read.words.titles import load_of_curve, percentile_curves_title

CURVE_CROSS_KEY = Key("cross", PALETTE["grey"], CROSS_OF_A_CURVE)


def percentile_curve_charts(
    summary: RunSummary, names: Mapping[int, str] = MappingProxyType({})
) -> tuple[Chart, ...]:
    """Response and service time against share, on one scale; empty if there are too few answers.

    `names` are what the loads of steps are called, by their index, if not as in a ramp.
    """
    found = percentile_curves(summary)
    if found is None:
        return ()
    kinds = {"service": found.service}
    if found.response is not None:
        kinds = {"response": found.response, **kinds}
    doubts = {} if summary.interference else doubts_of_curves(summary)
    x = values_of(stretched(found.shares))
    shown = shown_times_ms([curve for curves in kinds.values() for curve in curves])
    colours = curve_colours(len(found.service))
    lines = {
        kind: tuple(
            _line(
                curve,
                len(x),
                colour,
                names.get(curve.step) or load_of_curve(summary, curve),
                doubts.get(curve.step, ""),
            )
            for curve, colour in zip(curves, colours, strict=True)
        )
        for kind, curves in kinds.items()
    }
    return tuple(
        Chart(
            name=f"{kind}-percentiles",
            title=percentile_curves_title(summary, curves, kind),
            group="share",
            unit="ms",
            x=x,
            x_axis=share_axis(x[-1] or 0.0),
            y_axis=log_axis(time_label(kind), shown, next(iter(lines.values()))),
            lines=lines[kind],
            keys=cross_keys(lines[kind], CURVE_CROSS_KEY),
        )
        for kind, curves in kinds.items()
    )


def doubts_of_curves(summary: RunSummary) -> dict[int, str]:
    """Why the curve of a step is dashed, by its index. A closed loop has no load to doubt."""
    return {
        step.index: short_doubt_of(step) for step in summary.steps if step.state != "closed loop"
    }


def shown_times_ms(curves: Sequence[Curve]) -> list[float | None]:
    """The times that the axis must hold: not the few fastest, which would take half of it."""
    times_s = np.concatenate([curve.times_s[curve.shares >= FASTEST] for curve in curves])
    return [plain(value * 1000) for value in times_s.tolist()]


def curve_colours(count: int) -> list[str]:
    """As many colours as there are curves, from dark to light."""
    places = np.linspace(0, len(IN_ORDER) - 1, max(2, count)).round().astype(int)
    return [IN_ORDER[place] for place in places[:count]]


def _line(curve: Curve, length: int, colour: str, load: str, doubt: str) -> Line:
    values = values_of(curve.times_s * 1000)
    never = places_of_never(curve.times_s)
    return Line(
        f"{load}{doubt and ', ' + doubt} (n = {curve.n:,})",
        colour,
        values + (None,) * (length - len(values)),
        dash=(8, 4) if doubt else (),
        never=never,
        crosses=never[:1],
    )
