"""The charts of a comparison: what is named is there, and both sides are measured alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import synthetic_log as sl
from test_signs import hollow_texts, made

from edgeload.read.analysis.comparison import compare
from edgeload.read.analysis.run_summary import RunSummary, analyse
from edgeload.read.figures.chart import Chart
from edgeload.read.figures.compared import compared_charts, compared_curve_charts
from edgeload.read.log.open import read_log


def ramp(
    path: Path, clients: Sequence[int], service_s: float = 0.05, rate: float = 2.0
) -> RunSummary:
    played = sl.play(sl.plan_of(clients, 10, rate), servers=4, service=sl.constant(service_s))
    return analyse(read_log(sl.write(path, played)))


def charts(old: list[RunSummary], new: list[RunSummary]) -> tuple[Chart, ...]:
    return compared_charts(compare(old, new), old, new)


def test_only_hollow_points_that_are_there_are_named(tmp_path: Path) -> None:
    """Two carried loads have none; the point of an undecided step says why it is hollow."""
    carried = [made(tmp_path / "a", "carried")]
    assert [hollow_texts(chart) for chart in charts(carried, carried)] == [[], []]
    undecided = [made(tmp_path / "b", "undecided")]
    throughput, times = charts(carried, undecided)
    assert hollow_texts(throughput) == ["hollow: undecided whether the load is carried"]
    before, after = throughput.lines[-2:]
    assert (len(before.hollow), len(after.hollow)) == (0, 1)
    # Too few for a p95 as well: no point there, so nothing to explain.
    assert hollow_texts(times) == []


@pytest.mark.parametrize("wanted", ["undecided", "not carried", "invalid", "cut", "failing"])
def test_hollow_points_and_entries_go_together(tmp_path: Path, wanted: str) -> None:
    """In both charts, whatever the state of the new side."""
    for chart in charts([made(tmp_path / "a", "carried")], [made(tmp_path / "b", wanted)]):
        assert bool(hollow_texts(chart)) == any(line.hollow for line in chart.lines)


def test_reasons_of_two_sides_name_the_side(tmp_path: Path) -> None:
    """INVALID before and not carried after are told apart."""
    old, new = [made(tmp_path / "a", "invalid")], [made(tmp_path / "b", "not carried")]
    assert hollow_texts(charts(old, new)[0]) == [
        "hollow at 10 clients (before): INVALID",
        "hollow at 60 clients (after): load not carried",
    ]


def test_each_point_is_the_steps_own_with_its_interval(tmp_path: Path) -> None:
    """Values, whiskers and places, a little aside of the arrival rate: before left, after right."""
    old, new = ramp(tmp_path / "a", [10, 20]), ramp(tmp_path / "b", [10, 30, 30], 0.06)
    throughput, times = charts([old], [new])
    assert throughput.x == times.x
    for chart in (throughput, times):
        for line, run, sign in zip(chart.lines[-2:], (old, new), (-1, 1), strict=True):
            places = [place for place, value in enumerate(line.values) if value is not None]
            aside = [
                (chart.x[p] or 0.0) - 2.0 * s.clients
                for p, s in zip(places, run.steps, strict=True)
            ]
            assert all(0.05 < sign * each < 0.5 for each in aside)
            assert line.joined
    for line, run in zip(times.lines, (old, new), strict=True):
        for step, *found in zip(
            run.steps,
            *(
                [v for v in values if v is not None]
                for values in (line.low, line.values, line.high)
            ),
            strict=True,
        ):
            assert step.times.response is not None
            p95 = step.times.response.quantile("p95")
            assert p95 is not None
            assert p95.low is not None
            assert p95.high is not None
            ends = [p95.low * 1000, p95.value * 1000, min(p95.high, 5 * p95.value) * 1000]
            assert found == pytest.approx(ends, rel=1e-5)
    assert [key.sample for key in times.keys] == ["whisker"]


def test_curves_of_both_sides_lie_on_one_x(tmp_path: Path) -> None:
    """Each keeps its own number of points, in order, and says side and sample size."""
    old, new = [ramp(tmp_path / "a", [10, 20])], [ramp(tmp_path / "b", [10, 20, 30])]
    (chart,) = compared_curve_charts(compare(old, new), old, new)
    assert [line.label for line in chart.lines] == [
        "10 clients before (n = 160)",
        "10 clients after (n = 160)",
        "20 clients before (n = 320)",
        "20 clients after (n = 320)",
    ]
    x = [at for at in chart.x if at is not None]
    assert x == sorted(x)
    for line in chart.lines:
        values = [value for value in line.values if value is not None]
        assert len(line.values) == len(chart.x)
        assert values == sorted(values)
        assert math.isclose(values[0], 50.0, rel_tol=0.01)


def test_the_same_rate_of_other_clients_is_at_one_place(tmp_path: Path) -> None:
    """10 clients at 4/s stand beside 20 at 2/s, on the line of what was due; so do their curves."""
    old = [ramp(tmp_path / "a", [10, 20], rate=4.0)]
    new = [ramp(tmp_path / "b", [20, 40], rate=2.0)]
    throughput = charts(old, new)[0]
    assert throughput.x_axis.label == "requests due per second"
    due = {at: v for at, v in zip(throughput.x, throughput.lines[0].values, strict=True) if v}
    assert due == {40.0: 40.0, 80.0: 80.0}
    for line in throughput.lines[1:]:
        found = [(throughput.x[i] or 0.0) for i, v in enumerate(line.values) if v is not None]
        assert found == pytest.approx([40.0, 80.0], abs=1.0)
    (curves,) = compared_curve_charts(compare(old, new), old, new)
    assert [line.label.split(" (")[0] for line in curves.lines] == [
        "10 clients before", "20 clients after", "20 clients before", "40 clients after",
    ]  # fmt: skip
    assert curves.title.endswith("at 40 and 80 requests/s")


def test_clients_take_the_place_of_a_rate_that_no_log_says(tmp_path: Path) -> None:
    """Logs of the older form; there is no line of what was due either."""
    run = ramp(tmp_path / "a", [10, 20])
    unknown = [replace(run, log=replace(run.log, requests_per_second=None))]
    throughput = charts(unknown, unknown)[0]
    assert throughput.x_axis.label == "clients"
    assert [line.label for line in throughput.lines] == ["before", "after"]


def test_nothing_in_common_is_no_chart(tmp_path: Path) -> None:
    """Sides without a common load have no curves to compare."""
    old, new = [ramp(tmp_path / "a", [10])], [ramp(tmp_path / "b", [20])]
    assert compared_curve_charts(compare(old, new), old, new) == ()
