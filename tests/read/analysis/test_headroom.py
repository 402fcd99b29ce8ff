"""What a log of a search for headroom shows, against the theory of its pools of workers."""

from __future__ import annotations

from pathlib import Path

import pytest
import synthetic_log as sl
from headroom_runs import (
    GROUPS,
    SERVICE_S,
    SHARED_TRIALS,
    found_of,
    headroom_run,
    shared_pool,
)

from edgeload.camera_group import CameraGroup


def test_on_a_shared_pool_a_group_gets_what_the_others_leave_over(tmp_path: Path) -> None:
    """Two workers of 48.8 ms serve 40.98 frames/s = 4 door + 2 person."""
    summary = headroom_run(tmp_path / "run.log", shared_pool())
    door, person = found_of(summary, "door"), found_of(summary, "person")
    assert (door.cameras, door.more) == (5, 3)
    assert (person.cameras, person.more) == (3, 7)
    for group, truth in ((door, 3), (person, 7)):
        assert group.high is not None and group.low <= truth <= group.high
        assert group.high - group.low <= 1
        assert group.capacity.boundary.confidence == 0.95
    assert summary.headroom is not None
    assert summary.headroom.tiers[0].carried
    assert summary.headroom.cameras == (("door", 5), ("person", 3))


@pytest.mark.parametrize("person_workers", [1, 4])
def test_on_own_pools_the_headroom_of_a_group_is_its_own(
    tmp_path: Path, person_workers: int
) -> None:
    """One door worker serves 20.5 frames/s: 5 cameras at 4/s, however person is served."""
    pools = {
        "door": sl.Pool(1, sl.constant(SERVICE_S)),
        "person": sl.Pool(person_workers, sl.constant(SERVICE_S)),
    }
    trials = [("door", 4), ("door", 8), *[("door", 5), ("door", 6)] * 2, ("person", 20)]
    groups = (CameraGroup("door", 4, 4.0), GROUPS[1])
    summary = headroom_run(tmp_path / "run.log", pools, trials, groups=groups)
    door = found_of(summary, "door")
    assert door.more == 1 and door.high is not None
    assert door.low <= 1 <= door.high <= door.low + 1
    person = found_of(summary, "person")
    truth = int(person_workers / SERVICE_S / 2.0) - 3
    assert person.low <= truth
    assert (person.high is None) == (person_workers == 4), "20 cameras are 40 of 82 frames/s"


def test_a_trial_says_nothing_about_the_other_group(tmp_path: Path) -> None:
    """Without the trials of person, door is the same, and nothing is said about person."""
    whole = headroom_run(tmp_path / "whole.log", shared_pool())
    only_door = [each for each in SHARED_TRIALS if each[0] == "door"]
    part = headroom_run(tmp_path / "part.log", shared_pool(), only_door)
    assert found_of(part, "door").capacity.boundary == found_of(whole, "door").capacity.boundary
    assert not found_of(part, "person").searched
    assert found_of(part, "person").high is None


def test_a_base_load_that_is_too_large_has_too_many_of_a_group(tmp_path: Path) -> None:
    """On one worker, 20.5 frames/s: 3 door beside 3 person, two too many; no person beside 5."""
    trials = [("door", 5), ("door", 1), *[("door", 3), ("door", 4)] * 2, ("person", 1)]
    summary = headroom_run(tmp_path / "run.log", shared_pool(1), trials)
    door, person = found_of(summary, "door"), found_of(summary, "person")
    assert summary.headroom is not None and summary.headroom.tiers[0].carried is False
    assert (door.more, door.high) == (-2, -2)
    assert door.low in (-2, -3)
    assert person.more == -3, "5 door alone are 20 frames/s, and one person makes 22"
    assert summary.capacity is None
    assert summary.first_overload is not None and summary.first_overload.step == 0


def test_copies_of_the_mix_can_be_the_base_load(tmp_path: Path) -> None:
    """Two copies on three workers, 61.5 frames/s: 10 door and 6 person are 52, 12 door are 60."""
    trials = [("door", 10), ("door", 12), ("door", 13), ("door", 20)]
    summary = headroom_run(tmp_path / "run.log", shared_pool(3), trials, base=2)
    door = found_of(summary, "door")
    assert (door.cameras, door.more) == (10, 2)


def test_a_closed_loop_is_only_background(tmp_path: Path) -> None:
    """It sends in every trial, and has no headroom of its own."""
    groups = (*GROUPS, CameraGroup("batch", 1, None))
    trials = [("door", 5), ("door", 8), ("door", 10)]
    summary = headroom_run(tmp_path / "run.log", shared_pool(3, groups), trials, groups=groups)
    assert summary.headroom is not None
    assert [each.group for each in summary.headroom.tiers[0].groups] == ["door", "person"]
    assert summary.headroom.cameras[2] == ("batch", 1)
    assert all(part.counts.ok > 0 for step in summary.steps for part in step.groups)
    assert [step.state for step in summary.steps] == ["carried"] * 3


def test_each_tier_has_its_own_headroom(tmp_path: Path) -> None:
    """A stricter objective leaves room for fewer; the first tier stands for the run."""
    slo = ["gold: door: p95<64ms", "silver: p95<5s"]
    trials = [*[("door", 5), ("door", 6)] * 2, *SHARED_TRIALS[1:6]]
    summary = headroom_run(tmp_path / "run.log", shared_pool(), trials, slo=slo)
    gold, silver = (found_of(summary, "door", tier) for tier in ("gold", "silver"))
    assert (gold.more, silver.more) == (0, 3)
    assert gold.capacity.binding is not None and gold.capacity.binding.code == "objective"
    assert {each.objective.tier for each in summary.objectives} == {"gold"}


def test_what_binds_names_its_group(tmp_path: Path) -> None:
    """A mix falls short where one of its groups does, whichever is varied."""
    slo = ["door: p95<61.5ms"]
    trials = [("person", 3), ("person", 9), ("person", 3), ("person", 9)]
    summary = headroom_run(tmp_path / "run.log", shared_pool(), trials, slo=slo)
    binding = found_of(summary, "person").capacity.binding
    assert binding is not None
    assert (binding.group, binding.code) == ("door", "objective")


def test_a_search_that_was_killed_tells_what_it_knew(tmp_path: Path) -> None:
    """The log ends within the trials of person: door is known, person is not."""
    summary = headroom_run(tmp_path / "run.log", shared_pool(), SHARED_TRIALS[:4], ended=4)
    assert found_of(summary, "door").more == 3
    assert not found_of(summary, "person").searched


def test_without_a_trial_of_the_base_load_nothing_is_known(tmp_path: Path) -> None:
    """A run of three seconds: its only trial was too short."""
    summary = headroom_run(tmp_path / "run.log", shared_pool(), [("door", 5)], ended=0)
    assert summary.headroom is not None
    assert found_of(summary, "door").searched is False
