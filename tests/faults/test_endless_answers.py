"""Answers to the questions before a run are bounded, in size and in time as a whole."""

from __future__ import annotations

import contextlib
import gzip
import socket
import time
import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from each_client import TOKEN, senders
from plain_server import plain_server
from recording_server import recording_server

from edgeload.edge import asking, sdk
from edgeload.edge.asking import WHOLE_ANSWER_S, ask
from edgeload.edge.configuration import EdgeConfiguration, ask_configuration
from edgeload.edge.detectors import ask_detector, find_by_name
from edgeload.edge.location import Unreachable
from edgeload.edge.readiness import await_ready
from edgeload.edge.sdk import SdkError, sdk_client
from edgeload.edge.trust import TlsTrust

DETECTOR_ID = "det_" + "E" * 27
Send = Callable[[socket.socket], None]


@contextlib.contextmanager
def server(send: Send) -> Iterator[str]:
    """One that reads what comes, answers with `send`, and closes; its URL."""

    def serve(peer: socket.socket) -> None:
        with peer:
            peer.recv(65536)
            send(peer)

    with plain_server(serve) as authority:
        yield f"http://{authority}"


def flood(head: bytes, piece: bytes = bytes(65536), count: int = 100_000) -> Send:
    """An answer of gigabytes; it stops when the connection is closed."""

    def send(peer: socket.socket) -> None:
        peer.sendall(head)
        for _ in range(count):
            peer.sendall(piece)

    return send


def drip(head: bytes) -> Send:
    """A byte every 20 ms, which is never too late for a timeout of each piece."""

    def send(peer: socket.socket) -> None:
        peer.sendall(head)
        for _ in range(5000):
            peer.sendall(b"x")
            time.sleep(0.02)

    return send


HEAD = b"HTTP/1.1 200 OK\r\n"
LONG = {
    "10 GB announced": flood(HEAD + b"Content-Length: 10000000000\r\n\r\n"),
    "no length": flood(HEAD + b"\r\n"),
    "chunks": flood(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + bytes(65536) + b"\r\n"
    ),
    "one head line": flood(HEAD + b"X: ", b"x" * 65536),
    "many heads": flood(HEAD, b"X: y\r\n" * 10_000),
    "a chunk of exabytes": flood(HEAD + b"Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n"),
}
SLOW = {
    "body": drip(HEAD + b"Content-Length: 100000\r\n\r\n"),
    "no length": drip(HEAD + b"\r\n"),
    "chunks": drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n100000\r\n"),
    "head": drip(HEAD),
    "status line": drip(b"HTTP/1.1 200 "),
}


def asked_each_way(url: str) -> None:
    """Every question that is asked before a run fails, and quietly if it may."""
    for question in (
        lambda: ask(f"{url}/health/ready", TlsTrust()),
        lambda: await_ready(url, DETECTOR_ID, TlsTrust(), timeout_s=0.0),
        lambda: find_by_name(url, "door", "Open?", TlsTrust(), TOKEN),
    ):
        with pytest.raises(Unreachable) as caught:
            question()
        assert str(caught.value).isprintable()
    assert ask_configuration(url, DETECTOR_ID, TlsTrust()) == EdgeConfiguration()
    assert ask_detector(url, DETECTOR_ID, TlsTrust(), TOKEN).status is None
    with pytest.raises(SdkError):
        sdk_client(url, TOKEN, TlsTrust())


@pytest.mark.parametrize("kind", LONG)
def test_an_answer_of_gigabytes_is_given_up_after_a_few_megabytes(kind: str) -> None:
    """Whatever it announces: readiness, detectors, configuration and the SDK all give up."""
    import groundlight  # noqa: F401, PLC0415  (its own memory does not count)

    tracemalloc.start()
    with server(LONG[kind]) as url:
        asked_each_way(url)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most_bytes < 40e6


@pytest.mark.parametrize("kind", SLOW)
def test_an_answer_that_drips_ends_in_time(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """A byte every now and then is no progress: a whole answer has 10 s, here a tenth of one."""
    assert WHOLE_ANSWER_S == 10.0
    for module in (asking, sdk):
        monkeypatch.setattr(module, "WHOLE_ANSWER_S", 0.1)
    began_s = time.monotonic()
    with server(SLOW[kind]) as url:
        asked_each_way(url)
        with pytest.raises(Unreachable, match=r"takes longer than 0\.1 s; is this an Edge"):
            ask(url, TlsTrust())
    assert time.monotonic() - began_s < 30


def test_a_packed_answer_is_not_unpacked() -> None:
    """A few kilobytes could become gigabytes; nobody asked for a packed answer."""
    packed = gzip.compress(bytes(1 << 20))
    head = HEAD + f"Content-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    with server(lambda peer: peer.sendall(head + packed)) as url:
        assert ask(url, TlsTrust()).body == packed
        with pytest.raises(SdkError):
            sdk_client(url, TOKEN, TlsTrust())


def test_both_clients_give_up_an_answer_of_gigabytes() -> None:
    """During a run it is a failure of class bad_answer, after a few megabytes."""
    head = HEAD + b"Content-Length: 10000000000\r\n\r\n"
    with recording_server() as recorder:
        recorder.answer = lambda handler, _number: flood(head)(handler.connection)
        with senders(recorder, TlsTrust()) as clients:
            tracemalloc.start()
            results = [sender.send(1).result for sender in clients.values()]
            _, most_bytes = tracemalloc.get_traced_memory()
            tracemalloc.stop()
    assert [result.outcome for result in results] == ["bad_answer", "bad_answer"]
    assert most_bytes < 40e6
