"""Whole searches on simulated boxes: what the search saw, and what its log says afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from simulated_search import Box, Searched, always, search
from synthetic_log import constant, exponential

from edgeload.camera_group import CameraGroup
from edgeload.objectives import parse_objective
from edgeload.plan import Plan
from edgeload.read.analysis.search_result import SearchResult
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.run.phases import Ending
from edgeload.search_axis import SearchAxis


def result_of(found: Searched) -> SearchResult:
    """What its log says."""
    assert found.summary.search is not None
    return found.summary.search


def agree(found: Searched) -> None:
    """The trials as the search judged them are those of the report."""
    result = result_of(found)
    for tier, seen in zip(result.tiers, found.tried, strict=True):
        assert [(t.load, t.verdict, t.ceiling) for t in tier.trials] == [
            (t.load, t.verdict, t.ceiling) for t in seen
        ]


@pytest.mark.parametrize(("servers", "clients"), [(1, 10), (4, 40), (16, 160)])
def test_a_constant_box_is_found_exactly(tmp_path: Path, servers: int, clients: int) -> None:
    """Workers / service time / rate clients are served, and one more is not."""
    found = search(tmp_path / "log", Box(servers))
    tier = result_of(found).tiers[0]
    boundary = tier.boundary
    assert boundary.high is not None
    assert boundary.low <= clients <= boundary.high
    assert boundary.high - boundary.low <= max(1, 0.05 * clients)
    assert (tier.answer, found.summary.valid) == ("found", True)
    assert tier.beyond_load is not None and tier.beyond_load > clients
    agree(found)


def test_all_that_a_search_saw_is_in_its_log(tmp_path: Path) -> None:
    """With two tiers and scattered answers, the log alone gives every trial's verdict again."""
    box = Box(4, exponential(0.05))
    found = search(
        tmp_path / "log", box, rate=10.0, slo=["gold: p95<250ms", "silver: p95<1s"], budget_s=120
    )
    agree(found)
    gold, silver = result_of(found).tiers
    assert (gold.tier.name, silver.tier.name) == ("gold", "silver")
    assert silver.boundary.high is not None
    assert silver.boundary.low <= 8 <= silver.boundary.high


def test_the_budget_ends_the_search(tmp_path: Path) -> None:
    """It is not exceeded by more than the drain of the last trial, and what is known is told."""
    found = search(tmp_path / "log", Box(4, exponential(0.05)), budget_s=30)
    result = result_of(found)
    assert result.seconds <= 30 + 5
    assert result.tiers[0].boundary.high is not None
    assert result.tiers[0].answer in ("wide", "found")
    agree(found)


def test_a_stop_keeps_what_is_known(tmp_path: Path) -> None:
    """After Ctrl-C the report tells the interval so far."""
    found = search(tmp_path / "log", Box(), stop_at_s=27.0)
    assert found.outcome.ending is Ending.SIGNAL
    assert found.summary.interrupted
    assert result_of(found).tiers[0].boundary.low > 0
    agree(found)


@pytest.mark.parametrize("stop_at_s", [-0.4, 0.1, 4.1, 21.5, 25.75])
def test_a_stop_before_a_trial_begins(tmp_path: Path, stop_at_s: float) -> None:
    """A trial that was decided on but had not begun shows nothing, and ends in no error."""
    found = search(tmp_path / "log", Box(), stop_at_s=stop_at_s)
    assert found.outcome.ending is Ending.SIGNAL
    assert found.summary.interrupted
    agree(found)


@pytest.mark.parametrize("stop_at_s", [22.5, 25.0, 26.5])
def test_a_stop_makes_no_claim_of_the_load_under_way(tmp_path: Path, stop_at_s: float) -> None:
    """While no load has failed, the lower bound is a load that passed: of a trial of 32 or 64
    clients that was stopped, nothing is known.
    """
    tier = result_of(search(tmp_path / "log", Box(), stop_at_s=stop_at_s)).tiers[0]
    passed = max(trial.load for trial in tier.trials if trial.verdict == "pass")
    assert (tier.answer, tier.boundary.best, tier.at_load) == ("at_least", passed, passed)
    assert passed < tier.trials[-1].load


