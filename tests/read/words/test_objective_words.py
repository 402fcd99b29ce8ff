"""Objectives and how they were met, in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import report_pages
import synthetic_log as sl
from example_runs import summary_of

from edgeload.read.analysis.required_capacity import with_required_capacity
from edgeload.read.words.headline import headline
from edgeload.read.words.objective_words import ObjectiveLine, objective_lines


def lines(folder: Path, loads: list[int], **settings: Any) -> list[ObjectiveLine]:
    """A box that answers 80 requests/s, and cameras that send two."""
    played = sl.play(sl.plan_of(loads, 20, 2.0), servers=4, service=sl.constant(0.05))
    return objective_lines(with_required_capacity(summary_of(folder, played, **settings), None))


def test_an_objective_says_up_to_which_load_it_is_met(tmp_path: Path) -> None:
    """And which loads do not meet it, with the figures of the largest that does."""
    (line,) = lines(tmp_path, [10, 38, 50], slo=["p95<300ms"])
    assert (line.status, line.scope) == ("pass", "met up to 38 clients, not at 50")
    assert line.measured.startswith("at 38, response p95 ")


def test_a_single_load_is_just_named(tmp_path: Path) -> None:
    """There is no other to tell it from."""
    (line,) = lines(tmp_path, [30], slo=["p95<300ms"])
    assert (line.status, line.scope) == ("pass", "30 clients")
    assert line.measured.startswith("response p95 ")


def test_an_objective_that_no_load_meets_shows_the_least(tmp_path: Path) -> None:
    """Which came closest."""
    (line,) = lines(tmp_path, [10, 50], slo=["p95<40ms"])
    assert (line.status, line.scope) == ("fail", "not met at any load from 10 clients on")
    assert line.measured.startswith("at 10, ")


def test_each_step_is_one_line(tmp_path: Path) -> None:
    """How many steps met it, and the worst."""
    (line,) = lines(tmp_path, [10, 20, 50, 60], slo=["each step: p95<300ms"])
    assert line.status == "fail"
    assert line.scope in ("met in 2 of 4 steps, worst step 3", "met in 2 of 4 steps, worst step 4")


def test_a_mix_counts_copies(tmp_path: Path) -> None:
    """The loads are those of the whole mix, also for an objective about one group."""
    summary = summary_of(tmp_path, report_pages.mix_run(), slo=["person: p95<500ms"])
    (line,) = objective_lines(summary)
    assert line.scope == "met up to 2 copies, not at 4"


@pytest.mark.parametrize(
    ("load", "status", "measured"),
    [
        (38, "pass", "38 are shown to be served, 50 are not"),
        (20, "pass", "38 are shown to be served, 50 are not"),
        (39, "undecided", "38 are shown to be served, 50 are not"),
        (50, "fail", "38 are shown to be served, 50 are not"),
    ],
)
def test_a_required_capacity_comes_first(
    tmp_path: Path, load: int, status: str, measured: str
) -> None:
    """Met if shown, not met if refuted, and between the two undecided."""
    first, second = lines(tmp_path, [10, 38, 50], slo=["errors<5%"], require_capacity=load)
    assert (first.status, first.text) == (status, f"capacity>={load}")
    assert first.measured == measured
    assert bool(first.more) == (status == "undecided")
    assert second.text == "errors<5%"


def test_the_headline_and_the_objectives_agree(tmp_path: Path) -> None:
    """What is met at the capacity, by the headline, is met by its line."""
    played = sl.play(sl.plan_of([10, 38, 50], 20, 2.0), servers=4, service=sl.constant(0.05))
    summary = summary_of(tmp_path, played, slo=["p95<300ms", "errors<5%"])
    assert "At this load, p95<300ms and errors<5% are met" in headline(summary)
    assert {line.status for line in objective_lines(summary)} == {"pass"}
