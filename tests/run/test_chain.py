"""Laws of frames that need several answers: what is sent when, and when such a frame is done."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any, cast

import pytest
from recording_server import (
    Handler,
    Recorder,
    WithoutCloud,
    asked_detector,
    edge_answer,
    recording_server,
)
from rich.console import Console

from edgeload.camera_group import CameraGroup
from edgeload.edge.location import Target
from edgeload.plan import Due, mix_plan
from edgeload.records import Anchor, End, Missed, Request, WorkerSample
from edgeload.run.chain import ChainClient
from edgeload.run.client import HttpClient
from edgeload.run.counters import SLOTS, WorkerCounters, bucket, read_counts
from edgeload.run.pacing import ClientSchedule
from edgeload.run.phases import Ending
from edgeload.run.poller import READABLE, WRITABLE
from edgeload.run.recorder import Recorder as Records
from edgeload.run.request_template import RequestTemplate
from edgeload.run.session import run_session
from edgeload.run.wire import request_head
from edgeload.runlog import DamagedLine, LogWriter, read_records
from edgeload.settings import resolve

IMAGE = Path(__file__).parents[2] / "images" / "dog_resized_256x256.jpeg"
FIRST, SECOND, THIRD = ("det_" + letter * 27 for letter in "FST")
Answer = Callable[[Handler, int], None]


def good(handler: Handler, close: bool = False) -> None:
    handler.reply(200, edge_answer(asked_detector(handler)), close=close)


@contextlib.contextmanager
def chained(folder: Path, answer: Answer, **options: Any) -> Iterator[tuple[list[Any], Recorder]]:
    """A run of one camera whose frames ask FIRST, then three times SECOND and once THIRD."""
    mix = folder / "mix.yaml"
    mix.write_text(
        f"- name: gate\n  detector_id: {FIRST}\n"
        f"  then: [{{detector: {SECOND}, requests: 3}}, {{detector: {THIRD}}}]\n"
    )
    with recording_server(answer, handler=WithoutCloud) as recorder:
        settings = resolve(
            {},
            {
                "endpoint_url": recorder.url, "mix": mix, "preflight": False, "image_path": IMAGE,
                "image_pool": 8, "log_file": folder / "run.log", "custom_ramp": "1",
                "time_between_ramp": 1, "requests_per_second": 5, "timeout": 2, **options,
            },
            {"GROUNDLIGHT_API_TOKEN": "t"},
        )  # fmt: skip
        assert run_session(settings, Console(file=StringIO())).ending is Ending.FINISHED
        records = [record for chunk in read_records(folder / "run.log") for record in chunk]
        assert not [record for record in records if isinstance(record, DamagedLine)]
        end = records[-1]
        assert isinstance(end, End)
        requests = requests_of(records)
        assert end.counted["sent"] == len(requests)
        assert end.counted["ok"] == sum(r.success for r in requests)
        assert end.counted["failed"] == sum(not r.success for r in requests)
        assert {r.group for r in requests} == {"gate"}
        yield records, recorder


def requests_of(records: list[Any]) -> list[Request]:
    return [record for record in records if isinstance(record, Request)]


def frames_of(records: list[Any]) -> dict[int, dict[int, Request]]:
    """Request by part, by the number of the frame; no part of a frame is there twice."""
    frames: dict[int, dict[int, Request]] = defaultdict(dict)
    for request in requests_of(records):
        assert request.part not in frames[request.request_number]
        frames[request.request_number][request.part] = request
    return frames


def test_the_further_requests_go_out_at_once_when_the_first_answer_is_in(tmp_path: Path) -> None:
    """The server answers none of the four before it has all of them; each has its detector."""
    together = threading.Barrier(4)

    def answer(handler: Handler, _: int) -> None:
        if asked_detector(handler) != FIRST:
            together.wait(timeout=5)
        good(handler)

    with chained(tmp_path, answer) as (records, recorder):
        frames = frames_of(records)
        asked = Counter(seen.parameters["detector_id"][0] for seen in recorder.queries())
        ids = {seen.headers["x-request-id"]: seen for seen in recorder.queries()}
        pictures = [seen.body for seen in recorder.queries()[1:5]]
    assert asked == {FIRST: 5, SECOND: 15, THIRD: 5}
    assert len(ids) == 25
    assert len(set(pictures)) == 4  # no cache answers for another
    assert sorted(frames) == [1, 2, 3, 4, 5]
    for frame in frames.values():
        assert sorted(frame) == [0, 1, 2, 3, 4]
        assert len({request.due_s for request in frame.values()}) == 1
        for part in (1, 2, 3, 4):
            assert frame[part].sent_s >= frame[0].done_s
        # All are in flight together: each was sent before any was done.
        assert max(frame[p].sent_s for p in (1, 2, 3, 4)) < min(
            frame[p].done_s for p in (1, 2, 3, 4)
        )
    assert {request.outcome for request in requests_of(records)} == {"ok"}
    # Parts have a connection each, opened before the first frame and kept.
    by_part = defaultdict(set)
    for name, seen in ids.items():
        by_part[int(name[-16:-8], 16) >> 20].add(seen.connection)
    assert {part: len(used) for part, used in by_part.items()} == dict.fromkeys(range(5), 1)
    assert len(set.union(*by_part.values())) == 5
    assert [r.connects for r in records if isinstance(r, WorkerSample)][-1] == 5


def test_after_a_first_request_that_failed_no_other_is_sent(tmp_path: Path) -> None:
    """The frame has failed with it; the next frame is sent as if nothing had been."""
    firsts = []

    def answer(handler: Handler, _: int) -> None:
        if asked_detector(handler) == FIRST:
            firsts.append(handler)
            if len(firsts) % 2:
                handler.reply(503, b"sorry")
                return
        good(handler)

    with chained(tmp_path, answer) as (records, recorder):
        assert len(recorder.queries()) == 3 * 1 + 2 * 5
    frames = frames_of(records)
    assert {number: len(frame) for number, frame in frames.items()} == {
        1: 1,
        2: 5,
        3: 1,
        4: 5,
        5: 1,
    }
    assert {frames[n][0].outcome for n in (1, 3, 5)} == {"http_503"}


def test_a_further_request_that_fails_is_recorded_and_the_others_go_on(tmp_path: Path) -> None:
    """Each part has its own outcome."""

    def answer(handler: Handler, _: int) -> None:
        if asked_detector(handler) == THIRD:
            handler.reply(500, b"sorry")
        else:
            good(handler)

    with chained(tmp_path, answer) as (records, _):
        frames = frames_of(records)
    assert sorted(frames) == [1, 2, 3, 4, 5]
    for frame in frames.values():
        assert {p: r.outcome for p, r in frame.items()} == {
            0: "ok", 1: "ok", 2: "ok", 3: "ok", 4: "http_500"
        }  # fmt: skip


def test_a_further_request_has_its_own_timeout(tmp_path: Path) -> None:
    """One that is never answered ends after the group's timeout, and with it the frame."""

    def answer(handler: Handler, _: int) -> None:
        if asked_detector(handler) == THIRD:
            handler.hang(1.5)
        else:
            good(handler)

    with chained(tmp_path, answer, timeout=0.3, late="skip") as (records, _):
        frames, missed = frames_of(records), [r for r in records if isinstance(r, Missed)]
    assert len(frames) + len(missed) == 5
    assert missed  # the camera was busy with the frame before until the timeout
    for frame in frames.values():
        assert [frame[p].outcome for p in range(5)] == ["ok"] * 4 + ["timeout"]
        assert 0.3 <= frame[4].latency < 0.3 + 0.5


