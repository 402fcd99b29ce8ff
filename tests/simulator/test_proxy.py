"""Faults, stalls and the in-flight limit as a client meets them, over real HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
import urllib3
from simulator_http import ID, post, wait_for

from edgeload.run.wire import check_answer
from edgeload.simulator.launch import RunningSimulator, SimulatorError, running_simulator
from edgeload.simulator.truth import read_truth_log


@pytest.fixture(scope="module", params=["http", "https"])
def simulator(request: pytest.FixtureRequest) -> Iterator[RunningSimulator]:
    tls = ["--tls"] if request.param == "https" else []
    with running_simulator(["--service-time", "1ms", "--slow-body-time", "400ms", *tls]) as running:
        yield running


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    yield


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("status_503", "http_503"),
        ("status_500", "http_500"),
        ("status_429", "http_429"),
        ("status_504", "http_504"),
        ("escalate", "escalated"),
        ("bad_json", "bad_answer"),
        ("wrong_detector", "wrong_detector"),
    ],
)
def test_faulty_answers(simulator: RunningSimulator, kind: str, outcome: str) -> None:
    """A certain fault gives every query the answer that it is named after, until it is off."""
    simulator.set_faults(**{kind: 1.0})
    answer = post(simulator.url)
    simulator.set_faults()
    assert check_answer(answer.status_code, answer.content, ID).outcome == outcome
    assert check_answer(200, post(simulator.url).content, ID).outcome == "ok"


def test_a_reset_gives_no_status(simulator: RunningSimulator) -> None:
    """The connection is reset before any answer; the query is counted as reset."""
    before = simulator.stats()
    simulator.set_faults(reset=1.0)
    with pytest.raises(requests.ConnectionError) as raised:
        post(simulator.url)
    simulator.set_faults()
    if simulator.url.startswith("http:"):  # OpenSSL tells Python of an end, not of the reset
        assert "reset" in str(raised.value).lower()
    after = simulator.stats()
    assert after["received"] - before["received"] == after["reset"] - before["reset"] == 1


def test_a_hang_never_answers_and_leaving_is_noticed(simulator: RunningSimulator) -> None:
    """The client runs into its own time limit; then the query counts as abandoned."""
    before = simulator.stats()["abandoned"]
    simulator.set_faults(hang=1.0)
    with pytest.raises(requests.ReadTimeout):
        post(simulator.url, timeout_s=0.3)
    simulator.set_faults()
    wait_for(lambda: simulator.stats()["abandoned"] == before + 1, "the client's leaving")
    assert simulator.stats()["in_flight"] == 0


def test_a_slow_body_trickles(simulator: RunningSimulator) -> None:
    """The head comes at once, the last byte not before the time asked for; all of it is right."""
    simulator.set_faults(slow_body=1.0)
    start_s = time.monotonic()
    answer = post(simulator.url)
    simulator.set_faults()
    assert time.monotonic() - start_s >= 0.4
    assert answer.elapsed.total_seconds() < 0.35  # requests counts until the head
    assert check_answer(200, answer.content, ID).outcome == "ok"


def test_a_stall_holds_answers_back(simulator: RunningSimulator) -> None:
    """No query that arrives in a stall is answered before its end; others are."""
    simulator.stall(0.5)
    start_s = time.monotonic()
    assert post(simulator.url).status_code == 200
    assert time.monotonic() - start_s >= 0.4
    assert simulator.stats()["stalls"] >= 1


def test_beyond_the_in_flight_limit_connections_are_reset() -> None:
    """Of 15 queries at once with a limit of 10, exactly 10 are answered and 5 reset."""
    with running_simulator(["--max-in-flight", "10", "--service-time", "100ms"]) as running:
        running.stall(2.0)  # so that all are in flight at once

        def outcome(_: int) -> str:
            try:
                return str(post(running.url).status_code)
            except requests.ConnectionError:
                return "reset"

        with ThreadPoolExecutor(15) as clients:
            outcomes = sorted(clients.map(outcome, range(15)))
        assert outcomes == ["200"] * 10 + ["reset"] * 5
        stats = running.stats()
        assert (stats["received"], stats["reset"], stats["over_limit"]) == (15, 5, 5)


def test_shares_of_faults_and_counts_add_up() -> None:
    """What the client sees and what the endpoint counts is the same, class by class."""
    options = ["--service-time", "0", "--fault", "status_503=0.3", "--fault", "reset=0.2"]
    seen: dict[str, int] = {}
    with running_simulator(options) as running:
        for _ in range(150):
            try:
                outcome = str(post(running.url).status_code)
            except requests.ConnectionError:
                outcome = "reset"
            seen[outcome] = seen.get(outcome, 0) + 1
        stats = running.stats()
    assert stats["by_status"] == {k: n for k, n in sorted(seen.items()) if k != "reset"}
    assert stats["reset"] == seen["reset"]
    assert stats["received"] == 150
    assert 20 < seen["503"] < 70
    assert 10 < seen["reset"] < 55


def test_one_client_may_have_several_queries_in_parallel() -> None:
    """Of one detector, over one connection each: 6 at once over 4 workers are 4, then 2.

    Another detector, with a pool of its own, is answered meanwhile.
    """
    options = ["--detector", "plates:workers=4,service-time=700ms", "--detector", "cars:workers=1"]
    with running_simulator([*options, "--service-time", "0"]) as running:
        plates, cars = (one["id"] for one in running.detectors())
        start_s = time.monotonic()
        with ThreadPoolExecutor(6) as client:
            asked = [client.submit(post, running.url, detector_id=plates) for _ in range(6)]
            wait_for(
                lambda: running.stats()["by_detector"][plates]["in_flight"] == 6, "all in flight"
            )
            assert post(running.url, detector_id=cars).status_code == 200
            beside = running.stats()["by_detector"]
            assert [answer.result().json()["detector_id"] for answer in asked] == [plates] * 6
        took_s = time.monotonic() - start_s
    assert beside[plates]["answered"] == 0
    assert beside[plates]["in_service"] + beside[plates]["queue"] == 6
    assert beside[plates]["in_service"] == 4
    assert took_s >= 1.4


def test_swapped_labels_are_those_that_the_endpoint_counts(tmp_path: Path) -> None:
    """A client that knows the right labels finds as many wrong ones as stats and log have.

    Asked one after the other there are none; three at once over one worker find it busy.
    """
    log = tmp_path / "truth.jsonl"
    pictures = [bytes([number]) for number in range(40)]
    options = ["--inference-workers", "1", "--service-time", "4ms", "--swap-above", "0.8"]
    options += ["--fault", "swap_label=0.5", "--truth-log", str(log)]
    with running_simulator(options) as running:

        def label(picture: bytes) -> str:
            return str(post(running.url, body=picture).json()["result"]["label"])

        right = [label(picture) for picture in pictures]
        assert running.stats()["faults"] == {}
        with ThreadPoolExecutor(3) as clients:
            found = list(clients.map(label, pictures * 3))
        counted = running.stats()["faults"]["swap_label"]
    wrong = sum(map(str.__ne__, found, right * 3))
    assert wrong == counted == [t.fault for t in read_truth_log(log)].count("swap_label")
    assert counted > 5


def test_an_illegal_fault_is_an_error_for_the_caller(simulator: RunningSimulator) -> None:
    """set_faults raises with the endpoint's reason."""
    with pytest.raises(SimulatorError, match="explode"):
        simulator.set_faults(explode=1.0)
