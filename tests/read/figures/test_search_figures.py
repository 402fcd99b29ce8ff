"""The figures of a search hold the numbers of its trials, at the loads that it counts."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
import searched_log
from searched_log import GROUP_OBJECTIVES, TIERS

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.figures.chart import Chart, Line
from edgeload.read.figures.search_figures import search_figures
from edgeload.read.figures.shown import charts_of, prepare_figures


def _charts(summary: RunSummary) -> dict[str, Chart]:
    return {chart.name: chart for chart in charts_of(prepare_figures(summary))}


def _line(chart: Chart, label: str) -> Line:
    return next(line for line in chart.lines if line.label.split(" (")[0] == label)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> RunSummary:
    folder = tmp_path_factory.mktemp("box")
    return searched_log.summary_of(folder / "log", searched_log.box_search(), slo=["p95<300ms"])


@pytest.fixture(scope="module")
def cameras(tmp_path_factory: pytest.TempPathFactory) -> RunSummary:
    folder = tmp_path_factory.mktemp("cameras")
    found = searched_log.three_groups_search("group", "person")
    return searched_log.summary_of(folder / "log", found, slo=GROUP_OBJECTIVES)


def test_every_trial_stands_at_its_load(box: RunSummary) -> None:
    """Sorted by load, with what was due there: 2 requests/s for each client."""
    assert box.search is not None
    chart = _charts(box)["load"]
    assert chart.x == tuple(sorted(float(trial.load) for trial in box.search.trials))
    due = _line(chart, "due").values
    assert due == pytest.approx([2.0 * (x or 0.0) for x in chart.x], rel=0.15)
    answered = _line(chart, "answered").values
    assert max(value or 0.0 for value in answered) <= 80.5


def test_loads_of_a_rate_are_rates_of_a_client(tmp_path: Path) -> None:
    """Not hundredths, and not the clients, who are four all the time."""
    found = searched_log.rate_search()
    chart = _charts(searched_log.summary_of(tmp_path / "log", found))["load"]
    assert chart.x == (2.0, 8.0, 19.6, 20.2, 32.0)
    assert chart.x_axis.label == "requests/s (of each client)"
    due = _line(chart, "due").values
    assert due == pytest.approx([4 * (x or 0.0) for x in chart.x], rel=0.05)


@pytest.mark.parametrize("slo", [["p95<300ms"], TIERS])
def test_the_capacity_of_each_tier_is_marked_with_its_interval(
    tmp_path: Path, slo: list[str]
) -> None:
    """A line at the answer, on the ground of the interval; and each bound on a time as a level."""
    summary = searched_log.summary_of(tmp_path / "log", searched_log.box_search(), slo=slo)
    assert summary.search is not None
    chart = _charts(summary)["times-by-load"]
    lines = [mark.x for mark in chart.marks if mark.x is not None and mark.until is None]
    assert lines == [tier.boundary.best for tier in summary.search.tiers]
    grounds = [(mark.x, mark.until) for mark in chart.marks if mark.until is not None]
    assert grounds == [(tier.boundary.low, tier.boundary.high) for tier in summary.search.tiers]
    assert [mark.label for mark in chart.marks if mark.y is not None] == slo
    colours = [mark.colour for mark in chart.marks if mark.x is not None]
    assert len(set(colours)) == len(colours)


def test_points_that_do_not_show_a_load_carried_are_hollow(box: RunSummary) -> None:
    """Those of the trials that did not pass, and no others."""
    assert box.search is not None
    chart = _charts(box)["load"]
    passed = {float(t.load) for t in box.search.trials if t.verdicts == ("pass",)}
    solid = set(chart.x) - {chart.x[point.place] for point in _line(chart, "answered").hollow}
    assert solid == passed


def test_lines_over_time_break_between_trials(box: RunSummary) -> None:
    """Means over windows, and percentiles of both kinds of time."""
    charts = _charts(box)
    for name in ("throughput", "response", "service"):
        chart = charts[name]
        for before, after in itertools.pairwise(chart.spans):
            places = [n for n, x in enumerate(chart.x) if before.end <= (x or 0.0) <= after.start]
            values = [line.values[n] for n in places for line in chart.lines if line.values]
            assert None in values, (name, before.end, after.start)


def test_what_needs_steps_that_follow_on_each_other_is_left_out(box: RunSummary) -> None:
    """No heat map, no ages; files of an earlier run under these names are removed."""
    pictures = {picture.file_name: picture.charts for picture in prepare_figures(box)}
    assert not pictures["heat_map.png"] and not pictures["age.png"]
    assert next(iter(pictures)) == "search.png" and pictures["search.png"]


def test_curves_are_of_the_trials_at_the_capacity_and_beyond(box: RunSummary) -> None:
    """Others are short, or say the same."""
    assert box.search is not None
    tier = box.search.tiers[0]
    chart = _charts(box)["response-percentiles"]
    names = [line.label.partition(" (")[0] for line in chart.lines]
    assert names == [f"{tier.at_load} clients", f"{tier.beyond_load} clients, load not carried"]


def test_groups_are_shown_against_the_cameras_of_the_one_that_grows(cameras: RunSummary) -> None:
    """The cameras of door stay 4, so 20/s are due at any load; of person each adds 2/s."""
    charts = _charts(cameras)
    loads = (1.0, 4.0, 16.0, 20.0, 21.0, 32.0)
    door, person = charts["load_1"], charts["load_2"]
    assert (door.x, person.x) == (loads, loads)
    assert door.x_axis.label == "person cameras"
    assert _line(door, "due").values == pytest.approx((20.0,) * 6, rel=0.06)
    assert _line(person, "due").values == pytest.approx([2 * x for x in loads], rel=0.15)
    levels = [[mark.label for mark in charts[f"times-by-load_{n}"].marks if mark.y] for n in (1, 2)]
    assert levels == [["p95<300ms"], ["p95<500ms"]]
    spans = {name: [s.load for s in charts[name].spans] for name in ("throughput", "response_2")}
    assert set(map(tuple, spans.values())) == {(1.0, 4.0, 16.0, 32.0, 20.0, 21.0)}


def test_a_run_that_is_no_search_has_none_of_these(box: RunSummary) -> None:
    """Without what the search found, there is nothing to show of it."""
    assert search_figures(replace(box, search=None)) == {}
