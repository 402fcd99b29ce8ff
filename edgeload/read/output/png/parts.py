"""Pieces that several plots are made of: lines, points, markers, axes and legends."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from edgeload.png_style import PALETTE
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.series import PERCENTILES, end_of
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.figures.shown import DOUBTFUL, HATCHED
from edgeload.read.statistics.windows import Floats

_MOST_LABELS = 16
_CROWDED = 3e3  # from this ratio of the ends on, labels at 1, 2 and 5 would touch


def draw_points(
    axis: Axes,
    steps: Sequence[StepSummary],
    x: Floats,
    y: Floats,
    colour: str,
    style: str,
    label: str,
    *,
    marker: str = "o",
    size: float = 4.5,
) -> None:
    """A line through the steps' points; hollow where a step was not steady and valid."""
    axis.plot(x, y, style, color=PALETTE[colour], lw=1.2, label=label, marker=marker, ms=size)
    hollow = np.array([step.state in DOUBTFUL for step in steps], dtype=np.bool_)
    axis.plot(
        x[hollow], y[hollow], marker, mfc="white", mec=PALETTE[colour], mew=1.2, ms=size + 0.5
    )


def hollow_note(axis: Axes, steps: Sequence[StepSummary]) -> None:
    """An entry in the legend for hollow points, where there are any."""
    if any(step.state in DOUBTFUL for step in steps):
        label = "hollow: not steady or INVALID"
        axis.plot([], [], "o", mfc="white", mec=PALETTE["grey"], mew=1.2, ms=5.5, label=label)


def draw_line(axis: Axes, x: Floats, y: Floats, colour: str, style: str, label: str) -> None:
    """A line over time, with its points marked where they are few."""
    marker = "o" if len(x) <= 40 else None
    axis.plot(x, y, style, color=PALETTE[colour], label=label, marker=marker, ms=3)


def mark_never(axis: Axes, x: Floats, lines: dict[str, Floats]) -> None:
    """Crosses at the top edge where even the p99 of what was due was never answered."""
    never = np.isinf(np.array([lines[name] for name in PERCENTILES])).any(axis=0)
    never_markers(axis, x[never], "p99: never answered")


def never_markers(axis: Axes, x: Floats, label: str) -> None:
    """Crosses at the top edge, at these x."""
    if len(x):
        axis.plot(
            x,
            np.full(len(x), 0.975),
            "x",
            color=PALETTE["black"],
            ms=4.5,
            transform=axis.get_xaxis_transform(),
            label=label,
        )


def step_edges(steps: Sequence[StepSummary]) -> list[float]:
    """Run times at which the steps begin, and at which the last one ended."""
    return [*(step.span.start_s for step in steps), steps[-1].window.end_s if steps else 0.0]


def floats(values: Iterable[float | None]) -> Floats:
    """The values as an array, NaN for None."""
    return np.array([math.nan if v is None else v for v in values], dtype=np.float64)


def span_ms(values_s: Floats) -> tuple[float, float]:
    """Limits in milliseconds of a logarithmic axis that holds all finite values, with air."""
    finite = values_s[np.isfinite(values_s) & (values_s > 0)] * 1000
    if not len(finite):
        return 0.8, 1500.0
    low, high = float(finite.min()), float(finite.max())
    return low / 1.4, max(high * 1.6, low * 4)


def log_axis(axis: Axes, label: str) -> None:
    """A logarithmic axis, its limits set before, with plain numbers at 1, 2 and 5 or at 1 alone."""
    axis.set_yscale("log")
    low, high = axis.get_ylim()
    subs = (1.0, 2.0, 5.0) if high / low < _CROWDED else (1.0,)
    axis.yaxis.set_major_locator(LogLocator(10, subs=subs))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_minor_formatter(NullFormatter())
    axis.set_ylabel(label)


def hatch_steps(axis: Axes, steps: Sequence[StepSummary]) -> None:
    """A line where each step began, and hatching over the unsteady and INVALID ones."""
    for step in steps:
        axis.axvline(step.span.start_s, color=PALETTE["grey"], lw=0.6, zorder=0.5)
        if step.state in HATCHED:
            axis.axvspan(
                step.span.start_s,
                step.window.end_s,
                facecolor="none",
                edgecolor="#CFCFCF",
                hatch="///",
                lw=0,
                zorder=0.4,
            )


def hatch_patch(label: str) -> Patch:
    """The legend's sample of the hatching."""
    return Patch(facecolor="none", edgecolor="#B0B0B0", hatch="///", label=label)


def say(axes: Sequence[Axes], text: str) -> None:
    """A sentence in the middle of axes that have nothing to show."""
    for axis in axes:
        axis.text(0.5, 0.5, text, transform=axis.transAxes, ha="center", color=PALETTE["grey"])


def named(name: str, rate: Floats) -> str:
    """A line's name, with the word none where it lies on the axis."""
    return name if rate.any() else f"{name} (none)"


def label_clients(axis: Axes, steps: Sequence[StepSummary], *, above: bool = False) -> None:
    """The number of clients of each step, thinned out where there are many steps."""
    every = max(1, math.ceil(len(steps) / _MOST_LABELS))
    for step in steps[::every]:
        middle_s = (step.span.start_s + step.window.end_s) / 2
        axis.annotate(
            f"{step.clients}",
            (middle_s, 1.0 if above else step.clients),
            xycoords=axis.get_xaxis_transform() if above else "data",
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=8.5,
        )
    if above:
        axis.text(-0.012, 1.03, "clients", transform=axis.transAxes, ha="right", fontsize=8.5)


def time_axis(axis: Axes, summary: RunSummary) -> None:
    """The axis of run time, from 0 to the end of the last step."""
    axis.set_xlim(0, max(end_of(summary), 1e-3))
    axis.set_xlabel("time since the first step began, s")


def legend(
    axis: Axes, extra: Sequence[Patch] = (), *, raised: bool = False, per_row: int = 8
) -> None:
    """In rows above the axes, so that it covers nothing; `raised` leaves room for labels."""
    handles = [*axis.get_legend_handles_labels()[0], *extra]
    if handles:
        axis.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(-0.02, 1.06 if raised else 0.99),
            ncols=min(per_row, len(handles)),
            fontsize=8.5,
            handlelength=1.9,
            handletextpad=0.5,
            columnspacing=1.3,
        )


def draw_clients(axis: Axes, summary: RunSummary) -> None:
    """The row below a plot over time: how many clients there were, on the axis of run time."""
    clients = [step.clients for step in summary.steps]
    edges = step_edges(summary.steps)
    axis.stairs(clients, edges, fill=True, color=PALETTE["grey"], alpha=0.6)
    axis.set_ylim(0, max(clients, default=1) * 1.25)
    axis.set_ylabel("clients")
    axis.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    label_clients(axis, summary.steps)
    time_axis(axis, summary)
