"""Plots: real PNG files of what the run has to show, whose titles say the finding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import synthetic_log as sl
from PIL import Image

from edgeload.read.analysis.run_summary import RunSummary, analyse
from edgeload.read.figures.shown import draw
from edgeload.read.log.open import read_log
from edgeload.read.output import png as plots
from edgeload.read.statistics.format import milliseconds
from edgeload.read.statistics.percentiles import nearest_rank
from edgeload.read.words.titles import (
    capacity_title,
    failures_title,
    heat_map_title,
    percentile_curves_title,
    throughput_title,
    times_title,
)


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


def _long(tmp_path: Path) -> RunSummary:
    played = sl.play(
        sl.plan_of([5, 10], 70, 2.0),
        servers=2,
        service=sl.exponential(0.05),
        outcome=lambda chance, sent_s: chance.choice(["ok"] * 18 + ["timeout", "http_503"]),
    )
    return _summary(tmp_path, played)


ALWAYS = ["throughput.png", "times.png", "capacity.png"]


@pytest.mark.parametrize(
    ("make", "more"),
    [
        (_saturated, ["spectrum.png"]),
        (_failed, ["failures.png"]),
        (_short, []),
        (_long, ["spectrum.png", "failures.png", "heat_map.png"]),
    ],
)
def test_plots_are_pictures_of_a_readable_size(tmp_path: Path, make: Any, more: list[str]) -> None:
    """Each that the run has something for decodes as PNG, 800 pixels wide or more, not one flat
    colour."""
    files = plots.write(make(tmp_path), tmp_path / "out")
    assert [path.name for path in files] == ALWAYS + more
    for path in files:
        with Image.open(path) as picture:
            picture.load()
            assert picture.format == "PNG"
            assert picture.width >= 800
            assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 50


def test_a_plot_of_an_earlier_run_does_not_stay(tmp_path: Path) -> None:
    """Where this run has nothing to show, the older picture is taken away; other files stay."""
    out = tmp_path / "out"
    plots.write(_failed(tmp_path / "f"), out)
    (out / "notes.png").write_bytes(b"")
    plots.write(_short(tmp_path / "s"), out)
    assert {path.name for path in out.iterdir()} == {*ALWAYS, "notes.png"}


def test_titles_of_spectrum_failures_and_heat_map(tmp_path: Path) -> None:
    """Each says its finding, in figures that a hand count gives."""
    saturated = _saturated(tmp_path / "s")
    drawn = draw(saturated)
    assert drawn.percentile_curves is not None
    assert (
        percentile_curves_title(saturated, drawn.percentile_curves)
        == "Response time at 30 clients: p50 50.0 ms, p99 50.0 ms"
    )
    assert failures_title(saturated) == "No request failed"
    failed = _failed(tmp_path / "f")
    last_s = max(text.last_s for text in failed.failure_texts)
    assert failures_title(failed) == (
        f"40 of 40 requests failed (100 %), all as refused, from 0.0 to {last_s:.1f} s"
    )
    long = _long(tmp_path / "l")
    heat = draw(long).heat_map
    assert heat is not None
    requests = long.log.requests
    times_s = (requests.done_s - requests.due_s)[requests.ok]
    middle, high = (milliseconds(nearest_rank(times_s, q)) for q in (0.5, 0.99))
    assert heat_map_title(long, heat) == (
        f"Response time over the run: half of the answers within {middle} ms, "
        f"99 % within {high} ms; some were never answered"
    )


def test_titles_say_the_finding(tmp_path: Path) -> None:
    """Of a saturated ramp: the most answers, where more was due, how times grew, the capacity."""
    summary = _saturated(tmp_path)
    assert (
        throughput_title(summary)
        == "At most 80.0 answers/s; from 60 clients on, more is due (120/s)"
    )
    assert (
        times_title(summary) == "Response p95 50.0 ms at 10 clients; over 5 % never answered at 60"
    )
    assert capacity_title(summary) == "Capacity 30 clients: 60.0 answers/s"


def test_titles_of_other_ends(tmp_path: Path) -> None:
    """Nothing answered, a limit not reached, and an INVALID run each say so."""
    assert throughput_title(_failed(tmp_path / "f")) == "No request got a correct answer"
    plan = sl.plan_of([10], 10, 5.0)
    played = sl.play(plan, servers=20, service=sl.constant(0.01))
    clean = _summary(tmp_path / "c", played)
    assert throughput_title(clean).startswith("Everything due was answered, up to 50.0 answers/s")
    assert capacity_title(clean) == "Capacity at least 10 clients: 50.0 answers/s"
    invalid = _summary(tmp_path / "i", played, workers=sl.cpu_samples(plan, 0.9))
    assert capacity_title(invalid).endswith("(run INVALID)")
