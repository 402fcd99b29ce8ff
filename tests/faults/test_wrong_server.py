"""What answers is the Edge Endpoint and the detector that were asked for, or there is no load."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from each_client import Edge
from recording_server import DETECTOR_ID, Handler, recording_server
from rich.console import Console

from edgeload.commands.run import main
from edgeload.run.phases import Ending
from edgeload.run.session import run_session
from edgeload.settings import resolve

SHORT = ("--image-pool", "1", "--custom-ramp", "1", "--time-between-ramp", "1")
PLAIN_ON_TLS = b"<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>"
REASON = "it is locked because " + "of a long story, " * 40 + "\x1b[31mthe end"


def moved(handler: Handler) -> None:
    """A redirect to HTTPS, as an ingress answers."""
    handler.send_response(302)
    handler.send_header("Location", "https://box.example/health/ready")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda handler: handler.reply(400, PLAIN_ON_TLS), "this port speaks HTTPS: use https://"),
        (moved, "it redirects to https://box.example/health/ready: set ENDPOINT_URL"),
        (lambda handler: handler.reply(404, b"no such page"), "HTTP status 404: no such page"),
        (lambda handler: handler.reply(418, b"tea"), "HTTP status 418: tea"),
        (lambda handler: handler.reply(200, b"<html>router"), "router; is this an Edge Endpoint?"),
    ],
)
def test_what_is_not_ready_gets_no_load(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: object,
    said: str,
) -> None:
    """An answer under 500 alone does not make an endpoint: exit code 5, the cause, no query."""

    class Stranger(Handler):
        def do_GET(self) -> None:
            self._record(b"")
            answer(self)  # type: ignore[operator]

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GROUNDLIGHT_API_TOKEN", "token_of_the_test")
    with recording_server(handler=Stranger) as recorder:
        options = ["--endpoint-url", recorder.url, "--no-preflight", *SHORT]
        assert main([*options, "--detector-id", DETECTOR_ID]) == 5
        assert recorder.queries() == []
        assert not [seen for seen in recorder.seen if "x-api-token" in seen.headers]
    assert said in capsys.readouterr().err


def test_another_detector_than_the_one_named_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The name reaches the server whole, and the detector that comes back must have it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GROUNDLIGHT_API_TOKEN", "token_of_the_test")
    for name in ("door#1", "door&x=1", "door?", "door%20", "door+", " door"):
        with recording_server(handler=Edge) as recorder:
            options = ["--endpoint-url", recorder.url, *SHORT]
            assert main([*options, "--detector-name", name]) == 5
            asked = [s.parameters["name"] for s in recorder.seen if "name" in s.parameters]
            assert (asked, recorder.queries()) == ([[name]], [])
        err = capsys.readouterr().err
        assert f"another detector, 'door' ({DETECTOR_ID})" in err
        assert err.count("\n") == 1


def test_the_servers_own_reason_is_shown_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All 700 characters of it, on one line, and none of them controls the terminal."""

    class Refusing(Edge):
        def do_GET(self) -> None:
            if "?name=" in self.path:
                self.reply(409, REASON.encode())
            else:
                super().do_GET()

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GROUNDLIGHT_API_TOKEN", "token_of_the_test")
    with recording_server(handler=Refusing) as recorder:
        options = ["--endpoint-url", recorder.url, *SHORT]
        assert main([*options, "--detector-name", "door"]) == 5
    (line,) = capsys.readouterr().err.splitlines()
    assert REASON.replace("\x1b", " ").replace("  ", " ") in line.replace("  ", " ")


def test_a_detector_whose_query_differs_is_used_and_the_load_is_said_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The default query stands beside every name; it is no reason to refuse a detector.

    One line before the load says where it goes, how many requests, and how many bytes. A dry run
    says the same and asks nobody.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GROUNDLIGHT_API_TOKEN", "token_of_the_test")
    said = Console(file=StringIO(), width=1000)
    with recording_server(handler=Edge) as recorder:
        options = {
            "endpoint_url": recorder.url, "same_image": True, "preflight": False,
            "custom_ramp": "2", "time_between_ramp": 1, "detector_name": "door",
        }  # fmt: skip
        words = ["--endpoint-url", recorder.url, "--same-image", "--custom-ramp", "2"]
        assert main([*words, "--time-between-ramp", "1", "--dry-run"]) == 0
        assert recorder.seen == []
        settings = resolve({}, options, {"GROUNDLIGHT_API_TOKEN": "token_of_the_test"})
        assert run_session(settings, said).ending is Ending.FINISHED
        sent = [len(query.body) for query in recorder.queries()]
    assert len(sent) == 20
    load = f"In all, 20 requests with {sum(sent) / 1e3:.3g} kB of pictures.\n"
    planned = capsys.readouterr().out
    assert f"Target: {recorder.url}, not looked up. {load}" in planned
    assert isinstance(said.file, StringIO)
    text = said.file.getvalue()
    assert "keeps its own query, 'Open?'; DETECTOR_QUERY is ignored" in text
    assert f"Target: {recorder.url}. {load}" in text
