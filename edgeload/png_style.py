"""How every PNG of the project looks: size, grid, fonts, and how one is saved."""

from __future__ import annotations

import math
import os
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from edgeload.private_files import open_private, private_folder

_WIDTH_IN = 8.0
_ROW_HEIGHT_IN = 2.1
_TITLE_HEIGHT_IN = 1.1
_DPI = 150  # 1200 px wide: shown at 800 px, the smallest text is still 12 px high
_TITLE_CHARS = 78
_COMPRESSION = 1  # of zlib: a third of the time of the usual 6, for files that are a fifth larger
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
    "text.parse_math": False,  # a dollar in a text of the log is a dollar
}


@contextmanager
def style() -> Iterator[None]:
    """Inside, matplotlib has its defaults and our style, whatever the user's matplotlibrc says.

    Pictures are drawn and saved inside; afterwards everything is as it was.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def new_figure(
    rows: int = 1,
    *,
    title: str,
    subject: str = "",
    share_x: bool = True,
    heights_in: Sequence[float] | None = None,
    legends_in: float = 0.0,
    in_row: Sequence[int] | None = None,
) -> tuple[Figure, list[Axes]]:
    """An empty figure of `rows` axes, one above the other, under a title that says the point.

    `subject` stands below all axes: what it is about. With `share_x` all rows have the x axis of
    the last one, whose tick labels alone are shown.
    Rows are alike unless `heights_in` gives their heights, in inches; `legends_in` is the height
    that their legends take. `in_row` says how many axes stand side by side in each row, if not one;
    they come row by row. To be used inside `style()`, with all that is drawn on it later.
    """
    heights_in = heights_in or [_ROW_HEIGHT_IN] * rows
    height = _TITLE_HEIGHT_IN + sum(heights_in) + legends_in
    figure = Figure(figsize=(_WIDTH_IN, height), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = _axes(figure, in_row or [1] * rows, heights_in, share_x=share_x)
    words = textwrap.fill(title, _TITLE_CHARS)
    figure.suptitle(words, x=0.012, ha="left", fontsize=12, fontweight="bold")
    if subject:
        figure.supxlabel(textwrap.fill(subject, _TITLE_CHARS), x=0.988, ha="right", fontsize=9)
    return figure, axes


def _axes(
    figure: Figure, in_row: Sequence[int], heights_in: Sequence[float], *, share_x: bool
) -> list[Axes]:
    """Row by row. Tick labels are left out where the row below repeats them."""
    columns = math.lcm(*in_row)
    grid = figure.add_gridspec(len(in_row), columns, height_ratios=heights_in)
    found: list[Axes] = []
    for row, (count, below) in enumerate(zip(in_row, [*in_row[1:], 0], strict=True)):
        width = columns // count
        for place in range(count):
            shared = found[0] if share_x and found else None
            cells = grid[row, place * width : (place + 1) * width]
            found.append(figure.add_subplot(cells, sharex=shared))
            if share_x and count == below:
                found[-1].tick_params(labelbottom=False)
    return found


def save(figure: Figure, path: Path) -> Path:
    """Write the figure as PNG, over an older one; the path again. Raises OSError.

    Its parts are put into their places once and drawn once: `savefig` draws twice.
    """
    private_folder(path.parent)
    layout = figure.get_layout_engine()
    if layout is not None:
        layout.execute(figure)
        figure.set_layout_engine("none")
    with os.fdopen(open_private(path, os.O_WRONLY | os.O_TRUNC), "wb") as file:
        print_png: Any = FigureCanvasAgg(figure).print_png
        print_png(file, pil_kwargs={"compress_level": _COMPRESSION})
    return path
