"""Laws of what becomes of a mix: tasks for the workers, and records for the log."""

from __future__ import annotations

import socket
from pathlib import Path

from edgeload.camera_group import CameraGroup
from edgeload.edge.configuration import EdgeConfiguration
from edgeload.edge.detectors import AskedDetector, KnownDetector
from edgeload.edge.location import Target
from edgeload.edge.trust import TlsTrust
from edgeload.records import ChainRecord, GroupRecord
from edgeload.run.group_setup import group_records, group_tasks
from edgeload.run.picture_file import PictureFile
from edgeload.run.pictures import MadePictures
from edgeload.run.reaching import FoundDetector, Reached
from edgeload.run.tasks import ChainTask, DetectorTask, GroupTask
from edgeload.settings.groups import ChainSettings, DetectorChoice, GroupSettings, PictureChoice

A, B = DetectorChoice("det_a"), DetectorChoice(name="b", query="B?")
FOUND = {
    A: FoundDetector(AskedDetector(503, KnownDetector("det_a")), EdgeConfiguration()),
    B: FoundDetector(
        AskedDetector(200, KnownDetector("det_b", "b", "Is it B?", 0.75)),
        EdgeConfiguration(True, False, 0.5),
    ),
}
SMALL, LARGE = PictureChoice(Path("p"), None, 2), PictureChoice(Path("p"), (640, 480), None)
FILES = {SMALL: PictureFile(Path("1"), (1, 2)), LARGE: PictureFile(Path("2"), (9,))}
PICTURES = {
    choice: MadePictures(file, {"count": len(file.sizes)}) for choice, file in FILES.items()
}
GROUPS = (
    GroupSettings(CameraGroup("door", 4, 5.0, "poisson", "skip"), A, SMALL, 3.0, ("p95<1s",)),
    GroupSettings(
        CameraGroup("gate", 1, None, requests_per_frame=3), B, LARGE, 5.0,
        then=(ChainSettings(A, 2),),
    ),
)  # fmt: skip
REACHED = Reached(
    "http://h:1", Target("http", "h", 1, socket.AF_INET, "a"), TlsTrust(False, None), GROUPS, FOUND
)


def test_a_task_has_the_detectors_that_were_found_and_the_group_s_own_pictures() -> None:
    """In the order of the groups, which is that of the plan."""
    assert group_tasks(GROUPS, REACHED, PICTURES) == (
        GroupTask("door", DetectorTask("det_a"), FILES[SMALL], 3.0),
        GroupTask(
            "gate", DetectorTask("det_b", 0.75), FILES[LARGE], 5.0,
            (ChainTask(DetectorTask("det_a"), 2),),
        ),
    )  # fmt: skip


def test_a_record_has_all_that_a_reader_of_the_log_may_ask() -> None:
    """What the box says about each detector; null for what it does not say."""
    assert group_records(GROUPS, REACHED, PICTURES) == [
        GroupRecord(
            "door", 4, 5.0, "poisson", "skip", "det_a", 3.0, images={"count": 2}, slo=["p95<1s"]
        ),
        GroupRecord(
            "gate", 1, None, "constant", "queue", "det_b", 5.0, "b", "Is it B?", 0.75,
            always_edge=True, edge_only=False, images={"count": 1},
            then=[ChainRecord("det_a", 2)],
        ),
    ]  # fmt: skip
