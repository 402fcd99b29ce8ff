"""A run's summary -> PNG plots: throughput over time, times over time, both against clients."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from edgeload.read.analysis import RunSummary, saturated
from edgeload.read.series import PERCENTILES, end_of, rates, times
from edgeload.read.stats import Distribution, Floats
from edgeload.read.steps import StepSummary
from edgeload.read.style import PALETTE, new_figure, save
from edgeload.read.verdict import capacity_title, state, throughput_title, times_title

THROUGHPUT = "throughput.png"
TIMES = "times.png"
CAPACITY = "capacity.png"

_COLOURS = {"p50": "blue", "p95": "orange", "p99": "vermilion"}
_STYLES = {"p50": "-", "p95": "--", "p99": ":"}
_SATURATED = "#F6D9C6"
_DOUBTFUL = {"invalid", "unsteady", "cut", "few", "failing"}
_HATCHED = ("invalid", "unsteady")
_MOST_LABELS = 16


def write(summary: RunSummary, output_dir: Path) -> list[Path]:
    """Draw all plots into a folder; the files written. Raises OSError."""
    return [
        save(throughput_figure(summary), output_dir / THROUGHPUT),
        save(times_figure(summary), output_dir / TIMES),
        save(capacity_figure(summary), output_dir / CAPACITY),
    ]


def throughput_figure(summary: RunSummary) -> Figure:
    """Answers, failures and missed requests per second against what was due; clients below."""
    figure, (top, bottom) = new_figure(2, title=throughput_title(summary))
    top.get_gridspec().set_height_ratios([2.6, 1])  # type: ignore[union-attr]
    series = rates(summary)
    edges, expected = _stairs(summary.steps, [step.arrival_rate_per_s for step in summary.steps])
    if any(rate is not None for rate in expected):
        top.stairs(
            _floats(expected), edges, baseline=None, color=PALETTE["black"], lw=1.1, label="due"
        )
    _line(top, series.middle_s, series.ok, "blue", "-", "answered")
    _line(top, series.middle_s, series.failed, "vermilion", "--", _named("failed", series.failed))
    if series.missed is not None:
        _line(top, series.middle_s, series.missed, "purple", ":", _named("missed", series.missed))
    behind = [step for step in summary.steps if saturated(step)]
    for step in behind:
        top.axvspan(step.span.start_s, step.window.end_s, color=_SATURATED, lw=0, zorder=0)
    top.set_ylim(bottom=0)
    top.set_ylabel(f"requests per second\n(means of {series.width_s:g} s)")
    extra = [Patch(color=_SATURATED, label="saturated (< 95 % of due)")] if behind else []
    _legend(top, extra)
    bottom.stairs(
        [step.clients for step in summary.steps], edges, fill=True, color=PALETTE["grey"], alpha=0.6
    )
    bottom.set_ylim(0, max((s.clients for s in summary.steps), default=1) * 1.25)
    bottom.set_ylabel("clients")
    bottom.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    _label_clients(bottom, summary.steps)
    _time_axis(bottom, summary)
    return figure


def times_figure(summary: RunSummary) -> Figure:
    """Percentiles of response and of service time over time, on one logarithmic scale."""
    series = times(summary)
    parts = [("service time\n(sent to answered), ms", series.service)]
    if series.response is not None:
        parts.insert(0, ("response time\n(due to answered), ms", series.response))
    figure, axes = new_figure(len(parts), title=times_title(summary))
    values = np.concatenate([line for _, lines in parts for line in lines.values()])
    low, high = _span(values)
    for axis, (label, lines) in zip(axes, parts, strict=True):
        for name, line in lines.items():
            shown = np.where(np.isfinite(line), line * 1000, np.nan)
            _line(axis, series.middle_s, shown, _COLOURS[name], _STYLES[name], name)
        _mark_never(axis, series.middle_s, lines)
        axis.set_ylim(low, high)
        _log_axis(axis, label)
        _hatch(axis, summary.steps)
    hatched = [s for s in summary.steps if state(s) in _HATCHED]
    extra = [_hatch_patch("step unsteady or INVALID")] if hatched else []
    if not np.isfinite(values).any():
        _say(axes, "no good answer, so no time to draw")
    _legend(axes[0], extra, raised=True)
    _label_clients(axes[0], summary.steps, above=True)
    _time_axis(axes[-1], summary)
    return figure


def capacity_figure(summary: RunSummary) -> Figure:
    """Throughput, and percentiles of the times, of each step against its clients."""
    figure, (top, bottom) = new_figure(2, title=capacity_title(summary))
    steps = sorted(summary.steps, key=lambda step: step.clients)
    clients = np.array([step.clients for step in steps], dtype=np.float64)
    arrival = _floats(step.arrival_rate_per_s for step in steps)
    top.plot(clients, arrival, "o-", color=PALETTE["black"], alpha=0.3, lw=4, ms=8, label="due")
    done = _floats(step.throughput_per_s for step in steps)
    _points(top, steps, clients, done, "blue", "-", "answered")
    if summary.capacity:
        top.axvline(summary.capacity.clients, color=PALETTE["green"], lw=2.2, alpha=0.55)
        top.plot([], [], color=PALETTE["green"], lw=2.2, alpha=0.55, label="capacity")
    top.set_ylim(bottom=0)
    top.set_ylabel("requests per second")
    _hollow_note(top, steps)
    _legend(top)
    _draw_step_times(bottom, steps, clients)
    bottom.set_xlabel("clients")
    bottom.xaxis.set_major_locator(MaxNLocator(integer=True))
    bottom.set_xlim(0, max(clients, default=1) * 1.05)
    return figure


def _draw_step_times(axis: Axes, steps: Sequence[StepSummary], clients: Floats) -> None:
    drawn: list[Floats] = []
    for name, colour, style, kind in (
        ("p50", "sky", "-", "service"),
        ("p95", "blue", "-", "service"),
        ("p50", "orange", "--", "response"),
        ("p95", "vermilion", "--", "response"),
    ):
        samples = [step.service if kind == "service" else step.response for step in steps]
        line = _floats(_milliseconds(sample, name) for sample in samples)
        if np.isfinite(line).any():
            drawn.append(line)
            marker, size = ("s", 6.5) if kind == "service" else ("o", 3.5)
            label = f"{kind} {name}"
            _points(axis, steps, clients, line, colour, style, label, marker=marker, size=size)
    values = np.concatenate(drawn) / 1000 if drawn else np.empty(0)
    if not drawn:
        _say([axis], "too few good answers in any step for a time to draw")
    axis.set_ylim(*_span(values))
    _log_axis(axis, "time, ms")
    never = [
        step.clients
        for step in steps
        if step.response and (p95 := step.response.quantile("p95")) and p95.never
    ]
    _never_markers(axis, np.array(never, dtype=np.float64), "p95: never answered")
    _legend(axis)


def _milliseconds(sample: Distribution | None, name: str) -> float | None:
    quantile = sample.quantile(name) if sample else None
    return quantile.value * 1000 if quantile and not quantile.never else None


def _points(
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
    hollow = np.array([state(step) in _DOUBTFUL for step in steps], dtype=np.bool_)
    axis.plot(
        x[hollow], y[hollow], marker, mfc="white", mec=PALETTE[colour], mew=1.2, ms=size + 0.5
    )


def _hollow_note(axis: Axes, steps: Sequence[StepSummary]) -> None:
    if any(state(step) in _DOUBTFUL for step in steps):
        label = "hollow: not steady or INVALID"
        axis.plot([], [], "o", mfc="white", mec=PALETTE["grey"], mew=1.2, ms=5.5, label=label)


def _line(axis: Axes, x: Floats, y: Floats, colour: str, style: str, label: str) -> None:
    marker = "o" if len(x) <= 40 else None
    axis.plot(x, y, style, color=PALETTE[colour], label=label, marker=marker, ms=3)


def _mark_never(axis: Axes, x: Floats, lines: dict[str, Floats]) -> None:
    """Crosses at the top edge where even the p99 of what was due was never answered."""
    never = np.isinf(np.array([lines[name] for name in PERCENTILES])).any(axis=0)
    _never_markers(axis, x[never], "p99: never answered")


def _never_markers(axis: Axes, x: Floats, label: str) -> None:
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


def _stairs(
    steps: Sequence[StepSummary], values: Sequence[float | None]
) -> tuple[list[float], Sequence[float | None]]:
    edges = [step.span.start_s for step in steps]
    return [*edges, steps[-1].window.end_s if steps else 0.0], values


def _floats(values: Iterable[float | None]) -> Floats:
    return np.array([math.nan if v is None else v for v in values], dtype=np.float64)


def _span(values_s: Floats) -> tuple[float, float]:
    """Limits in milliseconds of a logarithmic axis that holds all finite values, with air."""
    finite = values_s[np.isfinite(values_s) & (values_s > 0)] * 1000
    if not len(finite):
        return 0.8, 1500.0
    low, high = float(finite.min()), float(finite.max())
    return low / 1.4, max(high * 1.6, low * 4)


def _log_axis(axis: Axes, label: str) -> None:
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(10, subs=(1.0, 2.0, 5.0)))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_minor_formatter(NullFormatter())
    axis.set_ylabel(label)


def _hatch(axis: Axes, steps: Sequence[StepSummary]) -> None:
    for step in steps:
        axis.axvline(step.span.start_s, color=PALETTE["grey"], lw=0.6, zorder=0.5)
        if state(step) in _HATCHED:
            axis.axvspan(
                step.span.start_s,
                step.window.end_s,
                facecolor="none",
                edgecolor="#CFCFCF",
                hatch="///",
                lw=0,
                zorder=0.4,
            )


def _hatch_patch(label: str) -> Patch:
    return Patch(facecolor="none", edgecolor="#B0B0B0", hatch="///", label=label)


def _say(axes: Sequence[Axes], text: str) -> None:
    for axis in axes:
        axis.text(0.5, 0.5, text, transform=axis.transAxes, ha="center", color=PALETTE["grey"])


def _named(name: str, rate: Floats) -> str:
    """A line's name, with the word none where it lies on the axis."""
    return name if rate.any() else f"{name} (none)"


def _label_clients(axis: Axes, steps: Sequence[StepSummary], *, above: bool = False) -> None:
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
        axis.text(-0.012, 1.012, "clients", transform=axis.transAxes, ha="right", fontsize=8.5)


def _time_axis(axis: Axes, summary: RunSummary) -> None:
    axis.set_xlim(0, max(end_of(summary), 1e-3))
    axis.set_xlabel("time since the first step began, s")


def _legend(axis: Axes, extra: Sequence[Patch] = (), *, raised: bool = False) -> None:
    """In one row above the axes, so that it covers nothing; `raised` leaves room for labels."""
    handles = [*axis.get_legend_handles_labels()[0], *extra]
    if handles:
        axis.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(-0.02, 1.06 if raised else 0.99),
            ncols=len(handles),
            fontsize=8.5,
            handlelength=1.9,
            handletextpad=0.5,
            columnspacing=1.3,
        )
