"""Legends above the charts: as many rows as their entries need, and nothing said twice."""

from __future__ import annotations

import itertools
import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation

from edgeload.read.figures.chart import Chart, Key, Line

_WIDTH_IN = 7.3
_HALF_WIDTH_IN = 3.3
_TITLE_CHARACTER_IN = 0.087
_CHARACTER_IN = 0.075
_SAMPLE_IN = 0.46
_ROW_IN = 0.17
_FONT_SIZE = 8.5
_RAISED_POINTS = 17  # above the loads

_HANDLES: dict[str, Callable[[str], Any]] = {
    "hollow": lambda colour: Line2D([], [], ls="", marker="o", mfc="white", mec=colour, ms=5.5),
    "cross": lambda colour: Line2D([], [], ls="", marker="x", color=colour, ms=5),
    "whisker": lambda colour: Line2D([], [], ls="", marker="|", color=colour, ms=9, mew=1.4),
    "mark": lambda colour: Line2D([], [], color=colour, lw=1.8),
    "bound": lambda colour: Line2D([], [], color=colour, lw=1.8, marker=">", ms=6, markevery=[1]),
    "fill": lambda colour: Patch(facecolor=colour),
    "hatch": lambda colour: Patch(facecolor="none", edgecolor=colour, hatch="///"),
    "cross-hatch": lambda colour: Patch(facecolor="none", edgecolor=colour, hatch="xx"),
}


@dataclass(frozen=True)
class LegendRows:
    """What one chart's legend holds, in so many columns, under a title or none."""

    lines: tuple[Line, ...]
    keys: tuple[Key, ...]
    title: str
    columns: int

    @property
    def height_in(self) -> float:
        """The height that it takes above the chart."""
        rows = math.ceil((len(self.lines) + len(self.keys)) / self.columns)
        titles = len(self.title.splitlines())
        return _ROW_IN * (rows + (titles + 0.5 if titles else 0.0))


def legend_rows(charts: Sequence[Chart], *, first_titled: bool = False) -> list[LegendRows]:
    """The legends of the charts of a picture, whose title is that of the first chart, or another.

    Lines that all stand in a legend above, and signs that do, are not named again.
    """
    told: set[Any] = set()
    found = []
    for place, chart in enumerate(charts):
        lines = {_look(line): line for line in chart.lines}
        lines = {} if lines.keys() <= told else lines
        keys = tuple(key for key in chart.keys if key not in told)
        told |= {*lines, *keys}
        labels = [*(line.label for line in lines.values()), *(key.label for key in keys)]
        width_in = _HALF_WIDTH_IN if chart.half else _WIDTH_IN
        title = textwrap.fill(chart.title, int(width_in / _TITLE_CHARACTER_IN))
        title = title if place or first_titled else ""
        columns = _columns(labels, width_in)
        found.append(LegendRows(tuple(lines.values()), keys, title, columns))
    return found


def _look(line: Line) -> tuple[object, ...]:
    return line.label, line.colour, line.dash, line.kind


def _columns(labels: Sequence[str], width_in: float) -> int:
    """As many columns as fit side by side, and no more than their rows need.

    Matplotlib fills one column after the other, the first ones with an entry more.
    """
    count = len(labels)
    for columns in range(count, 1, -1):
        rows, longer = divmod(count, columns)
        ends = [i * rows + min(i, longer) for i in range(columns + 1)]
        widest = [max(map(len, labels[a:b])) for a, b in itertools.pairwise(ends)]
        if sum(width * _CHARACTER_IN + _SAMPLE_IN for width in widest) <= width_in:
            return math.ceil(count / math.ceil(count / columns))
    return 1


def draw_legend(
    figure: Figure, axis: Axes, rows: LegendRows, handles: Sequence[Any], chart: Chart
) -> None:
    """In rows above the axes, so that it covers nothing, and above the loads."""
    drawn = dict(zip(map(_look, chart.lines), handles, strict=True))
    samples = [drawn[_look(line)] for line in rows.lines]
    samples += [_HANDLES[key.sample](key.colour) for key in rows.keys]
    texts = [*(line.label for line in rows.lines), *(key.label for key in rows.keys)]
    raised = ScaledTranslation(
        0, (_RAISED_POINTS if chart.spans else 0) / 72, figure.dpi_scale_trans
    )
    if not samples and not rows.title:
        return
    legend = axis.legend(
        samples,
        [f" {text}" if text.startswith("_") else text for text in texts],  # matplotlib hides those
        title=rows.title or None,
        title_fontproperties={"size": 10, "weight": "bold"},
        alignment="left",
        loc="lower left",
        bbox_to_anchor=(-0.02, 0.99),
        bbox_transform=axis.transAxes + raised,
        ncols=rows.columns,
        fontsize=_FONT_SIZE,
        handlelength=1.9,
        handletextpad=0.5,
        columnspacing=1.3,
    )
    legend.set_zorder(5)
