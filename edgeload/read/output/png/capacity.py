"""The plot against clients: throughput, and percentiles of the times, of each step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from edgeload.objectives import Objective
from edgeload.png_style import PALETTE, new_figure
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.output.png.parts import (
    draw_points,
    floats,
    hollow_note,
    legend,
    log_axis,
    never_markers,
    say,
    span_ms,
)
from edgeload.read.statistics.percentiles import Distribution
from edgeload.read.statistics.windows import Floats
from edgeload.read.words.titles import capacity_title


def capacity_figure(summary: RunSummary) -> Figure:
    """Throughput, and percentiles of the times, of each step against its clients."""
    figure, (top, bottom) = new_figure(2, title=capacity_title(summary))
    steps = sorted(summary.steps, key=lambda step: step.clients)
    clients = np.array([step.clients for step in steps], dtype=np.float64)
    arrival = floats(step.rates.arrival_per_s for step in steps)
    top.plot(clients, arrival, "o-", color=PALETTE["black"], alpha=0.3, lw=4, ms=8, label="due")
    done = floats(step.rates.throughput_per_s for step in steps)
    draw_points(top, steps, clients, done, "blue", "-", "answered")
    if summary.capacity:
        top.axvline(summary.capacity.clients, color=PALETTE["green"], lw=2.2, alpha=0.55)
        top.plot([], [], color=PALETTE["green"], lw=2.2, alpha=0.55, label="capacity")
    top.set_ylim(bottom=0)
    top.set_ylabel("requests per second")
    hollow_note(top, steps)
    legend(top)
    _draw_step_times(bottom, steps, clients, summary.time_objectives)
    bottom.set_xlabel("clients")
    bottom.xaxis.set_major_locator(MaxNLocator(integer=True))
    bottom.set_xlim(0, max(clients, default=1) * 1.05)
    return figure


def _draw_step_times(
    axis: Axes, steps: Sequence[StepSummary], clients: Floats, limits: Sequence[Objective]
) -> None:
    drawn: list[Floats] = []
    for name, colour, style, kind in (
        ("p50", "sky", "-", "service"),
        ("p95", "blue", "-", "service"),
        ("p50", "orange", "--", "response"),
        ("p95", "vermilion", "--", "response"),
    ):
        samples = [
            step.times.service if kind == "service" else step.times.response for step in steps
        ]
        line = floats(_milliseconds(sample, name) for sample in samples)
        if np.isfinite(line).any():
            drawn.append(line)
            marker, size = ("s", 6.5) if kind == "service" else ("o", 3.5)
            label = f"{kind} {name}"
            draw_points(axis, steps, clients, line, colour, style, label, marker=marker, size=size)
    values = np.concatenate([*drawn, [limit.bound * 1000 for limit in limits]]) / 1000
    if not drawn:
        say([axis], "too few good answers in any step for a time to draw")
    axis.set_ylim(*span_ms(values))
    log_axis(axis, "time, ms")
    for limit in limits:
        axis.axhline(limit.bound * 1000, color=PALETTE["black"], ls="-.", lw=1.2)
        axis.annotate(
            limit.text,
            (0, limit.bound * 1000),
            xycoords=axis.get_yaxis_transform(),
            xytext=(4, 2),
            textcoords="offset points",
            fontsize=8.5,
        )
    never = [
        step.clients
        for step in steps
        if step.times.response and (p95 := step.times.response.quantile("p95")) and p95.never
    ]
    never_markers(axis, np.array(never, dtype=np.float64), "p95: never answered")
    legend(axis)


def _milliseconds(sample: Distribution | None, name: str) -> float | None:
    quantile = sample.quantile(name) if sample else None
    return quantile.value * 1000 if quantile and not quantile.never else None
