"""Laws of asking the endpoint: a connection that fails is explained by its cause."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest
from plain_server import plain_server
from recording_server import Handler, recording_server

from edgeload.edge.asking import ask
from edgeload.edge.location import Unreachable
from edgeload.edge.trust import TlsTrust
from edgeload.simulator.certificate import self_signed, server_context

TRUSTS = [TlsTrust(), TlsTrust(insecure=True)]


def complaint(url: str, trust: TlsTrust = TRUSTS[0]) -> str:
    with pytest.raises(Unreachable) as caught:
        ask(f"{url}/health/ready", trust)
    line = str(caught.value)
    assert line.isprintable()
    assert "('" not in line, "a Python tuple"
    return line


@contextlib.contextmanager
def saying(words: bytes) -> Iterator[str]:
    """A server that answers whatever comes with these bytes, and closes; its authority."""

    def serve(peer: socket.socket) -> None:
        with peer:
            peer.recv(65536)
            peer.sendall(words)

    with plain_server(serve) as authority:
        yield authority


@pytest.mark.parametrize("trust", TRUSTS)
def test_https_to_a_plain_port_names_the_scheme(trust: TlsTrust) -> None:
    """Whether certificates are checked or not, and whatever the port says to a handshake."""
    with recording_server() as recorder:
        line = complaint(recorder.url.replace("http:", "https:"), trust)
        assert line.endswith(f"this port speaks plain HTTP: use {recorder.url}")
    with saying(b"HTTP/1.1 400 Bad Request\r\n\r\n") as authority:
        line = complaint(f"https://{authority}", trust)
        assert line.endswith(f"this port speaks plain HTTP: use http://{authority}")


def test_http_to_a_tls_port_names_the_scheme() -> None:
    """A server that only closes, or answers with a TLS alert: found out by a handshake."""
    with recording_server(tls=server_context(*self_signed())) as recorder:
        line = complaint(recorder.url.replace("https:", "http:"))
        assert line.endswith(f"this port speaks HTTPS: use {recorder.url}")
    with saying(b"\x15\x03\x03\x00\x02\x02\x28") as authority:  # a fatal alert: handshake failure
        line = complaint(f"http://{authority}")
        assert line.endswith(f"this port speaks HTTPS: use https://{authority}")


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("words", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00\x01\x02"])
def test_what_speaks_neither_is_given_no_wrong_advice(scheme: str, words: bytes) -> None:
    """No answer is said to be none; no scheme and no certificate is blamed for it."""
    with saying(words) as authority:
        line = complaint(f"{scheme}://{authority}")
    assert "use http" not in line
    assert "certificate" not in line


def test_a_certificate_that_is_not_trusted_names_what_helps() -> None:
    """Only then: --cacert and --insecure."""
    with recording_server(tls=server_context(*self_signed())) as recorder:
        line = complaint(recorder.url)
    assert "--cacert FILE, or use --insecure" in line


def test_any_status_is_an_answer_and_redirects_are_not_followed() -> None:
    """What it means is for the one who asked; the token is sent only if there is one."""

    class Moved(Handler):
        def do_GET(self) -> None:
            self._record(b"")
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:9/")
            self.send_header("Content-Length", "0")
            self.end_headers()

    with recording_server(handler=Moved) as recorder:
        assert ask(f"{recorder.url}/x", TlsTrust()).status == 302
        ask(f"{recorder.url}/x", TlsTrust(), "secret")
        assert [seen.headers.get("x-api-token") for seen in recorder.seen] == [None, "secret"]
