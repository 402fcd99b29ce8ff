"""Two sides in one plot: throughput and response time against clients, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from edgeload.plain_words import plural
from edgeload.png_style import PALETTE, new_figure
from edgeload.read.analysis.comparison import Comparison, Side
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.output.png.parts import (
    floats,
    hollow_note,
    legend,
    log_axis,
    never_markers,
    say,
    span_ms,
)
from edgeload.read.statistics.percentiles import Quantile
from edgeload.read.words.comparison_words import change

_SIDES = (("before", "orange", "s", "--"), ("after", "blue", "o", "-"))
_APART = 0.012  # of the axis, so that whiskers of both sides are seen


def compared_figure(comparison: Comparison, old: Side, new: Side) -> Figure:
    """Each step a point with its 95 % interval; runs of one side share their colour."""
    figure, (top, bottom) = new_figure(2, title=_title(comparison))
    steps = [step for run in (*old, *new) for step in run.steps]
    reach = max((step.clients for step in steps), default=1) * 1.05
    times: list[float] = []
    for at, (side, (name, colour, marker, style)) in enumerate(
        zip((old, new), _SIDES, strict=True)
    ):
        for i, run in enumerate(side):
            ordered = sorted(run.steps, key=lambda step: (step.clients, step.index))
            label = name if i == 0 else None
            look = {"color": PALETTE[colour], "marker": marker, "ls": style, "label": label}
            _draw_throughput(top, ordered, look)
            times += _draw_times(bottom, ordered, look, (2 * at - 1) * _APART * reach / 2)
    arrival = sorted({(s.clients, s.rates.arrival_per_s) for s in steps if s.rates.arrival_per_s})
    if arrival:
        top.plot(*zip(*arrival, strict=True), color=PALETTE["black"], alpha=0.25, lw=4, label="due")
    top.set_ylim(bottom=0)
    top.set_ylabel("answers per second")
    hollow_note(top, steps)
    legend(top)
    if not times:
        say([bottom], "too few good answers in any step for a p95")
    bottom.set_ylim(*span_ms(np.array(times)))
    log_axis(bottom, "response p95, ms")
    legend(bottom)
    bottom.set_xlabel("clients")
    bottom.xaxis.set_major_locator(MaxNLocator(integer=True))
    bottom.set_xlim(0, reach)
    return figure


def _title(comparison: Comparison) -> str:
    if comparison.deciding:
        first = comparison.deciding[0]
        return (
            f"{comparison.verdict.capitalize()}: {first.quantity} {change(first)} "
            f"at {plural(first.clients, 'client')}"
        )
    if comparison.verdict == "same":
        return f"Same within ±{comparison.margin * 100:g} % at every load"
    return "Undecided: no difference that is no chance"


def _draw_throughput(axis: Axes, steps: Sequence[StepSummary], look: dict[str, Any]) -> None:
    known = [step for step in steps if step.rates.throughput_per_s is not None]
    x = [step.clients for step in known]
    axis.plot(x, floats(step.rates.throughput_per_s for step in known), ms=5, lw=1.4, **look)
    for step in known:
        _hollow(axis, step, step.clients, step.rates.throughput_per_s or 0.0, look)


def _draw_times(
    axis: Axes, steps: Sequence[StepSummary], look: dict[str, Any], aside: float
) -> list[float]:
    """Returns what was drawn, seconds."""
    found = [(step, quantile) for step in steps if (quantile := _p95(step))]
    shown = [(step, quantile) for step, quantile in found if not quantile.never]
    x = np.array([step.clients + aside for step, _ in shown])
    y = np.array([quantile.value for _, quantile in shown]) * 1000
    low = np.array([quantile.low for _, quantile in shown]) * 1000
    high = np.minimum(np.array([quantile.high for _, quantile in shown]) * 1000, y * 5)
    axis.errorbar(x, y, (y - low, high - y), ms=5, lw=1.4, elinewidth=1, capsize=2.5, **look)
    for (step, quantile), at in zip(shown, x, strict=True):
        _hollow(axis, step, float(at), quantile.value * 1000, look)
    never = np.array([step.clients + aside for step, quantile in found if quantile.never])
    never_markers(axis, never, f"{look['label']}: p95 never answered" if look["label"] else "_")
    return [*(y / 1000), *(low / 1000), *(high / 1000)]


def _hollow(axis: Axes, step: StepSummary, x: float, y: float, look: dict[str, Any]) -> None:
    if not step.valid or step.stability.steadiness.steady is False:
        axis.plot(x, y, marker=look["marker"], mfc="white", mec=look["color"], ms=5.5)


def _p95(step: StepSummary) -> Quantile | None:
    return step.times.felt.quantile("p95")
