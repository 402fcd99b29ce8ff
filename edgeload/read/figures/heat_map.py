"""The charts of a long run: how its times spread, over time, and what never came. Pure."""

from __future__ import annotations

import numpy as np

from edgeload.palette import HEAT, PALETTE
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.series import HeatMap, heat_map
from edgeload.read.figures.chart import Axis, Chart, Heat, Line
from edgeload.read.figures.over_time import spans_of, time_axis, time_label
from edgeload.read.figures.scales import log_ticks, rate_axis, values_of, with_air
from edgeload.read.words.legend_words import heat_words, unanswered_title, unanswered_words
from edgeload.read.words.loads import Loads
from edgeload.read.words.titles import heat_map_title

_LEAST_PERCENT = 1.0


def heat_map_charts(summary: RunSummary) -> tuple[Chart, ...]:
    """The share of what was due in each band of time, and the share that never came, if any.

    Empty for a short run.
    """
    found = heat_map(summary)
    if found is None:
        return ()
    charts = [_times(summary, found)]
    if found.never.any():
        charts.append(_unanswered(summary, found))
    return tuple(charts)


def _times(summary: RunSummary, found: HeatMap) -> Chart:
    bands_ms = found.bands_s * 1000
    low, high = with_air(float(bands_ms[0]), float(bands_ms[-1]))
    return Chart(
        name="heat-map",
        title=heat_map_title(summary, found),
        group="time",
        unit="%",
        x=_middles(found),
        x_axis=time_axis(summary),
        y_axis=Axis(time_label(found.kind), low, high, log=True, ticks=log_ticks(low, high)),
        lines=(),
        spans=spans_of(summary),
        loads=Loads(summary).over_what,
        heat=_heat(found),
    )


def _heat(found: HeatMap) -> Heat:
    permille = np.ceil(found.share * 1000).astype(int)
    steps = np.linspace(0.0, 1.0, len(HEAT) + 1)
    return Heat(
        label=heat_words(float(found.edges_s[1] - found.edges_s[0])),
        edges=values_of(found.edges_s),
        bands=values_of(found.bands_s * 1000),
        permille=tuple(map(tuple, permille.tolist())),
        bounds=tuple((steps**2 * max(1, int(permille.max()))).round(3).tolist()),
        colours=HEAT,
    )


def _unanswered(summary: RunSummary, found: HeatMap) -> Chart:
    name = unanswered_words(found.kind)
    width_s = float(found.edges_s[1] - found.edges_s[0])
    values = values_of(found.never * 100)
    lines = (
        Line(name, PALETTE["vermilion"], values, kind="bars", base=tuple(0.0 for _ in values)),
    )
    return Chart(
        name="unanswered",
        title=unanswered_title(found.kind, float(found.never.max()), width_s),
        group="time",
        unit="%",
        x=_middles(found),
        x_axis=time_axis(summary),
        y_axis=rate_axis(f"{name}, %", lines, least=_LEAST_PERCENT),
        lines=lines,
        spans=spans_of(summary),
        loads=Loads(summary).over_what,
        bar_width=width_s,
    )


def _middles(found: HeatMap) -> tuple[float | None, ...]:
    return values_of((found.edges_s[:-1] + found.edges_s[1:]) / 2)
