"""Plots: real PNG files whose titles say the finding, and few points whatever the run's length."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic_log as sl
from PIL import Image

from edgeload.read import plots
from edgeload.read.analysis import RunSummary, analyse
from edgeload.read.load import read_log
from edgeload.read.series import MOST_POINTS, rates, times, window_width
from edgeload.read.verdict import capacity_title, throughput_title, times_title


def _summary(tmp_path: Path, played: sl.Played, **changes: Any) -> RunSummary:
    return analyse(read_log(sl.write(tmp_path / "log", played, **changes)))


def _saturated(tmp_path: Path) -> RunSummary:
    plan = sl.plan_of([10, 30, 60], 10, 2.0)
    return _summary(tmp_path, sl.play(plan, servers=4, service=sl.constant(0.05)))


def _failed(tmp_path: Path) -> RunSummary:
    played = sl.play(
        sl.plan_of([2], 4, 5.0),
        servers=4,
        service=sl.constant(0.01),
        outcome=lambda chance, sent_s: "refused",
    )
    return _summary(tmp_path, played)


def _short(tmp_path: Path) -> RunSummary:
    return _summary(tmp_path, sl.play(sl.plan_of([1], 0.4, 5.0), servers=1, service=lambda c: 0.01))


@pytest.mark.parametrize("make", [_saturated, _failed, _short])
def test_all_three_plots_are_pictures_of_a_readable_size(tmp_path: Path, make: Any) -> None:
    """Every file decodes as PNG, is at least 800 pixels wide, and is not one flat colour."""
    files = plots.write(make(tmp_path), tmp_path / "out")
    assert [path.name for path in files] == ["throughput.png", "times.png", "capacity.png"]
    for path in files:
        with Image.open(path) as picture:
            picture.load()
            assert picture.format == "PNG"
            assert picture.width >= 800
            assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 50


def test_titles_say_the_finding(tmp_path: Path) -> None:
    """Of a saturated ramp: the most answers, where more was due, how times grew, the capacity."""
    summary = _saturated(tmp_path)
    assert (
        throughput_title(summary)
        == "At most 80.0 answers/s: from 60 clients on, more is due (120/s)"
    )
    assert (
        times_title(summary) == "Response p95 50.0 ms at 10 clients; over 5 % never answered at 60"
    )
    assert capacity_title(summary) == "Capacity 30 clients: 60.0 answers/s"


def test_titles_of_other_ends(tmp_path: Path) -> None:
    """Nothing answered, a limit not reached, and an INVALID run each say so."""
    assert throughput_title(_failed(tmp_path / "f")) == "No request was answered well"
    plan = sl.plan_of([10], 10, 5.0)
    played = sl.play(plan, servers=20, service=sl.constant(0.01))
    clean = _summary(tmp_path / "c", played)
    assert throughput_title(clean).startswith("All that was due was answered, up to 50.0 answers/s")
    assert capacity_title(clean) == "Capacity at least 10 clients: 50.0 answers/s"
    invalid = _summary(tmp_path / "i", played, workers=sl.cpu_samples(plan, 0.9))
    assert capacity_title(invalid).endswith("(run INVALID)")


def test_rates_over_time_add_up(tmp_path: Path) -> None:
    """Summed over whole windows: answers by completion, missed by due time, as in the log."""
    summary = _saturated(tmp_path)
    series = rates(summary)
    done = summary.log.requests.done_s
    assert series.width_s == 1
    assert series.ok.sum() == (done < 30).sum()
    assert series.failed.sum() == 0
    assert series.missed is not None
    assert series.missed.sum() == summary.totals.missed


def test_the_last_partial_second_is_left_out(tmp_path: Path) -> None:
    """A run of 6.5 s has six whole seconds: no last point that only seems to drop."""
    played = sl.play(sl.plan_of([10], 6.5, 10.0), servers=10, service=sl.constant(0.001))
    series = rates(_summary(tmp_path, played))
    assert len(series.ok) == 6
    assert series.ok.tolist() == pytest.approx([100] * 6, abs=1)


def test_percentiles_over_time_begin_anew_in_each_step(tmp_path: Path) -> None:
    """No window mixes two steps, and what was never answered is above everything."""
    summary = _saturated(tmp_path)
    series = times(summary)
    assert series.response is not None
    first = series.middle_s < 10
    assert series.service["p99"][first] == pytest.approx([0.05] * int(first.sum()))
    assert np.isinf(series.response["p99"][series.middle_s > 25]).any()
    assert not np.isinf(series.service["p99"]).any()


def test_points_are_few_whatever_the_length() -> None:
    """A second, an hour, a day and a month all have at most MOST_POINTS windows."""
    for span_s in (0.5, 60, 3600, 86_400, 30 * 86_400):
        assert span_s / window_width(span_s) <= MOST_POINTS
    assert window_width(600) == 1
