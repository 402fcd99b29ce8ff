"""Laws of one run's figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import synthetic_log as sl
from mix_runs import mix_run
from repeated_runs import played_run, write_run
from simulated_search import Box, search

from edgeload.objectives import parse_objective
from edgeload.read.analysis.run_figures import RunFigures, figures_of_run
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.run.phases import sending


def figures(tmp_path: Path, played: sl.Played, **changes: Any) -> RunFigures:
    return figures_of_run(analyse(read_log(write_run(tmp_path / "log", played, **changes))))


def test_the_figures_are_those_of_the_summary(tmp_path: Path) -> None:
    """Capacity with its bracket, ceiling and steps, as summary.json has them."""
    summary = analyse(read_log(write_run(tmp_path / "log", played_run(1))))
    run = figures_of_run(summary)
    assert run.left_out is None
    assert summary.capacity is not None
    assert run.bracket is not None
    assert (run.bracket.count, run.bracket.low, run.bracket.high) == (30, 30, 59)
    assert run.bracket.per_s == summary.capacity.requests_per_s
    assert run.ceiling is not None
    assert summary.bracket.ceiling is not None
    assert run.ceiling.value == summary.bracket.ceiling.per_s
    assert [step.clients for step in run.steps] == [10, 30, 60]
    light, _, full = run.steps
    p95 = summary.steps[0].times.felt.quantile("p95")
    assert p95 is not None
    found = light.figures["response p95"]
    assert (found.value, found.low, found.high) == (p95.value, p95.low, p95.high)
    assert full.figures["response p50"].low is None  # a queue grows: no interval to hold it to
    assert full.figures["missed"].value
    assert light.figures["errors"].value == 0.0


@pytest.mark.parametrize("signal", ["SIGINT", "SIGTERM"])
def test_a_run_that_somebody_stopped_does_not_count(tmp_path: Path, signal: str) -> None:
    """By the reason that the running side writes; neither does a log without an end."""
    played = played_run(1)
    reason = sending(36.0, 10.0).after_signal(signal, 20.0).outcome.reason
    stopped = sl.end_of(played, interrupted=True, reason=reason)
    assert figures(tmp_path, played, end=stopped).left_out == "stopped"
    assert figures(tmp_path / "killed", played, end=None).left_out == "stopped"


def test_a_run_that_its_own_condition_ended_counts(tmp_path: Path) -> None:
    """`--abort-on` is a part of the measurement: its complete steps say what they say."""
    played = played_run(1)
    reason = sending(36.0, 10.0).after_breach("errors>5%: 9 %", 20.0).outcome.reason
    aborted = sl.end_of(played, interrupted=True, stopped_s=30.0, reason=reason)
    run = figures(tmp_path, played, end=aborted)
    assert run.left_out is None
    assert [step.clients for step in run.steps] == [10, 30]


def test_an_invalid_run_does_not_count_and_says_why(tmp_path: Path) -> None:
    """Its figures would be ours, not the endpoint's."""
    played = sl.play(
        sl.plan_of([10], 12, 2.0), servers=4, service=sl.constant(0.05), lag=lambda chance: 0.2
    )
    run = figures(tmp_path, played)
    assert (run.left_out, run.invalid) == ("invalid", ("generator_late",))
    assert run.steps == ()


def test_the_worst_objective_stands_for_all(tmp_path: Path) -> None:
    """Not met before undecided before met."""
    log = read_log(write_run(tmp_path / "log", played_run(1, clients=(10,))))
    for texts, status in (
        ([], None),
        (["errors<1%"], "undecided"),
        (["errors<10%"], "pass"),
        (["errors<10%", "errors<1%", "p95<1ms"], "fail"),
    ):
        run = figures_of_run(analyse(log, [parse_objective(text) for text in texts]))
        assert run.objectives == status, texts


def test_each_group_of_a_mix_has_its_times_and_the_whole_has_none(tmp_path: Path) -> None:
    """Times of groups that ask different detectors say nothing together."""
    run = figures_of_run(mix_run(tmp_path, "mix"))
    assert [(s.load, s.group) for s in run.steps] == [
        (copies, group) for copies in (1, 2) for group in ("", "door", "person", "label")
    ]
    for step in run.steps:
        assert ("response p95" in step.figures) == bool(step.group)
        assert step.figures["throughput"].value
    assert run.of_mix


def test_a_search_gives_its_answer_with_its_own_interval(tmp_path: Path) -> None:
    """Four workers of 52 ms serve 38 clients at 2/s; its trials are steps with a load each."""
    found = search(tmp_path / "log", Box(service=sl.constant(0.052))).summary
    run = figures_of_run(found)
    assert found.search is not None
    boundary = found.search.tiers[0].boundary
    assert run.bracket is not None
    assert run.unit.searched
    assert (run.bracket.low, run.bracket.high) == (boundary.low, boundary.high)
    assert run.bracket.low <= 38 <= (run.bracket.high or 0)
    assert run.bracket.count == boundary.best
    loads = {trial.step: trial.load for trial in found.search.trials}
    assert all(step.load == loads[step.step] for step in run.steps)


def test_a_search_that_found_no_limit_is_a_lower_bound(tmp_path: Path) -> None:
    """It went as far as it was allowed to."""
    run = figures_of_run(search(tmp_path / "log", Box(), most=10).summary)
    assert run.bracket is not None
    assert (run.bracket.count, run.bracket.high) == (run.bracket.low, None)
    assert run.bracket.low > 0


def test_a_trial_in_which_the_endpoint_broke_does_not_count(tmp_path: Path) -> None:
    """As in the search itself: it was asked again."""
    found = search(tmp_path / "log", Box(breaks_at=30, breaks=1)).summary
    assert found.search is not None
    broken = {trial.step for trial in found.search.trials if trial.broken}
    assert broken
    assert not broken & {step.step for step in figures_of_run(found).steps}
