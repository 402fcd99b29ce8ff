"""Laws of one client in a fake loop: what it does to its connection, and what it records."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from recording_server import DETECTOR_ID, edge_answer

from edgeload.edge.location import Target
from edgeload.edge.trust import TlsTrust
from edgeload.plan import Due, one_group_plan, ramp_steps
from edgeload.records import Anchor, Request
from edgeload.run.client import HttpClient
from edgeload.run.counters import SLOTS, WorkerCounters
from edgeload.run.pacing import ClientSchedule
from edgeload.run.poller import READABLE, WRITABLE
from edgeload.run.recorder import Recorder
from edgeload.run.request_template import RequestTemplate, image_index
from edgeload.run.wire import request_head
from edgeload.runlog import LogWriter, read_records

PICTURE = b"picture"


class FakeHost:
    """A loop without a clock and without waiting: it notes what is watched and who was freed."""

    def __init__(self, log: Path) -> None:
        self.log = log
        counts = WorkerCounters(bytearray(8 * SLOTS))
        self.recorder = Recorder(LogWriter(log), counts, Anchor(0.0, 0.0), 0)
        self.now_s = 1.0
        self.watched: dict[int, int] = {}
        self.freed_numbers: list[int] = []
        self.armed: list[tuple[int, float]] = []

    def now(self) -> float:
        return self.now_s

    def watch(self, client: HttpClient, fd: int, events: int) -> None:
        self.watched[fd] = events

    def change(self, fd: int, events: int) -> None:
        assert fd in self.watched
        self.watched[fd] = events

    def forget(self, fd: int) -> None:
        del self.watched[fd]

    def arm(self, client: HttpClient, number: int, sent_s: float) -> None:
        self.armed.append((number, sent_s))

    def freed(self, client: HttpClient, ended: Due, now_s: float, *, answered: bool) -> None:
        self.freed_numbers.append(ended.number)

    def requests(self) -> list[Request]:
        self.recorder.flush()
        found = [record for chunk in read_records(self.log) for record in chunk]
        return [record for record in found if isinstance(record, Request)]

    def outcomes(self) -> list[str]:
        return [request.outcome for request in self.requests()]


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        yield listener


def client_for(
    host: FakeHost,
    server: socket.socket,
    picture: bytes = PICTURE,
    tls: ssl.SSLContext | None = None,
) -> HttpClient:
    """A client that has done nothing yet."""
    target = Target("http", "127.0.0.1", server.getsockname()[1], socket.AF_INET, "127.0.0.1")
    head = request_head(target.authority, DETECTOR_ID, "token", [len(picture)])
    template = RequestTemplate(target, tls, head, [memoryview(picture)], DETECTOR_ID, "0" * 16)
    plan = one_group_plan(ramp_steps([1], 10.0), 1.0)
    return HttpClient(0, ClientSchedule(plan, 0), template, host)


def begun(host: FakeHost, server: socket.socket, picture: bytes = PICTURE) -> HttpClient:
    """A client whose first request waits for its connection."""
    client = client_for(host, server, picture)
    client.begin()
    return client


def connected(host: FakeHost, server: socket.socket) -> tuple[HttpClient, socket.socket]:
    """A client whose first request has arrived whole at the server."""
    client = begun(host, server)
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


def read_on(client: HttpClient) -> None:
    """Read what has been sent to a client until its request has ended."""
    for _ in range(10_000):
        if not client.in_flight:
            return
        client.on_ready(READABLE)
    pytest.fail("the request has not ended")


BODY = edge_answer()


@pytest.mark.parametrize(
    "whole",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
        % (len(BODY), BODY),
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%b"
        % (len(BODY), BODY),
    ],
    ids=["length", "chunked", "interim"],
)
@pytest.mark.parametrize("piece_bytes", [1, 40, 10_000])
def test_an_answer_may_come_in_pieces(
    tmp_path: Path, server: socket.socket, whole: bytes, piece_bytes: int
) -> None:
    """It is the answer when its last byte is in, and not before; the connection is kept."""
    host = FakeHost(tmp_path / "run.log")
    client, peer = connected(host, server)
    with peer:
        for place in range(0, len(whole), piece_bytes):
            assert client.in_flight == 1
            peer.sendall(whole[place : place + piece_bytes])
            client.on_ready(READABLE)
        read_on(client)
        assert len(host.watched) == 1
        client.close()
    assert host.outcomes() == ["ok"]


def test_an_answer_that_is_cut_off_is_a_reset(tmp_path: Path, server: socket.socket) -> None:
    """The connection ended in order, but within the answer; what was not HTTP is a bad answer."""
    host = FakeHost(tmp_path / "run.log")
    for beginning in (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", b"SSH-2.0-"):
        client, peer = connected(host, server)
        peer.sendall(beginning)
        peer.close()
        read_on(client)
    assert host.outcomes() == ["reset", "bad_answer"]
    assert host.watched == {}


def test_each_request_sends_the_picture_of_its_number(
    tmp_path: Path, server: socket.socket
) -> None:
    """Client 7 as the second follower of a camera: those of `image_index` for a client 9."""
    host = FakeHost(tmp_path / "run.log")
    target = Target("http", "127.0.0.1", server.getsockname()[1], socket.AF_INET, "127.0.0.1")
    sizes = [11, 12, 13, 14, 15]
    pictures = [memoryview(bytes(size)) for size in sizes]
    head = request_head(target.authority, DETECTOR_ID, "token", sizes)
    template = RequestTemplate(target, None, head, pictures, DETECTOR_ID, "0" * 16)
    plan = one_group_plan(ramp_steps([8], 10.0), 1.0)
    client = HttpClient(7, ClientSchedule(plan, 7), template, host, part=2)
    client.begin()
    peer, _ = server.accept()
    with peer:
        client.on_ready(WRITABLE)
        answer(client, peer)
        for _ in range(6):
            client.begin()
            answer(client, peer)
        client.close()
    sent = [request.bytes for request in host.requests()]
    assert sent == [sizes[image_index(9, number, 5)] for number in range(1, 8)]


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
    assert host.watched == {}
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
    assert (client.in_flight, host.watched, host.freed_numbers) == (0, {}, [1])
    with pytest.raises(AssertionError):
        client.abort()
    assert host.outcomes() == ["aborted"]


def test_an_answer_that_comes_too_late_is_the_answer_of_no_request(
    tmp_path: Path, server: socket.socket
) -> None:
    """A timeout closes the connection: the next request opens a new one."""
    host = FakeHost(tmp_path / "run.log")
    client, peer = connected(host, server)
    with peer:
        client.time_out()
        assert peer.recv(1) == b""
    client.begin()
    again, _ = server.accept()
    with again:
        client.on_ready(WRITABLE)
        answer(client, again)
    assert [(r.outcome, r.error) for r in host.requests()] == [
        ("timeout", "no complete answer in time (waiting)"),
        ("ok", None),
    ]
    assert host.recorder.connects == 2


def test_a_timeout_says_whether_the_connection_was_open(
    tmp_path: Path, server: socket.socket
) -> None:
    """A server that accepts a connection and never speaks TLS: the stage is connecting."""
    host = FakeHost(tmp_path / "run.log")
    client = client_for(host, server, tls=TlsTrust(insecure=True).ssl_context())
    client.begin()
    peer, _ = server.accept()
    with peer:
        client.on_ready(WRITABLE)
        assert peer.recv(1) == b"\x16"  # the first byte of a handshake
        client.time_out()
    assert [r.error for r in host.requests()] == ["no complete answer in time (connecting)"]
    assert host.watched == {}


LARGE = bytes(8 << 20)  # more than the buffers of a loopback connection take


def reset(peer: socket.socket) -> None:
    """End the connection with a TCP reset, whatever it holds."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    peer.close()


