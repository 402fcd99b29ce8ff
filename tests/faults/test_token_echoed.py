"""An endpoint, or a proxy before it, says the API token back: it is shown and written nowhere."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import as_a_user as user
import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from recording_server import DETECTOR_ID, Handler, edge_answer, recording_server
from token_forms import FORMS, TOKEN, as_json, nowhere, shown_in

from edgeload.child_processes import command
from edgeload.commands import run
from edgeload.keeper import KeeperTask
from edgeload.untrusted_text import remember_secret, without_secrets


class Echo(Handler):
    """Says the token wherever an answer has room for a text."""

    server_version = f"nginx ({TOKEN})"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.endswith(f"/detectors/{DETECTOR_ID}"):
            named = {"id": DETECTOR_ID, "name": f"door {TOKEN}", "query": f"{TOKEN}?"}
            self.reply(200, json.dumps(named).encode())
        elif path == "/edge-config":
            config = {"detectors": [{"detector_id": TOKEN}], "global_config": {TOKEN: TOKEN}}
            self.reply(200, json.dumps(config).encode())
        else:
            super().do_GET()


def _labelled(label: str) -> bytes:
    answer = json.loads(edge_answer())
    answer["result"]["label"] = label
    answer["metadata"]["edge_result"] = {"mlb_key": label, "oodd_mlb_key": label}
    return json.dumps(answer).encode()


def _raw(handler: Handler, answer: bytes) -> None:
    handler.wfile.write(answer)
    handler.close_connection = True


_FORMS = list(FORMS.values())
_WAYS: list[Callable[[Handler, str], None]] = [
    lambda handler, said: handler.reply(500, said.encode()),
    lambda handler, said: handler.reply(503, as_json(said)),
    lambda handler, said: handler.reply(200, b"not JSON: " + said.encode()),
    lambda handler, said: handler.reply(200, edge_answer(said)),
    lambda handler, said: handler.reply(200, _labelled(said)),
    lambda handler, said: _raw(
        handler,
        f"HTTP/1.1 418 {said}\r\nWWW-Authenticate: {said}\r\nLocation: http://x/{said}\r\n"
        f"Content-Length: {len(said)}\r\n\r\n{said}".encode(),
    ),
    lambda handler, said: _raw(
        handler, f"HTTP/1.1 302 {said}\r\nLocation: http://x/?token={said}\r\n\r\n".encode()
    ),
    lambda handler, said: _raw(handler, f"{said} is not HTTP\r\n\r\n".encode()),
    lambda handler, said: _raw(
        handler, f"HTTP/1.1 200 OK\r\n{said}\r\nContent-Length: {said}\r\n\r\n".encode()
    ),
]
"""What an endpoint may do with a text in an answer to an image query."""


def _answer(handler: Handler, number: int) -> None:
    """Good answers before the run, with which the others are compared; then every way and form."""
    if number <= 12:
        handler.reply(200, edge_answer())
    else:
        way, form = number % len(_WAYS), number % len(_FORMS)  # 9 and 11 meet in each pair
        _WAYS[way](handler, _FORMS[form](TOKEN))


@pytest.mark.parametrize("client", ["http", pytest.param("sdk", marks=pytest.mark.slow)])
def test_a_run_shows_the_token_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: str
) -> None:
    """Answers of every kind that quote the token, as it is, in part or encoded: it is neither in
    the log nor in a result nor on the terminal, which do say `(hidden)` where it stood."""
    monkeypatch.setattr(user, "TOKEN", TOKEN)
    with recording_server(_answer, handler=Echo) as server:
        ended = user.run(
            tmp_path, "load_test.py", "--endpoint-url", server.url, "--detector-id", DETECTOR_ID,
            "--custom-ramp", "2", "--time-between-ramp", "2", "--requests-per-second", "50",
            "--client", client, "--check-answers", "--image-pool", "4", "--timeout", "2",
            "--workers", "1" if client == "http" else "auto",
        )  # fmt: skip
        assert len(server.queries()) > 99 + 12
        assert all(seen.headers["x-api-token"] == TOKEN for seen in server.queries())
    nowhere(tmp_path, ended.out, ended.err)
    failures = {failure.outcome for failure in user.requests_in(tmp_path)}
    assert {"http_500", "http_418", "bad_answer", "wrong_detector", "changed_answer"} <= failures
    texts = {str(request.error) for request in user.requests_in(tmp_path)}
    assert sum("(hidden)" in text for text in texts) >= 4, texts
    assert "(hidden)" in str(user.header_of(tmp_path).endpoint["detector_name"])
    assert "(hidden)" in ended.err


class _Redirects(Handler):
    def do_GET(self) -> None:
        _raw(self, f"HTTP/1.1 302 x\r\nLocation: https://x/{TOKEN}\r\n\r\n".encode())


class _IsNoHttp(Handler):
    def do_GET(self) -> None:
        _raw(self, f"{TOKEN}: not HTTP\r\n\r\n".encode())


class _IsNotReady(Handler):
    def do_GET(self) -> None:
        self.reply(500, as_json(TOKEN))


class _IsAStranger(Handler):
    def do_GET(self) -> None:
        self.reply(200, as_json(TOKEN))


class _HasAnotherDetector(Handler):
    detectors: tuple[str, ...] = (f"door {TOKEN}",)

    def do_GET(self) -> None:
        if "/detectors" in self.path:
            found = [{"id": DETECTOR_ID, "name": name, "query": TOKEN} for name in self.detectors]
            self.reply(200, json.dumps({"results": found}).encode())
        else:
            super().do_GET()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.reply(400, as_json(TOKEN))


class _RefusesToCreate(_HasAnotherDetector):
    detectors = ()


class _RefusesTheToken(Handler):
    def do_GET(self) -> None:
        if "/device-api" in self.path:
            self.reply(401, as_json(f"no such token: {TOKEN}"))
        else:
            super().do_GET()


class _RefusesQueries(Echo):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.reply(500, as_json(TOKEN))


@pytest.mark.parametrize(
    "kind",
    [
        _Redirects,
        _IsNoHttp,
        _IsNotReady,
        _IsAStranger,
        _HasAnotherDetector,
        _RefusesToCreate,
        _RefusesTheToken,
        _RefusesQueries,
    ],
)
def test_a_refusal_before_the_run_shows_the_token_nowhere(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: type[Handler],
) -> None:
    """An endpoint that is not ready, a stranger, a redirect, a detector's name, an error of the
    SDK: one line says why, with `(hidden)` for the token."""
    monkeypatch.setenv("GROUNDLIGHT_API_TOKEN", TOKEN)
    monkeypatch.chdir(tmp_path)
    with recording_server(handler=kind) as server:
        by = ["--detector-name", "door"]
        if issubclass(kind, _RefusesQueries):
            by = ["--detector-id", DETECTOR_ID]
        code = run.main(
            ["--endpoint-url", server.url, "--ready-timeout", "0.1", "--custom-ramp", "1", *by]
        )
    out, err = capsys.readouterr()
    assert code == 5, err
    nowhere(tmp_path, out, err)
    assert "(hidden)" in err


_BREAKS = f"""
import sys
from edgeload import cli
from edgeload.untrusted_text import remember_secret
def fail():
    remember_secret({TOKEN!r})
    print("printed: {TOKEN}", flush=True)
    raise RuntimeError("failed with {TOKEN}")
