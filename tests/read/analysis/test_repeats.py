"""Laws of what several runs say together."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from repeated_runs import made_run, series_of, with_p95

from edgeload.read.analysis.repeat_findings import repeat_findings
from edgeload.read.analysis.repeats import RepeatedFigure, Repeats, repeats_of
from edgeload.read.analysis.run_figures import (
    RunFigure,
    StepFigures,
    stopped_run,
)
from edgeload.read.log.log_error import LogError


def figure(repeats: Repeats, name: str, clients: int) -> RepeatedFigure:
    """A figure at a load."""
    (found,) = (
        f for f in repeats.figures if f.name == name and f.load and f.load.clients == clients
    )
    return found


def test_each_run_counts_once(tmp_path: Path) -> None:
    """The mean is that of the runs' own percentiles, whatever the number of their requests."""
    repeats = series_of(tmp_path, [1.0, 1.0, 1.0])
    found = figure(repeats, "response p95", 30)
    values = [run.value for run in found.runs]
    assert found.over is not None
    assert found.over.n == 3
    assert found.over.mean == pytest.approx(np.mean([v for v in values if v is not None]))
    assert len({run.seed for run in repeats.runs}) == 3


def test_runs_of_one_endpoint_agree(tmp_path: Path) -> None:
    """Four servers of 47 ms: 85 answers/s in every run, and 30 clients at 2/s."""
    repeats = series_of(tmp_path, [1.0, 1.0, 1.0])
    assert repeats.agreement == "agree"
    assert repeats.tested >= 4
    assert repeats.capacity is not None
    assert repeats.capacity.count == 30
    assert repeats.capacity.over == (30, 30)
    assert repeats.capacity.within == (30, 59)
    ceiling = repeats.ceiling
    assert ceiling is not None
    assert ceiling.over is not None
    assert ceiling.over.low is not None
    true_per_s = 4 / (0.045 * math.exp(0.3**2 / 2))
    assert ceiling.over.low <= true_per_s <= (ceiling.over.high or 0)
    assert repeat_findings(repeats) == ()


def test_a_box_that_changes_between_runs_is_found(tmp_path: Path) -> None:
    """Its speed differs by 15 % from run to run, and in each run its interval is narrow."""
    repeats = series_of(tmp_path, [1.0, 1.15, 0.85])
    assert repeats.agreement == "disagree"
    (finding,) = repeat_findings(repeats)
    assert finding.code == "runs_disagree"
    assert figure(repeats, "response p50", 10).disagrees
    assert repeats.ceiling is not None
    assert repeats.ceiling.disagrees


@pytest.mark.slow
def test_an_unchanged_box_raises_no_more_than_one_alarm_in_a_hundred_series(
    tmp_path: Path,
) -> None:
    """Of all figures together: 30 series of three runs, each run with arrivals of its own."""
    alarms = sum(
        series_of(tmp_path, [1.0] * 3, first=10 * series).agreement == "disagree"
        for series in range(30)
    )
    assert alarms <= 1  # two of 30 at a rate of 1 %: in 4 of 100 tries


def test_many_figures_together_have_the_error_of_one() -> None:
    """20 figures, 400 series without scatter: about 1 in 100 disagrees, not 1 in 5."""
    chance = np.random.default_rng(4)
    alarms = 0
    for _ in range(400):
        runs = []
        for number in (1, 2, 3):
            values = chance.normal(0.1, 0.005, 20)
            figures = {
                f"f{i}": RunFigure(float(v), float(v) - 0.0098, float(v) + 0.0098)
                for i, v in enumerate(values)
            }
            step = StepFigures(0, 10, 10, "", 8.0, figures)
            runs.append(made_run(number, steps=(step,)))
        alarms += repeats_of(runs).agreement == "disagree"
    assert alarms <= 9  # 10 or more of 400 at a rate of 1 %: in 1 of 100 tries


def test_runs_that_were_stopped_or_are_invalid_are_left_out_and_said() -> None:
    """The others are summarised as if these had not been there."""
    invalid = replace(made_run(3), left_out="invalid", invalid=("generator_late",), steps=())
    repeats = repeats_of([made_run(1), stopped_run("b.log"), invalid, made_run(4)])
    assert repeats.counted == (0, 3)
    assert repeats.capacity is not None
    assert len(repeats.capacity.brackets) == 2
    findings = repeat_findings(repeats)
    assert [f.numbers["run"] for f in findings if f.code == "run_left_out"] == [2, 3]
    assert [f.numbers["runs"] for f in findings if f.code == "few_runs"] == [2]


@pytest.mark.parametrize(
    ("brackets", "disagrees"),
    [
        ([(38, 49), (38, 49)], False),
        ([(38, 49), (30, 37)], False),  # neighbours on the ramp: the capacity is about 38
        ([(38, 49), (20, 29)], True),
        ([(38, None), (20, 29)], True),
        ([(38, None), (50, None)], False),
        ([(0, 9), (38, 49)], True),
        ([(38, 38), (37, 37), (36, 36)], True),
    ],
)
def test_capacities_disagree_if_no_load_fits_all_runs(
    brackets: list[tuple[int, int | None]], disagrees: bool
) -> None:
    """One client of leeway: a load at the very capacity is carried in some runs only."""
    runs = [made_run(i, low, high) for i, (low, high) in enumerate(brackets)]
    repeats = repeats_of(runs)
    assert repeats.capacity is not None
    assert repeats.capacity.disagrees == disagrees
    codes = {finding.code for finding in repeat_findings(repeats)}
    assert ("capacities_disagree" in codes) == disagrees