def until_broken(client: HttpClient) -> None:
    """Wait until the connection's end has reached the client's side of it."""
    assert client._connection is not None
    with contextlib.closing(select.epoll()) as poll:
        poll.register(client._connection.fd, select.EPOLLHUP | select.EPOLLRDHUP)
        assert poll.poll(10)


@pytest.mark.parametrize("status", [401, 403, 404, 413])
@pytest.mark.parametrize("length", [True, False], ids=["with length", "until the end"])
def test_an_early_final_answer_is_read_after_a_write_error(
    tmp_path: Path, server: socket.socket, status: int, length: bool
) -> None:
    """A server refuses a request before its picture is in, and closes: its status is the class."""
    host = FakeHost(tmp_path / "run.log")
    client = begun(host, server, LARGE)
    peer, _ = server.accept()
    client.on_ready(WRITABLE)
    body = b"<html>no</html>"
    size = b"Content-Length: %d\r\n" % len(body) if length else b""
    peer.sendall(b"HTTP/1.1 %d No\r\nConnection: close\r\n%b\r\n%b" % (status, size, body))
    peer.shutdown(socket.SHUT_WR)
    peer.close()  # with unread bytes: the system sends a reset
    until_broken(client)
    client.on_ready(READABLE | WRITABLE)
    assert host.outcomes() == [f"http_{status}"]
    assert (host.watched, client.in_flight) == ({}, 0)


