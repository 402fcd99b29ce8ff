"""The heat map of a long run: how the times spread, over the time of the run."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from edgeload.png_style import PALETTE, new_figure
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.series import HeatMap
from edgeload.read.output.png.parts import label_clients, log_axis, time_axis
from edgeload.read.words.titles import heat_map_title


def heat_map_figure(summary: RunSummary, drawn: HeatMap) -> Figure:
    """The share of what was due in each band of time; below, the share that never came."""
    figure, (top, bottom) = new_figure(2, title=heat_map_title(summary, drawn))
    top.get_gridspec().set_height_ratios([3, 1])  # type: ignore[union-attr]
    shown = np.ma.masked_less_equal(drawn.share, 0.0)
    mesh = top.pcolormesh(
        drawn.edges_s,
        drawn.bands_s * 1000,
        shown,
        cmap=mpl.colormaps["cividis"].reversed(),
        norm=PowerNorm(0.5, 0.0, max(float(drawn.share.max()), 1e-9)),
        rasterized=True,
    )
    top.grid(False)
    top.set_ylim(float(drawn.bands_s[0]) * 1000, float(drawn.bands_s[-1]) * 1000)
    start = "due" if drawn.kind == "response" else "sent"
    log_axis(top, f"{drawn.kind} time\n({start} to answered), ms")
    for step in summary.steps[1:]:
        top.axvline(step.span.start_s, color=PALETTE["black"], lw=0.6)
    label_clients(top, summary.steps, above=True)
    bar = figure.colorbar(mesh, ax=[top, bottom], fraction=0.04, pad=0.015, aspect=30)
    width_s = drawn.edges_s[1] - drawn.edges_s[0]
    bar.set_label(f"share of the requests due in {width_s:g} s")
    bar.ax.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    bottom.stairs(drawn.never, drawn.edges_s, fill=True, color=PALETTE["vermilion"])
    bottom.set_ylim(0, max(float(drawn.never.max()) * 1.15, 0.01))
    bottom.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    bottom.set_ylabel("missed or\ntimed out" if drawn.kind == "response" else "timed out")
    time_axis(bottom, summary)
    return figure
