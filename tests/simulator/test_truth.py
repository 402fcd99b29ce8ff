"""The truth log of a running simulator against the client's clock and against the queue."""

from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from simulator_http import ID, post, wait_for

from edgeload.simulator.launch import running_simulator
from edgeload.simulator.queueing import FifoQueue
from edgeload.simulator.truth import Truth, read_truth_log


def burst(url: str, clients: int, each: int, detector_id: str = ID) -> tuple[float, float]:
    """(first sent, last answered), in monotonic seconds, of a closed loop of clients."""

    def one(_: int) -> None:
        with requests.Session() as session:
            for _ in range(each):
                assert post(url, session=session, detector_id=detector_id).status_code == 200

    start_s = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(one, range(clients)))
    return start_s, time.monotonic()


def replayed(truths: list[Truth], servers: int) -> list[tuple[float, float]]:
    """Start and end that the queue gives for the log's arrivals and service times."""
    queue = FifoQueue(servers)
    ordered = sorted(truths, key=lambda t: (t.start_s, t.arrival_s))
    tickets = []
    for truth in ordered:
        assert truth.start_s is not None
        assert truth.end_s is not None
        tickets.append(queue.arrive(truth.arrival_s, truth.end_s - truth.start_s))
    jobs = dict(queue.done(float("inf")))
    return [(jobs[ticket].start_s, jobs[ticket].end_s) for ticket in tickets]


def test_capacity_end_to_end(tmp_path: Path) -> None:
    """40 queries over 4 workers of 50 ms take at least 0.5 s; service is 50 ms to the microsecond.

    And the log agrees with the client's clock, and with the queue when that is replayed. A proxy
    reads its clock after it has sent the last byte: by then a client may have the answer.
    """
    log = tmp_path / "truth.jsonl"
    with running_simulator(["--service-time", "50ms", "--truth-log", str(log)]) as simulator:
        start_s, end_s = burst(simulator.url, clients=8, each=5)
        wait_for(lambda: log.read_bytes().count(b"\n") == 40, "the log's lines")
        stats = simulator.stats()
    assert (stats["received"], stats["answered"], stats["by_status"]) == (40, 40, {"200": 40})
    truths = read_truth_log(log)
    assert end_s - start_s >= 0.5
    for truth in truths:
        assert truth.start_s is not None
        assert truth.end_s is not None
        assert truth.answered_s is not None
        assert truth.end_s - truth.start_s == pytest.approx(0.05, abs=1e-6)
        assert start_s <= truth.arrival_s <= truth.start_s
        assert truth.end_s <= min(truth.answered_s, end_s)
    expected = replayed(truths, 4)
    found = sorted((t.start_s, t.end_s) for t in truths)
    assert found == [pytest.approx(pair, abs=1e-6) for pair in sorted(expected)]
    busy_s = max(t.end_s or 0.0 for t in truths) - min(t.start_s or 0.0 for t in truths)
    assert busy_s >= 0.5 - 1e-6


def test_random_service_times_queue_as_computed(tmp_path: Path) -> None:
    """Exponential service: the log is what the recursion gives, and the seed fixes the times."""
    times = []
    for run in ("a", "b"):
        log = tmp_path / f"{run}.jsonl"
        options = ["--distribution", "exponential", "--service-time", "5ms", "--seed", "9"]
        with running_simulator([*options, "--truth-log", str(log)]) as simulator:
            burst(simulator.url, clients=6, each=10)
        truths = read_truth_log(log)  # complete once the simulator has ended
        assert len(truths) == 60
        found = sorted((t.start_s or 0.0, t.end_s or 0.0) for t in truths)
        assert found == [pytest.approx(pair, abs=1e-6) for pair in sorted(replayed(truths, 4))]
        times.append(sorted(end_s - start_s for start_s, end_s in found))
    assert times[0] == pytest.approx(times[1], abs=1e-6)


def test_services_that_compete_take_longer(tmp_path: Path) -> None:
    """8 clients of two detectors keep 4 workers busy on 2 cores: services take up to 2 x 20 ms.

    Each takes the time without slowdown, times the factor for 1, 2, 3 or 4 busy workers.
    """
    log = tmp_path / "truth.jsonl"
    options = ["--cores", "2", "--service-time", "20ms", "--truth-log", str(log)]
    options += ["--detector", "a:workers=3", "--detector", "b:workers=1"]
    with running_simulator(options) as simulator:
        first, second = (one["id"] for one in simulator.detectors())
        with ThreadPoolExecutor(2) as both:
            for each in [
                both.submit(burst, simulator.url, 6, 10, first),
                both.submit(burst, simulator.url, 2, 10, second),
            ]:
                each.result()
    times_s = [(t.end_s or 0.0) - (t.start_s or 0.0) for t in read_truth_log(log)]
    assert len(times_s) == 80
    counts = Counter(round(time_s, 6) for time_s in times_s)
    assert set(counts) <= {0.02, 0.03, 0.04}
    assert counts[0.04] > 10


