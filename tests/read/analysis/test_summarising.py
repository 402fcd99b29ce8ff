"""Laws of summarising a mix: nothing asked is dropped, nothing is said of the wrong group."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
import synthetic_log as sl

from edgeload.camera_group import CameraGroup
from edgeload.objectives import parse_objective
from edgeload.plan import Plan, mix_plan, one_group_plan, ramp_steps
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.log_error import LogError
from edgeload.read.log.open import read_log

DOOR = CameraGroup("door", 4, 5.0)
YARD = CameraGroup("yard", 2, 5.0)


def _played(plan: Plan, servers: int = 50) -> sl.Played:
    pools = {group.name: sl.Pool(servers, sl.constant(0.05)) for group in plan.groups}
    return sl.play_mix(plan, pools)


def _summary(folder: Path, played: sl.Played, slo: Sequence[str] = ()) -> RunSummary:
    log = sl.write(folder / "log", played, workers=sl.cpu_samples(played.plan))
    return analyse(read_log(log), [parse_objective(text) for text in slo])


def test_the_only_group_may_be_named_in_an_objective(tmp_path: Path) -> None:
    """A run without a mix is one group, called cameras; an objective about it is judged."""
    played = _played(one_group_plan(ramp_steps([4], 20.0), 5.0))
    results = _summary(tmp_path, played, ["cameras: p95<1ms", "cameras: p95<1s"]).objectives
    assert [result.status for result in results] == ["fail", "pass"]


@pytest.mark.parametrize(
    ("text", "legal"),
    [
        ("gate: p95<1s", "must be one of door, yard"),
        ("2 clients: p95<1s", "for example 2 copies: p95<1s"),
    ],
)
def test_an_objective_about_what_is_not_there_is_refused(
    tmp_path: Path, text: str, legal: str
) -> None:
    """A group that the log lacks, or clients where copies are counted: never dropped in silence."""
    with pytest.raises(LogError, match=legal):
        _summary(tmp_path, _played(mix_plan((DOOR, YARD), [1], 10.0)), [text])


def test_an_objective_that_was_asked_twice_is_judged_once(tmp_path: Path) -> None:
    """In a mix file and on the command line, for example."""
    played = _played(mix_plan((DOOR, YARD), [1], 10.0))
    assert len(_summary(tmp_path, played, ["door: p95<1s", "door: p95<1s"]).objectives) == 1


def test_a_detector_that_hangs_takes_down_its_own_group_alone(tmp_path: Path) -> None:
    """From 6 s on, no request of one group is answered, until after the end of the run."""
    played = _played(mix_plan((DOOR, YARD), [1], 12.0))
    for place, request in enumerate(played.requests):
        if request.group == "yard" and request.sent_s > 6.0:
            played.requests[place] = msgspec.structs.replace(
                request, outcome="timeout", success=False, error="no answer", status=None,
                from_edge=None, done_s=request.sent_s + 10.0, latency=10.0,
            )  # fmt: skip
    outages = _summary(tmp_path, played).outages
    assert [outage.group for outage in outages] == ["yard"]
    assert outages[0].start_s == pytest.approx(6.0, abs=0.5)


def test_an_endpoint_that_is_down_is_down_for_all(tmp_path: Path) -> None:
    """One outage, of no group; for those of each group would say the same again."""
    played = _played(mix_plan((DOOR, YARD), [1], 12.0))
    for place, request in enumerate(played.requests):
        if 4.0 < request.sent_s < 7.0:
            played.requests[place] = msgspec.structs.replace(
                request, outcome="http_502", success=False, error="down", status=502
            )
    assert [outage.group for outage in _summary(tmp_path, played).outages] == [""]


def test_a_group_with_nothing_due_in_the_window_is_no_failure(tmp_path: Path) -> None:
    """Its one frame fell into the warm-up: the load is undecided, and not refused."""
    for seed in range(1, 200):
        plan = mix_plan((DOOR, CameraGroup("slow", 1, 0.1)), [1], 10.0, seed)
        (due_s,) = [due.due_s for due in plan.client_dues(4)]
        if due_s < 1.5:
            break
    summary = _summary(tmp_path, _played(plan), ["slow: p95<1s"])
    step = summary.steps[0]
    assert step.state == "undecided"
    assert summary.first_overload is None
    assert {shortfall.code for shortfall in step.groups[1].shortfalls} == {"nothing_due"}


def test_a_closed_loop_has_no_capacity(tmp_path: Path) -> None:
    """Whatever it was answered, no load was due that could have been carried."""
    plan = mix_plan((CameraGroup("loop", 2, None),), [1, 2], 10.0)
    summary = _summary(tmp_path, _played(plan, servers=2))
    assert [step.state for step in summary.steps] == ["closed loop"] * 2
    assert summary.capacity is None
    assert summary.groups[0].capacity is None
