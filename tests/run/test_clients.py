"""Laws of both clients, HTTP and SDK, against a real server of the standard library."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any, cast

import pytest
from recording_server import DETECTOR_ID, Handler, Recorder, edge_answer, recording_server
from rich.console import Console

from edgeload.box_records import ModelChange, ModelGone
from edgeload.records import AskedAlone, End, Header, Missed, Request, WorkerSample
from edgeload.run.phases import Ending
from edgeload.run.session import run_session
from edgeload.runlog import DamagedLine, read_records
from edgeload.settings import resolve

IMAGE = Path(__file__).parents[2] / "images" / "dog_resized_256x256.jpeg"
TOKEN = "api_token_of_the_test"


def run(tmp_path: Path, url: str, **options: Any) -> list[Any]:
    """One short run against `url`; every record of its log."""
    settings = resolve(
        {},
        {
            "endpoint_url": url,
            "detector_id": DETECTOR_ID,
            "preflight": False,
            "image_path": IMAGE,
            "image_pool": 8,
            "log_file": tmp_path / "run.log",
            "custom_ramp": "2",
            "time_between_ramp": 1,
            "requests_per_second": 5,
            "timeout": 2,
            **options,
        },
        {"GROUNDLIGHT_API_TOKEN": TOKEN},
    )
    outcome = run_session(settings, Console(file=StringIO()))
    assert outcome.ending is Ending.FINISHED
    records = [record for chunk in read_records(tmp_path / "run.log") for record in chunk]
    assert not [record for record in records if isinstance(record, DamagedLine)]
    return records


def requests_of(records: list[Any]) -> list[Request]:
    return [record for record in records if isinstance(record, Request)]


def assert_adds_up(records: list[Any]) -> None:
    """Every planned request is a line, the counters agree with the lines."""
    header, end = records[0], records[-1]
    assert isinstance(header, Header)
    assert isinstance(end, End)
    steps = header.plan.steps
    rate = header.plan.requests_per_second or 0.0
    planned = sum(s.clients * (s.end_s - s.start_s) for s in steps) * rate
    outcomes = Counter(r.outcome == "ok" for r in requests_of(records))
    missed = sum(isinstance(r, Missed) for r in records)
    assert outcomes[True] + outcomes[False] + missed == planned
    assert end.counted["ok"] == outcomes[True]
    assert end.counted["failed"] == outcomes[False]
    assert end.counted["missed"] == missed
    numbers = Counter(
        (r.worker_number, r.request_number) for r in records if isinstance(r, Request | Missed)
    )
    assert max(numbers.values()) == 1


def on_the_wire(recorder: Recorder) -> dict[str, Any]:
    """What of an image query matters to the endpoint, apart from its own id and picture."""
    query = recorder.queries()[0]
    of_interest = ("accept", "accept-encoding", "content-type", "host", "x-api-token")
    return {
        "path": query.path,
        "parameters": query.parameters,
        "headers": {name: query.headers[name] for name in of_interest},
        "id": query.headers["x-request-id"][:6],
        "id length": len(query.headers["x-request-id"]),
    }


def test_both_clients_put_the_same_on_the_wire(tmp_path: Path) -> None:
    """Method, path, parameters and the headers that matter; besides, only the box's own routes."""
    seen = {}
    for client in ("http", "sdk"):
        with recording_server() as recorder:
            records = run(tmp_path, recorder.url, client=client)
            seen[client] = on_the_wire(recorder)
            seen[client]["headers"]["host"] = "HOST"
            assert_adds_up(records)
            assert {r.outcome for r in requests_of(records)} == {"ok"}
            assert len(recorder.queries()) == len(requests_of(records)) == 10
            others = {s.path for s in recorder.seen if s.method == "GET"}
            if client == "http":
                detector = f"/device-api/v1/detectors/{DETECTOR_ID}"
                asked = {"/health/ready", "/edge-detector-readiness", "/edge-config", detector}
                asked |= {"/status/metrics.json", "/status/resources.json"}
                assert others == asked
            pictures = {(s.headers["x-request-id"][-16:-8], s.body) for s in recorder.queries()}
            assert len(pictures) == 10  # of its five, each client sent no two alike
            ids = {s.headers["x-request-id"] for s in recorder.queries()}
            assert len(ids) == 10
    assert seen["http"] == seen["sdk"]


def fail(status: int) -> Callable[[Handler, int], None]:
    return lambda handler, _: handler.reply(status, b"sorry")


