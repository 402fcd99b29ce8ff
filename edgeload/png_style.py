"""How every figure of the project looks: size, colours, grid, fonts, and how one is saved."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

PALETTE = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "black": "#000000",
    "grey": "#767676",
}
"""Colours by word, told apart by colour-blind readers (Okabe and Ito, 2008), and a grey."""

_WIDTH_IN = 8.0
_ROW_HEIGHT_IN = 2.1
_TITLE_HEIGHT_IN = 1.1
_DPI = 150  # 1200 px wide: shown at 800 px, the smallest text is still 12 px high
_TITLE_CHARS = 78
_STYLE: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same figure on every machine
    "font.size": 9.5,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.labelsize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.7,
    "lines.linewidth": 1.4,
    "legend.frameon": False,
    "legend.fontsize": 9,
}


def new_figure(rows: int = 1, *, title: str, share_x: bool = True) -> tuple[Figure, list[Axes]]:
    """An empty figure of `rows` axes, one above the other, under a title that says the point.

    With `share_x` all rows have the x axis of the last one, whose tick labels alone are shown.
    The style stays in force for what is drawn on the figure later (legends, texts).
    """
    mpl.rcParams.update(_STYLE)
    height = _TITLE_HEIGHT_IN + rows * _ROW_HEIGHT_IN
    figure = Figure(figsize=(_WIDTH_IN, height), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, 1, sharex=share_x, squeeze=False)
    figure.suptitle(
        textwrap.fill(title, _TITLE_CHARS), x=0.012, ha="left", fontsize=12, fontweight="bold"
    )
    return figure, [row[0] for row in grid]


def save(figure: Figure, path: Path) -> Path:
    """Write the figure as PNG, over an older one; the path again. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png", dpi=_DPI, facecolor="white")
    return path
