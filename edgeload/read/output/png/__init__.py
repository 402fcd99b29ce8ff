"""A run's summary -> PNG plots, each under a title that says what it shows."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from edgeload.png_style import save
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.figures.shown import Drawn, draw
from edgeload.read.output.png.capacity import capacity_figure
from edgeload.read.output.png.failures import failures_figure
from edgeload.read.output.png.heat_map import heat_map_figure
from edgeload.read.output.png.over_time import throughput_figure, times_figure
from edgeload.read.output.png.percentile_curves import spectrum_figure

THROUGHPUT = "throughput.png"
TIMES = "times.png"
CAPACITY = "capacity.png"
SPECTRUM = "spectrum.png"
FAILURES = "failures.png"
HEAT_MAP = "heat_map.png"


def write(summary: RunSummary, output_dir: Path, drawn: Drawn | None = None) -> list[Path]:
    """Draw the plots that this run has something for; the files written. Raises OSError.

    `drawn` is `draw(summary)` where the caller has it already. A plot of an earlier run that this
    one has nothing for is removed: it would pass for this one's.
    """
    drawn = drawn or draw(summary)
    spread, failures, heat = drawn.percentile_curves, drawn.failures, drawn.heat_map
    figures: dict[str, Figure | None] = {
        THROUGHPUT: throughput_figure(summary, drawn.rates),
        TIMES: times_figure(summary, drawn.times),
        CAPACITY: capacity_figure(summary),
        SPECTRUM: spectrum_figure(summary, spread) if spread else None,
        FAILURES: failures_figure(summary, failures) if failures else None,
        HEAT_MAP: heat_map_figure(summary, heat) if heat else None,
    }
    for name in (name for name, figure in figures.items() if figure is None):
        (output_dir / name).unlink(missing_ok=True)
    return [save(figure, output_dir / name) for name, figure in figures.items() if figure]
