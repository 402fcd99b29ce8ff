"""Objectives in a ramp, against boxes whose capacity is known."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
import synthetic_log as sl

from edgeload.objectives import parse_objective
from edgeload.read.analysis.objective_results import LoadStatus, ObjectiveResult, Status, unknown
from edgeload.read.analysis.objectives_by_load import status_of_all
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.results.run_results import exit_code

STATUSES: tuple[Status, ...] = ("pass", "undecided", "fail")


def ramp(path: Path, loads: list[int], *texts: str, step_s: float = 20) -> RunSummary:
    """A box of 80 requests/s that two requests/s of each client use up at 40."""
    played = sl.play(sl.plan_of(loads, step_s, 2.0), servers=4, service=sl.constant(0.05))
    log = read_log(sl.write(path / "log", played))
    return analyse(log, [parse_objective(text) for text in texts])


def test_a_ramp_past_the_limit_does_not_fail_its_objectives(tmp_path: Path) -> None:
    """It is there to go past it: 38 clients meet the objective and 50 do not."""
    summary = ramp(tmp_path, [10, 38, 50], "p95<300ms")
    (result,) = summary.objectives
    assert [(each.load, each.status) for each in result.loads] == [
        (10, "pass"), (38, "pass"), (50, "fail"),
    ]  # fmt: skip
    assert (result.status, result.load, result.step) == ("pass", 38, None)
    at_38 = summary.steps[1].objectives[0]
    assert (result.value, result.low, result.high) == (at_38.value, at_38.low, at_38.high)
    assert exit_code(summary) == 0


def test_objectives_that_no_load_meets_together_fail(tmp_path: Path) -> None:
    """Each is met somewhere, but not at the same load: nothing is served as it should be."""
    played = sl.play(
        sl.plan_of([10, 38, 50], 20, 2.0),
        servers=4,
        service=sl.constant(0.05),
        outcome=lambda chance, sent_s: (
            "http_503" if sent_s < 40 and chance.random() < 0.2 else "ok"
        ),
    )
    log = read_log(sl.write(tmp_path / "log", played))
    few, many = (parse_objective(text) for text in ("p50<300ms", "errors<5%"))
    assert [exit_code(analyse(log, [each])) for each in (few, many)] == [0, 0]
    assert exit_code(analyse(log, [few, many])) == 3


def test_no_load_that_meets_an_objective_is_a_failure(tmp_path: Path) -> None:
    """The box takes 50 ms, always."""
    assert exit_code(ramp(tmp_path, [10, 38, 50], "p95<40ms")) == 3


def test_objectives_with_a_scope_stay_as_they_are(tmp_path: Path) -> None:
    """They are about steps, whatever other loads do."""
    assert exit_code(ramp(tmp_path / "a", [10, 38, 50], "50 clients: p95<300ms")) == 3
    assert exit_code(ramp(tmp_path / "b", [10, 38, 50], "each step: p95<300ms")) == 3
    assert exit_code(ramp(tmp_path / "c", [10, 38, 50], "38 clients: p95<300ms")) == 0


def test_steps_of_the_same_load_are_judged_together(tmp_path: Path) -> None:
    """Two steps that are each too short to tell may tell together."""
    alone = ramp(tmp_path / "a", [30], "errors<1%", step_s=5).objectives[0]
    twice = ramp(tmp_path / "b", [30, 30], "errors<1%", step_s=5).objectives[0]
    assert (alone.status, twice.status) == ("undecided", "pass")
    assert [each.load for each in twice.loads] == [30]
    assert twice.n == pytest.approx(2 * alone.n, abs=10)


def test_an_invalid_step_says_nothing(tmp_path: Path) -> None:
    """Its load may meet the objective, but that is not known."""
    played = sl.play(sl.plan_of([10, 38], 20, 2.0), servers=4, service=sl.constant(0.05))
    log = read_log(sl.write(tmp_path / "log", played, deaths=[sl.death(1, 25.0)]))
    (found,) = analyse(log, [parse_objective("p95<300ms")]).objectives
    assert [each.load for each in found.loads] == [10]


def result(*statuses: Status) -> ObjectiveResult:
    """An objective judged at loads 1, 2, …"""
    loads = tuple(LoadStatus(load, status) for load, status in enumerate(statuses, 1))
    return replace(unknown(parse_objective("p95<1s")), loads=loads)


def test_one_load_has_to_meet_all(tmp_path: Path) -> None:
    """Over all pairs of two objectives at two loads: the better load's worse objective counts."""
    order = {status: place for place, status in enumerate(STATUSES)}
    for a, b, c, d in product(STATUSES, repeat=4):
        expected = min(max(a, c, key=order.__getitem__), max(b, d, key=order.__getitem__),
                       key=order.__getitem__)  # fmt: skip
        assert status_of_all([result(a, b), result(c, d)]) == expected
    assert status_of_all([]) is None