def test_connections_that_the_server_closes_cost_no_failure(tmp_path: Path) -> None:
    """`Connection: close` on each answer: every part connects anew."""
    with chained(tmp_path, lambda h, _: good(h, close=True)) as (records, recorder):
        assert len({seen.connection for seen in recorder.queries()}) == 25
    assert Counter(r.outcome for r in requests_of(records)) == {"ok": 25}


def test_an_endpoint_that_refuses_connections_ends_every_frame(tmp_path: Path) -> None:
    """Also in the middle of one: what cannot be sent any more has failed, and nothing hangs."""

    def answer(handler: Handler, number: int) -> None:
        if number == 6:  # the first request of the second frame
            cast(ThreadingHTTPServer, handler.server).socket.close()
        good(handler, close=True)

    with chained(tmp_path, answer, timeout=1) as (records, _):
        frames = frames_of(records)
    assert sorted(frames) == [1, 2, 3, 4, 5]
    assert [len(frame) for _, frame in sorted(frames.items())] == [5, 5, 1, 1, 1]
    assert {r.outcome for n in (3, 4, 5) for r in frames[n].values()} <= {"refused", "reset"}


def test_a_closed_loop_sends_a_frame_when_the_last_is_done(tmp_path: Path) -> None:
    """Its frame is due when all parts of the one before have ended."""

    def answer(handler: Handler, _: int) -> None:
        threading.Event().wait(0.02)
        good(handler)

    mix = tmp_path / "closed.yaml"
    mix.write_text(
        f"- name: gate\n  detector_id: {FIRST}\n  requests_per_second: max\n"
        f"  then: [{{detector: {SECOND}, requests: 2}}]\n"
    )
    with chained(tmp_path, answer, mix=mix) as (records, _):
        frames = frames_of(records)
    assert not [r for r in records if isinstance(r, Missed)]
    assert len(frames) <= 1.0 / 0.04 + 1
    for number in range(2, len(frames) + 1):
        before = max(request.done_s for request in frames[number - 1].values())
        assert frames[number][0].due_s == pytest.approx(before, abs=1e-6)


