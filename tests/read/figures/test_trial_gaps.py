"""Lines over the time of a search break in its pauses, and keep what was measured in trials."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import searched_log

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.figures.chart import Chart
from edgeload.read.figures.over_time import throughput_chart, times_charts
from edgeload.read.figures.trial_gaps import broken_between_trials, means_of_trials


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> RunSummary:
    folder: Path = tmp_path_factory.mktemp("box")
    return searched_log.summary_of(folder / "log", searched_log.box_search())


def _trial_of(chart: Chart, at_s: float | None) -> int | None:
    """The number of the trial in which an instant lies; None in a pause."""
    assert at_s is not None
    inside = [n for n, span in enumerate(chart.spans) if span.start <= at_s <= span.end]
    return inside[0] if inside else None


def test_no_mean_reaches_into_a_pause(box: RunSummary) -> None:
    """What is shown of a trial that is carried is near the rate at which its requests are due."""
    chart = means_of_trials(throughput_chart(box))
    answered = next(line for line in chart.lines if line.label == "answered")
    shown = [(at_s, v) for at_s, v in zip(chart.x, answered.values, strict=True) if v is not None]
    assert {_trial_of(chart, at_s) for at_s, _ in shown} == set(range(len(chart.spans)))
    for at_s, value in shown:
        number = _trial_of(chart, at_s)
        assert number is not None
        span = chart.spans[number]
        assert at_s is not None
        assert span.start - 0.05 <= at_s - 0.5 and at_s + 0.5 <= span.end + 0.05
        due = min(2.0 * searched_log.BOX_TRIALS[number][0], 80.0)
        assert value == pytest.approx(due, abs=0.1 * due + 2)


def test_no_line_joins_two_trials(box: RunSummary) -> None:
    """Between the last value of one and the first of the next there is a place without any."""
    for old in times_charts(box):
        chart = broken_between_trials(old)
        assert len(chart.x) == len(old.x) + len(old.spans) - 1
        for line, before in zip(chart.lines, old.lines, strict=True):
            for (at_s, value), (next_s, after) in pairwise(zip(chart.x, line.values, strict=True)):
                if value is not None and after is not None:
                    assert _trial_of(chart, at_s) == _trial_of(chart, next_s)
            kept = [chart.x.index(at_s) for at_s in old.x]
            assert tuple(line.values[place] for place in kept) == before.values
            assert [chart.x[place] for place in line.never] == [old.x[p] for p in before.never]
            assert [chart.x[place] for place in line.crosses] == [old.x[p] for p in before.crosses]
