"""The chart of failures over time, by class. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from edgeload.palette import PALETTE
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.series import failure_rates
from edgeload.read.figures.chart import Chart, Line
from edgeload.read.figures.over_time import spans_of, time_axis
from edgeload.read.figures.scales import rate_axis, values_of
from edgeload.read.words.loads import Loads
from edgeload.read.words.titles import failures_title
from edgeload.time_words import duration

Fill = tuple[str, Literal["", "/", "\\", ".", "x"]]
"""A colour by its word, and a pattern."""

_FILLS: tuple[Fill, ...] = (
    ("vermilion", ""),
    ("blue", "/"),
    ("orange", "."),
    ("green", "\\"),
    ("purple", ""),
    ("sky", "x"),
    ("black", ""),
    ("grey", ""),
)


def class_fills(summary: RunSummary) -> Mapping[str, Fill]:
    """The colour and pattern of each class of failures, the most frequent class first."""
    found = failure_rates(summary)
    return dict(zip(found.classes if found else (), _FILLS, strict=False))


def failures_chart(summary: RunSummary, fills: Mapping[str, Fill] | None = None) -> Chart | None:
    """Failures per second by class, one on top of the other; None: nothing failed.

    `fills` are those of the mix for a group of it, so that a class looks alike in all groups.
    """
    found = failure_rates(summary)
    if found is None:
        return None
    fills = class_fills(summary) if fills is None else fills
    below = np.zeros(len(found.edges_s) - 1)
    lines = []
    for name, rate in found.classes.items():
        colour, pattern = fills.get(name, _FILLS[-1])
        count = round(float(rate.sum() * found.width_s))
        lines.append(
            Line(
                f"{name} ({count:,})",
                PALETTE[colour],
                values_of(rate),
                kind="bars",
                base=values_of(below),
                pattern=pattern,
            )
        )
        below = below + rate
    return Chart(
        name="failures",
        title=failures_title(summary),
        group="time",
        unit="/s",
        x=values_of((found.edges_s[:-1] + found.edges_s[1:]) / 2),
        x_axis=time_axis(summary, float(found.edges_s[-1])),
        y_axis=rate_axis(f"failures per second (means of {duration(found.width_s)})", lines),
        lines=tuple(lines),
        spans=spans_of(summary),
        loads=Loads(summary).over_what,
        bar_width=found.width_s,
    )
