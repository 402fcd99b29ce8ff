"""Laws of warming up: enough queries, each over a new connection, and patience with a restart."""

from __future__ import annotations

import socket
import threading
import time

import pytest
from recording_server import DETECTOR_ID, Handler, edge_answer, recording_server

from edgeload.edge.location import Unreachable
from edgeload.run.warm_up import WARM_QUERIES, warm_up
from edgeload.settings import Settings, resolve
from edgeload.simulator.launch import running_simulator


def settings_for(url: str, **options: object) -> Settings:
    given = {"endpoint_url": url, "image_pool": 2, **options}
    return resolve({}, given, {"GROUNDLIGHT_API_TOKEN": "t"})


def test_each_query_goes_over_a_new_connection() -> None:
    """Fifty of them: of eight processes, the chance that one gets none is 8 * (7/8)^50, 1 %."""
    with recording_server() as recorder:
        sent = warm_up(settings_for(recorder.url, detector_id=DETECTOR_ID), timeout_s=10)
        seen = recorder.queries()
    assert sent == len(seen) == len({query.connection for query in seen}) == WARM_QUERIES
    assert 8 * (7 / 8) ** WARM_QUERIES < 0.011


def test_refusals_are_waited_out_and_do_not_count() -> None:
    """A worker that is still starting answers with 503."""
    refused = 5

    def answer(handler: Handler, number: int) -> None:
        if number <= refused:
            handler.reply(503, b'{"detail":"not ready"}')
        else:
            handler.reply(200, edge_answer())

    with recording_server(answer) as recorder:
        warm_up(
            settings_for(recorder.url, detector_id=DETECTOR_ID),
            timeout_s=10, queries=20, pause=lambda seconds: None,
        )  # fmt: skip
        assert len(recorder.queries()) == refused + 20


def test_every_detector_is_warmed_up(tmp_path: object) -> None:
    """Each has pods of its own."""
    mix = "examples/mix.yaml"
    options = [word for name in ("front-door", "person-counter", "label-check")
               for word in ("--detector", name)]  # fmt: skip
    with running_simulator([*options, "--service-time", "1ms"]) as simulator:
        warm_up(settings_for(simulator.url, mix=mix), timeout_s=10, queries=20)
        counts = simulator.stats()["by_detector"].values()
    assert [each["answered"] for each in counts] == [20, 20, 20]


def test_an_endpoint_that_starts_late_is_waited_for() -> None:
    """Its port refuses connections first: for a run that is final, here it is just restarting."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    settings = settings_for(f"http://127.0.0.1:{port}", detector_name="d")
    warmed: list[int] = []
    thread = threading.Thread(
        target=lambda: warmed.append(warm_up(settings, timeout_s=30, queries=17))
    )
    thread.start()
    time.sleep(0.7)  # at least one refusal
    with running_simulator(["--port", str(port), "--service-time", "1ms"]):
        thread.join(30)
    assert warmed == [17]


def test_an_endpoint_that_never_starts_is_given_up() -> None:
    """After its time, with the cause."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Unreachable, match="no connection"):
            warm_up(settings_for(url), timeout_s=0.3)
