"""All that is shown of a comparison: one specification for page and PNG. Pure."""

from __future__ import annotations

from edgeload.read.analysis.comparison import Comparison
from edgeload.read.analysis.differences import Side
from edgeload.read.figures.chart import Picture
from edgeload.read.figures.compared import compared_charts
from edgeload.read.figures.compared_curves import compared_curve_charts
from edgeload.read.figures.shown import about, pictures_of
from edgeload.read.words.run_names import side_names, sides_line


def prepare_comparison(comparison: Comparison, old: Side, new: Side) -> tuple[Picture, ...]:
    """The pictures of a comparison."""
    drawn = pictures_of(
        {
            "comparison.png": compared_charts(comparison, old, new),
            "comparison_spectrum.png": compared_curve_charts(comparison, old, new),
        }
    )
    before, after = side_names(old, new)
    return about(sides_line(before, after) if before != after else "", drawn)
