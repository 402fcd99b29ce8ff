"""What the box said about itself before a run and after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import synthetic_log as sl

from edgeload.box_records import BoxDetector, BoxFacts, RoundTrip
from edgeload.read.analysis.box_story import BoxStory, box_story
from edgeload.read.analysis.differences import differences
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.output.summary_json import summary_values
from edgeload.read.words.box_story_words import box_line, box_rows
from edgeload.read.words.finding_words import message
from edgeload.runlog import LogWriter

OWN = "det_synthetic"
DIGEST = "groundlight/inference@sha256:" + "1" * 64


def facts(at_s: float, **changes: Any) -> BoxFacts:
    known: dict[str, Any] = {
        "device_id": "device-7",
        "device_name": "line 3",
        "cpu_cores": 8,
        "flavour": "gpu",
        "images": {"inference-server": DIGEST},
        "confident_audit_rate": 1e-5,
        "detectors": [
            BoxDetector(OWN, "door", deploy_time="2026-11-01", edge_only=True),
            BoxDetector("det_B", "person", enabled=True),
            BoxDetector("det_C", "off", enabled=False),
        ],
    }
    return BoxFacts(sl.WALL_S + at_s, at_s, **{**known, **changes})


def run(tmp_path: Path, *records: Any, name: str = "log") -> RunSummary:
    played = sl.play(sl.plan_of([2], 10.0, 2.0), servers=4, service=sl.constant(0.05))
    path = sl.write(tmp_path / name, played)
    first, *rest = path.read_bytes().splitlines(keepends=True)
    header = msgspec.json.decode(first)
    header["endpoint"]["detector_id"] = OWN
    path.write_bytes(msgspec.json.encode(header) + b"\n" + b"".join(rest))
    writer = LogWriter(path)
    writer.append(list(records))
    writer.close()
    return analyse(read_log(path))


def story(tmp_path: Path, *records: Any) -> BoxStory:
    found = run(tmp_path, *records).box
    assert found is not None
    return found


def codes(summary: RunSummary) -> set[str]:
    return {finding.code for finding in find(summary)}


def test_a_log_of_before_says_nothing(tmp_path: Path) -> None:
    """No facts, no finding, no line."""
    summary = run(tmp_path)
    assert summary.box is None
    assert box_story(summary.log) is None
    assert box_line(None) == ""
    assert not codes(summary) & {"box_changed", "other_detectors"}


def test_what_is_alike_is_no_change(tmp_path: Path) -> None:
    """A status comes and goes; what only one of both says may have been the same."""
    after = facts(11.0, images={}, detectors=None, confident_audit_rate=None)
    assert story(tmp_path, facts(-1.0), after).changes == ()


def test_every_change_is_named(tmp_path: Path) -> None:
    """A new image, a new model, another audit rate, a detector that came, one that went."""
    after = facts(
        11.0,
        images={"inference-server": DIGEST.replace("1", "2")},
        confident_audit_rate=0.5,
        detectors=[
            BoxDetector(OWN, "door", deploy_time="2026-11-27", edge_only=True),
            BoxDetector("det_C", "off", enabled=False),
            BoxDetector("det_D", "new"),
        ],
    )
    found = run(tmp_path, facts(-1.0), after)
    assert found.box is not None
    assert [(each.what, each.about) for each in found.box.changes] == [
        ("image", "inference-server"),
        ("audit_rate", ""),
        ("detector", "person"),
        ("detector", "new"),
        ("deploy_time", "door"),
    ]
    (changed,) = [finding for finding in find(found) if finding.code == "box_changed"]
    assert message(changed) == (
        "the box changed during the run: the image of inference-server, from inference "
        "111111111111 to inference 222222222222, the confident_audit_rate, from 1e-05 "
        "to 0.5, the detector person, which was removed, the detector new, which was added and the "
        "deployment of the model of door, from 2026-11-01 to 2026-11-27"
    )


def test_a_new_model_is_told_once(tmp_path: Path) -> None:
    """By its roll-out, with what that cost; the box's own word keeps what else changed."""
    models = sl.model_change(0.3, "mlb_a"), sl.model_change(4.0, "mlb_b", "mlb_a")
    before, after = (
        facts(at_s, detectors=[BoxDetector("det_cameras", "door", deploy_time=day)])
        for at_s, day in ((-1.0, "2026-11-01"), (11.0, "2026-11-27"))
    )
    alone = run(tmp_path, before, *models, after, name="alone")
    assert codes(alone) & {"model_changed", "box_changed"} == {"model_changed"}
    image = {"inference-server": DIGEST.replace("1", "2")}
    updated = msgspec.structs.replace(after, images=image)
    found = find(run(tmp_path, before, *models, updated, name="image"))
    (changed,) = [finding for finding in found if finding.code == "box_changed"]
    assert message(changed).endswith("from inference 111111111111 to inference 222222222222")
    unseen = run(tmp_path, before, after, name="unseen")
    assert codes(unseen) & {"model_changed", "box_changed"} == {"box_changed"}


def test_other_detectors_are_those_that_may_be_asked(tmp_path: Path) -> None:
    """Neither the run's own nor one whose inference is switched off."""
    found = run(tmp_path, facts(-1.0))
    assert found.box is not None
    assert found.box.others == ("person",)
    (others,) = [finding for finding in find(found) if finding.code == "other_detectors"]
    assert message(others) == "1 other detector was loaded on the box (person)"


def test_line_rows_and_summary_say_the_same(tmp_path: Path) -> None:
    """The device, the images, and how long the network takes."""
    trip = RoundTrip(sl.WALL_S - 1, -1.0, 5, 0.0004, 0.003)
    found = run(tmp_path, facts(-1.0), trip)
    assert box_line(found.box) == (
        "Box: line 3 (8 cores) gpu; inference-server inference 111111111111; 1 other detector "
        "loaded; round trip 0.4 ms."
    )
    rows = box_rows(found.box)
    assert rows["device"] == "line 3 device-7"
    assert rows["round trip of the network"].startswith("0.4 ms, and 3.00 ms for the TLS")
    box = summary_values(found, find(found))["box"]
    assert (box["device_id"], box["round_trip"]["tcp_s"]) == ("device-7", 0.0004)
    assert box["other_detectors"] == ["person"]
    assert box["changed"] == []


def test_boxes_that_differ_are_named_before_a_comparison(tmp_path: Path) -> None:
    """Another image, another model, other detectors beside it."""
    old = run(tmp_path, facts(-1.0), name="old")
    alone = [BoxDetector(OWN, "door", deploy_time="2026-11-27", edge_only=True)]
    changed = facts(-1.0, images={"inference-server": "other@2"}, detectors=alone)
    new = run(tmp_path, changed, name="new")
    assert {each.name for each in differences([old], [new])} >= {
        "box image of inference-server",
        "box other detectors loaded",
        "box model of door deployed",
    }
    assert differences([old], [old]) == ()
