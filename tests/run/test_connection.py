"""Laws of one connection, plain and TLS, against servers of the standard library."""

from __future__ import annotations

import contextlib
import errno
import gc
import hashlib
import random
import select
import socket
import ssl
import threading
import warnings
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import urllib3
from recording_server import DETECTOR_ID, Handler, edge_answer, recording_server
from rich.console import Console

from edgeload.edge.location import Target
from edgeload.edge.sdk_answers import os_error_in
from edgeload.edge.trust import TlsTrust
from edgeload.records import Request
from edgeload.run.connection import Connection, TlsConnection, classify, connect
from edgeload.run.poller import READABLE, WRITABLE
from edgeload.run.session import run_session
from edgeload.run.wire import RequestResult
from edgeload.runlog import read_records
from edgeload.settings import resolve
from edgeload.simulator.certificate import self_signed

LARGE = Path(__file__).parents[2] / "images" / "dog_1920x1080.jpeg"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificate and key of a server, in one file."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(b"".join(self_signed()))
    return path


def server_context(certificate: Path, version: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.maximum_version = context.minimum_version = version
    return context


def run(tmp_path: Path, url: str, **options: Any) -> list[Request]:
    """A short run with large pictures: its request lines."""
    settings = resolve(
        {},
        {
            "endpoint_url": url, "detector_id": DETECTOR_ID, "image_path": LARGE,
            "same_image": True, "preflight": False, "log_file": tmp_path / "run.log",
            "output_dir": tmp_path / "results", "custom_ramp": "2", "time_between_ramp": 1,
            "requests_per_second": 3, "insecure": True, **options,
        },
        {"GROUNDLIGHT_API_TOKEN": "t"},
    )  # fmt: skip
    run_session(settings, Console(file=StringIO()))
    found = [record for chunk in read_records(tmp_path / "run.log") for record in chunk]
    return [record for record in found if isinstance(record, Request)]


def in_pieces(handler: Handler, _: int) -> None:
    """An answer in three pieces, its head cut in the middle."""
    body = edge_answer()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    whole = head % len(body) + body
    for piece in (whole[:20], whole[20:150], whole[150:]):
        handler.wfile.write(piece)
        handler.wfile.flush()


VERSIONS = [
    None,
    pytest.param(ssl.TLSVersion.TLSv1_2, marks=pytest.mark.slow),
    ssl.TLSVersion.TLSv1_3,
]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_large_picture_arrives_whole_through_a_narrow_server(
    tmp_path: Path, certificate: Path, version: ssl.TLSVersion | None
) -> None:
    """720 kB through a 4 kB receive buffer goes in many pieces, and so does the answer."""
    tls = None if version is None else server_context(certificate, version)
    with recording_server(in_pieces, tls=tls, receive_buffer_bytes=4096) as recorder:
        requests = run(tmp_path, recorder.url)
        digests = {hashlib.sha256(seen.body).digest() for seen in recorder.queries()}
        connections = {seen.connection for seen in recorder.queries()}
    assert [r.outcome for r in requests] == ["ok"] * 6
    assert digests == {hashlib.sha256(LARGE.read_bytes()).digest()}
    assert len(connections) == 2


class Refusing(Handler):
    """Refuses a request when its head is in, and closes the connection."""

    def do_POST(self) -> None:
        self.wfile.write(
            b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig"
        )
        self.wfile.flush()
        self.close_connection = True


@pytest.mark.parametrize("client", ["http", "sdk"])
@pytest.mark.parametrize("version", VERSIONS)
def test_an_early_final_answer_is_never_a_reset(
    tmp_path: Path, certificate: Path, version: ssl.TLSVersion | None, client: str
) -> None:
    """A server answers 413 and closes before the picture is in: the class is the status."""
    tls = None if version is None else server_context(certificate, version)
    with recording_server(handler=Refusing, tls=tls, receive_buffer_bytes=4096) as recorder:
        requests = run(tmp_path, recorder.url, client=client)
    assert [(r.outcome, r.error) for r in requests] == [("http_413", "big")] * 6


def reset(handler: Handler, _: int) -> None:
    handler.reset()


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_a_tls_connection_that_is_cut_is_a_reset(
    tmp_path: Path, certificate: Path, version: ssl.TLSVersion
) -> None:
    """As without TLS: the class says what happened, not through which layer it was seen."""
    with recording_server(reset, tls=server_context(certificate, version)) as recorder:
        requests = run(tmp_path, recorder.url)
    assert {r.outcome for r in requests} == {"reset"}


def test_a_plain_server_is_no_tls_server(certificate: Path) -> None:
    """Shaking hands with it fails with class tls, in bounded steps and without waiting."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = Target("https", "localhost", server.getsockname()[1], socket.AF_INET, "127.0.0.1")
        connection = connect(target, TlsTrust(insecure=True).ssl_context())
        assert isinstance(connection, TlsConnection)
        peer, _ = server.accept()
        with peer:
            assert connection.advance() > 0
            assert peer.recv(4096)
            peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            with pytest.raises(ssl.SSLError) as caught:
                for _ in range(50):
                    connection.advance()
        assert classify(caught.value).outcome == "tls"
        connection.close()


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path, certificate: Path) -> None:
    """Verified by default; with the certificate given as trusted, it is accepted."""
    tls = server_context(certificate, ssl.TLSVersion.TLSv1_3)
    with recording_server(tls=tls) as recorder:
        trusted = run(tmp_path, recorder.url, insecure=False, cacert=certificate)
        assert {r.outcome for r in trusted} == {"ok"}
        context = TlsTrust().ssl_context()
        port = int(recorder.url.rsplit(":", 1)[1])
        target = Target("https", "127.0.0.1", port, socket.AF_INET, "127.0.0.1")
        connection = connect(target, context)
        with pytest.raises(ssl.SSLCertVerificationError) as caught:
            for _ in range(10_000):
                connection.advance()
        assert classify(caught.value).outcome == "tls"
        connection.close()


def test_an_unknown_host_name_is_class_dns() -> None:
    """As the SDK client meets it in the middle of a run: deep inside the errors of urllib3."""
    pool = urllib3.PoolManager(retries=False)
    with pytest.raises(urllib3.exceptions.HTTPError) as caught:
        pool.request("GET", "http://no-such-host.invalid/")
    cause = os_error_in(caught.value)
    assert isinstance(cause, socket.gaierror)
    assert classify(cause).outcome == "dns"


def opened(target: Target, context: ssl.SSLContext | None) -> Connection:
    """A connection that is open: before, no request can be sent."""
    connection = connect(target, context)
    events = WRITABLE
    while events:
        assert not connection.open
        wait_for(connection, events)
        events = connection.advance()
    assert connection.open
    assert not connection.has_more()
    return connection


def wait_for(connection: Connection, events: int) -> None:
    """Wait until a poller would wake this connection up."""
    poll = select.poll()
    poll.register(connection.fd, events)
    assert poll.poll(10_000), "no event"


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize(("head_bytes", "body_bytes"), [(300, 400_000), (200_000, 1)])
def test_every_byte_arrives_once_however_little_the_system_takes(
    certificate: Path, encrypted: bool, head_bytes: int, body_bytes: int
) -> None:
    """A send buffer of a few kB cuts the request within its head or its body, many times."""
    head, body = random.Random(1).randbytes(head_bytes), random.Random(2).randbytes(body_bytes)
    context = TlsTrust(insecure=True).ssl_context() if encrypted else None
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # its connections inherit it
        target = Target("https", "localhost", server.getsockname()[1], socket.AF_INET, "127.0.0.1")
        got, cut_off = bytearray(), threading.Event()

        def read_all() -> None:
            peer, _ = server.accept()
            if encrypted:
                tls = server_context(certificate, ssl.TLSVersion.TLSv1_3)
                peer = tls.wrap_socket(peer, server_side=True)
            with peer:
                cut_off.wait(10)  # until the first piece is all that the system takes
                while len(got) < head_bytes + body_bytes and (piece := peer.recv(1 << 14)):
                    got.extend(piece)

        reading = threading.Thread(target=read_all)
        reading.start()
        connection = opened(target, context)
        connection._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        cut = not connection.send(head, memoryview(body))
        cut_off.set()
        assert connection.sending is cut is True
        while not connection.send_more():
            select.select([], [connection.fd], [], 10)
        assert not connection.sending
        reading.join(10)
        connection.close()
    assert bytes(got) == head + body


@pytest.mark.parametrize("end", ["plain", "TLS", "TLS, cut"])
def test_every_byte_is_read_once_without_waiting_for_more(certificate: Path, end: str) -> None:
    """The buffer is smaller than a TLS record: no event announces what is left in memory.

    Of the last record, that is a single byte in the end.

    Only TLS's own end is the end of a stream through TLS.
    """
    encrypted, said = end != "plain", random.Random(3).randbytes(6 * 16_384 + 2001)
    context = TlsTrust(insecure=True).ssl_context() if encrypted else None
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = Target("https", "localhost", server.getsockname()[1], socket.AF_INET, "127.0.0.1")

        def answer() -> None:
            peer, _ = server.accept()
            peer.settimeout(10)
            if encrypted:
                tls = server_context(certificate, ssl.TLSVersion.TLSv1_3)
                peer = tls.wrap_socket(peer, server_side=True)
            with peer:
                asked = b""
                while len(asked) < 304:
                    asked += peer.recv(304)
                assert asked == b"h" * 300 + b"body"
                peer.sendall(said)
                over.wait(10)
                if end == "TLS":
                    peer.setblocking(False)
                    with contextlib.suppress(ssl.SSLWantReadError):
                        peer.unwrap()  # type: ignore[attr-defined]

        over = threading.Event()
        answering = threading.Thread(target=answer)
        answering.start()
        connection = opened(target, context)
        assert connection.send(b"h" * 300, memoryview(b"body"))
        assert not connection.sending
        got, most = bytearray(), 1000

        def read_some() -> bytes:
            for _ in range(100):
                if not connection.has_more():
                    wait_for(connection, READABLE)
                with contextlib.suppress(BlockingIOError):
                    return connection.receive(most)
            raise AssertionError("events, but no bytes")

        while len(got) < len(said):
            got += read_some()
        assert got == said
        assert not connection.has_more()
        with pytest.raises(BlockingIOError):
            connection.receive(most)
        assert not connection.has_more()
        over.set()
        if end == "TLS, cut":
            with pytest.raises(ConnectionResetError, match="without the end of TLS"):
                read_some()
        else:
            assert read_some() == b""
        answering.join(10)
        connection.close()


def test_a_request_that_meets_a_full_buffer_waits_whole() -> None:
    """Nothing of it was taken, so its first byte is still the first to send."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = Target("http", "localhost", server.getsockname()[1], socket.AF_INET, "127.0.0.1")
        connection = opened(target, None)
        peer, _ = server.accept()
        before = 0
        with peer:
            with contextlib.suppress(BlockingIOError):
                while True:
                    before += connection._sock.send(bytes(1 << 16))
            assert not connection.send(b"head", memoryview(b"body"))
            assert connection.sending
            got = bytearray()
            while not connection.send_more():
                got += peer.recv(1 << 20)
            while len(got) < before + 8:
                got += peer.recv(1 << 20)
        connection.close()
    assert got == bytes(before) + b"headbody"


def test_no_part_of_a_request_waits_for_an_acknowledgement() -> None:
    """Nagle's algorithm would add the delay of our own machine to the endpoint's time."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = Target("http", "localhost", server.getsockname()[1], socket.AF_INET, "127.0.0.1")
        connection = connect(target, None)
        assert connection._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        connection.close()


@pytest.mark.parametrize(
    ("error", "outcome", "text"),
    [
        (OSError(errno.ECONNREFUSED, "Connection refused"), "refused", "Connection refused"),
        (OSError(errno.ETIMEDOUT, "timed out"), "refused", "timed out"),
        (OSError(errno.EMFILE, "Too many"), "generator", "Too many"),
        (OSError(errno.EPIPE, "Broken pipe"), "reset", "Broken pipe"),
        (ConnectionResetError("closed without an answer"), "reset", "closed without an answer"),
        (socket.gaierror(errno.ENOMEM, "a number of its own"), "dns", "a number of its own"),
        (ssl.SSLEOFError(8, "EOF occurred"), "reset", "EOF occurred"),
        (ssl.SSLError(1, "odd"), "tls", "the TLS connection failed (odd)"),
    ],
)
def test_every_error_of_a_connection_has_its_class_and_words(
    error: OSError, outcome: str, text: str
) -> None:
    """The system's words without its number; an error without a number in its own words."""
    assert classify(error) == RequestResult(outcome, None, text)


def test_a_connection_may_be_open_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system may answer a non-blocking connect with success, although Linux seldom does."""

    class AtOnce(socket.socket):
        def connect_ex(self, address: Any, /) -> int:
            self.setblocking(True)
            code = super().connect_ex(address)
            self.setblocking(False)
            return code

    with socket.create_server(("127.0.0.1", 0)) as server:
        target = Target("http", "localhost", server.getsockname()[1], socket.AF_INET, "127.0.0.1")
        monkeypatch.setattr(socket, "socket", AtOnce)
        connection = opened(target, None)
        connection.close()


def test_a_handshake_that_gets_nothing_goes_on_waiting() -> None:
    """Asked again without an event, it still wants to read: that is no failure."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = Target("https", "localhost", server.getsockname()[1], socket.AF_INET, "127.0.0.1")
        connection = connect(target, TlsTrust(insecure=True).ssl_context())
        for _ in range(3):
            assert connection.advance() == READABLE
        assert not connection.open
        connection.close()


def test_a_connection_that_cannot_be_opened_leaves_no_socket_behind() -> None:
    """Nobody has to collect garbage: with ten thousand of them, files would run out."""
    target = Target("http", "nowhere", 9, socket.AF_INET, "255.255.255.255")
    gc.collect()  # what earlier tests have left
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        with pytest.raises(OSError, match="unreachable"):
            connect(target, None)
        gc.collect()
    assert not told
