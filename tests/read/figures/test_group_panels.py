"""Small multiples of a mix: each panel holds the numbers of exactly its group."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import report_pages
import synthetic_log as sl
from example_runs import summary_of

from edgeload.camera_group import DEFAULT_GROUP, CameraGroup
from edgeload.plan import Plan, mix_plan, one_group_plan, ramp_steps
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.figures.chart import Chart, Line, Values
from edgeload.read.figures.shown import charts_of, prepare_figures

NAMES = {group.name for group in report_pages.MIX}


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> RunSummary:
    folder = tmp_path_factory.mktemp("mix")
    return summary_of(folder, report_pages.mix_run(), slo=report_pages.MIX_OBJECTIVES)


def _charts(summary: RunSummary) -> dict[str, Chart]:
    return {chart.name: chart for chart in charts_of(prepare_figures(summary))}


def _line(chart: Chart, label: str) -> Line:
    return next(line for line in chart.lines if line.label.split(" (")[0] == label)


def _numbers(values: Values) -> list[float]:
    return [math.nan if value is None else value for value in values]


def _alone(played: sl.Played, group: CameraGroup, place: int) -> sl.Played:
    """One group of a mix as a run of its own, made from the plan and the records by hand."""
    plan = played.plan
    steps = ramp_steps([plan.cameras_of(place, step) for step in plan.steps], 20)
    numbers = [c for c in range(plan.max_clients) if plan.member(c).group == place]
    own = Plan(steps, (replace(group, name=DEFAULT_GROUP, cameras=1),), plan.seed)
    number = {client: i for i, client in enumerate(numbers)}
    return sl.Played(
        own,
        [
            sl.request(
                number[r.worker_number],
                r.request_number,
                r.step or 0,
                r.due_s or 0.0,
                r.sent_s or 0.0,
                r.done_s or 0.0,
            )
            for r in played.requests
            if r.worker_number in number
        ],
    )


def test_each_panel_is_the_chart_of_its_group_alone(summary: RunSummary, tmp_path: Path) -> None:
    """A run made of a group's records alone, without any mix, has the same values over time."""
    played = report_pages.mix_run()
    charts = _charts(summary)
    for place, group in enumerate(report_pages.MIX):
        if group.arrivals == "poisson":  # its due times depend on its name
            continue
        alone = _charts(summary_of(tmp_path / group.name, _alone(played, group, place)))
        for name in ("throughput", "response", "service"):
            panel, own = charts[f"{name}_{place + 1}"], alone[name]
            assert panel.part == group.name
            assert panel.x == pytest.approx(own.x)
            for line in own.lines:
                label = line.label.split(" (")[0]
                shown = _numbers(_line(panel, label).values)
                assert shown == pytest.approx(_numbers(line.values), rel=1e-5, nan_ok=True), name


def test_the_rates_of_the_panels_add_up_to_the_whole(summary: RunSummary) -> None:
    """At each load: due and answered of all groups are those of the mix."""
    charts = _charts(summary)
    for label in ("due", "answered"):
        whole = _line(charts["load"], label).values
        parts = [_line(charts[f"load_{i}"], label).values for i in (1, 2, 3)]
        sums = [sum(value or 0.0 for value in column) for column in zip(*parts, strict=True)]
        assert sums == pytest.approx(whole, rel=1e-4)


def test_loads_are_copies_and_axes_are_shared(summary: RunSummary) -> None:
    """x is 1, 2, 4 copies in every chart by load; times of all groups have one y axis."""
    charts = _charts(summary)
    by_load = [chart for chart in charts.values() if chart.group == "copies"]
    assert len(by_load) == 7
    assert {chart.x for chart in by_load} == {(1.0, 2.0, 4.0)}
    assert {chart.x_axis.label for chart in by_load} == {"copies of the mix"}
    assert {c.loads for c in charts.values() if c.spans} == {"copies"}
    assert {tuple(s.load for s in c.spans) for c in charts.values() if c.spans} == {(1, 2, 4)}
    for names in (("times-by-load",), ("response", "service"), ("response-percentiles",)):
        panels = [charts[f"{name}_{i}"].y_axis for name in names for i in (1, 2, 3)]
        assert len({(axis.low, axis.high, axis.ticks) for axis in panels}) == 1


def test_the_group_that_breaks_first_is_marked_and_no_other(summary: RunSummary) -> None:
    """An upright mark at its least load that was not carried, and its objective as a level."""
    charts = _charts(summary)
    uprights = {
        chart.part: [mark.x for mark in chart.marks if mark.x is not None]
        for chart in charts.values()
        if chart.part and chart.group == "copies"
    }
    assert uprights == {"door": [], "person": [4.0], "label": []}
    levels = {
        chart.part: [(m.label, m.y) for m in chart.marks if m.y is not None]
        for name, chart in charts.items()
        if name.startswith("times-by-load")
    }
    assert levels == {"door": [("p95<300ms", 300.0)], "person": [("p95<500ms", 500.0)], "label": []}
    assert charts["load_2"].title == "person: fails first, at 4 copies"


