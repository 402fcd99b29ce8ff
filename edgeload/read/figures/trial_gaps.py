"""Lines over the time of a search break in the pauses between its trials. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from edgeload.read.figures.chart import Chart, Line, Span, Values

_WHOLE = 0.98
"""A window lies inside a trial if at least this share of it does."""
_POINT_SIZE = 4.0
_LEAST_INSIDE = 0.75
"""As much of a window must lie inside a trial that is too short for a whole one."""


def means_of_trials(chart: Chart) -> Chart:
    """A chart of means over windows of one width, without those that reach into a pause.

    Such a mean would look like a failure at both ends of a trial. A trial that is too short for a
    whole window keeps one that mostly lies inside it. Points are marked: one alone is no line.
    """
    middles = [at_s or 0.0 for at_s in chart.x]
    half_s = (middles[1] - middles[0]) / 2 if len(middles) > 1 else math.inf
    inside = [[_inside(span, middle, half_s) for middle in middles] for span in chart.spans]
    kept: set[int] = set()
    for shares in inside:
        whole = {place for place, share in enumerate(shares) if share >= _WHOLE}
        best = max(range(len(shares)), key=shares.__getitem__, default=0)
        kept |= whole or ({best} if shares and shares[best] >= _LEAST_INSIDE else set())
    return replace(
        chart,
        lines=tuple(
            replace(
                line,
                values=tuple(v if place in kept else None for place, v in enumerate(line.values)),
                point_size=0.0 if line.kind == "planned" else max(line.point_size, _POINT_SIZE),
            )
            for line in chart.lines
        ),
    )


def _inside(span: Span, middle_s: float, half_s: float) -> float:
    """The share of a window that lies inside a trial."""
    low_s, high_s = middle_s - half_s, middle_s + half_s
    return max(0.0, min(high_s, span.end) - max(low_s, span.start)) / (high_s - low_s)


def broken_between_trials(chart: Chart) -> Chart:
    """A chart with a place without data between two trials, so that no line joins them."""
    x: list[float | None] = []
    moved: list[int] = []
    starts_s = [span.start for span in chart.spans]
    for at_s, next_s in pairwise((*chart.x, None)):
        moved.append(len(x))
        x.append(at_s)
        if at_s is not None and next_s is not None and _between(starts_s, at_s, next_s):
            x.append((at_s + next_s) / 2)
    return replace(
        chart, x=tuple(x), lines=tuple(_moved(line, moved, len(x)) for line in chart.lines)
    )


def _between(starts_s: Sequence[float], at_s: float, next_s: float) -> bool:
    return any(at_s < start_s <= next_s for start_s in starts_s)


def _moved(line: Line, moved: Sequence[int], count: int) -> Line:
    """A line whose places have moved to others of `count`."""

    def spread(values: Values) -> Values:
        found: list[float | None] = [None] * (count if values else 0)
        for place, value in zip(moved, values, strict=False):
            found[place] = value
        return tuple(found)

    return replace(
        line,
        values=spread(line.values),
        base=spread(line.base),
        low=spread(line.low),
        high=spread(line.high),
        never=tuple(moved[place] for place in line.never),
        crosses=tuple(moved[place] for place in line.crosses),
        hollow=tuple(replace(point, place=moved[point.place]) for point in line.hollow),
    )
