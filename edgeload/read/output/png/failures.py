"""The plot of failures over time, by class."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from edgeload.png_style import PALETTE, new_figure
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.series import FailureRates
from edgeload.read.output.png.parts import draw_clients, legend
from edgeload.read.words.titles import failures_title

_FILLS = (
    ("vermilion", ""),
    ("blue", "///"),
    ("orange", "..."),
    ("green", "\\\\\\"),
    ("purple", ""),
    ("sky", "xx"),
    ("black", ""),
    ("grey", ""),
)


def failures_figure(summary: RunSummary, drawn: FailureRates) -> Figure:
    """Failures per second by class, one on top of the other; clients below."""
    figure, (top, bottom) = new_figure(2, title=failures_title(summary))
    top.get_gridspec().set_height_ratios([2.6, 1])  # type: ignore[union-attr]
    below = np.zeros(len(drawn.edges_s) - 1)
    totals = {
        name: round(float(line.sum() * drawn.width_s)) for name, line in drawn.classes.items()
    }
    for (name, line), (colour, hatch) in zip(drawn.classes.items(), _FILLS, strict=False):
        top.stairs(
            below + line,
            drawn.edges_s,
            baseline=below,
            fill=True,
            facecolor=PALETTE[colour],
            edgecolor="white",
            hatch=hatch,
            lw=0,
            label=f"{name} ({totals[name]:,})",
        )
        below = below + line
    top.set_ylim(0, max(float(below.max()) * 1.08, 1e-9))
    top.set_ylabel(f"failures per second\n(means of {drawn.width_s:g} s)")
    legend(top, per_row=4)
    draw_clients(bottom, summary)
    bottom.set_xlim(0, max(float(drawn.edges_s[-1]), bottom.get_xlim()[1]))
    return figure
