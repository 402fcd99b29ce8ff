"""Laws of the capacity that one run shows of a variant, on played runs whose truth is known."""

from __future__ import annotations

import math
from pathlib import Path

import example_runs
import pytest
import searched_log
import synthetic_log as sl

from edgeload.variants.capacity_shown import capacity_shown
from edgeload.variants.measurement import Measurement


def shown(tmp_path: Path, played: sl.Played, **settings: object) -> Measurement:
    summary = example_runs.summary_of(tmp_path, played, **settings)
    return capacity_shown(summary, tmp_path / "log")


def run(clients: list[int], servers: int, step_s: float = 8.0) -> sl.Played:
    """Constant service of 50 ms: 20 requests/s for each server; 2 requests/s for each client."""
    return sl.play(sl.plan_of(clients, step_s, 2.0), servers=servers, service=sl.constant(0.05))


@pytest.mark.parametrize("servers", [1, 2, 4])
def test_an_overload_measures_the_capacity(tmp_path: Path, servers: int) -> None:
    """Servers ÷ service time lies in the interval, which is narrow, however far the overload is."""
    found = shown(tmp_path, run([5, 50], servers))
    assert found.outcome == "measured"
    assert found.low is not None and found.high is not None
    assert found.low <= 20.0 * servers <= found.high
    assert found.high / found.low < 1.06


def test_with_objectives_it_is_the_largest_load_that_meets_them(tmp_path: Path) -> None:
    """Below the next one: 38 clients, and not 42."""
    found = shown(tmp_path, run([30, 38, 42, 50], 4), slo=["p95<300ms"])
    assert found.capacity_per_s == pytest.approx(76.0, rel=0.01)
    assert found.low == found.capacity_per_s
    assert found.high == pytest.approx(84.0)


def test_without_an_overload_it_is_a_lower_bound(tmp_path: Path) -> None:
    """Every load was carried."""
    found = shown(tmp_path, run([10, 30], 4))
    assert found.capacity_per_s == pytest.approx(60.0, rel=0.01)
    assert found.high == math.inf


def test_our_own_machine_gives_no_lower_bound(tmp_path: Path) -> None:
    """The overload is INVALID: what was carried below it is not compared with capacities."""
    plan = sl.plan_of([5, 50], 8, 2.0)
    late = sl.play(
        plan, servers=4, service=sl.constant(0.05), lag=lambda chance: chance.choice([0.0, 0.2])
    )
    found = shown(tmp_path, late)
    assert (found.outcome, found.capacity_per_s) == ("invalid", None)
    assert "late" in found.why


def test_a_run_that_does_not_tell_says_why(tmp_path: Path) -> None:
    """Steps that are too short."""
    found = shown(tmp_path, run([10], 4, step_s=2.0))
    assert (found.outcome, found.capacity_per_s) == ("unknown", None)
    assert found.why.startswith("The capacity is unknown")


def test_an_endpoint_that_answers_nothing_has_no_capacity(tmp_path: Path) -> None:
    """Failures are no overload that measures anything."""
    summary = example_runs.failed(tmp_path)
    found = capacity_shown(summary, tmp_path / "log")
    assert (found.outcome, found.counts) == ("unknown", False)
    assert found.why.startswith("NO RESULT")


def test_a_search_states_its_interval(tmp_path: Path) -> None:
    """80 requests/s are 40 clients of 2/s; the capacity lies below the load after the last one."""
    summary = searched_log.summary_of(tmp_path / "log", searched_log.box_search())
    found = capacity_shown(summary, tmp_path / "log")
    assert summary.search is not None
    boundary = summary.search.tiers[0].boundary
    assert boundary.best is not None and boundary.high is not None
    assert found.capacity_per_s == boundary.best * 2.0
    assert (found.low, found.high) == (boundary.low * 2.0, (boundary.high + 1) * 2.0)
    assert found.low is not None and found.high is not None
    assert found.low <= 80.0 <= found.high


def test_a_search_in_which_no_load_fails_is_a_lower_bound(tmp_path: Path) -> None:
    """Nothing bounds the capacity from above."""
    searched = searched_log.box_search([(1, 3.0), (10, 6.0), (20, 10.0)])
    found = capacity_shown(searched_log.summary_of(tmp_path / "log", searched), tmp_path / "log")
    assert (found.outcome, found.high) == ("measured", math.inf)
    assert found.capacity_per_s is not None and found.capacity_per_s >= 40.0
