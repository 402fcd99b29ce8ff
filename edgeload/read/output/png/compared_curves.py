"""Two sides' percentile percentile_curves in one plot: where along the tail they part."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgeload.png_style import PALETTE, new_figure
from edgeload.read.analysis.comparison import Comparison, Side
from edgeload.read.analysis.percentile_curves import FASTEST, Curve, percentile_curves
from edgeload.read.output.png.parts import legend, log_axis, span_ms
from edgeload.read.output.png.percentile_curves import share_axis, stretched
from edgeload.read.words.comparison_words import comparison_headline

_MOST_LOADS = 3
_COLOURS = ("sky", "orange", "black")


def compared_spectrum_figure(comparison: Comparison, old: Side, new: Side) -> Figure | None:
    """Response time (service time of older logs) of up to three loads that both sides have.

    The first run of each side; dashed before, full after. None: no load has answers enough for a
    p95 on both sides.
    """
    before, after = (_curves(side) for side in (old, new))
    loads = sorted(before.keys() & after.keys())
    if not loads:
        return None
    chosen = [loads[i] for i in np.unique(np.linspace(0, len(loads) - 1, _MOST_LOADS).astype(int))]
    figure, (axis,) = new_figure(
        1, title=comparison_headline(comparison).split(": ", 1)[0] + _where(chosen)
    )
    pairs = [(before[load], after[load]) for load in chosen]
    for (a, b), colour in zip(pairs, _COLOURS, strict=False):
        _draw(axis, a, colour, "--", "before")
        _draw(axis, b, colour, "-", "after")
    drawn = [c.times_s[c.shares >= FASTEST] for pair in pairs for c in pair]
    axis.set_ylim(*span_ms(np.concatenate(drawn)))
    log_axis(axis, "response time, ms")
    legend(axis, per_row=2)
    share_axis(axis, max(float(stretched(c.shares)[-1]) for pair in pairs for c in pair))
    return figure


def _curves(side: Side) -> dict[int, Curve]:
    found = percentile_curves(side[0])
    if found is None:
        return {}
    return {curve.clients: curve for curve in found.response or found.service}


def _where(loads: list[int]) -> str:
    return f": how times spread at {', '.join(f'{load:,}' for load in loads)} clients"


def _draw(axis: Axes, curve: Curve, colour: str, style: str, name: str) -> None:
    answered = np.isfinite(curve.times_s)
    x, y = stretched(curve.shares)[answered], curve.times_s[answered] * 1000
    label = f"{curve.clients:,} clients {name} (n = {curve.n:,})"
    axis.plot(x, y, style, color=PALETTE[colour], label=label)