def test_a_client_waits_for_nothing_that_it_does_not_need(
    tmp_path: Path, server: socket.socket
) -> None:
    """For room to write only as long as something is unsent: an open socket nearly always has room.

    A loop that is told so each time would never sleep.
    """
    host = FakeHost(tmp_path / "run.log")
    client = begun(host, server, LARGE)
    assert list(host.watched.values()) == [WRITABLE]  # until it is connected
    peer, _ = server.accept()
    peer.settimeout(10)
    with peer:
        client.on_ready(WRITABLE)
        assert list(host.watched.values()) == [READABLE | WRITABLE]
        left = len(LARGE)
        while left > 0:
            left -= len(peer.recv(1 << 20))
            client.on_ready(WRITABLE)
        assert list(host.watched.values()) == [READABLE]
        client.abort()
    client, peer = connected(host, server)
    with peer:
        assert list(host.watched.values()) == [READABLE]
        client.abort()


def test_a_connection_that_carried_half_a_request_carries_no_other(
    tmp_path: Path, server: socket.socket
) -> None:
    """Answered early and kept open by the server, it is closed: the next request opens its own."""
    host = FakeHost(tmp_path / "run.log")
    client = begun(host, server, LARGE)
    peer, _ = server.accept()
    client.on_ready(WRITABLE)
    with peer:
        peer.sendall(b"HTTP/1.1 413 No\r\nContent-Length: 3\r\n\r\nbig")
        while client.in_flight:
            client.on_ready(READABLE)
        assert host.watched == {}
        client.begin()
        again, _ = server.accept()
        again.close()
    assert host.outcomes() == ["http_413"]
    assert host.recorder.connects == 2


def test_a_reset_in_the_middle_of_an_answer_stays_a_reset(
    tmp_path: Path, server: socket.socket
) -> None:
    """Half an answer is none, even if it begins like a refusal with a length."""
    host = FakeHost(tmp_path / "run.log")
    client, peer = connected(host, server)
    peer.sendall(b"HTTP/1.1 413 No\r\nContent-Length: 100\r\n\r\nhalf")
    client.on_ready(READABLE)
    reset(peer)
    until_broken(client)
    client.on_ready(READABLE | WRITABLE)
    assert host.outcomes() == ["reset"]


def sent_on_a_kept_connection(
    host: FakeHost, server: socket.socket, idle_s: float
) -> tuple[HttpClient, socket.socket]:
    """A client whose second request has arrived on the connection of its first."""
    client, peer = connected(host, server)
    answer(client, peer)
    host.now_s += idle_s
    client.begin()
    got = b""
    while not got.endswith(PICTURE):
        got += peer.recv(1 << 16)
    return client, peer


