"""A run and the cameras that are wanted: against the known capacity of simulated boxes."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from example_runs import saturated
from headroom_runs import (
    SERVICE_S,
    clients_run,
    copies_run,
    found_of,
    headroom_run,
    rate_run,
    shared_pool,
)

from edgeload.read.analysis.box_plan import BoxPlan
from edgeload.read.analysis.box_planning import with_box_plan
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.log.log_error import LogError
from edgeload.wanted_cameras import parse_wanted

LOADS = (5, 20, 30, *[20, 21] * 2)
"""Trials on a box that serves 40.98 answers/s: 20 clients at 2/s."""


def planned(summary: RunSummary, text: str, reserve: float = 0.2) -> BoxPlan:
    """The plan for what somebody typed."""
    plan = with_box_plan(summary, parse_wanted(text), reserve).box_plan
    assert plan is not None
    return plan


def test_a_search_tells_the_boxes_at_its_own_rate(tmp_path: Path) -> None:
    """20 clients a box: 120 need 6 boxes; 80 % of 20 or 19 are 16 or 15, so 8 boxes."""
    plan = planned(clients_run(tmp_path / "run.log", LOADS, 2.0), "120@2")
    assert plan.need is not None and plan.need.each is not None
    assert (plan.need.likely.boxes, plan.need.basis) == (6, "measured")
    assert plan.need.each.likely == 20
    low = plan.need.each.low
    assert plan.need.most.boxes == math.ceil(120 / low)
    assert plan.need.with_reserve.boxes == math.ceil(120 / math.floor(0.8 * low))
    assert plan.measured_rate == 2.0
    assert [need.wanted[0].rate for need in plan.rates] == [0.5, 1.0, 2.0, 5.0, 10.0]


def test_the_rate_that_was_asked_for_stands_in_the_table(tmp_path: Path) -> None:
    """Beside the usual ones and the one that was measured; without a rate, that is asked for."""
    summary = clients_run(tmp_path / "run.log", LOADS, 2.0)
    assert [each.wanted[0].rate for each in planned(summary, "120@3").rates] == [
        *(0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
    ]
    plan = planned(summary, "120")
    assert plan.wanted[0].rate == 2.0 and plan.need is not None


def test_a_backlog_that_binds_carries_over_to_another_rate(tmp_path: Path) -> None:
    """What two workers answer per second is theirs: the plan for 4/s made from a search at 2/s is
    that of a search at 4/s.
    """
    here = planned(clients_run(tmp_path / "here.log", LOADS, 2.0), "120@4")
    there = planned(clients_run(tmp_path / "there.log", (5, 20, *[10, 11] * 2), 4.0), "120@4")
    assert here.need is not None and there.need is not None
    assert (here.need.basis, there.need.basis) == ("carries_over", "measured")
    assert here.need.likely.boxes == there.need.likely.boxes == 12


def test_an_objective_that_binds_makes_other_rates_an_estimate(tmp_path: Path) -> None:
    """How long answers take at 4/s was not measured at 2/s."""
    loads = (5, *[12, 19] * 2)
    summary = clients_run(tmp_path / "run.log", loads, 2.0, slo=["p95<55ms"])
    plan = planned(summary, "120@4")
    assert plan.need is not None
    assert (plan.need.basis, plan.need.doubts) == ("estimate", ("objective",))
    assert plan.binding == "p95<55ms"


def test_no_camera_is_faster_than_its_own_answers(tmp_path: Path) -> None:
    """An answer takes 48.8 ms: 20.5/s is the most of one camera."""
    summary = clients_run(tmp_path / "run.log", LOADS, 2.0)
    need = planned(summary, "120@25").need
    assert need is not None and need.too_fast
    assert 25 * SERVICE_S > 1


def test_a_ramp_has_a_bracket(tmp_path: Path) -> None:
    """30 clients at 2/s were carried, and 60 were not: between 30 and 59 a box."""
    plan = planned(saturated(tmp_path), "120@2")
    assert plan.need is not None and plan.need.each is not None
    assert (plan.need.each.likely, plan.need.each.low, plan.need.each.high) == (30, 30, 59)
    assert (plan.need.likely.boxes, plan.need.fewest.boxes, plan.need.most.boxes) == (4, 3, 4)


def test_a_search_over_the_rate_knows_answers_per_second(tmp_path: Path) -> None:
    """Four clients at up to 10.2/s: at 2/s that is 20 cameras, and at 10/s it is the four."""
    summary = rate_run(tmp_path / "run.log", (100, 200, 600, *[500, 530] * 2), 4, 2.0)
    found = planned(summary, "120@10").need
    assert found is not None and found.each is not None
    assert (found.each.likely, found.basis) == (4, "measured")
    slower = planned(summary, "120@2").need
    assert slower is not None and slower.each is not None
    assert slower.each.likely in (19, 20, 21)
    assert (slower.basis, slower.doubts) == ("estimate", ("more_cameras",))


def test_nothing_is_planned_with_an_unknown_capacity(tmp_path: Path) -> None:
    """Not even the least load was carried."""
    plan = planned(clients_run(tmp_path / "run.log", (30, 25, 25), 2.0, workers=1), "120@2")
    assert plan.need is None or plan.need.most.boxes is None


def test_copies_of_a_mix(tmp_path: Path) -> None:
    """Four workers serve 81.97 frames/s: three copies of 26 frames/s, of 5 door and 3 person."""
    summary = copies_run(tmp_path / "run.log", (1, 8, *[3, 4] * 2), workers=4)
    plan = planned(summary, "door:50,person:30")
    assert plan.need is not None
    assert (plan.need.likely.boxes, plan.need.likely.cameras) == (4, (13, 8))
    assert plan.rates == ()
    assert [each.rate for each in plan.wanted] == [4.0, 2.0]


def test_headrooms_tell_of_other_proportions(tmp_path: Path) -> None:
    """8 door and 3 person, or 5 and 10, on a box: 60 door and 20 person need 8 boxes, of 8 and 3
    cameras at most; theory: 280 frames/s of 40.98 a box are 7 boxes, if cameras could be divided.
    """
    summary = headroom_run(tmp_path / "run.log", shared_pool())
    assert (found_of(summary, "door").more, found_of(summary, "person").more) == (3, 7)
    plan = planned(summary, "door:60,person:20")
    assert plan.need is not None
    assert (plan.need.likely.boxes, plan.need.likely.cameras) == (8, (8, 3))
    assert plan.need.basis == "measured", "exactly a load that a trial had"
    between = planned(summary, "door:60,person:48").need
    assert between is not None and between.likely.cameras is not None
    door, person = between.likely.cameras
    assert 4 * door + 2 * person <= 2 / SERVICE_S
    if door > 5 and person > 3:
        assert between.doubts == ("frontier",)


def test_a_base_load_that_is_not_carried_plans_nothing(tmp_path: Path) -> None:
    """No load of both groups is known to fit."""
    summary = headroom_run(tmp_path / "run.log", shared_pool(1), [("door", 5), ("person", 1)])
    assert planned(summary, "door:60,person:20").need is None


def test_the_settings_in_the_log_are_the_question(tmp_path: Path) -> None:
    """So the report of the log alone is the report of the run."""
    summary = clients_run(tmp_path / "run.log", LOADS, 2.0, plan_for="120@2", reserve=50.0)
    plan = with_box_plan(summary, None, None).box_plan
    assert plan is not None and plan.reserve == 0.5
    assert plan == planned(summary, "120@2", 0.5)
    assert with_box_plan(clients_run(tmp_path / "no.log", (5,), 2.0), None, None).box_plan is None


@pytest.mark.parametrize("text", ["door:5", "40@2", "door:40@5,person:24", "door:40,person:9"])
def test_what_a_log_cannot_tell_is_refused(tmp_path: Path, text: str) -> None:
    """In one line that names the log and what was asked."""
    summary = copies_run(tmp_path / "run.log", (1, 2))
    with pytest.raises(LogError, match=f"--plan {text}: ") as refused:
        planned(summary, text)
    assert "\n" not in str(refused.value)


def test_a_log_of_the_older_form_is_refused(tmp_path: Path) -> None:
    """It does not say what was due."""
    log = tmp_path / "old.log"
    log.write_text(
        '{"asctime": "2026-11-23 18:30:01,250", "worker_number": 0, "request_number": 1, '
        '"latency": 0.05, "success": true}\n'
    )
    from edgeload.read.analysis.summarising import analyse  # noqa: PLC0415
    from edgeload.read.log.open import read_log  # noqa: PLC0415

    with pytest.raises(LogError, match="older form"):
        planned(analyse(read_log(log)), "120@2")
