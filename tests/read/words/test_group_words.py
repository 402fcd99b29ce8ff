"""A camera group's answer says how far it was carried, and what limits it."""

from __future__ import annotations

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
    assert "The limit of person is about 40.0 answers/s" in person.limit
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
