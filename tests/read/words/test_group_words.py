"""A camera group's answer says how far it was carried, and what limits it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import report_pages
import synthetic_log as sl
from example_runs import summary_of

from edgeload.camera_group import CameraGroup
from edgeload.plan import mix_plan
from edgeload.read.words.group_words import GroupAnswer, group_answers


def _answers(tmp_path: Path, played: sl.Played, **settings: object) -> dict[str, GroupAnswer]:
    found = summary_of(tmp_path, played, **settings)
    return {answer.group: answer for answer in group_answers(found)}


def test_who_fails_first_and_why(tmp_path: Path) -> None:
    """Person's pool answers 40/s and is due 48/s at 4 copies; the others are carried there."""
    found = _answers(tmp_path, report_pages.mix_run(), slo=report_pages.MIX_OBJECTIVES)
    assert {name: answer.verdict for name, answer in found.items()} == {
        "door": "carried",
        "person": "first",
        "label": "carried",
    }
    person = found["person"]
    assert person.said == "fails first, at 4 copies"
    assert person.load == "12 person cameras at 2/s, at 2 copies"
    assert "The limit of person is about 40.0 frames/s" in person.limit
    assert "p95<500ms is not met" in person.limit
    assert found["label"].said == "carried up to 4 copies"
    assert found["label"].limit == "Its limit was not reached."


def test_a_group_that_fails_later_is_not_the_first(tmp_path: Path) -> None:
    """One pool is full at 2 copies, another at 4."""
    groups = (CameraGroup("a", 4, 5.0), CameraGroup("b", 4, 5.0))
    pools = {"a": sl.Pool(1, sl.constant(1 / 30)), "b": sl.Pool(1, sl.constant(1 / 60))}
    found = _answers(tmp_path, sl.play_mix(mix_plan(groups, [1, 2, 4], 20), pools))
    assert found["a"].said == "fails first, at 2 copies"
    assert found["b"].said == "fails, at 4 copies"
    assert (found["a"].verdict, found["b"].verdict) == ("first", "fails")


@pytest.mark.parametrize(
    ("full", "said"),
    [("ab", "fails at 2 copies, as does b"), ("abc", "fails at 2 copies, as do b and c")],
)
def test_groups_that_fail_at_one_load_name_each_other(tmp_path: Path, full: str, said: str) -> None:
    """None of them is the first, and a group that is carried there is not named."""
    groups = tuple(CameraGroup(name, 4, 5.0) for name in (*full, "d"))
    pools = {name: sl.Pool(1, sl.constant(1 / 30)) for name in full}
    pools["d"] = sl.Pool(4, sl.constant(0.01))
    found = _answers(tmp_path, sl.play_mix(mix_plan(groups, [1, 2], 20), pools))
    assert found["a"].said == said
    assert {found[name].verdict for name in full} == {"first"}
    assert found["d"].said == "carried up to 2 copies"


def test_a_group_without_a_long_enough_step_says_how_long_one_must_be(tmp_path: Path) -> None:
    """Its limit is unknown, not unreached; the steps' own findings say what would tell."""
    groups = (CameraGroup("a", 4, 5.0), CameraGroup("b", 2, 4.0, "poisson"))
    pools = {"a": sl.Pool(8, sl.constant(0.02)), "b": sl.Pool(1, sl.exponential(0.08))}
    run = summary_of(tmp_path, sl.play_mix(mix_plan(groups, [1], 10), pools))
    b = run.groups[1]
    assert b.steps[0].state == "undecided"
    (found,) = b.steps[0].shortfalls
    step_s = found.numbers["step_s"]
    assert isinstance(step_s, float)
    needed = math.ceil(step_s)
    answers = {answer.group: answer for answer in group_answers(run)}
    assert answers["b"].said == "undecided at 1 copy"
    assert answers["b"].limit == (
        f"Unknown: no step was long enough. {needed} s would tell at 1 copy. Repeat with "
        f"--time-between-ramp {needed}s."
    )
    assert answers["a"].limit == "Its limit was not reached."


def test_an_objective_that_is_undecided_asks_for_a_longer_step(tmp_path: Path) -> None:
    """The step and what it says is missing, together; above the load that was carried."""
    played = report_pages.mix_run()
    run = summary_of(tmp_path, played, slo=["label: p99<150ms"])
    steps = {step.copies: step for step in run.groups[2].steps}
    open_at = {c: s.shortfalls for c, s in steps.items() if s.state == "undecided"}
    assert open_at
    limit = {answer.group: answer.limit for answer in group_answers(run)}["label"]
    for copies, (found, *_) in open_at.items():
        extra_s = found.numbers["extra_seconds_needed"]
        assert isinstance(extra_s, float)
        assert f"{math.ceil(20 + extra_s):,} s" in limit, copies


def test_a_closed_loop_has_no_load_to_carry(tmp_path: Path) -> None:
    """Its cameras have no rate, and the other group keeps its own answer."""
    groups = (CameraGroup("a", 2, None), CameraGroup("b", 4, 5.0))
    pools = {name: sl.Pool(8, sl.constant(0.02)) for name in "ab"}
    found = _answers(tmp_path, sl.play_mix(mix_plan(groups, [1, 2], 20), pools))
    assert found["a"].verdict == "closed loop"
    assert found["a"].load == "4 a cameras in a closed loop, at 2 copies"
    assert found["b"].verdict == "carried"


@pytest.mark.parametrize("ramp_group", ["person", None])
def test_copies_are_those_of_the_ramp(tmp_path: Path, ramp_group: str | None) -> None:
    """A group that is not ramped keeps its cameras, and is carried beside all copies."""
    played = report_pages.mix_run(ramp_group)
    found = _answers(tmp_path, played, slo=report_pages.MIX_OBJECTIVES)
    assert found["person"].said == "fails first, at 4 copies"
    cameras = 4 if ramp_group else 8
    assert found["door"].load == f"{cameras} door cameras at 5/s, at 2 copies"
    assert found["door"].said == "carried up to 4 copies"


def test_a_run_without_a_mix_has_no_groups(tmp_path: Path) -> None:
    """Its answer is the headline alone."""
    assert _answers(tmp_path, report_pages.clean_run()) == {}
