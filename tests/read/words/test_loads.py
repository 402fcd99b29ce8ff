"""A load in the user's unit; in an interference run, what a step measures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import report_pages
import synthetic_log as sl
from example_runs import summary_of

from edgeload.camera_group import CameraGroup
from edgeload.interference_plan import interference_plan
from edgeload.plan import Plan
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.words.loads import Loads

DOOR, PERSON = CameraGroup("door", 4, 5.0), CameraGroup("person", 6, 2.0)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunSummary:
    pools = {name: sl.Pool(8, sl.constant(0.02)) for name in ("door", "person")}
    plan = interference_plan((DOOR, PERSON), 1, 2, 6.0)
    folder = tmp_path_factory.mktemp("interference")
    return summary_of(folder, sl.play_mix(plan, pools), interference=True)


def _plan(summary: RunSummary) -> Plan:
    assert summary.log.plan is not None
    return summary.log.plan


def _cameras(summary: RunSummary) -> Iterator[tuple[int, int]]:
    """The cameras of door and person in each step, from the plan alone."""
    for step in _plan(summary).steps:
        door, person = step.cameras or (0, 0)
        yield door, person


def test_a_step_of_an_interference_run_is_named_by_its_cameras(run: RunSummary) -> None:
    """As the plan has them: a group alone, or both with their counts."""
    loads = Loads(run)
    names = {
        (4, 0): "door alone",
        (0, 6): "person alone",
        (4, 3): "4 door beside 3 (half) person",
        (2, 6): "2 (half) door beside 6 person",
        (4, 6): "4 door beside 6 person",
    }
    assert [loads.of_step(step) for step in run.steps] == [names[both] for both in _cameras(run)]


def test_a_group_names_what_it_has_beside_it(run: RunSummary) -> None:
    """Alone, beside another one, or what the step measures without it."""
    door = run.groups[0]
    for step, (own, other) in zip(door.steps, _cameras(run), strict=True):
        half = "(half) " if other == 3 else ""
        said = "alone" if not other else f"beside {other} {half}person"
        assert Loads(door).of_step(step) == (said if own else "person alone")


def test_cameras_that_do_not_send_are_not_counted(run: RunSummary) -> None:
    """The clients of a step are the sum of its groups' cameras; who has none is left out."""
    for step, cameras in zip(run.steps, _cameras(run), strict=True):
        assert step.clients == sum(cameras) == sum(part.clients for part in step.groups)
        left_out = [part.state == "left out" for part in step.groups]
        assert left_out == [not count for count in cameras]
        assert not any(found.code == "nothing_due" for found in step.shortfalls)


def test_steps_of_a_mix_are_counted_in_copies(tmp_path: Path) -> None:
    """Above an axis of time too; an interference run has the numbers of its steps there."""
    mix = summary_of(tmp_path, report_pages.mix_run())
    assert [Loads(mix).of_step(step) for step in mix.steps] == ["1 copy", "2 copies", "4 copies"]
    assert [Loads(mix).over(step) for step in mix.steps] == [1, 2, 4]
    assert Loads(mix).over_what == "copies"


def test_the_axis_of_an_interference_run_numbers_its_steps(run: RunSummary) -> None:
    """All of its steps have one load, so copies would say nothing."""
    for part in (run, *run.groups):
        assert [Loads(part).over(step) for step in part.steps] == list(range(1, 11))
        assert Loads(part).over_what == "step"
