"""Nothing of the environment sends a run, or its token, anywhere else."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from certificates import authority
from each_client import TOKEN, Edge, ask_everything, senders
from load_run import SMALL, run
from plain_server import plain_server
from recording_server import Handler, recording_server

from edgeload.edge.asking import ask
from edgeload.edge.detectors import find_by_name
from edgeload.edge.location import Unreachable
from edgeload.edge.sdk import create_detector, sdk_client
from edgeload.edge.trust import TlsTrust

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@contextlib.contextmanager
def recording_proxy() -> Iterator[tuple[str, list[bytes]]]:
    """A proxy's URL, and what came to it: it must stay empty."""
    came: list[bytes] = []

    def serve(peer: socket.socket) -> None:
        came.append(b"a connection")
        with peer:
            came.append(peer.recv(65536))
            peer.sendall(b"HTTP/1.1 502 from the proxy\r\ncontent-length: 0\r\n\r\n")

    with plain_server(serve) as where:
        yield f"http://{where}", came


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """Every variable that names a proxy names one; no address is excepted."""
    with recording_proxy() as (url, came):
        for name in PROXIES:
            monkeypatch.setenv(name, url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield came


@pytest.mark.parametrize("encrypted", [False, True])
def test_no_question_and_no_client_uses_a_proxy(
    tmp_path: Path, proxy: list[bytes], encrypted: bool
) -> None:
    """Readiness, detectors, configuration, creating a detector, both clients: none of them."""
    own = authority()
    (tmp_path / "ca.pem").write_bytes(own.pem)
    trust = TlsTrust(cacert=tmp_path / "ca.pem")
    with recording_server(handler=Edge, tls=own.server() if encrypted else None) as recorder:
        ask_everything(recorder.url, trust)
        client = sdk_client(recorder.url, TOKEN, trust)
        recorder.answer = lambda handler, _number: handler.reply(400, b'{"detail":"no"}')
        with pytest.raises(Exception, match="no"):
            create_detector(client, trust, "new", "New?")
        with senders(recorder, trust) as clients:
            assert [sender.send(1).status for sender in clients.values()] == [400, 400]
        paths = {seen.path for seen in recorder.seen}
    assert {"/device-api/v1/detectors", "/edge-config", "/device-api/v1/image-queries"} <= paths
    assert proxy == []


@pytest.mark.parametrize("client", ["http", pytest.param("sdk", marks=pytest.mark.slow)])
def test_a_whole_run_uses_no_proxy(tmp_path: Path, proxy: list[bytes], client: str) -> None:
    """The workers inherit the variables, and look at them as little as their parent."""
    with recording_server(handler=Edge) as recorder:
        run(
            tmp_path, recorder.url, client=client, preflight=True, image_path=SMALL,
            custom_ramp="1", time_between_ramp=1, requests_per_second=5,
        )  # fmt: skip
        assert len(recorder.queries()) == 16 + 5
    assert proxy == []


def test_credentials_of_a_netrc_file_are_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`requests` would read ~/.netrc and the file that NETRC names, for any host."""
    netrc = "default login someone password secret\n"
    for path in (tmp_path / ".netrc", tmp_path / "own"):
        path.write_text(netrc)
        path.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "own"))
    with recording_server(handler=Edge) as recorder:
        ask_everything(recorder.url, TlsTrust())
        with senders(recorder, TlsTrust()) as clients:
            assert [sender.send(1).status for sender in clients.values()] == [200, 200]
        assert len(recorder.seen) > 6
        assert not [seen for seen in recorder.seen if "authorization" in seen.headers]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    """Neither by a question nor by a client: another host would get the token, and the load."""

    class Moved(Handler):
        def do_GET(self) -> None:
            if self.path.endswith("/me") and not self.recorder.queries():
                super().do_GET()
            else:
                self._record(b"")
                self.moved()

        def moved(self) -> None:
            self.send_response(status)
            self.send_header("Location", f"{elsewhere.url}{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()

    with recording_server(handler=Edge) as elsewhere, recording_server(handler=Moved) as recorder:
        recorder.answer = lambda handler, _number: handler.moved()  # type: ignore[attr-defined]
        for question in (
            lambda: ask(f"{recorder.url}/x", TlsTrust(), TOKEN),
            lambda: find_by_name(recorder.url, "door", None, TlsTrust(), TOKEN),
        ):
            with contextlib.suppress(Unreachable):
                question()
        client = sdk_client(recorder.url, TOKEN, TlsTrust())
        with senders(recorder, TlsTrust()) as clients:
            answers = [sender.send(1) for sender in clients.values()]
        with pytest.raises(Exception, match=str(status)):
            create_detector(client, TlsTrust(), "new", "New?")
        assert elsewhere.seen == []
    assert [(answer.status, answer.result.outcome) for answer in answers] == [
        (status, f"http_{status}")
    ] * 2
