"""Titles of the charts: each says its finding."""

from __future__ import annotations

from pathlib import Path

import synthetic_log as sl
from example_runs import failed as failed_run
from example_runs import long as long_run
from example_runs import saturated as saturated_run
from example_runs import summary_of

from edgeload.read.analysis.percentile_curves import percentile_curves
from edgeload.read.analysis.series import heat_map
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


def test_titles_of_curves_failures_and_heat_map(tmp_path: Path) -> None:
    """Each says its finding, in figures that a hand count gives."""
    saturated = saturated_run(tmp_path / "s")
    curves = percentile_curves(saturated)
    assert curves is not None
    assert (
        percentile_curves_title(saturated, curves)
        == "Response time at 30 clients: p50 50.0 ms, p99 50.0 ms"
    )
    assert failures_title(saturated) == "No request failed"
    failed = failed_run(tmp_path / "f")
    last_s = max(text.last_s for text in failed.failure_texts)
    assert failures_title(failed) == (
        f"40 of 40 requests failed (100 %), all as refused, from 0.0 to {last_s:.1f} s"
    )
    long = long_run(tmp_path / "l")
    heat = heat_map(long)
    assert heat is not None
    requests = long.log.requests
    times_s = (requests.done_s - requests.due_s)[requests.ok]
    middle, high = (milliseconds(nearest_rank(times_s, q)) for q in (0.5, 0.99))
    assert heat_map_title(long, heat) == (
        f"Response time over the run: half of the answers within {middle} ms, "
        f"99 % within {high} ms; some were never answered"
    )


def test_titles_say_the_finding(tmp_path: Path) -> None:
    """Of a saturated ramp: the most answers, the load not carried, how times grew, the capacity."""
    summary = saturated_run(tmp_path)
    assert throughput_title(summary) == "Limit 80.0 answers/s; 60 clients not carried"
    assert (
        times_title(summary) == "Response p95 50.0 ms at 10 clients; over 5 % never answered at 60"
    )
    assert capacity_title(summary) == "Capacity 30 clients: 60.0 answers/s; 60 not carried"


def test_titles_of_other_ends(tmp_path: Path) -> None:
    """Nothing answered, a limit not reached, and an INVALID run each say so."""
    assert throughput_title(failed_run(tmp_path / "f")) == "No request succeeded"
    plan = sl.plan_of([10], 10, 5.0)
    played = sl.play(plan, servers=20, service=sl.constant(0.01))
    clean = summary_of(tmp_path / "c", played)
    assert throughput_title(clean).startswith("Everything due was answered, up to 50.0 answers/s")
    assert capacity_title(clean) == "Capacity at least 10 clients: 50.0 answers/s"
    invalid = summary_of(tmp_path / "i", played, workers=sl.cpu_samples(plan, 0.9))
    assert capacity_title(invalid).endswith("(run INVALID)")
