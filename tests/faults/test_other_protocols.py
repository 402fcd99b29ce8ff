"""Servers that do not speak HTTP/1: each is named, at once, by what it says."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from load_run import SMALL, one_query, requests_of, run
from plain_server import plain_server
from wrong_server import Fault, Wrong, wrong_server

from edgeload.edge.location import Unreachable
from edgeload.edge.other_protocols import first_bytes
from edgeload.edge.readiness import await_ready
from edgeload.edge.trust import TlsTrust
from edgeload.run.answer_reader import AnswerReader, WireError

BODY = b"<html><body>hello</body></html>"


@dataclass(frozen=True)
class Stranger:
    """What a server says when somebody connects, and what it answers to a request."""

    greeting: bytes
    answer: bytes
    words: str


STRANGERS = {
    "ssh": Stranger(b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n", b"", "SSH server"),
    "http2": Stranger(
        b"",
        b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00d"
        b"\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01",
        "HTTP/2",
    ),
    "http2 goaway": Stranger(b"", b"\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00", "HTTP/2"),
    "bare lf": Stranger(b"", b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", "LF alone"),
    "bare lf in a head": Stranger(
        b"", b"HTTP/1.1 200 OK\r\nServer: a\nContent-Length: 2\r\n\r\n{}", "LF alone"
    ),
    "http/0.9": Stranger(b"", BODY, "HTTP/0.9"),
    "tls alert": Stranger(b"", b"\x15\x03\x01\x00\x02\x02\x46", "TLS"),
    "smtp": Stranger(b"220 mail.example.com ESMTP Postfix\r\n", b"", "SMTP"),
    "ftp": Stranger(b"220 (vsFTPd 3.0.5)\r\n", b"", "FTP"),
    "rtsp": Stranger(b"", b"RTSP/1.0 400 Bad Request\r\nCSeq: 0\r\n\r\n", "RTSP"),
    "redis": Stranger(b"", b"-ERR wrong number of arguments for 'post'\r\n", "Redis"),
    "mysql": Stranger(b"J\x00\x00\x00\x0a8.0.36\x00", b"", "MySQL"),
    "something": Stranger(b"hello there\r\n", b"", "does not speak HTTP/1"),
}


@contextlib.contextmanager
def stranger(said: Stranger) -> Iterator[str]:
    """Such a server; it keeps each connection open until the test is over. Its URL."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(said.greeting)
        if said.answer:
            connection.recv(1 << 20)
            connection.sendall(said.answer)

    with plain_server(serve) as authority:
        yield f"http://{authority}"


@pytest.mark.parametrize("client", ["http", pytest.param("sdk", marks=pytest.mark.slow)])
def test_a_server_of_another_protocol_is_named_in_a_run(tmp_path: Path, client: str) -> None:
    """Its requests fail as bad answers long before their timeout, and the text says what it is.

    The SDK accepts lines that end with LF alone.
    """
    made = tuple(
        Fault(name, said.greeting or said.answer, Wrong.stall, "bad_answer")
        for name, said in STRANGERS.items()
        if client == "http" or said.words != "LF alone"
    )
    load: dict[str, Any] = {"custom_ramp": str(len(made)), "requests_per_second": 1}
    if client == "sdk":
        load = {"custom_ramp": "1", "requests_per_second": len(made), "client": client}
    with wrong_server(made) as (server, met):
        records = run(
            tmp_path, server.url, image_path=SMALL, timeout=60, time_between_ramp=1, **load
        )
    requests = requests_of(records)
    assert len(requests) == len(made)
    for request in requests:
        name = met[request.worker_number, request.request_number].name
        assert request.outcome == "bad_answer"
        assert STRANGERS[name].words in (request.error or ""), name
        assert request.latency < 30


@pytest.mark.parametrize("name", STRANGERS)
def test_a_server_that_speaks_first_is_named_before_a_run(name: str) -> None:
    """A query before the run ends at once, whether the server greets or waits for the query."""
    said = STRANGERS[name]
    with stranger(said) as url, one_query(url) as sender:
        status, result, _ = sender.send(1)
    assert (status, result.outcome) == (None, "bad_answer")
    assert said.words in (result.error or "")


@pytest.mark.parametrize("name", STRANGERS)
def test_a_server_of_another_protocol_is_never_ready(name: str) -> None:
    """The line says what it is, at once: nothing to wait for. LF alone shows at the first query."""
    said = STRANGERS[name]
    if said.words == "LF alone":
        return
    with stranger(said) as url, pytest.raises(Unreachable) as refused:
        await_ready(url, None, TlsTrust(), timeout_s=60)
    words = "speaks HTTPS: use https://" if said.words == "TLS" else said.words
    assert words in str(refused.value)
    assert type(refused.value) is Unreachable  # not NoAnswer, for which a patient caller waits


@pytest.mark.parametrize("name", STRANGERS)
def test_a_server_of_another_protocol_is_named_at_its_first_bytes(name: str) -> None:
    """Nothing has to follow, and the line shows what came."""
    said = STRANGERS[name]
    with pytest.raises(WireError, match="the answer begins with") as refused:
        AnswerReader().feed(said.greeting or said.answer)
    assert said.words in str(refused.value)
    with pytest.raises(WireError):
        reader = AnswerReader()
        for byte in said.greeting or said.answer:
            assert reader.feed(bytes([byte])) is None


def test_a_stranger_can_write_nothing_of_its_own_on_a_terminal() -> None:
    """Whatever it says is shown with escapes, and is cut."""
    said = first_bytes(b"\x1b[2J<script>\r\n" + b"x" * 10_000)
    assert said.isprintable()
    assert r"'\x1b[2J<script>\r\n" in said
    assert len(said) < 200
