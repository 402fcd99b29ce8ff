"""Titles of the charts: each says its finding."""

from __future__ import annotations

from pathlib import Path

import msgspec
import synthetic_log as sl
from example_runs import failed as failed_run
from example_runs import long as long_run
from example_runs import saturated as saturated_run
from example_runs import summary_of

from edgeload.camera_group import CameraGroup
from edgeload.interference_plan import interference_plan
from edgeload.read.analysis.percentile_curves import percentile_curves
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.series import heat_map
from edgeload.read.figures.shown import charts_of, prepare_figures
from edgeload.read.statistics.format import milliseconds
from edgeload.read.statistics.percentiles import nearest_rank
from edgeload.read.words.titles import (
    capacity_title,
    failures_title,
    group_throughput_title,
    heat_map_title,
    percentile_curves_title,
    throughput_title,
    times_by_load_title,
    times_title,
)


def test_titles_of_curves_failures_and_heat_map(tmp_path: Path) -> None:
    """Each says its finding, in figures that a hand count gives."""
    saturated = saturated_run(tmp_path / "s")
    curves = percentile_curves(saturated)
    assert curves is not None
    assert (
        percentile_curves_title(saturated, curves.response or (), "response")
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
    assert times_title(summary, "response") == (
        "Response p95 50.0 ms at 30 clients, the capacity; over 5 % never answered at 60"
    )
    assert times_title(summary, "service") == (
        "Service p95 50.0 ms at 30 clients, the capacity; 750 ms at 60"
    )
    assert times_by_load_title(summary) == (
        "Response p95 50.0 ms at 10 clients, 50.0 ms at 30, over 5 % never answered at 60"
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


def test_the_least_load_without_answers_is_named(tmp_path: Path) -> None:
    """Of several loads whose p95 is never answered, where that begins; of one, that one."""
    plan = sl.plan_of([10, 60, 90], 10, 2.0)
    several = summary_of(tmp_path, sl.play(plan, servers=4, service=sl.constant(0.05)))
    assert times_title(several, "response") == (
        "Response p95 50.0 ms at 10 clients, the capacity; over 5 % never answered from 60 on"
    )


def test_a_ramp_that_contradicts_itself_says_which_loads_failed_and_passed(tmp_path: Path) -> None:
    """A load that was carried above one that was not is named, not believed."""
    plan = sl.plan_of([10, 34, 38], 12, 2.0)
    second = plan.steps[1]
    played = sl.play(
        plan,
        servers=4,
        service=sl.constant(0.05),
        outcome=lambda chance, sent_s: (
            "http_503"
            if second.start_s <= sent_s < second.end_s and chance.random() < 0.1
            else "ok"
        ),
    )
    found = summary_of(tmp_path, played)
    assert capacity_title(found) == "Capacity 10 clients: 20.0 answers/s; 34 failed, 38 passed"


def _interference_run(folder: Path, late_step: int | None) -> RunSummary:
    """Three rounds of two groups; the generator is late in one step, or in none."""
    groups = (CameraGroup("door", 4, 8.0), CameraGroup("person", 4, 6.0))
    plan = interference_plan(groups, 1, 3, 6.0)
    pools = {group.name: sl.Pool(8, sl.constant(0.02)) for group in groups}
    played = sl.play_mix(plan, pools)
    played.requests[:] = [
        msgspec.structs.replace(r, sent_s=(r.sent_s or 0.0) + 0.1, done_s=(r.done_s or 0.0) + 0.1)
        if r.step == late_step
        else r
        for r in played.requests
    ]
    return summary_of(folder, played, interference=True)


def test_titles_of_an_interference_run_are_about_its_steps(tmp_path: Path) -> None:
    """They count the INVALID steps of a VALID run, and name no load and nothing due."""
    clean, late = (_interference_run(tmp_path / str(step), step) for step in (None, 0))
    assert throughput_title(clean) == "Throughput in each step"
    assert late.valid
    assert throughput_title(late) == "Throughput in each step (1 INVALID step hatched)"
    sending = [group for group in late.groups if not group.steps[0].left_out]
    for group in late.groups:
        hatched = " (1 INVALID step hatched)" if group in sending else ""
        assert group_throughput_title(group) == f"{group.group}: throughput in each step{hatched}"
        assert (
            times_title(group, "response") == f"{group.group}: response time in each step{hatched}"
        )
    titles = [chart.title for chart in charts_of(prepare_figures(late))]
    assert not [title for title in titles if "copy" in title or "run INVALID" in title]
    assert sum("response time alone" in title for title in titles) == 2
