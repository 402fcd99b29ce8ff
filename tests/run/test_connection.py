"""Laws of one connection, plain and TLS, against servers of the standard library."""

from __future__ import annotations

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
from edgeload.run.connection import TlsConnection, classify, connect
from edgeload.run.poller import READABLE, WRITABLE
from edgeload.run.session import run_session
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
        connection = connect(target, context)
        connection._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        events = WRITABLE
        while events:
            poll = select.poll()
            poll.register(connection.fd, events)
            poll.poll(10_000)
            events = connection.advance()
        cut = not connection.send(head, memoryview(body))
        cut_off.set()
        assert connection.sending is cut is True
        while not connection.send_more():
            select.select([], [connection.fd], [], 10)
        assert not connection.sending
        reading.join(10)
        connection.close()
    assert bytes(got) == head + body


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