@pytest.mark.parametrize("client", ["http", "sdk"])
def test_no_request_is_repeated_in_silence(tmp_path: Path, client: str) -> None:
    """A 503 is one request and one failure, though the SDK by itself would send three more."""
    with recording_server(fail(503)) as recorder:
        records = run(tmp_path, recorder.url, client=client)
        assert len(recorder.queries()) == len(requests_of(records)) == 10
    assert {(r.outcome, r.status, r.success) for r in requests_of(records)} == {
        ("http_503", 503, False)
    }
    assert {r.error for r in requests_of(records)} == {"sorry"}
    assert_adds_up(records)


@pytest.mark.parametrize("client", ["http", pytest.param("sdk", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (lambda h, _: h.reset(), "reset"),
        (lambda h, _: h.hang(0.0), "reset"),
        (lambda h, _: h.reply(200, b'{"id": 3'), "bad_answer"),
        (lambda h, _: h.reply(200, edge_answer("det_" + "X" * 27)), "wrong_detector"),
        (
            lambda h, _: h.reply(200, edge_answer().replace(b"true", b"false")),
            "escalated",
        ),
    ],
)
def test_every_failure_has_its_class(
    tmp_path: Path, client: str, answer: Callable[[Handler, int], None], outcome: str
) -> None:
    """The same fault is the same class through both clients, and never a success."""
    with recording_server(answer) as recorder:
        records = run(tmp_path, recorder.url, client=client)
        assert len(recorder.queries()) == len(requests_of(records))
    assert {r.outcome for r in requests_of(records)} == {outcome}
    assert_adds_up(records)


@pytest.mark.parametrize("client", ["http", "sdk"])
def test_a_change_of_the_model_is_one_line_and_its_end_another(tmp_path: Path, client: str) -> None:
    """Whoever sends: which model answered first, when the next one did, and when the old one last.

    Answers alternate for a while, and an answer without a name says nothing.
    """
    keys = ["a", "a", "b", "a", "b", None, "b"]

    def answer(handler: Handler, number: int) -> None:
        key = keys[min(number, len(keys)) - 1]
        said = json.loads(edge_answer())
        if key is not None:
            said["metadata"]["edge_result"] = {"mlb_key": f"mlb_{key}", "oodd_mlb_key": None}
        handler.reply(200, json.dumps(said).encode())

    with recording_server(answer) as recorder:
        records = run(tmp_path, recorder.url, client=client, custom_ramp="1", time_between_ramp=1.4)
    done_s = [request.done_s for request in requests_of(records)]
    first, change = (record for record in records if isinstance(record, ModelChange))
    (gone,) = (record for record in records if isinstance(record, ModelGone))
    assert (first.model, first.before, first.at_s) == ("mlb_a", None, done_s[0])
    assert (change.model, change.before, change.at_s) == ("mlb_b", "mlb_a", done_s[2])
    assert (change.before_last_s, change.detector_id) == (done_s[1], DETECTOR_ID)
    assert (gone.model, gone.at_s) == ("mlb_a", done_s[3])
    assert_adds_up(records)


@pytest.mark.parametrize("client", ["http", "sdk"])
def test_a_request_ends_after_its_timeout(tmp_path: Path, client: str) -> None:
    """Connecting, waiting and the body share one deadline: a trickling body does not extend it."""

    def trickle(handler: Handler, _: int) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(50):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            threading.Event().wait(0.1)

    with recording_server(trickle) as recorder:
        records = run(tmp_path, recorder.url, client=client, timeout=0.5)
    found = requests_of(records)
    assert {r.outcome for r in found} == {"timeout"}
    assert all(0.5 <= r.latency < 1.0 for r in found)
    assert_adds_up(records)
    end = records[-1]
    assert end.at_s < 1 + 0.5 + 1.0


@pytest.mark.parametrize("client", ["http", "sdk"])
def test_a_changed_answer_is_found_and_counted(tmp_path: Path, client: str) -> None:
    """Each picture has a label of its own; two of them have the other one once the load begins.

    As many failures as such pictures were sent, with their texts; all ten answers were compared.
    """
    pictures: list[bytes] = []

    def answer(handler: Handler, number: int) -> None:
        body = handler.recorder.queries()[number - 1].body
        if number <= 8:
            pictures.append(body)
        place = pictures.index(body)
        label = b'"NO"' if (place % 2) ^ (number > 16 and place in (2, 5)) else b'"YES"'
        handler.reply(200, edge_answer().replace(b'"YES"', label))

    with recording_server(answer) as recorder:
        records = run(tmp_path, recorder.url, client=client, check_answers=True)
        sent = [query.body for query in recorder.queries()[16:]]
    found = requests_of(records)
    wrong = Counter(r.error for r in found if r.outcome != "ok")
    assert wrong == Counter(
        {
            "picture 3: YES before the run, now NO": sent.count(pictures[2]),
            "picture 6: NO before the run, now YES": sent.count(pictures[5]),
        }
    )
    assert {r.outcome for r in found} == {"ok", "changed_answer"}
    assert all(r.from_edge and r.status == 200 for r in found)
    (alone,) = [r for r in records if isinstance(r, AskedAlone)]
    assert (alone.pictures, alone.unstable, alone.answers) == (8, 0, {"YES": 4, "NO": 4})
    assert alone.start_s < alone.end_s < 0
    last = {r.worker: r.compared for r in records if isinstance(r, WorkerSample)}
    assert sum(last.values()) == len(found) == 10
    assert_adds_up(records)


def test_a_connection_is_kept_and_replaced_when_the_server_closes_it(tmp_path: Path) -> None:
    """`Connection: close` on every third answer: a new connection each time, and no failure."""

    def answer(handler: Handler, number: int) -> None:
        handler.reply(200, edge_answer(), close=number % 3 == 0)

    with recording_server(answer) as recorder:
        records = run(tmp_path, recorder.url, custom_ramp="1", requests_per_second=12, workers=1)
        connections = Counter(s.connection for s in recorder.queries())
    assert {r.outcome for r in requests_of(records)} == {"ok"}
    assert list(connections.values()) == [3, 3, 3, 3]
    samples = [r for r in records if isinstance(r, WorkerSample)]
    assert samples[-1].connects == 4


def test_refused_and_the_step_goes_on(tmp_path: Path) -> None:
    """An endpoint that goes away in the run: each request is refused by itself, none is lost."""
    with recording_server() as recorder:
        url = recorder.url

        def answer(handler: Handler, number: int) -> None:
            handler.reply(200, edge_answer(), close=True)
            if number == 4:
                cast(ThreadingHTTPServer, handler.server).socket.close()

        recorder.answer = answer
        records = run(tmp_path, url, custom_ramp="1", requests_per_second=10)
    outcomes = [r.outcome for r in requests_of(records)]
    assert outcomes[:4] == ["ok"] * 4
    assert set(outcomes[5:]) <= {"refused", "reset"}
    assert_adds_up(records)


def test_a_server_that_closed_while_idle_costs_no_failure(tmp_path: Path) -> None:
    """Closed between two requests, the connection is made anew before the next: no error."""

    def answer(handler: Handler, number: int) -> None:
        handler.reply(200, edge_answer())
        handler.close_connection = True  # without having said so

    with recording_server(answer) as recorder:
        records = run(tmp_path, recorder.url, requests_per_second=5)
        assert len(recorder.queries()) == 10
    assert {r.outcome for r in requests_of(records)} == {"ok"}


@pytest.mark.parametrize("client", ["http", "sdk"])
@pytest.mark.parametrize(
    ("wait_s", "outcomes"),
    [(0.0, [("ok", False), ("ok", True)]), (0.3, [("ok", False), ("reset", False)])],
    ids=["at once", "after it was read"],
)
def test_a_kept_connection_that_is_closed_under_a_request(
    tmp_path: Path, client: str, wait_s: float, outcomes: list[tuple[str, bool]]
) -> None:
    """Closed at once, the request is sent once more and counted; later, it is a reset."""

    def answer(handler: Handler, number: int) -> None:
        if number == 2:
            threading.Event().wait(wait_s)
            handler.reset()
        else:
            handler.reply(200, edge_answer())

    with recording_server(answer) as recorder:
        options = {"custom_ramp": "1", "requests_per_second": 1, "time_between_ramp": 2}
        records = run(tmp_path, recorder.url, client=client, **options)
        assert len(recorder.queries()) == 2 + outcomes[1][1]
    assert [(r.outcome, r.retried) for r in requests_of(records)] == outcomes
    samples = [r for r in records if isinstance(r, WorkerSample)]
    assert samples[-1].stale_retries == outcomes[1][1]
    assert_adds_up(records)


def test_the_token_is_in_no_file(tmp_path: Path) -> None:
    """Not in the log, whatever the endpoint answers."""
    with recording_server(fail(500)) as recorder:
        run(tmp_path, recorder.url)
    assert TOKEN not in (tmp_path / "run.log").read_text()
    assert TOKEN[:12] not in (tmp_path / "run.log").read_text()


def test_files_that_run_out_are_our_own_fault(tmp_path: Path) -> None:
    """EMFILE is the class `generator`, not the endpoint's."""
    from edgeload.run.connection import classify  # noqa: PLC0415

    opened = []
    import resource  # noqa: PLC0415

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (len(list(Path("/proc/self/fd").iterdir())) + 5, hard)
    )
    try:
        with pytest.raises(OSError) as caught:
            for _ in range(50):
                opened.append(socket.socket())
    finally:
        for sock in opened:
            sock.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert classify(caught.value).outcome == "generator"