def test_a_request_that_met_a_closing_connection_is_sent_once_more(
    tmp_path: Path, server: socket.socket
) -> None:
    """The reset came within a round trip: a new connection, one record, and the record says it.

    Its time and its timeout count from the first try.
    """
    host = FakeHost(tmp_path / "run.log")
    client, peer = sent_on_a_kept_connection(host, server, idle_s=1.0)
    host.now_s += 0.01
    reset(peer)
    until_broken(client)
    client.on_ready(READABLE)
    again, _ = server.accept()
    with again:
        client.on_ready(WRITABLE)
        host.now_s += 0.5
        answer(client, again)
    first, second = host.requests()
    assert [(r.outcome, r.retried) for r in (first, second)] == [("ok", False), ("ok", True)]
    assert second.sent_s == 2.0
    assert second.latency == pytest.approx(0.51)
    assert host.armed == [(1, 1.0), (2, 2.0)]
    assert host.recorder.stale_retries == 1


@pytest.mark.parametrize(("idle_s", "took_s"), [(1.0, 0.5), (0.0, 0.001)])
def test_a_real_reset_is_never_sent_again(
    tmp_path: Path, server: socket.socket, idle_s: float, took_s: float
) -> None:
    """No race: the server had the request for half a second, or the connection was not idle."""
    host = FakeHost(tmp_path / "run.log")
    client, peer = sent_on_a_kept_connection(host, server, idle_s)
    host.now_s += took_s
    reset(peer)
    until_broken(client)
    client.on_ready(READABLE)
    assert [(r.outcome, r.retried) for r in host.requests()] == [("ok", False), ("reset", False)]


def test_a_request_is_sent_at_most_twice(tmp_path: Path, server: socket.socket) -> None:
    """Reset again on its new connection, it has failed, with a class of its own."""
    host = FakeHost(tmp_path / "run.log")
    client, peer = sent_on_a_kept_connection(host, server, idle_s=1.0)
    reset(peer)
    until_broken(client)
    client.on_ready(READABLE)
    again, _ = server.accept()
    client.on_ready(WRITABLE)
    reset(again)
    until_broken(client)
    client.on_ready(READABLE)
    found = [(r.outcome, r.retried) for r in host.requests()]
    assert found == [("ok", False), ("stale_connection", True)]


@pytest.mark.parametrize(("idle_s", "kept"), [(3.9, True), (4.1, False)])
def test_a_connection_is_not_used_when_the_server_may_close_it(
    tmp_path: Path, server: socket.socket, idle_s: float, kept: bool
) -> None:
    """`Keep-Alive: timeout=5` leaves 4 s: a later request opens a connection of its own."""
    host = FakeHost(tmp_path / "run.log")
    client, peer = connected(host, server)
    body = edge_answer()
    head = b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=99\r\nContent-Length: %d\r\n\r\n"
    peer.sendall(head % len(body) + body)
    while client.in_flight:
        client.on_ready(READABLE)
    host.now_s += idle_s
    client.begin()
    assert (peer.recv(1) == b"P") is kept
    assert host.recorder.connects == (1 if kept else 2)
    assert host.recorder.stale_retries == 0


def test_an_opened_connection_that_ends_before_its_first_request_is_a_reset(
    tmp_path: Path, server: socket.socket
) -> None:
    """It has carried no answer, so there is no race to lose: the request is not sent again."""
    host = FakeHost(tmp_path / "run.log")
    client = client_for(host, server)
    client.open_ahead()
    peer, _ = server.accept()
    client.on_ready(WRITABLE)
    host.now_s += 1.0
    reset(peer)
    until_broken(client)
    client.begin()
    if client.in_flight:  # the system took the bytes, and tells of the reset now
        client.on_ready(READABLE)
    assert [(r.outcome, r.retried) for r in host.requests()] == [("reset", False)]
    assert (host.recorder.connects, host.recorder.stale_retries) == (1, 0)
