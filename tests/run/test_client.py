"""Laws of one client in a fake loop: what it does to its connection, and what it records."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from recording_server import DETECTOR_ID, edge_answer

from edgeload.edge.location import Target
from edgeload.plan import Due, Plan, ramp_steps
from edgeload.records import Anchor, Request
from edgeload.run.client import HttpClient, RequestTemplate
from edgeload.run.counters import SLOTS, WorkerCounters
from edgeload.run.pacing import ClientSchedule
from edgeload.run.poller import READABLE, WRITABLE
from edgeload.run.recorder import Recorder
from edgeload.run.wire import request_head
from edgeload.runlog import LogWriter, read_records

PICTURE = b"picture"


class FakeHost:
    """A loop without a clock and without waiting: it notes what is watched and who was freed."""

    def __init__(self, log: Path) -> None:
        self.log = log
        counts = WorkerCounters(bytearray(8 * SLOTS))
        self.recorder = Recorder(LogWriter(log), counts, Anchor(0.0, 0.0), 0)
        self.buffer = memoryview(bytearray(1 << 16))
        self.watched: set[int] = set()
        self.freed_numbers: list[int] = []

    def now(self) -> float:
        return 1.0

    def watch(self, client: HttpClient, fd: int, events: int) -> None:
        self.watched.add(fd)

    def change(self, fd: int, events: int) -> None:
        assert fd in self.watched

    def forget(self, fd: int) -> None:
        self.watched.remove(fd)

    def arm(self, client: HttpClient, number: int, sent_s: float) -> None:
        pass

    def freed(self, client: HttpClient, ended: Due, now_s: float, *, answered: bool) -> None:
        self.freed_numbers.append(ended.number)

    def outcomes(self) -> list[str]:
        self.recorder.flush()
        found = [record for chunk in read_records(self.log) for record in chunk]
        return [record.outcome for record in found if isinstance(record, Request)]


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        yield listener


def connected(host: FakeHost, server: socket.socket) -> tuple[HttpClient, socket.socket]:
    """A client whose first request has arrived whole at the server."""
    target = Target("http", "127.0.0.1", server.getsockname()[1], socket.AF_INET, "127.0.0.1")
    head = request_head(target.authority, DETECTOR_ID, "token", [len(PICTURE)])
    template = RequestTemplate(target, None, head, [memoryview(PICTURE)], DETECTOR_ID, "0" * 16)
    plan = Plan(ramp_steps([1], 10.0), 1.0)
    client = HttpClient(0, ClientSchedule(plan, 0), template, host)
    client.begin()
    peer, _ = server.accept()
    peer.settimeout(10)
    client.on_ready(WRITABLE)
    got = b""
    while not got.endswith(PICTURE):
        got += peer.recv(1 << 16)
    return client, peer


def answer(client: HttpClient, peer: socket.socket) -> None:
    body = edge_answer()
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    while client.in_flight:
        client.on_ready(READABLE)


def test_an_idle_client_is_closed_and_nothing_is_recorded(
    tmp_path: Path, server: socket.socket
) -> None:
    """The server sees the end of the connection; the answered request stays the only record."""
    host = FakeHost(tmp_path / "run.log")
    client, peer = connected(host, server)
    with peer:
        answer(client, peer)
        assert len(host.watched) == 1
        client.close()
        assert peer.recv(1) == b""
    client.close()  # a client without a connection may be closed as well
    assert host.watched == set()
    assert host.outcomes() == ["ok"]


def test_an_aborted_request_is_recorded_and_its_connection_closed(
    tmp_path: Path, server: socket.socket
) -> None:
    """Only a request in flight can be aborted; it is one record, and the client is free."""
    host = FakeHost(tmp_path / "run.log")
    client, peer = connected(host, server)
    with peer:
        with pytest.raises(AssertionError):
            client.close()
        client.abort()
        assert peer.recv(1) == b""
    assert (client.in_flight, host.watched, host.freed_numbers) == (0, set(), [1])
    with pytest.raises(AssertionError):
        client.abort()
    assert host.outcomes() == ["aborted"]
