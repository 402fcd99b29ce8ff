"""What each detector was asked: against the requests themselves, over groups and chains."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
import pytest
import synthetic_log as sl

from edgeload.camera_group import CameraGroup
from edgeload.plan import mix_plan
from edgeload.read.analysis.detector_times import detector_times
from edgeload.read.log.open import read_log
from edgeload.read.statistics.windows import Window
from edgeload.records import ChainRecord
from edgeload.runlog import LogWriter

_GROUPS = (
    CameraGroup("door", 2, 5.0, requests_per_frame=4),
    CameraGroup("yard", 1, 10.0, requests_per_frame=2),
    CameraGroup("gate", 3, 2.0),
)
_ASKED = {
    "door": ["objects", "faces", "faces", "badges"],
    "yard": ["objects", "badges"],
    "gate": ["faces"],
}
_THEN = {
    "door": [ChainRecord("faces", 2), ChainRecord("badges", 1, "badge worn?")],
    "yard": [ChainRecord("badges", 1, "badge worn?")],
    "gate": [],
}


def _written(path: Path) -> sl.Played:
    """Groups that share detectors as first ones, as followers, and as both."""
    plan = mix_plan(_GROUPS, [1, 2], 6.0)
    pools = {group.name: sl.Pool(6, sl.exponential(0.02)) for group in _GROUPS}
    played = sl.play_mix(
        plan, pools, outcome=lambda chance, sent_s: "reset" if chance.random() < 0.1 else "ok"
    )
    header = sl.header_of(plan)
    records = [
        msgspec.structs.replace(g, detector_id=_ASKED[g.name][0], then=_THEN[g.name])
        for g in header.plan.groups
    ]
    header = msgspec.structs.replace(
        header, plan=msgspec.structs.replace(header.plan, groups=records)
    )
    writer = LogWriter(path)
    writer.append([header, *sorted(played.requests, key=lambda r: r.ts), sl.end_of(played)])
    writer.close()
    return played


def test_each_detector_has_its_own_requests(tmp_path: Path) -> None:
    """Counts, throughput and mean service time are those of the requests that asked it."""
    played = _written(tmp_path / "log")
    log = read_log(tmp_path / "log")
    for step in log.steps:
        window = Window(step.start_s + 2.0, step.end_s)
        found = detector_times(log, step, window)
        assert [each.detector_id for each in found] == ["objects", "faces", "badges"]
        assert [each.detector_name for each in found] == [None, None, "badge worn?"]
        for each in found:
            own = [r for r in played.requests if _ASKED[r.group][r.part] == each.detector_id]
            counts = Counter(r.success for r in own if r.step == step.index)
            assert (each.ok, each.failed) == (counts[True], counts[False])
            assert each.requests == each.ok + each.failed
            good = [r for r in own if r.success]
            ended = sum(window.start_s <= r.done_s < window.end_s for r in good)
            assert each.throughput_per_s == pytest.approx(ended / window.length_s)
            due = [r for r in good if window.start_s <= r.due_s < window.end_s]
            assert each.service.n == len(due)
            mean_s = np.mean([r.done_s - r.sent_s for r in due])
            assert each.service.mean == pytest.approx(mean_s)


def test_a_run_without_chains_has_its_one_detector(tmp_path: Path) -> None:
    """Every request asked it, and its service time is that of the step."""
    plan = sl.plan_of([3], 6, 5.0)
    played = sl.play(plan, servers=3, service=sl.exponential(0.02))
    log = read_log(sl.write(tmp_path / "log", played))
    (found,) = detector_times(log, log.steps[0], Window(2.0, 6.0))
    assert found.detector_id == "det_cameras"
    assert (found.requests, found.failed) == (len(played.requests), 0)


def test_a_log_of_before_there_were_groups_names_its_detector(tmp_path: Path) -> None:
    """Its header says the detector beside the URL."""
    plan = sl.plan_of([3], 6, 5.0)
    played = sl.play(plan, servers=3, service=sl.exponential(0.02))
    header = sl.header_of(plan)
    header = msgspec.structs.replace(header, plan=msgspec.structs.replace(header.plan, groups=[]))
    writer = LogWriter(tmp_path / "log")
    writer.append([header, *played.requests, sl.end_of(played)])
    writer.close()
    log = read_log(tmp_path / "log")
    (found,) = detector_times(log, log.steps[0], Window(2.0, 6.0))
    assert (found.detector_id, found.requests) == ("det_x", len(played.requests))


def test_a_log_of_the_older_form_has_one_detector_without_a_name() -> None:
    """Nothing in it says which detector was asked; what it was asked is known all the same."""
    log = read_log(Path(__file__).parents[1] / "yesterday" / "older.log.gz")
    step = log.steps[0]
    (found,) = detector_times(log, step, Window(step.start_s, step.end_s))
    assert (found.detector_id, found.detector_name) == (None, None)
    assert found.requests == int((log.requests.step == 0).sum()) > 0
