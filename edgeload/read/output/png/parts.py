"""Pieces of a chart's axes: scales and ticks, steps, marks, and the loads above."""

from __future__ import annotations

import math
import textwrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from edgeload.read.figures.chart import Axis, Chart

POINTS_A_PIXEL = 0.72
"""A specification is in CSS pixels; shown 800 of them wide, 8 inches are 576 points."""

_WIDTH_IN, _HALF_WIDTH_IN = 7.0, 3.0
_CHARACTER_IN = 0.085
_SEPARATOR = "#B5BCC4"
_ON_HEAT = "#444444"
_ARROW_TOP, _ARROW_POINTS = 0.9, 16
_HATCHES = {"/": "///", "x": "xx"}


def scale_axes(axis: Axes, chart: Chart) -> None:
    """Limits, ticks and the label of both axes."""
    axis.set_xlim(chart.x_axis.low, chart.x_axis.high)
    if chart.y_axis.log:
        axis.set_yscale("log")
    axis.set_ylim(chart.y_axis.low, chart.y_axis.high)
    for one, of_axis in ((chart.x_axis, axis.xaxis), (chart.y_axis, axis.yaxis)):
        of_axis.set_major_locator(FixedLocator([tick.at for tick in one.ticks]))
        labels = _thinned(chart) if of_axis is axis.xaxis else [t.label for t in one.ticks]
        of_axis.set_major_formatter(FixedFormatter(labels))
        of_axis.set_minor_locator(NullLocator())
    axis.set_ylabel(_in_two_lines(chart.y_axis))


def _thinned(chart: Chart) -> list[str]:
    """The labels of an x axis; none where it would touch the one before."""
    a_unit_in = _a_unit_in(chart)
    labels, free_in = [], -math.inf
    for tick in chart.x_axis.ticks:
        half_in = len(tick.label) * _CHARACTER_IN / 2
        fits = tick.at * a_unit_in - half_in >= free_in
        labels.append(tick.label if fits else "")
        free_in = tick.at * a_unit_in + half_in + _CHARACTER_IN if fits else free_in
    return labels


def _a_unit_in(chart: Chart) -> float:
    """How wide a unit of the x axis is, in inches."""
    width_in = _HALF_WIDTH_IN if chart.half else _WIDTH_IN
    return width_in / (chart.x_axis.high - chart.x_axis.low)


def _in_two_lines(axis: Axis) -> str:
    """What stands in brackets goes to a second line: there is little height."""
    return axis.label.replace(" (", "\n(", 1)


def label_across(chart: Chart) -> str:
    """The label of the x axis; in lines that a chart of half the width has room for."""
    width_in = _HALF_WIDTH_IN if chart.half else _WIDTH_IN
    return textwrap.fill(chart.x_axis.label, int(width_in / _CHARACTER_IN))


def draw_spans(axis: Axes, chart: Chart) -> None:
    """The ground of each step, and a line where it began."""
    for place, span in enumerate(chart.spans):
        if place:
            colour = _ON_HEAT if chart.heat else _SEPARATOR
            axis.axvline(span.start, color=colour, lw=0.7, zorder=3 if chart.heat else 0.5)
        if span.shade:
            hatch = span.shade.hatch
            axis.axvspan(
                span.start,
                span.end,
                facecolor="none" if hatch else span.shade.colour,
                edgecolor=span.shade.colour if hatch else "none",
                hatch=_HATCHES.get(hatch),
                lw=0,
                zorder=0.4,
            )


def draw_marks(axis: Axes, chart: Chart) -> None:
    """Upright marks, named in the legend, and level ones with their labels on them."""
    for mark in chart.marks:
        if mark.x is not None and mark.until is not None:
            axis.axvspan(mark.x, mark.until, color=mark.colour, lw=0, zorder=0.3)
        elif mark.x is not None:
            axis.axvline(mark.x, color=mark.colour, lw=0.9 if mark.thin else 1.8, zorder=1.6)
            if mark.open:
                _draw_arrow(axis, mark.x, mark.colour)
        if mark.y is not None:
            axis.axhline(mark.y, color=mark.colour, ls="-.", lw=1.2, alpha=0.7)
            axis.annotate(
                mark.label,
                (0, mark.y),
                xycoords=axis.get_yaxis_transform(),
                xytext=(4, 2),
                textcoords="offset points",
                fontsize=8.5,
            )


def _draw_arrow(axis: Axes, x: float, colour: str) -> None:
    """From an upright mark to the right, near its upper end."""
    axis.annotate(
        "",
        (x, _ARROW_TOP),
        xycoords=axis.get_xaxis_transform(),
        xytext=(_ARROW_POINTS, 0),
        textcoords="offset points",
        arrowprops={"arrowstyle": "<|-", "color": colour, "lw": 1.8, "shrinkA": 0, "shrinkB": 0},
        annotation_clip=False,
    )


def label_loads(axis: Axes, chart: Chart) -> None:
    """Above the axes: how many clients or copies each step had; as many as there is room for."""
    if not chart.spans:
        return
    above: dict[str, Any] = {"textcoords": "offset points", "fontsize": 8.5}
    axis.annotate(
        chart.loads, (0, 1), xycoords="axes fraction", xytext=(-5, 7), ha="right", **above
    )
    a_second_in = _a_unit_in(chart)
    free_in = 0.0
    for span in chart.spans:
        middle_in = (span.start + span.end) / 2 * a_second_in
        half_in = len(f"{span.load:.6g}") * _CHARACTER_IN / 2
        if middle_in - half_in < free_in:
            continue
        axis.annotate(
            f"{span.load:.6g}",
            ((span.start + span.end) / 2, 1.0),
            xycoords=axis.get_xaxis_transform(),
            xytext=(0, 7),
            ha="center",
            **above,
        )
        free_in = middle_in + half_in + _CHARACTER_IN