cli.leave(fail)
"""
_BREAKS_IN_A_WORKER = f"""
import multiprocessing
from edgeload.run import tasks, worker
class Broken(worker.Worker):
    def __init__(self, task, counts, pipe):
        self.token = task.token
    def run(self, anchor):
        raise RuntimeError("failed with " + self.token)
worker.counters_of = lambda task, shared: None
ours, theirs = multiprocessing.Pipe()
ours.send(tasks.WorkerTask(0, 1, None, "id", None, {TOKEN!r}, None, (), None))
ours.send(("start", None))
process = multiprocessing.get_context("fork").Process(
    target=worker.serve, args=(Broken, theirs, None)
)
process.start()
process.join()
raise SystemExit(process.exitcode)
"""


@pytest.mark.parametrize("program", [_BREAKS, _BREAKS_IN_A_WORKER])
def test_a_traceback_shows_no_token(program: str) -> None:
    """An error of our own that has the token in its text, in the parent and in a worker."""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=user.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "RuntimeError: failed with (hidden)" in done.stderr
    for text in (done.stdout, done.stderr.split("Traceback")[1].partition("RuntimeError")[2]):
        assert shown_in(text) is None, text


def test_a_command_that_prints_the_token_after_a_kill_shows_none(tmp_path: Path) -> None:
    """The keeper of a killed load test restores the box, and says how that failed, without it."""
    keeper = subprocess.Popen(
        command("edgeload.keeper:main", str(tmp_path)),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    tasks = (KeeperTask(secret=TOKEN), KeeperTask(restore="cat said; exit 3"))
    (tmp_path / "said").write_text(f"refused: {TOKEN}")
    _, said = keeper.communicate(b"".join(msgspec.json.encode(task) + b"\n" for task in tasks))
    assert "exit code 3: refused: (hidden)" in said.decode()


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_hidden(form: str) -> None:
    """Whole, in part, in another case, encoded once or twice, and with a text around it."""
    remember_secret(TOKEN)
    said = FORMS[form](TOKEN)
    shown = without_secrets(f"before {said} behind")
    assert shown_in(shown) is None
    assert shown.startswith("before ")
    assert shown.endswith(" behind")


@given(st.text(st.characters(codec="ascii"), max_size=60), st.integers(0, 60), st.integers(0, 60))
def test_what_is_shorter_than_a_part_stays(text: str, start: int, end: int) -> None:
    """A text without 12 characters of the token is shown as it is; more of it is hidden."""
    remember_secret(TOKEN)
    part = TOKEN[start:end]
    shown = without_secrets(f"{text} {part} {text}")
    assume(shown_in(text) is None)
    if len(part) < 12:
        assert shown == f"{text} {part} {text}"
    else:
        assert shown == f"{text} (hidden) {text}"