def test_a_generator_that_is_late_ends_the_search(tmp_path: Path) -> None:
    """What our own machine cannot send twice is no trial of the endpoint."""
    found = search(tmp_path / "log", Box(), late={None: 0.2})
    result = result_of(found)
    assert result.stopped_by_us
    assert [trial.repeated for trial in result.trials] == [True, False]
    assert (result.tiers[0].answer, found.summary.valid) == ("unknown", False)


def test_a_moment_of_our_own_ends_no_search(tmp_path: Path) -> None:
    """An INVALID trial is made again; if that one is VALID, so is the search."""
    found = search(tmp_path / "log", Box(), late={None: 0.0, 3: 0.2, 8: 0.2})
    result = result_of(found)
    assert [trial.step for trial in result.trials if trial.repeated] == [3, 8]
    assert (result.tiers[0].boundary.best, result.stopped_by_us) == (40, False)
    assert found.summary.valid
    agree(found)


def test_the_most_clients_bound_the_search(tmp_path: Path) -> None:
    """If they are served, the capacity is at least that."""
    found = search(tmp_path / "log", Box(), most=12)
    tier = result_of(found).tiers[0]
    assert (tier.answer, tier.boundary.best, tier.boundary.high) == ("at_least", 12, None)
    assert max(trial.load for trial in result_of(found).trials) == 12


def test_a_box_that_serves_nobody(tmp_path: Path) -> None:
    """One client asks for more than it can: no load is carried."""
    found = search(tmp_path / "log", Box(1, constant(0.7)))
    tier = result_of(found).tiers[0]
    assert (tier.answer, tier.beyond_load) == ("none", 1)


def test_rare_failures_hide_no_capacity(tmp_path: Path) -> None:
    """One failure of the fifty requests of a short trial is more than the 1 % that may fail, but
    says nothing: where 0.5 % fail at every load, the box is found as if nothing failed.
    """
    found = search(tmp_path / "log", Box(fails=always(0.005)))
    tier = result_of(found).tiers[0]
    assert tier.boundary.high is not None
    assert tier.boundary.low <= 40 <= tier.boundary.high
    assert tier.answer == "found"
    agree(found)


def test_no_answer_is_given_where_nothing_was_told(tmp_path: Path) -> None:
    """That no load is carried is only said if the least one failed, not if its trials were too
    short for an objective, and only a large one failed.
    """
    found = search(tmp_path / "log", Box(), slo=["errors<0.01%"], budget_s=200)
    tier = result_of(found).tiers[0]
    assert "fail" in [trial.verdict for trial in tier.trials]
    assert "pass" not in [trial.verdict for trial in tier.trials]
    assert tier.answer == "unknown"


def test_a_budget_without_room_for_a_trial(tmp_path: Path) -> None:
    """Then it was the budget that ended the search, not a box that contradicts itself."""
    found = search(tmp_path / "log", Box(), rate=0.1, budget_s=20)
    result = result_of(found)
    assert (result.trials, result.ended, result.tiers[0].answer) == ((), "budget", "unknown")


def test_a_box_that_breaks_once_is_asked_again(tmp_path: Path) -> None:
    """The trial in which it broke does not count."""
    found = search(tmp_path / "log", Box(breaks_at=16, breaks=1))
    result = result_of(found)
    broken = [trial for trial in result.trials if trial.broken]
    assert [trial.load for trial in broken] == [16]
    assert result.tiers[0].boundary.best == 40
    assert len(found.messages) == 1
    agree(found)


def test_a_load_that_breaks_the_box_twice_is_not_carried(tmp_path: Path) -> None:
    """Then that load has failed, and the search goes on below it."""
    found = search(tmp_path / "log", Box(breaks_at=20, breaks=1000))
    tier = result_of(found).tiers[0]
    assert tier.boundary.high is not None
    assert tier.boundary.low <= 19 <= tier.boundary.high <= 20
    assert tier.kind == "cliff"


def test_a_box_that_stays_broken_ends_the_search(tmp_path: Path) -> None:
    """With what is known until then."""
    found = search(tmp_path / "log", Box(breaks_at=16, breaks=1000, recovers=False))
    assert found.outcome.ending is Ending.FINISHED
    assert "did not recover" in found.outcome.reason
    assert result_of(found).trials[-1].load == 16


MIX = (CameraGroup("door", 2, 4.0), CameraGroup("person", 1, 2.0))


