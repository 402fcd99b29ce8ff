"""Hollow points and shades: each has the reason that the step has, and no other is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import synthetic_log as sl
from example_runs import saturated

from edgeload.palette import PALETTE
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.figures.by_load import by_load_charts
from edgeload.read.figures.chart import Chart, Hollow, Key, Line
from edgeload.read.figures.over_time import throughput_chart, times_charts
from edgeload.read.figures.percentile_curves import percentile_curve_charts
from edgeload.read.figures.signs import hollow_keys
from edgeload.read.log.open import read_log

WORDS = {
    "undecided": "hollow: undecided whether the load is carried",
    "not carried": "hollow: load not carried",
    "invalid": "hollow: INVALID",
    "cut": "hollow: stopped early",
    "failing": "hollow: every request failed",
}


def _summary(path: Path, played: sl.Played, **changes: Any) -> RunSummary:
    return analyse(read_log(sl.write(path, played, **changes)))


def made(path: Path, wanted: str) -> RunSummary:
    """A run whose only step is in that state."""
    plan = sl.plan_of([10], 10, 2.0)
    played = sl.play(plan, servers=4, service=sl.constant(0.05))
    if wanted == "undecided":
        plan = sl.plan_of([1], 4, 2.0)
        return _summary(path, sl.play(plan, servers=1, service=sl.constant(0.01)))
    if wanted == "not carried":
        plan = sl.plan_of([60], 10, 2.0)
        return _summary(path, sl.play(plan, servers=4, service=sl.constant(0.05)))
    if wanted == "invalid":
        return _summary(path, played, workers=sl.cpu_samples(plan, 0.9))
    if wanted == "cut":
        kept = [request for request in played.requests if (request.sent_s or 0.0) < 8.0]
        cut = sl.Played(plan, kept, [])
        end = sl.end_of(cut, stopped_s=8.0, at_s=8.1, interrupted=True)
        return _summary(path, cut, end=end)
    if wanted == "failing":
        failed = sl.play(plan, servers=4, service=sl.constant(0.05), outcome=lambda c, s: "reset")
        return _summary(path, failed)
    return _summary(path, played)


def hollow_texts(chart: Chart) -> list[str]:
    return [key.label for key in chart.keys if key.sample == "hollow"]


@pytest.mark.parametrize("wanted", sorted(WORDS))
def test_a_hollow_point_says_why_it_is_hollow(tmp_path: Path, wanted: str) -> None:
    """Undecided is not called INVALID or not carried, nor any other state."""
    summary = made(tmp_path / "log", wanted)
    assert [step.state for step in summary.steps] == [wanted]
    chart = by_load_charts(summary)[0]
    assert hollow_texts(chart) == [WORDS[wanted]]
    answered = next(line for line in chart.lines if line.label == "answered")
    assert [f"hollow: {point.why}" for point in answered.hollow] == [WORDS[wanted]]


def test_a_carried_load_has_no_signs_of_doubt(tmp_path: Path) -> None:
    """No hollow point, no hatching, no dash, and no entry that explains one; but a lower bound."""
    summary = made(tmp_path / "log", "carried")
    charts = (*by_load_charts(summary), *times_charts(summary), throughput_chart(summary))
    signs = {key.sample for chart in charts for key in chart.keys}
    assert signs == {"bound"}
    assert not any(line.hollow for chart in charts for line in chart.lines)
    assert not any(line.dash for chart in percentile_curve_charts(summary) for line in chart.lines)


@pytest.mark.parametrize(
    "wanted", ["undecided", "not carried", "invalid", "cut", "failing", "carried"]
)
def test_an_entry_for_hollow_points_stands_where_they_are(tmp_path: Path, wanted: str) -> None:
    """In each chart of a run: hollow points with an entry, or neither."""
    for chart in by_load_charts(made(tmp_path / "log", wanted)):
        hollow = [point for line in chart.lines for point in line.hollow]
        assert bool(hollow) == bool(hollow_texts(chart))
        for line in chart.lines:
            assert all(line.values[point.place] is not None for point in line.hollow)


def test_spans_are_shaded_by_state(tmp_path: Path) -> None:
    """Steps not carried and INVALID ones have grounds of their own; others have none."""
    found = {}
    for wanted in ("undecided", "not carried", "invalid", "carried"):
        chart = times_charts(made(tmp_path / wanted, wanted))[0]
        shades = [span.shade for span in chart.spans]
        found[wanted] = [shade.label if shade else None for shade in shades]
        keys = [key.label for key in chart.keys if key.sample in ("fill", "hatch", "cross-hatch")]
        assert keys == [label for label in found[wanted] if label]
    assert found == {
        "undecided": [None],
        "not carried": ["load not carried"],
        "invalid": ["INVALID step"],
        "carried": [None],
    }


def test_several_reasons_name_their_loads() -> None:
    """One entry for each reason, with the clients of its points, each once."""
    line = Line("answered", "black", (1.0,) * 7)
    hollow = tuple(Hollow(place, "not carried") for place in range(1, 7))
    mixed = replace(line, hollow=(Hollow(0, "INVALID"), *hollow))
    loads = dict(enumerate([5, 10, 10, 20, 30, 40, 1000]))
    assert [key.label for key in hollow_keys([(mixed, loads), (mixed, loads)])] == [
        "hollow at 5 clients: INVALID",
        "hollow at 10, 20, 30, 40 and 1 more load: not carried",
    ]
    alike = replace(line, hollow=hollow)
    assert hollow_keys([(alike, loads)]) == (Key("hollow", PALETTE["grey"], "hollow: not carried"),)
    assert hollow_keys([(line, loads)]) == ()


def test_a_capacity_that_may_be_larger_has_an_arrow(tmp_path: Path) -> None:
    """Only if no larger load was refused; the legend says that it is a lower bound."""
    bound, known = made(tmp_path / "a", "carried"), saturated(tmp_path / "b")
    for summary, sample in (
        (bound, ("bound", "capacity, at least")),
        (known, ("mark", "capacity")),
    ):
        for chart in by_load_charts(summary):
            (mark,) = (mark for mark in chart.marks if mark.x is not None)
            assert mark.open == (summary is bound)
            assert [(k.sample, k.label) for k in chart.keys if k.sample in ("mark", "bound")] == [
                sample
            ]
