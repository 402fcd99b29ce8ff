"""A picture's specification -> a matplotlib figure: its charts, one above the other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from edgeload.png_style import new_figure
from edgeload.read.figures.chart import Chart, Heat, Line, Picture, Values
from edgeload.read.output.png.legend import LegendRows, draw_legend, legend_rows
from edgeload.read.output.png.parts import (
    POINTS_A_PIXEL,
    draw_marks,
    draw_spans,
    label_across,
    label_loads,
    scale_axes,
)
from edgeload.read.statistics.windows import Floats

_HEIGHT_IN = 1.75
_TALL_IN = 2.9
_PART_IN = 1.4
_CROSS_TOP = 0.96
_CROSS_STEP = 0.042  # of the axes, from a row of crosses to the next
_PATTERNS = {"/": "///", "\\": "\\\\\\", ".": "...", "x": "xx", "": ""}


def figure_of(picture: Picture) -> Figure:
    """The picture under its title; the later charts have their titles above their legends.

    A name or sign that a chart above has explained is not explained again.
    """
    charts = picture.charts
    rows = _rows(charts)
    legends = legend_rows(charts, first_titled=bool(picture.heading))
    heights = [_height_in(row[0], len(charts)) for row in rows]
    beside = iter(legends)
    figure, axes = new_figure(
        len(rows),
        title=picture.title,
        subject=picture.subject,
        in_row=[len(row) for row in rows],
        heights_in=heights,
        legends_in=sum(max(next(beside).height_in for _ in row) for row in rows),
    )
    for axis, chart, entries in zip(axes, charts, legends, strict=True):
        _draw(figure, axis, chart, entries)
        if chart.heat:
            _draw_heat(figure, axes, axis, chart.heat)
    for axis, chart in list(zip(axes, charts, strict=True))[-len(rows[-1]) :]:
        axis.set_xlabel(label_across(chart))
    figure.align_ylabels()
    return figure


def _rows(charts: Sequence[Chart]) -> list[list[Chart]]:
    """Each chart in a row of its own; two that are half as wide share one."""
    rows: list[list[Chart]] = []
    for chart in charts:
        if chart.half and rows and len(rows[-1]) == 1 and rows[-1][0].half:
            rows[-1].append(chart)
        else:
            rows.append([chart])
    return rows


def _height_in(chart: Chart, charts: int) -> float:
    if chart.part:
        return _PART_IN
    return _TALL_IN if charts == 1 or chart.heat else _HEIGHT_IN


def _draw(figure: Figure, axis: Axes, chart: Chart, entries: LegendRows) -> None:
    scale_axes(axis, chart)
    draw_spans(axis, chart)
    draw_marks(axis, chart)
    handles = [_draw_line(axis, chart, line) for line in chart.lines]
    crossed = list(dict.fromkeys(line.label for line in chart.lines if line.crosses))
    for line in chart.lines:
        _draw_signs(axis, chart, line, crossed.index(line.label) if line.crosses else 0)
    label_loads(axis, chart)
    draw_legend(figure, axis, entries, handles, chart)


def _draw_line(axis: Axes, chart: Chart, line: Line) -> object:
    """The artist that stands for the line in the legend."""
    if line.kind == "bars":
        return _draw_bars(axis, chart, line)
    if line.kind == "ground":
        return _draw_ground(axis, chart, line)
    x, y = floats(chart.x), floats(line.values)
    if line.joined:
        known = np.isfinite(y)
        x, y = x[known], y[known]
    if line.kind == "planned":
        x, y = _stairs(chart)
    width = line.width * POINTS_A_PIXEL
    (drawn,) = axis.plot(
        x,
        y,
        color=line.colour,
        lw=width,
        ls=(0, [on * POINTS_A_PIXEL / width for on in line.dash]) if line.dash else "-",
        marker="o" if line.point_size else None,
        ms=line.point_size * POINTS_A_PIXEL,
        mew=0,
        label=line.label,
        solid_capstyle="butt" if line.sign else "projecting",
    )
    return drawn


def _draw_ground(axis: Axes, chart: Chart, line: Line) -> object:
    """Filled from one limit to the other, each of which holds until the next place."""
    low, high = floats(line.low), floats(line.high)
    high[np.isnan(high)] = chart.y_axis.high
    return axis.fill_between(
        floats(chart.x),
        np.maximum(low, chart.y_axis.low),
        np.maximum(high, chart.y_axis.low),
        step="post",
        color=line.colour,
        lw=1,
        zorder=0.6,
        label=line.label,
    )


def _stairs(chart: Chart) -> tuple[Floats, Floats]:
    """Level at what each span was due, upright between them, broken in pauses."""
    spans = [span for span in chart.spans if span.due is not None]
    points: list[tuple[float, float | None]] = []
    for span in spans:
        if points and span.start > points[-1][0]:
            points.append((span.start, None))
        points += [(span.start, span.due), (span.end, span.due)]
    return np.array([x for x, _ in points]), floats(tuple(y for _, y in points))


def _draw_bars(axis: Axes, chart: Chart, line: Line) -> object:
    return axis.bar(
        floats(chart.x),
        floats(line.values),
        chart.bar_width,
        bottom=floats(line.base),
        facecolor=line.colour,
        edgecolor="white",
        hatch=_PATTERNS[line.pattern],
        lw=0,
        label=line.label,
    )


def _draw_signs(axis: Axes, chart: Chart, line: Line, row: int) -> None:
    """Whiskers, hollow points, signs of stretches, and crosses at the upper edge."""
    x, y = floats(chart.x), floats(line.values)
    if line.sign:
        _draw_sign_of_stretches(axis, line, x, y)
    if line.low and line.kind != "ground":
        low, high = floats(line.low), floats(line.high)
        known = np.isfinite(low)
        reach = (y[known] - low[known], high[known] - y[known])
        axis.errorbar(
            x[known], y[known], reach, fmt="none", ecolor=line.colour, elinewidth=1, capsize=2.5
        )
    if line.hollow:
        places = [point.place for point in line.hollow]
        axis.plot(
            x[places],
            y[places],
            "o",
            mfc="white",
            mec=line.colour,
            mew=1.1,
            ms=line.point_size * POINTS_A_PIXEL,
            clip_on=False,  # a point at 0 is whole
            in_layout=False,
            gid=f"hollow: {line.label}",
        )
    if line.crosses:
        axis.plot(
            x[list(line.crosses)],
            np.full(len(line.crosses), _CROSS_TOP - row * _CROSS_STEP),
            "x",
            color=line.colour,
            ms=4.5,
            transform=axis.get_xaxis_transform(),
            gid=f"crosses: {line.label}",
        )


def _draw_sign_of_stretches(axis: Axes, line: Line, x: Floats, y: Floats) -> None:
    for first, last in _stretches(line.values):
        axis.annotate(
            line.sign,
            ((x[first] + x[last]) / 2, y[first]),
            xytext=(0, line.width * POINTS_A_PIXEL / 2 + 1),
            textcoords="offset points",
            ha="center",
            color=line.colour,
            fontsize=9,
            fontweight="bold",
            annotation_clip=False,
        )


def _stretches(values: Values) -> Iterator[tuple[int, int]]:
    """First and last place of each unbroken run of values."""
    known = [place for place, value in enumerate(values) if value is not None]
    for _, run in itertools.groupby(enumerate(known), lambda each: each[1] - each[0]):
        places = [place for _, place in run]
        yield places[0], places[-1]


def _draw_heat(figure: Figure, axes: Sequence[Axes], axis: Axes, heat: Heat) -> None:
    """The map, and the scale of its colours beside all charts, so that they stay aligned."""
    bounds = np.array(heat.bounds) / 1000
    permille = np.array(heat.permille) / 1000
    colours = ListedColormap(list(heat.colours))
    mesh = axis.pcolormesh(
        floats(heat.edges),
        floats(heat.bands),
        np.ma.masked_less_equal(permille, 0.0),
        cmap=colours,
        norm=BoundaryNorm(bounds, colours.N),
        rasterized=True,
    )
    axis.grid(False)
    bar = figure.colorbar(
        mesh, ax=list(axes), fraction=0.04, pad=0.015, aspect=30, spacing="proportional"
    )
    bar.set_label(heat.label)
    bar.set_ticks([float(bound) for bound in bounds[[0, 4, 6, 8, 10]]])
    bar.ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=1, symbol=" %"))
    bar.ax.minorticks_off()


def floats(values: Values) -> Floats:
    """Values as an array, NaN for None."""
    return np.array([math.nan if v is None else v for v in values], dtype=np.float64)
