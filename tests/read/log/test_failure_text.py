"""The texts that real clients give to real failures tell their class."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import requests
from groundlight_openapi_client.exceptions import NotFoundException, ServiceException
from plain_server import plain_server
from urllib3.util.retry import Retry

from edgeload.read.log.failure_text import class_of_text


@contextmanager
def _server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server on loopback that does one thing with every connection; its URL."""

    def serve(connection: socket.socket) -> None:
        with connection:
            answer(connection)

    with plain_server(serve) as authority:
        yield f"http://{authority}"


def _text(url: str, session: requests.Session | None = None, timeout_s: float = 10.0) -> str:
    with pytest.raises(requests.RequestException) as failure:
        (session or requests.Session()).get(url, timeout=timeout_s).raise_for_status()
    return str(failure.value)


def _hang(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.recv(1)


def _close(connection: socket.socket) -> None:
    connection.recv(65536)


def _busy(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize(
    ("answer", "expected"), [(_hang, "timeout"), (_close, "reset"), (_busy, "http_503")]
)
def test_texts_of_requests(answer: Callable[[socket.socket], None], expected: str) -> None:
    """A server that hangs, closes or answers 503, as requests words it."""
    with _server(answer) as url:
        assert class_of_text(_text(url, timeout_s=0.2 if answer is _hang else 10.0)) == expected


def test_texts_of_requests_without_a_server() -> None:
    """Nobody listens; a plain port asked for TLS; a name that nobody knows."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert class_of_text(_text(f"http://127.0.0.1:{port}")) == "refused"
    assert class_of_text(_text("http://nobody.invalid")) == "dns"
    with _server(_busy) as url:
        assert class_of_text(_text(url.replace("http:", "https:"))) == "tls"


def test_texts_after_retries() -> None:
    """urllib3 gives up after several 503: the cause counts, not "Max retries exceeded"."""
    session = requests.Session()
    retry = Retry(total=1, backoff_factor=0, status_forcelist=[503])
    session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retry))
    with _server(_busy) as url:
        assert class_of_text(_text(url, session)) == "http_503"


def test_texts_of_the_sdk() -> None:
    """Status and reason of its exceptions, which begin with the status in brackets or a word."""
    assert class_of_text(str(ServiceException(status=500, reason="Internal"))) == "http_500"
    assert class_of_text(str(NotFoundException(status=404, reason="Not Found"))) == "http_404"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Got a non-edge answer from the Edge Endpoint. Please configure …", "escalated"),
        ("HTTP 500", "http_500"),
        ("[Errno 24] Too many open files", "generator"),
        ("[Errno 99] Cannot assign requested address", "generator"),
        ("Expecting value: line 1 column 1 (char 0)", "bad_answer"),
        ("", "unclassified"),
        ("object of type 'NoneType' has no len()", "unclassified"),
        ("took 503 ms", "unclassified"),
        ("HTTPConnectionPool(host='10.0.0.5', port=500): Read timed out.", "timeout"),
    ],
)
def test_other_texts(text: str, expected: str) -> None:
    """A number that is no status makes no class; the generator's own faults are its own."""
    assert class_of_text(text) == expected
