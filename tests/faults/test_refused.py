"""An endpoint that accepts no connection: from the start, from the load on, or at once."""

from __future__ import annotations

import socket
from collections import Counter
from http.server import ThreadingHTTPServer
from itertools import groupby
from multiprocessing import Pipe
from pathlib import Path
from time import monotonic
from typing import cast

import as_a_user as user
from load_run import SMALL, requests_of, run
from recording_server import DETECTOR_ID, Handler, recording_server

from edgeload.edge.location import Target
from edgeload.edge.trust import TlsTrust
from edgeload.plan import one_group_plan, ramp_steps
from edgeload.records import Anchor, Missed, Request
from edgeload.run.counters import SLOTS, WorkerCounters
from edgeload.run.picture_file import written_pictures
from edgeload.run.tasks import DetectorTask, GroupTask, WorkerTask
from edgeload.run.worker import Worker
from edgeload.runlog import read_records


def test_nobody_is_there_from_the_start(tmp_path: Path) -> None:
    """The last line names the setting and the cause: exit code 5, and no log."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    ended = user.run(
        tmp_path, "load_test.py", "--endpoint-url", f"http://127.0.0.1:{port}",
        "--detector-id", user.DETECTOR_ID, "--ready-timeout", "0.2",
    )  # fmt: skip
    assert ended.code == 5
    assert "Traceback" not in ended.err
    assert "ENDPOINT_URL" in ended.err.splitlines()[-1]
    assert "refused" in ended.err.splitlines()[-1]
    assert not (tmp_path / "run.log").exists()


class GoneAtFirst(Handler):
    """Says that it is ready, and accepts nothing more when the first image query comes."""

    def do_POST(self) -> None:
        cast(ThreadingHTTPServer, self.server).socket.close()
        self.reset()


def test_nobody_is_there_from_the_load_on(tmp_path: Path) -> None:
    """Each request is one failure of its own, and none is sent twice or not at all."""
    with recording_server(handler=GoneAtFirst) as server:
        options = {"custom_ramp": "3", "time_between_ramp": 1, "requests_per_second": 10}
        records = run(tmp_path, server.url, image_path=SMALL, **options)
    outcomes = Counter(request.outcome for request in requests_of(records))
    assert set(outcomes) <= {"refused", "reset"}
    assert outcomes["reset"] <= 3 < outcomes["refused"]
    assert outcomes.total() + sum(isinstance(record, Missed) for record in records) == 30


def test_a_client_that_fails_at_once_leaves_the_others_their_turn(tmp_path: Path) -> None:
    """Two clients, each 1,500 frames behind, to whom the system refuses every connection at once.

    They go on in turns, and all of it is recorded: one that fails does not send its next request
    before the others, however far it is behind, and not from within its failure.
    """
    ours, theirs = Pipe()
    (tmp_path / "run.log").touch()  # a worker appends to the log that its parent has made
    with written_pictures([b"\xff\xd8\xff\xe0picture"]) as pictures:
        task = WorkerTask(
            index=0,
            workers=1,
            plan=one_group_plan(ramp_steps([2], 3.5), 500.0),
            run_id="20261126T000000Z-0123456789abcdef",
            # a connection to a broadcast address fails before a packet is sent
            target=Target("http", "nowhere", 9, socket.AF_INET, "255.255.255.255"),
            token="token",
            trust=TlsTrust(),
            groups=(GroupTask("cameras", DetectorTask(DETECTOR_ID), pictures, 10.0),),
            log_file=tmp_path / "run.log",
        )
        with ours, theirs:
            worker = Worker(task, WorkerCounters(bytearray(8 * SLOTS)), theirs)
            worker.run(Anchor(0.0, monotonic() - 3.0))
    found = [r for chunk in read_records(tmp_path / "run.log") for r in chunk]
    requests = [record for record in found if isinstance(record, Request)]
    assert {request.outcome for request in requests} == {"refused"}
    assert Counter(request.worker_number for request in requests).keys() == {0, 1}
    assert len(requests) > 1000
    in_a_row = [len(list(row)) for _, row in groupby(requests, lambda r: r.worker_number)]
    assert max(in_a_row) <= 3
