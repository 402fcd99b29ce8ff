"""The charts of a comparison: what is named is there, and both sides are measured alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import synthetic_log as sl
from mix_runs import MIX, mix_run, played
from test_signs import hollow_texts, made

from edgeload.camera_group import CameraGroup
from edgeload.plan import mix_plan
from edgeload.read.analysis.comparison import compare
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.figures.chart import Chart
from edgeload.read.figures.compared import compared_charts
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
    before, after = throughput.lines[:2]
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
        for line, run, sign in zip(chart.lines[:2], (old, new), (-1, 1), strict=True):
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


def test_the_same_rate_of_other_clients_is_at_one_place(tmp_path: Path) -> None:
    """10 clients at 4/s stand beside 20 at 2/s, on the line of what was due."""
    old = [ramp(tmp_path / "a", [10, 20], rate=4.0)]
    new = [ramp(tmp_path / "b", [20, 40], rate=2.0)]
    throughput = charts(old, new)[0]
    assert throughput.x_axis.label == "requests due per second"
    due = {at: v for at, v in zip(throughput.x, throughput.lines[-1].values, strict=True) if v}
    assert due == {40.0: 40.0, 80.0: 80.0}
    for line in throughput.lines[:-1]:
        found = [(throughput.x[i] or 0.0) for i, v in enumerate(line.values) if v is not None]
        assert found == pytest.approx([40.0, 80.0], abs=1.0)


def test_clients_take_the_place_of_a_rate_that_no_log_says(tmp_path: Path) -> None:
    """Logs of the older form; there is no line of what was due either."""
    run = ramp(tmp_path / "a", [10, 20])
    unknown = [replace(run, log=replace(run.log, requests_per_second=None))]
    throughput = charts(unknown, unknown)[0]
    assert throughput.x_axis.label == "clients"
    assert [line.label for line in throughput.lines] == ["before", "after"]


def test_each_group_of_a_mix_has_its_charts(tmp_path: Path) -> None:
    """Against copies, on one x axis; the points are the group's own, and so is what was due."""
    old = [mix_run(tmp_path, "a", copies=(1, 3), step_s=12.0)]
    new = [mix_run(tmp_path, "b", copies=(1, 3), step_s=12.0, seed=2, slower={"person": 1.6})]
    found = charts(old, new)
    assert [chart.name.split("-", 1)[1] for chart in found] == [
        f"{kind}-{group.name}" for group in MIX for kind in ("throughput", "times")
    ]
    assert {chart.x_axis.label for chart in found} == {"copies"}
    for place, group in enumerate(MIX):
        throughput = found[2 * place]
        before, after, due = throughput.lines
        rate = group.cameras * group.rate
        assert [v for v in due.values if v is not None] == [rate, 3 * rate]
        for line, side in ((before, old), (after, new)):
            own = [step.rates.throughput_per_s for step in side[0].groups[place].steps]
            assert [v for v in line.values if v is not None] == pytest.approx(own)
            at = [throughput.x[i] or 0.0 for i, v in enumerate(line.values) if v is not None]
            assert at == pytest.approx([1.0, 3.0], abs=0.05)
    assert found[0].title.startswith("Worse: person ")
    assert found[2].title.startswith("person: worse, ")
    person = found[2]
    assert any("at 3 copies (after)" in text for text in hollow_texts(person)) or hollow_texts(
        person
    ) == ["hollow: load not carried"]


def test_loads_of_some_cameras_have_no_place_among_the_copies(tmp_path: Path) -> None:
    """As in an interference run: many loads of one copy would stand above each other."""
    plan = mix_plan(MIX, (1, 1), 12.0)
    steps = (plan.steps[0], replace(plan.steps[1], cameras=(4, 0, 0)))
    what = played(replace(plan, steps=steps), 1, {})
    side = [analyse(read_log(sl.write(tmp_path / "log", what)))]
    assert {row.load.group for row in compare(side, side).rows if row.load} == {
        "", *(group.name for group in MIX)
    }  # fmt: skip
    assert charts(side, side) == ()


def test_a_group_that_was_not_compared_has_no_chart(tmp_path: Path) -> None:
    """Neither one that a side lacks nor one of another load; of very many groups, six are shown."""
    old = [mix_run(tmp_path, "a", copies=(1,), step_s=8.0)]
    changed = (replace(MIX[0], cameras=5), MIX[1])
    new = [mix_run(tmp_path, "b", groups=changed, copies=(1,), step_s=8.0)]
    assert {chart.name.rsplit("-", 1)[1] for chart in charts(old, new)} == {"person"}
    many = [CameraGroup(f"g{i}", 1, 5.0) for i in range(8)]
    sides = [
        [mix_run(tmp_path, name, groups=many, copies=(2,), step_s=20.0, seed=seed, slower=slower)]
        for name, seed, slower in (("c", 1, {}), ("d", 2, {"g7": 2.0}))
    ]
    shown = [chart.name.rsplit("-", 1)[1] for chart in charts(sides[0], sides[1])[::2]]
    assert len(shown) == 6
    assert shown[-1] == "g7"
