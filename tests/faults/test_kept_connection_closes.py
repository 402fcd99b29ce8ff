"""A kept connection that the server closes, gives up, or uses for what nobody asked."""

from __future__ import annotations

import select
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from http.client import parse_headers
from pathlib import Path
from typing import Any

import pytest
from load_run import SMALL, requests_of, run
from recording_server import Handler, edge_answer, recording_server

from edgeload.read.analysis.findings import find
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.records import WorkerSample
from edgeload.simulator.certificate import self_signed, server_context

CONNECTIONS = [(1, b""), (1, b""), (0, b""), (0, b""), (1, b""), (1, b"HTTP/1.1 ")]
PROMPT_S = 0.02  # what comes back within this time may be a race


def retries(records: list[Any]) -> int:
    """How many requests were sent again, by the workers' own counts."""
    last = {r.worker: r.stale_retries for r in records if isinstance(r, WorkerSample)}
    return sum(last.values())


class Racing(Handler):
    """Answers so many queries on each connection, and resets it when the next one arrives.

    It does so before it has read anything; unless it says some bytes of an answer first.
    """

    connections: Iterator[tuple[int, bytes]]
    left: int | None = None

    def handle_one_request(self) -> None:
        select.select([self.connection], [], [], 10)
        if self.connection.recv(4, socket.MSG_PEEK) == b"POST":
            if self.left is None:
                with self.recorder.lock:
                    self.left, self.said = next(self.connections)
            self.left -= 1
        super().handle_one_request() if self.left is None or self.left >= 0 else self.lose()

    def lose(self) -> None:
        """Reset the connection."""
        if self.said:
            self.rfile.readline()
            self.rfile.read(int(parse_headers(self.rfile)["Content-Length"]))
            self.wfile.write(self.said)
        self.reset()


@pytest.mark.parametrize("client", ["http", "sdk"])
def test_a_race_costs_no_failure_and_a_real_reset_is_one(tmp_path: Path, client: str) -> None:
    """A query that met a closing connection is sent once more, on a new one, and never twice.

    The third query meets two such connections: it has failed, with a class of its own. The fourth
    is reset on the new connection that it opened, and the last one after the first bytes of its
    answer: these are failures at once. Each try is counted, in the log and in the report.
    """
    for attempt in range(5):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        handler = type("BoundRacing", (Racing,), {"connections": iter(CONNECTIONS)})
        with recording_server(handler=handler) as server:
            options = {"custom_ramp": "1", "time_between_ramp": 1, "requests_per_second": 7}
            records = run(folder, server.url, client=client, image_path=SMALL, **options)
            answered = len(server.queries())
        found = requests_of(records)
        if all(r.latency < PROMPT_S for r in found if r.outcome == "reset"):
            break  # else this machine was too busy to see a race as one
    assert [(r.outcome, r.retried) for r in found] == [
        ("ok", False),
        ("ok", True),
        ("stale_connection", True),
        ("reset", False),
        ("ok", False),
        ("ok", True),
        ("reset", False),
    ]
    assert answered == 4
    assert retries(records) == 3
    (finding,) = [f for f in find(analyse(read_log(folder / "run.log"))) if f.code == "retried"]
    assert (finding.numbers["retried"], finding.steps) == (3, (0,))


class TlsRacing(Handler):
    """Answers one query on each connection, and closes it when the next one arrives, unread."""

    asked = False

    def handle_one_request(self) -> None:
        if self.asked:
            select.select([self.connection], [], [], 10)
            self.reset()
        else:
            super().handle_one_request()
            self.asked = self.command == "POST"


@pytest.mark.slow
def test_a_race_within_tls_costs_no_failure(tmp_path: Path) -> None:
    """The queries behind the first are sent twice each, and the answers count."""
    tls = server_context(*self_signed())
    with recording_server(handler=TlsRacing, tls=tls) as server:
        options = {"custom_ramp": "1", "time_between_ramp": 1, "requests_per_second": 6}
        records = run(tmp_path, server.url, image_path=SMALL, **options)
        answered = len(server.queries())
    found = requests_of(records)
    prompt = [r for r in found if not (r.outcome == "reset" and r.latency > PROMPT_S)]
    assert {r.outcome for r in prompt} == {"ok"}
    assert retries(records) == sum(r.retried for r in found) > 0
    assert answered == sum(r.success for r in found)


def replaced(handler: Handler, number: int) -> None:
    """Keep the connection after one query; after the others give it up, each time otherwise."""
    body = edge_answer()
    kind = number % 4
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    if kind == 1:
        handler.send_header("Connection", "close")
        handler.close_connection = False  # it says so, and leaves the closing to the client
    if kind == 2:
        handler.send_header("Keep-Alive", "timeout=0, max=99")
    handler.end_headers()
    handler.wfile.write(body)
    if kind == 3:
        handler.wfile.flush()
        threading.Event().wait(0.05)
        wrong = edge_answer("det_" + "O" * 27)
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(wrong)
        handler.wfile.write(head + wrong)


@pytest.mark.parametrize("client", ["http", pytest.param("sdk", marks=pytest.mark.slow)])
def test_a_connection_that_cannot_be_used_again_is_replaced(tmp_path: Path, client: str) -> None:
    """`Connection: close`, the end of `Keep-Alive: timeout=`, and an answer that nobody asked for.

    The next query opens a new one, without a failure and without a second try; and it does not get
    the answer that nobody asked for. Only the connection that nothing is said about is kept.
    """
    with recording_server(replaced) as server:
        options = {"custom_ramp": "1", "time_between_ramp": 2, "requests_per_second": 4}
        records = run(tmp_path, server.url, client=client, image_path=SMALL, **options)
        connections = Counter(query.connection for query in server.queries())
    assert {r.outcome for r in requests_of(records)} == {"ok"}
    assert list(connections.values()) == [1, 1, 1, 2, 1, 1, 1]
    assert retries(records) == 0