def test_lines_name_request_proxy_and_fault(tmp_path: Path) -> None:
    """Each line carries the client's X-Request-Id; what was not served has no service times."""
    log = tmp_path / "truth.jsonl"
    options = ["--service-time", "1ms", "--proxy-workers", "1", "--truth-log", str(log)]
    with running_simulator(options) as simulator:
        headers = {"X-Request-Id": "req_uu0123", "Content-Type": "image/png", "x-api-token": "t"}
        url = f"{simulator.url}/device-api/v1/image-queries?detector_id=det_{'T' * 27}"
        requests.post(url, data=b"x", headers=headers, timeout=10)
        simulator.set_faults(status_502=1.0)
        requests.post(url, data=b"x", headers=headers | {"X-Request-Id": "b"}, timeout=10)
        simulator.set_faults(hang=1.0)
        with pytest.raises(requests.ReadTimeout):
            requests.post(url, data=b"x", headers=headers | {"X-Request-Id": "c"}, timeout=0.2)
        wait_for(lambda: log.read_bytes().count(b"\n") == 3, "three lines, without an end")
    served, refused, hung = (json.loads(line) for line in log.read_bytes().splitlines())
    assert served["request_id"] == "req_uu0123"
    assert (served["status"], served["fault"], served["worker"]) == (200, None, 0)
    assert (refused["request_id"], refused["status"], refused["fault"]) == ("b", 502, "status_502")
    assert (refused["start_s"], refused["end_s"]) == (None, None)
    assert refused["answered_s"] >= refused["arrival_s"]
    assert (hung["request_id"], hung["status"], hung["answered_s"]) == ("c", None, None)
    assert served["connection"] != refused["connection"]


def test_a_log_of_before_there_were_several_detectors_is_read(tmp_path: Path) -> None:
    """Its lines have no detector_id, and are read with an empty one."""
    log = tmp_path / "truth.jsonl"
    line = {
        **{"request_id": "r", "arrival_s": 1.0, "start_s": 1.0, "end_s": 1.5, "answered_s": 1.6},
        **{"status": 200, "fault": None, "worker": 0, "connection": 1},
    }
    log.write_text(json.dumps(line) + "\n")
    assert read_truth_log(log) == [Truth(**line, detector_id="")]  # type: ignore[arg-type]


def test_lines_stats_and_clients_agree_by_detector(tmp_path: Path) -> None:
    """Queries, statuses and refusals per detector: counted alike, and adding up to the totals."""
    log = tmp_path / "truth.jsonl"
    options = ["--detector", "door:workers=2,service-time=2ms", "--detector", "cat:service-time=0"]
    stranger = "det_" + "Q" * 27
    with running_simulator([*options, "--truth-log", str(log)]) as simulator:
        url = simulator.url
        ids = {one["name"]: one["id"] for one in simulator.detectors()}
        seen: Counter[tuple[str, int]] = Counter()
        for detector_id, content_type, times in (
            (ids["door"], "image/jpeg", 7),
            (ids["door"], "text/plain", 2),
            (ids["cat"].upper().replace("DET_", "det_"), "image/png", 3),
            (stranger, "image/png", 4),
        ):
            for _ in range(times):
                answer = post(url, detector_id=detector_id, content_type=content_type)
                asked = ids["cat"] if detector_id.lower() == ids["cat"].lower() else detector_id
                seen["" if asked == stranger else asked, answer.status_code] += 1
        simulator.set_faults(reset=1.0)
        with pytest.raises(requests.ConnectionError):
            post(url, detector_id=ids["cat"])
        stats = simulator.stats()
    assert seen == {
        (ids["door"], 200): 7, (ids["door"], 415): 2, (ids["cat"], 200): 3, ("", 500): 4,
    }  # fmt: skip
    by_detector = stats["by_detector"]
    assert {one: values["name"] for one, values in by_detector.items()} == {
        ids["door"]: "door", ids["cat"]: "cat", "": None,
    }  # fmt: skip
    counted = {
        (one, int(status)): number
        for one, values in by_detector.items()
        for status, number in values["by_status"].items()
    }
    assert counted == seen
    for name in ("received", "answered", "in_flight", "queue", "in_service", "reset", "abandoned"):
        assert stats[name] == sum(values[name] for values in by_detector.values()), name
    assert (stats["received"], stats["answered"], stats["reset"]) == (17, 16, 1)
    assert by_detector[ids["cat"]]["faults"] == stats["faults"] == {"reset": 1}
    truths = read_truth_log(log)
    logged = Counter((truth.detector_id, truth.status or 0) for truth in truths)
    assert logged == seen + Counter({(ids["cat"], 0): 1})


def test_a_query_in_flight_at_the_end_is_in_the_log(tmp_path: Path) -> None:
    """Ending the simulator writes what was in flight, without an answer."""
    log = tmp_path / "truth.jsonl"
    with ThreadPoolExecutor(1) as pool:
        options = ["--service-time", "60s", "--truth-log", str(log)]
        with running_simulator(options) as simulator:
            asking = pool.submit(post, simulator.url)
            wait_for(lambda: simulator.stats()["in_service"] == 1, "the query")
        assert isinstance(asking.exception(timeout=10), requests.ConnectionError)
    (truth,) = read_truth_log(log)
    assert truth.start_s is not None
    assert (truth.end_s, truth.answered_s, truth.status) == (None, None, None)