class LoopByHand:
    """A host whose clients are told by the test what happens; see test_client.FakeHost."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.block = bytearray(8 * SLOTS)
        counts = WorkerCounters(self.block, ["gate"], ["gate"])
        self.recorder = Records(LogWriter(log), counts, Anchor(0.0, 0.0), 0, ["gate"])
        self.now_s = 1.0
        self.clients: dict[int, HttpClient] = {}
        self.freed_with: list[tuple[int, bool]] = []

    def now(self) -> float:
        return self.now_s

    def watch(self, client: HttpClient, fd: int, events: int) -> None:
        self.clients[fd] = client

    def change(self, fd: int, events: int) -> None:
        assert fd in self.clients

    def forget(self, fd: int) -> None:
        del self.clients[fd]

    def arm(self, client: HttpClient, number: int, sent_s: float) -> None:
        pass

    def freed(self, client: HttpClient, ended: Due, now_s: float, *, answered: bool) -> None:
        self.freed_with.append((ended.number, answered))

    def outcomes(self) -> Counter[tuple[int, str]]:
        self.recorder.flush()
        found = [record for chunk in read_records(self.log) for record in chunk]
        return Counter((r.part, r.outcome) for r in found if isinstance(r, Request))


class Gate:
    """A camera whose frames need 1 + 2 answers, and the server's end of its connections."""

    def __init__(self, folder: Path, listener: socket.socket) -> None:
        self.host = LoopByHand(folder / "run.log")
        target = Target("http", "127.0.0.1", listener.getsockname()[1], socket.AF_INET, "127.0.0.1")
        head = request_head(target.authority, FIRST, "token", [5])
        template = RequestTemplate(target, None, head, [memoryview(b"image")], FIRST, "0" * 16)
        plan = mix_plan((CameraGroup("gate", 1, 1.0, requests_per_frame=3),), [1], 10.0)
        self.client = ChainClient(
            0, ClientSchedule(plan, 0), template, [template, template], self.host
        )
        self.listener = listener
        self.peers: dict[HttpClient, socket.socket] = {}

    def open_all(self) -> None:
        self.client.open_ahead()
        for client in self.host.clients.values():
            self.peers[client] = self.listener.accept()[0]
        for client in list(self.peers):
            client.on_ready(WRITABLE)

    def answer(self, client: HttpClient, status: bytes = b"200 OK") -> None:
        body = edge_answer(FIRST)
        head = b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
        self.peers[client].sendall(head + body)
        while client.in_flight:
            client.on_ready(READABLE)

    @property
    def followers(self) -> list[HttpClient]:
        return [client for client in self.peers if client is not self.client]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        made = Gate(tmp_path, listener)
        yield made
        for peer in made.peers.values():
            peer.close()


def test_all_connections_are_opened_ahead(gate: Gate) -> None:
    """Those of the further requests as well, before anything is due; and closed with the camera."""
    gate.open_all()
    assert len(gate.host.clients) == 3
    assert not gate.client.busy
    gate.client.close()
    assert gate.host.clients == {}
    assert [peer.recv(1) for peer in gate.peers.values()] == [b""] * 3