@pytest.mark.parametrize(
    ("axis", "load"),
    [
        (SearchAxis("copies"), 8),  # 10 frames/s a copy, of 80
        (SearchAxis("group", "door"), 19),  # 78 frames/s left beside person
        (SearchAxis("rate", clients=6), 400),  # two copies: 20 frames/s at 100 %
    ],
)
def test_each_axis_finds_its_frontier(tmp_path: Path, axis: SearchAxis, load: int) -> None:
    """Two groups share one pool of 80/s: what fits is known by arithmetic."""
    plan = Plan((), MIX, ramp_group=axis.group)
    start = 100 if axis.over == "rate" else 1
    found = search(tmp_path / "log", Box(), plan=plan, axis=axis, start=start, most=10_000)
    tier = result_of(found).tiers[0]
    assert tier.boundary.high is not None
    assert tier.boundary.low <= load <= tier.boundary.high
    assert tier.boundary.high - tier.boundary.low <= max(1, 0.05 * load)
    agree(found)


def test_headroom_of_two_groups_on_one_pool(tmp_path: Path) -> None:
    """80.5 frames/s for 10 door (40) and 10 person (20): 5 more door, or 10 more person. What the
    search saw is what its log says, group by group.
    """
    groups = (CameraGroup("door", 10, 4.0), CameraGroup("person", 10, 2.0))
    box = Box(4, constant(4 / 80.5))
    axis = SearchAxis("headroom")
    found = search(tmp_path / "log", box, plan=Plan((), groups), axis=axis, most=1000)
    headroom = found.summary.headroom
    assert headroom is not None
    (tier,) = headroom.tiers
    assert tier.carried
    for group, truth in zip(tier.groups, (5, 10), strict=True):
        assert group.high is not None
        assert group.low <= truth <= group.high
        assert group.high - group.low <= max(1, 0.05 * (group.cameras + truth))
    plan = found.summary.log.plan
    assert plan is not None
    steps = [[plan.cameras_of(group, step) for group in (0, 1)] for step in plan.steps]
    assert steps[0] == [10, 10]
    assert all(10 in cameras for cameras in steps), "no trial varies both groups"
    seen = [(t.load, t.verdict) for t in found.tried[0]]
    assert seen == [(t.load, t.verdict) for t in tier.groups[0].capacity.trials]


def test_no_capacity_is_found_that_no_trial_shows(tmp_path: Path) -> None:
    """In a mix with bounds on times, short trials of the answer are undecided: it is tried until
    one of it passes, and if the budget ends before, the capacity is not found.
    """
    slo = ["door: p95<300ms", "person: p95<400ms"]
    plan, axis = Plan((), MIX), SearchAxis("copies")
    for budget_s in (45.0, None):
        found = search(
            tmp_path / "log",
            Box(2, exponential(0.05)),
            plan=plan,
            axis=axis,
            slo=slo,
            budget_s=budget_s,
        )
        tier = result_of(found).tiers[0]
        passed = any(trial.verdict == "pass" for trial in tier.trials)
        assert (tier.answer == "found") <= passed
        if budget_s is None:
            assert tier.answer == "found"


def test_objectives_about_shares_do_not_slow_the_search_down(tmp_path: Path) -> None:
    """Every load far below passes; the search still halves the span instead of creeping up."""
    found = search(tmp_path / "log", Box(), slo=["errors<1%"])
    tier = result_of(found).tiers[0]
    assert tier.boundary.high is not None
    assert tier.boundary.low <= 40 <= tier.boundary.high
    assert len(tier.trials) <= 7 + 14  # doubling to 64, then about log2(32), each side confirmed


def test_a_log_is_judged_by_tiers_that_are_typed(tmp_path: Path) -> None:
    """Objectives of `parse_load_test_logs.py --slo` name tiers as those of the search do."""
    search(tmp_path / "log", Box())
    asked = [parse_objective("gold: p95<20ms"), parse_objective("silver: p95<1s")]
    found = analyse(read_log(tmp_path / "log"), asked).search
    assert found is not None
    assert [tier.tier.name for tier in found.tiers] == ["gold", "silver"]
    assert found.tiers[0].answer == "none"
    assert found.tiers[1].boundary.low > 30
