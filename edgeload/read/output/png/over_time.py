"""Plots over the time of the run: throughput, and percentiles of the times."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from edgeload.png_style import PALETTE, new_figure
from edgeload.read.analysis.capacity import saturated
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.series import Rates, Times
from edgeload.read.figures.shown import HATCHED
from edgeload.read.output.png.parts import (
    draw_clients,
    draw_line,
    floats,
    hatch_patch,
    hatch_steps,
    label_clients,
    legend,
    log_axis,
    mark_never,
    named,
    say,
    span_ms,
    step_edges,
    time_axis,
)
from edgeload.read.words.titles import throughput_title, times_title

_COLOURS = {"p50": "blue", "p95": "orange", "p99": "vermilion"}
_STYLES = {"p50": "-", "p95": "--", "p99": ":"}
_SATURATED = "#F6D9C6"


def throughput_figure(summary: RunSummary, series: Rates) -> Figure:
    """Answers, failures and missed requests per second against what was due; clients below."""
    figure, (top, bottom) = new_figure(2, title=throughput_title(summary))
    top.get_gridspec().set_height_ratios([2.6, 1])  # type: ignore[union-attr]
    due = floats(step.rates.arrival_per_s for step in summary.steps)
    if np.isfinite(due).any():
        edges = step_edges(summary.steps)
        top.stairs(due, edges, baseline=None, color=PALETTE["black"], lw=1.1, label="due")
    draw_line(top, series.middle_s, series.ok, "blue", "-", "answered")
    draw_line(
        top, series.middle_s, series.failed, "vermilion", "--", named("failed", series.failed)
    )
    if series.missed is not None:
        draw_line(
            top, series.middle_s, series.missed, "purple", ":", named("missed", series.missed)
        )
    behind = [step for step in summary.steps if saturated(step)]
    for step in behind:
        top.axvspan(step.span.start_s, step.window.end_s, color=_SATURATED, lw=0, zorder=0)
    top.set_ylim(bottom=0)
    top.set_ylabel(f"requests per second\n(means of {series.width_s:g} s)")
    extra = [Patch(color=_SATURATED, label="saturated (< 95 % of due)")] if behind else []
    legend(top, extra)
    draw_clients(bottom, summary)
    return figure


def times_figure(summary: RunSummary, series: Times) -> Figure:
    """Percentiles of response and of service time over time, on one logarithmic scale."""
    parts = [("service time\n(sent to answered), ms", series.service)]
    if series.response is not None:
        parts.insert(0, ("response time\n(due to answered), ms", series.response))
    figure, axes = new_figure(len(parts), title=times_title(summary))
    values = np.concatenate([line for _, lines in parts for line in lines.values()])
    low, high = span_ms(values)
    for axis, (label, lines) in zip(axes, parts, strict=True):
        for name, line in lines.items():
            shown = np.where(np.isfinite(line), line * 1000, np.nan)
            draw_line(axis, series.middle_s, shown, _COLOURS[name], _STYLES[name], name)
        mark_never(axis, series.middle_s, lines)
        axis.set_ylim(low, high)
        log_axis(axis, label)
        hatch_steps(axis, summary.steps)
    hatched = [s for s in summary.steps if s.state in HATCHED]
    extra = [hatch_patch("step unsteady or INVALID")] if hatched else []
    if not np.isfinite(values).any():
        say(axes, "no good answer, so no time to draw")
    legend(axes[0], extra, raised=True)
    label_clients(axes[0], summary.steps, above=True)
    time_axis(axes[-1], summary)
    return figure
