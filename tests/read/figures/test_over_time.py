"""Charts over the time of a run say what the totals of the run say."""

from __future__ import annotations

from pathlib import Path

import pytest
import synthetic_log as sl

from edgeload.read.analysis.summarising import analyse
from edgeload.read.figures.over_time import throughput_chart
from edgeload.read.log.open import read_log


def _labels(path: Path, played: sl.Played, until_s: float | None = None) -> list[str]:
    end = sl.end_of(played)
    if until_s is not None:
        end = sl.end_of(played, interrupted=True, stopped_s=until_s, at_s=until_s)
    return [
        line.label
        for line in throughput_chart(analyse(read_log(sl.write(path, played, end=end)))).lines
    ]


def test_what_the_run_did_not_have_has_no_line(tmp_path: Path) -> None:
    """By its totals: requests missed in the last, partial window, which is not drawn, count."""
    clean = sl.play(sl.plan_of([5], 8, 2.0), servers=8, service=sl.constant(0.01))
    assert _labels(tmp_path / "clean", clean) == ["answered", "due"]
    clean.requests = [r for r in clean.requests if r.due_s < 7.0]
    assert _labels(tmp_path / "cut", clean, until_s=7.5) == ["answered", "missed", "due"]


@pytest.mark.parametrize(
    ("step_s", "unit", "last"), [(20, "s", "40"), (1500, "min", "50"), (100_000, "days", "2")]
)
def test_a_long_run_counts_minutes_hours_or_days(
    tmp_path: Path, step_s: float, unit: str, last: str
) -> None:
    """On the axis of time, in what a mean is of, and in the unit of the ticks."""
    played = sl.play(sl.plan_of([1, 2], step_s, 20 / step_s), servers=2, service=sl.constant(0.1))
    chart = throughput_chart(analyse(read_log(sl.write(tmp_path / "log", played))))
    assert chart.x_axis.label.endswith(f", {unit}")
    assert chart.x_axis.ticks[-1].label == last
    assert "means of 3600 s" not in chart.y_axis.label
