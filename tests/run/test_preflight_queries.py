"""Laws of the queries before the run, through both clients, against real servers."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from recording_server import DETECTOR_ID, Handler, Recorder, edge_answer, recording_server

from edgeload.edge.location import Unreachable, locate
from edgeload.edge.trust import TlsTrust
from edgeload.plan import one_group_plan, ramp_steps
from edgeload.run.picture_file import written_pictures
from edgeload.run.preflight_queries import HttpSender, SdkSender, ask_until_certain
from edgeload.run.preflight_rules import PreflightQuery, Subject
from edgeload.run.tasks import DetectorTask, GroupTask, WorkerTask
from edgeload.simulator.certificate import self_signed, server_context

CLIENTS = ["http", pytest.param("sdk", marks=pytest.mark.slow)]
Answer = Callable[[Handler, int], None]
PICTURES = [b"\xff\xd8\xff\xe0" + bytes([i]) * 20_000 for i in range(4)]


@contextmanager
def task_for(
    recorder: Recorder, timeout_s: float = 5.0, pool: Sequence[bytes] = PICTURES
) -> Iterator[WorkerTask]:
    with written_pictures(pool) as pictures:
        yield WorkerTask(
            index=0,
            workers=1,
            plan=one_group_plan(ramp_steps([1], 1.0), 1.0),
            run_id="20261126T000000Z-0123456789abcdef",
            target=locate(recorder.url),
            token="api_token_of_the_test",
            trust=TlsTrust(insecure=True),
            groups=(GroupTask("cameras", DetectorTask(DETECTOR_ID), pictures, timeout_s),),
            log_file=Path("unused.log"),
        )


def ask(
    recorder: Recorder,
    client: str = "http",
    *,
    timeout_s: float = 5.0,
    ready_timeout_s: float = 30.0,
    detector_status: int | None = 200,
    pictures: Sequence[bytes] = PICTURES,
) -> list[PreflightQuery]:
    """The queries of a run against this server; pauses take no time."""
    with task_for(recorder, timeout_s, pictures) as task:
        sender = (
            SdkSender(task, task.groups[0])
            if client == "sdk"
            else HttpSender(task, task.groups[0], DETECTOR_ID)
        )
        subject = Subject(recorder.url, DETECTOR_ID, detector_status)
        return ask_until_certain(
            sender, subject, timeout_s=ready_timeout_s, pause=lambda seconds: None
        )


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("encrypted", [False, True])
def test_sixteen_good_answers_each_over_a_new_connection(client: str, encrypted: bool) -> None:
    """The queries of a client: same path, parameters and headers; ids and pictures differ."""
    tls: ssl.SSLContext | None = server_context(*self_signed()) if encrypted else None
    with recording_server(tls=tls) as recorder:
        queries = ask(recorder, client)
        seen = recorder.queries()
    assert [query.number for query in queries] == list(range(1, 17))
    assert all(query.good and query.status == 200 for query in queries)
    assert all(query.sent_s < query.done_s for query in queries)
    assert len(seen) == len({query.connection for query in seen}) == 16
    assert len({query.headers["x-request-id"] for query in seen}) == 16
    assert {query.body for query in seen} == set(PICTURES)
    for query in seen:
        assert query.parameters == {
            "confidence_threshold": ["0.0"], "human_review": ["NEVER"],
            "detector_id": [DETECTOR_ID],
        }  # fmt: skip
        assert query.headers["x-api-token"] == "api_token_of_the_test"


@pytest.mark.parametrize("client", CLIENTS)
def test_refusals_that_pass_are_waited_out(client: str) -> None:
    """Each of eight processes may still be cold: sixteen good answers since the last refusal."""

    def answer(handler: Handler, number: int) -> None:
        if number in (1, 2, 5, 9):
            handler.reply(503, b'{"detail":"not yet"}')
        else:
            handler.reply(200, edge_answer())

    with recording_server(answer) as recorder:
        queries = ask(recorder, client)
    assert [query.number for query in queries if not query.good] == [1, 2, 5, 9]
    assert len(queries) == 9 + 16
    assert {query.result.outcome for query in queries} == {"ok", "http_503"}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    ("answer", "detector_status", "line", "asked"),
    [
        (lambda h, _: h.reply(500, b"Internal Server Error"), 401, "^GROUNDLIGHT_API_TOKEN", 1),
        (lambda h, _: h.reply(500, b"Internal Server Error"), 404, "^DETECTOR_ID = ", 1),
        (lambda h, _: h.reply(200, b"<html>welcome"), None, "is this an Edge Endpoint", 1),
        (lambda h, _: h.reply(200, edge_answer("det_" + "X" * 27)), 200, "wrong_detector", 1),
        (
            lambda h, _: h.reply(200, edge_answer().replace(b"true", b"false")),
            200,
            "the cloud answered",
            1,
        ),
    ],
)
def test_what_lasts_is_one_query_and_one_line(
    client: str, answer: Answer, detector_status: int | None, line: str, asked: int
) -> None:
    """The cause is named without asking again: each query makes a box ask the cloud."""
    with recording_server(answer) as recorder:
        with pytest.raises(Unreachable, match=line) as caught:
            ask(recorder, client, detector_status=detector_status)
        assert len(recorder.queries()) == asked
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (lambda h, _: h.reply(503, b"no pod"), "HTTP status 503: no pod; the detector's model"),
        (lambda h, _: h.reset(), "class reset"),
        (lambda h, _: h.hang(0.0), "class reset"),
        (lambda h, _: h.hang(3.0), "class timeout"),
    ],
)
def test_what_does_not_pass_in_time_is_given_up(client: str, answer: Answer, line: str) -> None:
    """With the last failure and how many there were."""
    with recording_server(answer) as recorder, pytest.raises(Unreachable, match=line):
        ask(recorder, client, timeout_s=0.3, ready_timeout_s=0.05)


def test_an_answer_in_pieces_and_one_that_ends_with_the_connection_are_read() -> None:
    """As a client of the run reads them."""

    def answer(handler: Handler, number: int) -> None:
        body = edge_answer()
        if number % 2:
            handler.send_response(200)
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            for piece in (body[:7], body[7:]):
                handler.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                handler.wfile.flush()
            handler.wfile.write(b"0\r\n\r\n")
        else:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n" + body)
            handler.close_connection = True

    with recording_server(answer) as recorder:
        assert len(ask(recorder)) == 16


class RefusingEarly(Handler):
    """Refuses a query when its head is in, and closes the connection."""

    def do_POST(self) -> None:
        self.wfile.write(b"HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig")
        self.wfile.flush()
        self.close_connection = True


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("encrypted", [False, True])
def test_a_refusal_before_the_picture_is_in_is_named(client: str, encrypted: bool) -> None:
    """The status that the server gave, and not the reset that follows it (cases: early answer)."""
    tls: ssl.SSLContext | None = server_context(*self_signed()) if encrypted else None
    with recording_server(handler=RefusingEarly, tls=tls, receive_buffer_bytes=4096) as recorder:
        for _ in range(5):
            with pytest.raises(Unreachable, match="413"):
                ask(recorder, client, pictures=[b"\xff\xd8" + bytes(1_800_000)])
