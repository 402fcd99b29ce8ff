"""Laws of what the clients of each group send."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from edgeload.camera_group import CameraGroup
from edgeload.edge.location import Target
from edgeload.edge.trust import TlsTrust
from edgeload.plan import mix_plan
from edgeload.run.model_watch import ModelWatches
from edgeload.run.picture_file import written_pictures
from edgeload.run.request_template import RequestTemplate
from edgeload.run.tasks import ChainTask, DetectorTask, GroupTask, WorkerTask
from edgeload.run.templates import templates_of

A, B, C = DetectorTask("det_a", 0.5), DetectorTask("det_b"), DetectorTask("det_c")
TARGET = Target("http", "box", 30101, socket.AF_INET, "192.0.2.7")


def asked(template: RequestTemplate) -> tuple[str, int]:
    """Detector and size of the body of a template's first request, as a server reads them."""
    lines = template.head.render(0, b"0" * 24, 1).decode().split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines[1:] if line)
    assert fields["x-api-token"] == "token"
    (detector,) = parse_qs(urlsplit(lines[0].split()[1]).query)["detector_id"]
    return detector, int(fields["Content-Length"])


def test_each_group_sends_its_pictures_to_its_detectors() -> None:
    """First and further requests, with the group's index and timeout, its detector's threshold."""
    with contextlib.ExitStack() as stack:
        small, large = (
            stack.enter_context(written_pictures(pool)) for pool in ([b"12", b"3"], [b"x" * 9])
        )
        groups = (
            GroupTask("door", A, small, 3.0),
            GroupTask("gate", B, large, 5.0, (ChainTask(A, 2), ChainTask(C, 1))),
            GroupTask("hall", A, small, 4.0),
        )
        plan = mix_plan(tuple(CameraGroup(group.name) for group in groups), [1], 2.0)
        task = WorkerTask(
            0, 1, plan, "run-id", TARGET, "token", TlsTrust(False, None), groups, Path("log")
        )
        watches = ModelWatches()
        door, gate, hall = templates_of(task, watches)
        assert [asked(each.first) for each in (door, gate, hall)] == [
            ("det_a", 2), ("det_b", 9), ("det_a", 2)
        ]  # fmt: skip
        assert [asked(each) for each in gate.followers] == [
            ("det_a", 9), ("det_a", 9), ("det_c", 9)
        ]  # fmt: skip
        assert (door.followers, hall.followers) == ((), ())
        every = [door.first, gate.first, hall.first, *gate.followers]
        assert [each.group for each in every] == [0, 1, 2, 1, 1, 1]
        assert all(each.models is watches.of(each.detector_id) for each in every)
        assert [each.timeout_s for each in every] == [3.0, 5.0, 4.0, 5.0, 5.0, 5.0]
        assert [each.detector_id for each in every] == [
            "det_a", "det_b", "det_a", "det_a", "det_a", "det_c"
        ]  # fmt: skip
        assert [each.confidence_threshold for each in every] == [0.5, None, 0.5, 0.5, 0.5, None]
        assert [bytes(view) for view in door.first.images] == [b"12", b"3"]
        # Shared, and not made again: heads of thousands of pictures take memory.
        assert door.first.images is hall.first.images
        assert gate.followers[0] is gate.followers[1]
        del door, gate, hall, every
