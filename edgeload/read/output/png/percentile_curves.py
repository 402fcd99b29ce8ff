"""The percentile spectrum: how long the slowest few take, one curve a step."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from edgeload.png_style import new_figure
from edgeload.read.analysis.percentile_curves import FASTEST, Curve, PercentileCurves
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.figures.shown import DOUBTFUL
from edgeload.read.output.png.parts import legend, log_axis, never_markers, span_ms
from edgeload.read.statistics.windows import Floats
from edgeload.read.words.titles import percentile_curves_title

_TICKS = (0.0, 0.5, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999, 0.99999, 0.999999)
_COLOURS = "viridis"
_LIGHTEST = 0.82  # what lies above in viridis is too light to be seen on white


def spectrum_figure(summary: RunSummary, drawn: PercentileCurves) -> Figure:
    """Response and service time against share, the tail stretched as HdrHistogram's plots do."""
    parts = [("service time\n(sent to answered), ms", drawn.service)]
    if drawn.response is not None:
        parts.insert(0, ("response time\n(due to answered), ms", drawn.response))
    figure, axes = new_figure(len(parts), title=percentile_curves_title(summary, drawn))
    drawn_s = [c.times_s[c.shares >= FASTEST] for _, curves in parts for c in curves]
    limits = span_ms(np.concatenate(drawn_s))
    doubtful = {step.index for step in summary.steps if step.state in DOUBTFUL}
    for axis, (label, curves) in zip(axes, parts, strict=True):
        _draw(axis, curves, doubtful)
        axis.set_ylim(*limits)
        log_axis(axis, label)
    if doubtful & {curve.step for curve in drawn.service}:
        axes[0].plot([], [], "--", color="#767676", label="dashed: not steady or INVALID")
    legend(axes[0], per_row=3)
    share_axis(axes[-1], max(float(stretched(c.shares)[-1]) for _, cs in parts for c in cs))
    return figure


def _draw(axis: Axes, curves: tuple[Curve, ...], doubtful: set[int]) -> None:
    shades = mpl.colormaps[_COLOURS](np.linspace(0.0, _LIGHTEST, max(2, len(curves))))
    never: list[float] = []
    for curve, shade in zip(curves, shades, strict=False):
        x = stretched(curve.shares)
        answered = np.isfinite(curve.times_s)
        style = "--" if curve.step in doubtful else "-"
        label = f"{curve.clients:,} clients (n = {curve.n:,})"
        axis.plot(x[answered], curve.times_s[answered] * 1000, style, color=shade, label=label)
        never += x[~answered].tolist()[:1]
    never_markers(axis, np.array(never), "never answered from here on")


def stretched(shares: Floats) -> Floats:
    """Tenfold fewer requests above is one step to the right."""
    stretched: Floats = -np.log10(1.0 - shares)
    return stretched


def share_axis(axis: Axes, last: float) -> None:
    """An axis of shares, stretched, as far as `last`."""
    ticks = [q for q in _TICKS if stretched(np.array([q]))[0] <= last + 1e-9]
    axis.xaxis.set_major_locator(FixedLocator([float(-np.log10(1.0 - q)) for q in ticks]))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _percent(x)))
    axis.set_xlim(0, last * 1.02)
    axis.set_xlabel("share of the requests that took at most this long")


def _percent(x: float) -> str:
    return f"{100.0 * (1.0 - 10.0**-x):.6g} %"