def test_a_ramped_group_is_counted_by_itself(tmp_path: Path) -> None:
    """The copies are of that group alone; the cameras of the others stay, and so does their due."""
    charts = _charts(summary_of(tmp_path, report_pages.mix_run("person")))
    assert charts["load"].x_axis.label == "copies of person"
    assert charts["load_1"].x == (1.0, 2.0, 4.0)
    assert _line(charts["load_1"], "due").values == pytest.approx((20.0, 20.0, 20.0))
    assert _line(charts["load_2"], "due").values == pytest.approx((12.0, 24.0, 48.0))


def test_a_class_of_failures_looks_alike_in_all_groups(tmp_path: Path) -> None:
    """Whatever is most frequent in a group; and the counts add up to those of the run."""
    plan = mix_plan((CameraGroup("a", 4, 5.0), CameraGroup("b", 4, 5.0)), [1], 20)
    pools = {name: sl.Pool(8, sl.constant(0.01)) for name in "ab"}
    played = sl.play_mix(plan, pools)
    ends = {"a": ["timeout", "timeout", "http_503"], "b": ["http_503", "http_503", "timeout"]}
    for place in range(0, len(played.requests), 5):
        old = played.requests[place]
        outcome = ends[old.group or ""][place // 5 % 3]
        played.requests[place] = msgspec.structs.replace(
            old, outcome=outcome, success=False, error="no answer", status=None, from_edge=None
        )
    found = summary_of(tmp_path, played)
    panels = [chart for chart in charts_of(prepare_figures(found)) if "failures" in chart.name]
    assert [panel.part for panel in panels] == ["a", "b"]
    looks: dict[str, set[object]] = {}
    count = 0
    for panel in panels:
        for line in panel.lines:
            name, _, n = line.label.partition(" (")
            looks.setdefault(name, set()).add((line.colour, line.pattern))
            count += int(n.rstrip(")"))
    assert set(looks) == {"timeout", "http_503"}
    assert all(len(each) == 1 for each in looks.values())
    assert count == found.totals.failed > 0


@pytest.mark.parametrize(("count", "folded"), [(6, set()), (12, {"carried"})])
def test_of_many_groups_those_that_fell_short_are_open(
    tmp_path: Path, count: int, folded: set[str]
) -> None:
    """All panels are there; of many groups, those that were carried are folded on the page."""
    groups = tuple(CameraGroup(f"g{i}", 2, 4.0) for i in range(count))
    pools = {group.name: sl.Pool(4, sl.constant(0.01)) for group in groups}
    pools["g3"] = sl.Pool(1, sl.constant(0.2))
    found = summary_of(tmp_path, sl.play_mix(mix_plan(groups, [1], 20), pools))
    panels = [chart for chart in charts_of(prepare_figures(found)) if chart.part]
    assert {panel.part for panel in panels} == {group.name for group in groups}
    closed = {panel.part for panel in panels if panel.folded}
    assert closed == ({g.name for g in groups} - {"g3"} if folded else set())


def test_a_group_with_too_few_answers_for_a_curve_has_none(tmp_path: Path) -> None:
    """No empty panel stands between those of the others."""
    groups = (CameraGroup("a", 4, 5.0), CameraGroup("b", 1, 1.0), CameraGroup("c", 4, None))
    pools = {group.name: sl.Pool(8, sl.constant(0.05)) for group in groups}
    found = summary_of(tmp_path, sl.play_mix(mix_plan(groups, [1], 20), pools))
    charts = [chart for chart in _charts(found).values() if chart.group == "share"]
    assert [chart.part for chart in charts] == ["a", "a", "c", "c"]
    assert len({(c.y_axis.low, c.y_axis.high, c.x_axis.high) for c in charts}) == 1
    closed = charts[2].lines[0]
    assert closed.label.startswith("1 copy (n = ")
    assert not closed.dash
    few = summary_of(tmp_path / "few", sl.play_mix(mix_plan(groups[1:2], [1], 20), pools))
    assert not [chart for chart in _charts(few).values() if chart.group == "share"]


def test_a_run_of_one_group_has_no_panels(tmp_path: Path) -> None:
    """Its charts count clients, as ever."""
    plan = one_group_plan(ramp_steps([2, 4], 10), 5.0)
    found = summary_of(tmp_path, sl.play(plan, servers=4, service=sl.constant(0.01)))
    charts: Mapping[str, Chart] = _charts(found)
    assert not [chart for chart in charts.values() if chart.part or chart.half or chart.folded]
    assert charts["load"].group == "clients"
    assert charts["load"].x_axis.label == "clients"
    assert charts["throughput"].loads == "clients"
