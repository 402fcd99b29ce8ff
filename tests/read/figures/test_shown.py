"""The specification of a whole run: pictures, shared axes, and no drawing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
import report_pages
import searched_log
import synthetic_log as sl
from searched_log import Searched

from edgeload.palette import ON_DARK
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.figures.chart import Picture
from edgeload.read.figures.shown import charts_of, prepare_figures
from edgeload.read.log.open import read_log

RUNS: dict[str, Callable[[], sl.Played | Searched]] = {
    "saturated": report_pages.saturated_run,
    "failed": lambda: report_pages.failing("refused"),
    "timeouts": lambda: report_pages.failing("timeout"),
    "long": report_pages.long_run,
    "hostile": report_pages.hostile_run,
    "mix": report_pages.mix_run,
    "ramp of a group": lambda: report_pages.mix_run("person"),
    "search": searched_log.box_search,
    "search over the rate": searched_log.rate_search,
    "search over copies": searched_log.three_groups_search,
    "search over a group": lambda: searched_log.three_groups_search("group", "person"),
    "search that breaks": searched_log.breaking_search,
}


def _summary(folder: Path, played: sl.Played | Searched) -> RunSummary:
    if isinstance(played, Searched):
        return searched_log.summary_of(folder / "log", played, slo=["p95<300ms"])
    return analyse(read_log(sl.write(folder / "log", played)))


@pytest.fixture(params=sorted(RUNS))
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Picture, ...]:
    return prepare_figures(_summary(tmp_path, RUNS[request.param]()))


def test_every_line_has_a_value_for_each_x(pictures: tuple[Picture, ...]) -> None:
    """And what is marked, hollow or whiskered is among its places."""
    for chart in charts_of(pictures):
        for line in chart.lines:
            assert len(line.values) == len(chart.x), (chart.name, line.label)
            for more in (line.base, line.low, line.high):
                assert len(more) in (0, len(chart.x))
            assert set(line.crosses) <= set(line.never)
            assert all(line.values[place] is None for place in line.never)


def test_everything_shown_lies_inside_the_axes(pictures: tuple[Picture, ...]) -> None:
    """No value, mark or step is cut off; but the few fastest of percentile curves may be."""
    for chart in charts_of(pictures):
        low, high = chart.y_axis.low, chart.y_axis.high
        for line in chart.lines:
            for place, value in enumerate(line.values):
                top = (value or 0.0) + (line.base[place] or 0.0 if line.base else 0.0)
                assert top <= high, (chart.name, line.label)
                assert value is None or chart.group == "share" or value >= low
        assert all(low <= mark.y <= high for mark in chart.marks if mark.y is not None)
        ends = [span.end for span in chart.spans] + [x for x in chart.x if x is not None]
        assert max(ends, default=0.0) <= chart.x_axis.high
        ticks = [tick.at for tick in chart.y_axis.ticks]
        assert all(low <= at <= high for at in ticks)


def test_every_chart_has_something_to_see(pictures: tuple[Picture, ...]) -> None:
    """More than axes and what was due; two charts that are half as wide are of one camera group."""
    assert charts_of(pictures)
    for picture in pictures:
        halves = [chart.part for chart in picture.charts if chart.half]
        assert halves[::2] == halves[1::2]
        for chart in picture.charts:
            seen = [line for line in chart.lines if line.kind != "planned" and line.is_seen]
            assert seen or chart.heat, chart.name


def test_legends_name_nothing_that_is_not_there(pictures: tuple[Picture, ...]) -> None:
    """Each line has a value or a cross, and each sign that is explained occurs."""
    for chart in charts_of(pictures):
        assert all(line.is_seen for line in chart.lines), chart.name
        shades = {span.shade.label for span in chart.spans if span.shade}
        marks = {(mark.label, mark.open, mark.until is not None) for mark in chart.marks}
        for key in chart.keys:
            there = {
                "hollow": any(line.hollow for line in chart.lines),
                "cross": any(line.crosses for line in chart.lines),
                "whisker": any(line.low for line in chart.lines),
                "mark": (key.label, False, False) in marks,
                "bound": (key.label, True, False) in marks,
                "fill": key.label in shades or (key.label, False, True) in marks,
                "hatch": key.label in shades,
                "cross-hatch": key.label in shades,
            }
            assert there[key.sample], (chart.name, key)


def test_what_was_due_is_drawn_above_what_was_answered(pictures: tuple[Picture, ...]) -> None:
    """It is dashed and comes last, so both are seen if they are alike."""
    for chart in charts_of(pictures):
        labels = [line.label for line in chart.lines]
        if "due" in labels:
            assert labels.index("due") == len(labels) - 1, chart.name
            assert chart.lines[-1].dash


def test_every_colour_is_known_on_the_dark_page(pictures: tuple[Picture, ...]) -> None:
    """Of lines, marks, grounds, signs and shares."""
    for chart in charts_of(pictures):
        used = {line.colour for line in chart.lines} | {mark.colour for mark in chart.marks}
        used |= {key.colour for key in chart.keys} | set(chart.heat.colours if chart.heat else ())
        used |= {span.shade.colour for span in chart.spans if span.shade}
        assert used <= set(ON_DARK), chart.name


def test_all_ticks_are_round(pictures: tuple[Picture, ...]) -> None:
    """1, 2 or 5 times a power of ten apart, or on a logarithmic axis at these numbers."""
    for chart in charts_of(pictures):
        for axis in (chart.x_axis, chart.y_axis):
            assert len(axis.ticks) >= 2, (chart.name, axis.label)
            if axis.log or chart.group != "share" or axis is chart.y_axis:
                at = [tick.at / axis.unit for tick in axis.ticks]
                for number in at if axis.log else [at[1] - at[0]]:
                    assert f"{number:.6e}"[0] in "125", (chart.name, axis.label)


def test_charts_of_a_group_share_their_x_axis(pictures: tuple[Picture, ...]) -> None:
    """On the page they zoom together, in a picture they stand above each other."""
    axes: dict[str, set[object]] = {}
    for chart in charts_of(pictures):
        axes.setdefault(chart.group, set()).add(chart.x_axis)
    assert all(len(found) == 1 for found in axes.values())
    for picture in pictures:
        assert len({chart.group for chart in picture.charts}) <= 1


def test_names_are_unique_and_the_values_are_json(pictures: tuple[Picture, ...]) -> None:
    """The page finds each chart by its name, and has no NaN or infinity."""
    charts = charts_of(pictures)
    names = [chart.name for chart in charts]
    assert len(set(names)) == len(names)
    json.dumps([asdict(chart) for chart in charts], allow_nan=False)


def test_deciding_what_is_shown_needs_no_drawing_library() -> None:
    """The specification imports neither matplotlib nor jinja2."""
    code = (
        "import sys, edgeload.read.figures.shown;"
        "print(sorted({'matplotlib', 'jinja2', 'PIL'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("mix", [True, False])
def test_a_run_that_ended_before_its_first_step_has_no_charts(tmp_path: Path, mix: bool) -> None:
    """Nothing began, so nothing is shown, and that is no reason to fail."""
    plan = report_pages.mix_run().plan if mix else sl.plan_of([2], 5, 2.0)
    played = sl.Played(plan)
    end = sl.end_of(played, interrupted=True, stopped_s=0.0, at_s=0.0)
    found = analyse(read_log(sl.write(tmp_path / "log", played, end=end)))
    assert not found.steps
    assert charts_of(prepare_figures(found)) == ()
