"""The ladder of a search: a rung for each trial, and the interval as it was known at each time."""

from __future__ import annotations

from pathlib import Path

import pytest
import searched_log
from searched_log import GROUP_OBJECTIVES, TIERS, Searched

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.figures.chart import Chart, Line
from edgeload.read.figures.ladder import ladder_charts
from edgeload.read.statistics.boundary import boundary_of

VERDICTS = {"✓": "pass", "✗": "fail", "?": "undecided", "!": "invalid", "↯": "broken"}


def _charts(summary: RunSummary) -> dict[str, Chart]:
    return {chart.name: chart for chart in ladder_charts(summary)}


def _rungs(chart: Chart) -> list[tuple[float | None, float | None, float, str]]:
    """Start, end, load and verdict of each rung, in order of time."""
    found = []
    for line in (line for line in chart.lines if line.sign):
        known = [place for place, value in enumerate(line.values) if value is not None]
        for first, last in zip(known[::2], known[1::2], strict=True):
            assert last == first + 1
            value = line.values[first]
            assert value is not None and value == line.values[last]
            found.append((chart.x[first], chart.x[last], value, VERDICTS[line.sign]))
    return sorted(found, key=lambda rung: rung[0] or 0.0)


def _ground(chart: Chart) -> Line:
    (found,) = [line for line in chart.lines if line.kind == "ground"]
    return found


SEARCHES = {
    "clients": (searched_log.box_search(), ["p95<300ms"], 1.0),
    "rate": (searched_log.rate_search(), ["p95<300ms"], 2.0 / 100),
    "copies": (searched_log.three_groups_search(), GROUP_OBJECTIVES, 1.0),
    "cameras": (searched_log.three_groups_search("group", "person"), GROUP_OBJECTIVES, 1.0),
    "breaking": (searched_log.breaking_search(), [], 1.0),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_each_trial_is_one_rung(tmp_path: Path, name: str) -> None:
    """From its start to its end, at its load in the user's unit, among those of its verdict."""
    found, slo, unit = SEARCHES[name]
    summary = searched_log.summary_of(tmp_path / "log", found, slo=slo)
    assert summary.search is not None
    chart = _charts(summary)["ladder"]
    wanted = [
        (
            trial.start_s,
            trial.end_s,
            trial.load * unit,
            "broken" if trial.broken else trial.verdicts[0],
        )
        for trial in summary.search.trials
    ]
    rungs = _rungs(chart)
    assert [rung[3] for rung in rungs] == [each[3] for each in wanted]
    for rung, each in zip(rungs, wanted, strict=True):
        assert rung[:3] == pytest.approx(each[:3], rel=1e-5, abs=1e-3)


@pytest.mark.parametrize("name", SEARCHES)
def test_the_interval_is_that_of_the_trials_so_far(tmp_path: Path, name: str) -> None:
    """Everything is possible before the first; each counted trial changes it from its end on."""
    found, slo, unit = SEARCHES[name]
    summary = searched_log.summary_of(tmp_path / "log", found, slo=slo)
    assert summary.search is not None
    chart, tier = _charts(summary)["ladder"], summary.search.tiers[0]
    ground = _ground(chart)
    ended = [trial.end_s for trial in summary.search.trials if not trial.broken]
    assert (ground.low[0], ground.high[0]) == (0.0, None)
    for place, at_s in enumerate(chart.x):
        count = sum(end_s <= (at_s or 0.0) + 1e-3 for end_s in ended)
        known = boundary_of(tier.trials[:count])
        assert ground.low[place] == pytest.approx(known.low * unit)
        assert ground.high[place] == (
            None if known.high is None else pytest.approx(known.high * unit)
        )
    final = tier.boundary
    assert ground.low[-1] == pytest.approx(final.low * unit)
    assert (chart.x[-1] or 0.0) > ended[-1]


def test_each_tier_has_its_own_verdicts(tmp_path: Path) -> None:
    """39 clients are too slow for gold, and fast enough for silver. A tier has a row of its own."""
    summary = searched_log.summary_of(tmp_path / "log", searched_log.box_search(), slo=TIERS)
    charts = _charts(summary)
    assert list(charts) == ["ladder_1", "ladder_1_near", "ladder_2", "ladder_2_near"]
    assert [chart.part for chart in charts.values()] == ["gold", "gold", "silver", "silver"]
    assert all(chart.half for chart in charts.values())
    at_39 = [
        next(verdict for _, _, load, verdict in _rungs(charts[name]) if load == 39)
        for name in ("ladder_1", "ladder_2")
    ]
    assert at_39 == ["fail", "pass"]


def test_tiers_that_are_judged_alike_have_one_ladder(tmp_path: Path) -> None:
    """Two pictures that show the same say nothing more than one."""
    slo = ["gold: p95<5s", "bronze: p95<58ms", "silver: p95<6s"]
    found = searched_log.box_search(((8, 10), (32, 20), (39, 20), (41, 4)))
    charts = _charts(searched_log.summary_of(tmp_path / "log", found, slo=slo))
    parts = {chart.part for chart in charts.values()}
    assert parts == {"gold and silver", "bronze"}
    assert charts["ladder_1"].title.startswith("gold and silver: capacity ")


@pytest.mark.parametrize(("loads", "log"), [((4, 64), True), ((8, 64), False)])
def test_loads_of_more_than_a_decade_are_on_a_logarithmic_axis(
    tmp_path: Path, loads: tuple[int, int], log: bool
) -> None:
    """Others begin at 0."""
    found = searched_log.box_search(tuple((load, 5) for load in loads))
    axis = _charts(searched_log.summary_of(tmp_path / "log", found))["ladder"].y_axis
    assert axis.log == log
    assert (axis.low == 0) == (not log)


@pytest.mark.parametrize(
    ("trials", "near"),
    [
        (((1, 4), (64, 6), (39, 20), (41, 20)), {39, 41}),
        (((8, 5), (64, 6), (39, 20), (41, 20)), {39, 41}),
        (((20, 20), (39, 20), (60, 20)), None),
    ],
)
def test_trials_that_look_alike_have_a_chart_of_their_own(
    tmp_path: Path, trials: tuple[tuple[int, float], ...], near: set[float] | None
) -> None:
    """The trials near the answer, on the same axis of time, if they are a small part of all."""
    charts = _charts(searched_log.summary_of(tmp_path / "log", searched_log.box_search(trials)))
    assert ("ladder_near" in charts) == (near is not None)
    if near is not None:
        closer = charts["ladder_near"]
        assert {load for _, _, load, _ in _rungs(closer)} == near
        assert not closer.y_axis.log
        assert closer.x_axis == charts["ladder"].x_axis


def test_a_search_that_ended_before_its_first_trial_has_no_ladder(tmp_path: Path) -> None:
    """Nor has a run that is no search."""
    found = Searched(searched_log.box_search().plan, searched_log.OVER_CLIENTS)
    assert ladder_charts(searched_log.summary_of(tmp_path / "log", found)) == ()
