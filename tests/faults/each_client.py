"""Questions and image queries to a server, as each part of a run asks them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from recording_server import DETECTOR_ID, Handler, Recorder

from edgeload.edge.asking import ask
from edgeload.edge.configuration import ask_configuration
from edgeload.edge.detectors import ask_detector, find_by_name
from edgeload.edge.location import Unreachable, locate
from edgeload.edge.readiness import await_ready
from edgeload.edge.sdk import SdkError, sdk_client
from edgeload.edge.trust import TlsTrust
from edgeload.plan import one_group_plan, ramp_steps
from edgeload.run.picture_file import written_pictures
from edgeload.run.preflight_queries import HttpSender, SdkSender, Sender
from edgeload.run.tasks import DetectorTask, GroupTask, WorkerTask

TOKEN = "token_of_the_test_2345"


class Edge(Handler):
    """An endpoint that knows one detector, by its name `door`."""

    def do_GET(self) -> None:
        if "/v1/detectors" in self.path:
            self._record(b"")
            detector = f'{{"id":"{DETECTOR_ID}","name":"door","query":"Open?"}}'
            listed = f'{{"count":1,"results":[{detector}]}}'
            self.reply(200, (listed if "?name=" in self.path else detector).encode())
        else:
            super().do_GET()


def ask_everything(url: str, trust: TlsTrust) -> None:
    """All questions that a run asks before the load; an Edge answers them well."""
    await_ready(url, DETECTOR_ID, trust)
    find_by_name(url, "door", "Open?", trust, TOKEN)
    assert ask_detector(url, DETECTOR_ID, trust, TOKEN).status == 200
    ask_configuration(url, DETECTOR_ID, trust)
    sdk_client(url, TOKEN, trust)


def complaints(url: str, trust: TlsTrust) -> dict[str, str]:
    """How a readiness question, the look-up of a detector, and the SDK's first question fail."""
    lines = {}
    with pytest.raises(Unreachable) as caught:
        ask(f"{url}/health/ready", trust)
    lines["readiness"] = str(caught.value)
    with pytest.raises(Unreachable) as caught:
        find_by_name(url, "door", "Open?", trust, TOKEN)
    lines["detector"] = str(caught.value)
    with pytest.raises(SdkError) as said:
        sdk_client(url, TOKEN, trust)
    lines["sdk"] = str(said.value)
    assert all(line.isprintable() for line in lines.values())
    return lines


@contextmanager
def senders(
    recorder: Recorder, trust: TlsTrust, log_file: Path = Path("unused.log")
) -> Iterator[dict[str, Sender]]:
    """Both clients, ready to send image queries, each over a new connection."""
    with written_pictures([b"\xff\xd8\xff\xe0" + bytes(2000)]) as pictures:
        task = WorkerTask(
            index=0,
            workers=1,
            plan=one_group_plan(ramp_steps([1], 1.0), 1.0),
            run_id="20261126T000000Z-0123456789abcdef",
            target=locate(recorder.url),
            token=TOKEN,
            trust=trust,
            groups=(GroupTask("cameras", DetectorTask(DETECTOR_ID), pictures, 5.0),),
            log_file=log_file,
        )
        yield {
            "http": HttpSender(task, task.groups[0], DETECTOR_ID),
            "sdk": SdkSender(task, task.groups[0]),
        }
