"""Which steps have a percentile curve, and in an interference run which of them are one sample."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
import synthetic_log as sl
from example_runs import summary_of

from edgeload.camera_group import CameraGroup
from edgeload.interference_plan import interference_plan
from edgeload.read.analysis.percentile_curves import MOST_CURVES, percentile_curves
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.statistics.percentiles import nearest_rank
from edgeload.read.words.loads import Loads

ROUNDS, STEP_S = 3, 6.0


def _run(names: tuple[str, ...], rates: tuple[float, ...]) -> sl.Played:
    groups = tuple(CameraGroup(n, 4, rate) for n, rate in zip(names, rates, strict=True))
    pools = {group.name: sl.Pool(8, sl.exponential(0.02)) for group in groups}
    return sl.play_mix(interference_plan(groups, 1, ROUNDS, STEP_S), pools)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunSummary:
    """One request fails, which is none of the good answers and is over every response time."""
    folder = tmp_path_factory.mktemp("curves")
    played = _run(("door", "person"), (8.0, 6.0))
    place = next(i for i, request in enumerate(played.requests) if request.group == "door")
    failed = {"outcome": "timeout", "success": False, "status": None, "from_edge": None}
    played.requests[place] = msgspec.structs.replace(
        played.requests[place], error="no answer", **failed
    )
    return summary_of(folder, played, interference=True)


def test_the_curve_of_a_kind_of_step_has_the_answers_of_all_rounds(run: RunSummary) -> None:
    """Counted by hand from the log: what fell due in the windows of the steps of that kind."""
    assert run.interference is not None
    for group in run.groups:
        found = percentile_curves(group)
        assert found is not None
        assert found.response is not None
        requests = group.log.requests
        for curve in found.response:
            kind = next(s for s in run.interference.steps if s.index == curve.step).cameras
            alike = [s.index for s in run.interference.steps if s.cameras == kind]
            assert len(alike) == ROUNDS
            inside = np.zeros(len(requests), dtype=bool)
            for step in (group.steps[index] for index in alike):
                inside |= (requests.step == step.index) & step.window.holds(requests.due_s)
            times_s = np.where(requests.ok, requests.done_s - requests.due_s, np.inf)[inside]
            assert curve.n == len(times_s)
            middle = float(curve.times_s[np.searchsorted(curve.shares, 0.5)])
            assert middle == pytest.approx(nearest_rank(times_s, 0.5))


def test_a_group_alone_comes_first_and_half_of_it_never(run: RunSummary) -> None:
    """Then beside half and all of the other one."""
    door = run.groups[0]
    found = percentile_curves(door)
    assert found is not None
    said = [Loads(door).of_step(door.steps[curve.step]) for curve in found.service]
    assert said == ["alone", "beside 2 (half) person", "beside 4 person"]


def test_of_many_groups_the_full_loads_are_shown(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Four groups have seven kinds of steps each, one more than there are colours."""
    folder = tmp_path_factory.mktemp("many")
    names = ("a", "b", "c", "d")
    summary = summary_of(folder, _run(names, (8.0,) * 4), interference=True)
    for group in summary.groups:
        found = percentile_curves(group)
        assert found is not None
        said = [Loads(group).of_step(group.steps[curve.step]) for curve in found.service]
        assert said == ["alone", *(f"beside 4 {name}" for name in names if name != group.group)]
        assert len(said) <= MOST_CURVES


@pytest.mark.parametrize("slow_step", [2, 5, 6, 8])
def test_the_step_with_the_worst_times_is_among_the_curves(tmp_path: Path, slow_step: int) -> None:
    """Wherever in the ramp it is, and also if most of its requests never got an answer."""
    plan = sl.plan_of(range(3, 36, 3), 12, 2.0)
    step = plan.steps[slow_step]
    stall = (step.start_s + 3, step.start_s + 9)
    stalled = sl.play(plan, servers=8, service=sl.exponential(0.05), stalls=[stall])
    lost = sl.play(
        plan,
        servers=8,
        service=sl.exponential(0.05),
        outcome=lambda chance, sent_s: (
            "timeout" if step.start_s <= sent_s < step.end_s and chance.random() < 0.9 else "ok"
        ),
    )
    for name, played in (("stalled", stalled), ("lost", lost)):
        found = percentile_curves(summary_of(tmp_path / name, played))
        assert found is not None
        assert len(found.service) <= MOST_CURVES
        assert slow_step in {curve.step for curve in found.service}, name