@pytest.mark.parametrize(
    ("brackets", "count", "over", "limited"),
    [
        ([(38, 49), (38, 49), (38, 49)], 38, (38, 38), True),
        ([(38, 38), (38, 38), (37, 37)], 38, (36, 40), True),  # 37.67 ± 4.303 / 3
        ([(38, 49), (30, 37)], 30, (0, 85), True),  # two runs: 34 ± 12.706 * 4
        ([(38, 49)], 38, None, True),
        ([(50, None), (38, 49), (50, None)], 38, None, False),
    ],
)
def test_the_interval_of_the_capacity_is_in_whole_clients(
    brackets: list[tuple[int, int | None]],
    count: int,
    over: tuple[int, int] | None,
    limited: bool,
) -> None:
    """Outwards; and the end of a ramp is no capacity, so there is none with one such run."""
    runs = [made_run(i, low, high) for i, (low, high) in enumerate(brackets)]
    capacity = repeats_of(runs).capacity
    assert capacity is not None
    assert (capacity.count, capacity.over, capacity.limited) == (count, over, limited)


def test_runs_that_found_no_capacity_are_said() -> None:
    """The others give it, which makes it a little too good."""
    repeats = repeats_of([made_run(1), made_run(2, bracket=None), made_run(3)])
    assert repeats.capacity is not None
    assert repeats.capacity.per_s.over is not None
    assert repeats.capacity.per_s.over.n == 2
    codes = {finding.code: finding for finding in repeat_findings(repeats)}
    assert codes["runs_without_capacity"].numbers["runs"] == (2,)


def test_a_percentile_that_was_never_answered_stays_never() -> None:
    """In one run of three: its mean is no time, and it is not tested."""
    runs = with_p95([0.1, 0.1, 0.1], 0.01)
    never = StepFigures(0, 10, 10, "", 8.0, {"response p95": RunFigure(math.inf)})
    repeats = repeats_of([*runs[:2], replace(runs[2], steps=(never,))])
    found = figure(repeats, "response p95", 10)
    assert found.over is not None
    assert math.isinf(found.over.mean)
    assert found.over.low is None


def test_other_ramps_are_matched_by_load() -> None:
    """A search has trials of its own in each run; the longest of a load counts."""

    def trial(step: int, clients: int, length_s: float, per_s: float) -> StepFigures:
        figures = {"throughput": RunFigure(per_s)}
        return StepFigures(step, clients, clients, "", length_s, figures)

    first = made_run(1, ramp=(10, 38), steps=(trial(0, 10, 8, 20), trial(1, 38, 8, 76)))
    second = made_run(
        2,
        ramp=(38, 10, 38),
        steps=(trial(0, 38, 20, 75), trial(1, 10, 8, 22), trial(2, 38, 6, 70)),
    )
    repeats = repeats_of([first, second])
    found = {f.load.clients: f for f in repeats.figures if f.load}
    assert [f.value for f in found[10].runs] == [20, 22]
    assert [f.value for f in found[38].runs] == [76, 75]
    again = made_run(3, ramp=second.ramp, steps=second.steps)
    by_step = repeats_of([second, again])
    assert [f.load.step for f in by_step.figures if f.load] == [0, 1, 2]


def test_runs_of_different_measurements_are_refused() -> None:
    """Other cameras are another load, and one run given twice is no second run."""
    with pytest.raises(LogError, match="do not send as those in"):
        repeats_of([made_run(1), made_run(2, load_kind=5.0)])
    with pytest.raises(LogError, match="the same run as"):
        repeats_of([made_run(1), replace(made_run(1), log="copy.log")])


def test_settings_that_differ_are_named() -> None:
    """They may be why the runs differ; the seed is not among them."""
    runs = [made_run(i, facts={"timeout": t, "workers": "2"}) for i, t in ((1, "10"), (2, "5"))]
    findings = {f.code: f for f in repeat_findings(repeats_of(runs))}
    assert findings["runs_differ"].numbers["facts"] == {"timeout": ("10", "5")}


def test_without_intervals_it_is_unknown_whether_runs_agree() -> None:
    """Two lower bounds and no interval: nothing was tested, so nothing agrees."""
    runs = [made_run(1, 50, None), made_run(2, 50, None)]
    assert repeats_of(runs).agreement == "unknown"
    assert repeats_of(with_p95([0.1, 0.101, 0.1], 0.01)).agreement == "agree"
    assert repeats_of(with_p95([0.1, 0.2, 0.3], 0.01)).agreement == "disagree"


def test_no_run_that_counts_says_nothing() -> None:
    """Nor does it fail."""
    repeats = repeats_of([stopped_run("a.log")])
    assert (repeats.counted, repeats.capacity, repeats.figures) == ((), None, ())
