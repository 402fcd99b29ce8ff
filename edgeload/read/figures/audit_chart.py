"""Service times of new and of repeated pictures by share: where a cache shows. Pure."""

from __future__ import annotations

import numpy as np

from edgeload.palette import PALETTE
from edgeload.read.analysis.percentile_curves import shares_of
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.figures.chart import Chart, Line
from edgeload.read.figures.over_time import point_size, spans_of, time_axis, time_label
from edgeload.read.figures.scales import log_axis, share_axis, stretched, values_of
from edgeload.read.figures.signs import doubt_shade
from edgeload.read.statistics.percentiles import rank
from edgeload.read.statistics.windows import Floats
from edgeload.read.words.audit_words import AUDIT_TIMES_TITLE, NEW_PICTURES, REPEATED_PICTURES
from edgeload.read.words.titles import audit_curves_title

_LEAST_BLOCK = 5
_MOST_BLOCKS = 40


def audit_charts(summary: RunSummary) -> tuple[Chart, ...]:
    """A curve for each kind; nothing without answers, or for any other run than an audit."""
    found = summary.audit
    if found is None or not found.pairs:
        return ()
    shares = shares_of(found.pairs)
    x = values_of(stretched(shares))
    lines = (
        _line(NEW_PICTURES, PALETTE["vermilion"], found.new_s, shares),
        _line(REPEATED_PICTURES, PALETTE["blue"], found.again_s, shares),
    )
    return (
        Chart(
            name="service-percentiles",
            title=audit_curves_title(summary, found),
            group="share",
            unit="ms",
            x=x,
            x_axis=share_axis(x[-1] or 0.0),
            y_axis=log_axis(time_label("service"), [v for line in lines for v in line.values]),
            lines=lines,
        ),
    )


def audit_times_charts(summary: RunSummary) -> tuple[Chart, ...]:
    """Medians of both kinds over the run, each of several pairs; nothing without answers."""
    found = summary.audit
    if found is None or not found.pairs:
        return ()
    blocks = min(_MOST_BLOCKS, max(1, found.pairs // _LEAST_BLOCK))
    at_s = _of_blocks(found.due_s, blocks)
    lines = tuple(
        Line(
            f"{name} pictures",
            PALETTE[colour],
            values_of(1000 * _of_blocks(times_s, blocks)),
            point_size=point_size(at_s),
        )
        for name, colour, times_s in (
            (NEW_PICTURES, "vermilion", found.new_s),
            (REPEATED_PICTURES, "blue", found.again_s),
        )
    )
    return (
        Chart(
            name="service",
            title=AUDIT_TIMES_TITLE,
            group="time",
            unit="ms",
            x=values_of(at_s),
            x_axis=time_axis(summary),
            y_axis=log_axis(time_label("service"), [v for line in lines for v in line.values]),
            lines=lines,
            spans=spans_of(summary, doubt_shade),
        ),
    )


def _of_blocks(values: Floats, blocks: int) -> Floats:
    """The median of each of so many runs of values, one after the other."""
    return np.array([np.median(block) for block in np.array_split(values, blocks)])


def _line(pictures: str, colour: str, service_s: Floats, shares: Floats) -> Line:
    ordered = np.sort(service_s)
    times_s = ordered[[rank(len(ordered), share) - 1 for share in shares.tolist()]]
    label = f"{pictures} pictures (n = {len(ordered):,})"
    return Line(label, colour, values_of(times_s * 1000))