def test_a_frame_is_done_when_all_of_it_has_ended(gate: Gate) -> None:
    """Not before; its response time runs from its due time to the last answer, and counts once."""
    gate.open_all()
    due = gate.client.schedule.next
    assert due is not None
    gate.client.begin()
    gate.answer(gate.client)
    assert gate.client.busy
    gate.host.now_s = 2.0
    gate.answer(gate.followers[1])
    assert gate.client.busy
    assert gate.host.freed_with == []
    gate.host.now_s = 3.0
    gate.answer(gate.followers[0])
    assert not gate.client.busy
    assert gate.host.freed_with == [(1, True)]
    assert gate.host.outcomes() == {(part, "ok"): 1 for part in (0, 1, 2)}
    counts = read_counts([gate.host.block])
    assert (counts.ok, sum(counts.service), sum(counts.response)) == (3, 3, 1)
    assert counts.response[bucket(3.0 - due.due_s)] == 1


def test_a_frame_with_a_failed_part_has_no_response_time(gate: Gate) -> None:
    """It was answered all the same, so the camera goes on at once."""
    gate.open_all()
    gate.client.begin()
    gate.answer(gate.client)
    gate.answer(gate.followers[0], b"500 Oh")
    gate.answer(gate.followers[1])
    assert gate.host.freed_with == [(1, True)]
    assert gate.host.outcomes() == {(0, "ok"): 1, (1, "http_500"): 1, (2, "ok"): 1}
    counts = read_counts([gate.host.block])
    assert (counts.ok, counts.failed, sum(counts.response)) == (2, 1, 0)


@pytest.mark.parametrize("failed", [0, 1, 2])
def test_a_frame_counts_once_however_many_of_its_parts_fail(gate: Gate, failed: int) -> None:
    """Live counts speak of frames as well: one has ended, well or not."""
    gate.open_all()
    gate.client.begin()
    gate.answer(gate.client)
    for place, follower in enumerate(gate.followers):
        gate.answer(follower, b"500 Oh" if place < failed else b"200 OK")
    gate.host.outcomes()
    counts = read_counts([gate.host.block])
    assert (counts.frames_ok, counts.frames_failed) == ((0, 1) if failed else (1, 0))
    assert (counts.ok, counts.failed) == (3 - failed, failed)


def test_a_frame_whose_first_part_fails_counts_once(gate: Gate) -> None:
    """Its others are not sent."""
    gate.open_all()
    gate.client.begin()
    gate.answer(gate.client, b"500 Oh")
    gate.host.outcomes()
    counts = read_counts([gate.host.block])
    assert (counts.frames_ok, counts.frames_failed, counts.failed) == (0, 1, 1)


def test_a_part_without_an_answer_makes_the_camera_pause(gate: Gate) -> None:
    """As every request that got none: the loop must not spin on an endpoint that refuses."""
    gate.open_all()
    gate.client.begin()
    gate.answer(gate.client)
    gate.followers[0].time_out()
    gate.answer(gate.followers[1])
    assert gate.host.freed_with == [(1, False)]


def test_an_abort_ends_all_parts_in_flight(gate: Gate) -> None:
    """Those that had ended stay as they are; the camera is free, its connections are closed."""
    gate.open_all()
    gate.client.begin()
    gate.answer(gate.client)
    gate.answer(gate.followers[0])
    gate.client.abort()
    assert not gate.client.busy
    assert gate.host.outcomes() == {(0, "ok"): 1, (1, "ok"): 1, (2, "aborted"): 1}


def test_an_abort_before_the_first_answer_sends_nothing_more(gate: Gate) -> None:
    """The first request is aborted, and its followers were never begun."""
    gate.open_all()
    gate.client.begin()
    gate.client.abort()
    assert gate.host.outcomes() == {(0, "aborted"): 1}
    assert gate.host.freed_with == [(1, False)]


@pytest.mark.parametrize("stopped_in", ["first", "followers"])
def test_a_frame_that_was_begun_is_finished_after_a_stop(gate: Gate, stopped_in: str) -> None:
    """Its further requests are still sent, and nothing is missed by it."""
    gate.open_all()
    gate.client.begin()
    if stopped_in == "followers":
        gate.answer(gate.client)
    assert gate.client.schedule.stop_at(1.0) == []
    if stopped_in == "first":
        gate.answer(gate.client)
    for follower in gate.followers:
        gate.answer(follower)
    assert not gate.client.busy
    assert gate.client.schedule.next is None
    assert gate.host.outcomes() == {(part, "ok"): 1 for part in (0, 1, 2)}
