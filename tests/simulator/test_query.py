"""The running simulator against the edge-endpoint contract, over real HTTP."""

from __future__ import annotations

import json
import re
import socket
import ssl
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import simulator_http as http
from simulator_http import ID, get, post

from edgeload.edge.asking import ask
from edgeload.edge.location import locate
from edgeload.edge.trust import TlsTrust
from edgeload.edge_facts import MAX_BODY_BYTES
from edgeload.run.wire import check_answer
from edgeload.simulator.launch import RunningSimulator, running_simulator
from edgeload.simulator.query import label_of


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(["--service-time", "1ms"]) as running:
        yield running


def test_an_answer_has_the_contracts_shape(simulator: RunningSimulator) -> None:
    """Every field of the raw answer in the contract, and no other; our own client accepts it."""
    answer = post(simulator.url, confidence_threshold="0.0", human_review="NEVER")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert check_answer(200, answer.content, ID).outcome == "ok"
    found = answer.json()
    result = found.pop("result")
    for key in ("mlb_key", "oodd_mlb_key"):
        assert re.fullmatch(r"mlb_[0-9A-Za-z]{27}", found["metadata"]["edge_result"].pop(key))
    assert re.fullmatch(r"iq_[0-9A-Za-z]{27}", found.pop("id"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", found.pop("created_at"))
    assert found == {
        "metadata": {"is_from_edge": True, "edge_result": {}},
        "type": "image_query",
        "query": "Is there a dog in the picture?",
        "detector_id": ID,
        "result_type": "binary_classification",
        "patience_time": 30.0,
        "confidence_threshold": 0.0,
        "rois": None,
        "text": None,
        "done_processing": True,
    }
    assert result.pop("label") in ("YES", "NO")
    assert 0.0 <= result.pop("confidence") <= 1.0
    assert result == {"source": "ALGORITHM", "result_type": None, "from_edge": True}


def test_labels_are_fair_and_those_of_two_detectors_unrelated() -> None:
    """Of 4000 pictures, half are YES, and half have the same label from another detector.

    Within 4 standard deviations of a fair coin, each 0.8 %.
    """
    pictures = [zlib.crc32(f"picture {number}".encode()) for number in range(4000)]
    first, other = ([label_of(picture, one) for picture in pictures] for one in (ID, ID[:-1] + "T"))
    assert first.count("YES") / 4000 == pytest.approx(0.5, abs=0.032)
    assert sum(map(str.__eq__, first, other)) / 4000 == pytest.approx(0.5, abs=0.032)
    assert first == [label_of(picture, ID.lower()) for picture in pictures]


def test_one_picture_always_has_the_same_label(simulator: RunningSimulator) -> None:
    """Over other connections and proxies, from another endpoint with another seed, in big pieces.

    Pictures that differ in one byte do not all have the same label.
    """
    pictures = [b"\xff\xd8" + bytes([number]) + b"x" * 300_000 for number in range(12)]

    def labels(url: str) -> list[str]:
        return [post(url, body=picture).json()["result"]["label"] for picture in pictures]

    first = labels(simulator.url)
    assert set(first) == {"YES", "NO"}
    assert [labels(simulator.url) for _ in range(3)] == [first] * 3
    with running_simulator(["--service-time", "0", "--seed", "99"]) as other:
        assert labels(other.url) == first
    assert first == [label_of(zlib.crc32(picture), ID) for picture in pictures]


def test_parameters_are_echoed_and_ids_fresh(simulator: RunningSimulator) -> None:
    """patience_time and threshold come back; no two answers share an id."""
    answers = [post(simulator.url, patience_time="7", confidence_threshold="0.5") for _ in "ab"]
    assert {answer.json()["patience_time"] for answer in answers} == {7.0}
    assert {answer.json()["confidence_threshold"] for answer in answers} == {0.5}
    assert len({answer.json()["id"] for answer in answers}) == 2
    one = answers[0].json()
    assert get(simulator.url, f"{http.QUERIES}/{one['id']}").json() == one


@pytest.mark.parametrize(
    ("change", "status", "content_type", "body"),
    [
        (
            {"content_type": "application/json"},
            415,
            "application/json",
            '{"detail": "Request body must be image bytes"}',
        ),
        (
            {"metadata": "e30="},
            400,
            "application/json",
            """{"detail": "Invalid query parameters: {'metadata'}"}""",
        ),
        ({"inspection_id": "x"}, 400, "application/json", "inspection_id"),
        ({"image_query_id": "iq_x"}, 400, "application/json", "image_query_id"),
        ({"human_review": "ALWAYS"}, 400, "application/json", "edge"),
        ({"want_async": "True"}, 400, "application/json", "edge"),
        ({"token": None}, 500, "text/plain; charset=utf-8", "Internal Server Error"),
        ({"token": ""}, 500, "text/plain; charset=utf-8", "Internal Server Error"),
        ({"detector_id": "det_x"}, 500, "text/plain; charset=utf-8", "Internal Server Error"),
        ({"body": b"x" * (MAX_BODY_BYTES + 1)}, 413, "text/html", "<html>"),
    ],
)
def test_errors_of_the_contract(
    simulator: RunningSimulator,
    change: dict[str, str],
    status: int,
    content_type: str,
    body: str,
) -> None:
    """Status, content type and body of each row of the contract's table; each is counted."""
    before = simulator.stats()
    answer = post(simulator.url, **change)  # type: ignore[arg-type]
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == content_type
    assert body in answer.text
    after = simulator.stats()
    assert after["received"] == before["received"] + 1
    assert after["by_status"][str(status)] == before["by_status"].get(str(status), 0) + 1


@pytest.mark.parametrize(
    "change",
    [{"confidence_threshold": "1.5"}, {"human_review": "MAYBE"}, {"patience_time": "soon"}],
)
def test_what_the_edge_does_not_understand_the_cloud_answers(
    simulator: RunningSimulator, change: dict[str, str]
) -> None:
    """Bad parameters give 200 with an answer that does not come from the edge."""
    answer = post(simulator.url, **change)  # type: ignore[arg-type]
    assert check_answer(answer.status_code, answer.content, ID).outcome == "escalated"


def test_an_empty_body_and_the_largest_body_are_taken(simulator: RunningSimulator) -> None:
    """The body is not decoded: none at all, or 10 MB of anything."""
    for body in (b"", b"x" * MAX_BODY_BYTES):
        assert post(simulator.url, body=body).status_code == 200


def test_a_body_that_waits_to_be_asked_for(simulator: RunningSimulator) -> None:
    """Expect: 100-continue is answered before the body is sent."""
    port = int(simulator.url.rsplit(":", 1)[1])
    head = (
        f"POST {http.QUERIES}?detector_id={ID} HTTP/1.1\r\nHost: localhost\r\nx-api-token: t\r\n"
        "Content-Type: image/jpeg\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"body")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_detector_id_in_the_wrong_case_is_repaired(simulator: RunningSimulator) -> None:
    """Upper and lower case of a known id are repaired in the answer."""
    known = get(simulator.url, "/device-api/v1/detectors").json()["results"][0]["id"]
    wrong = "det_" + known[4:].upper()
    assert wrong != known
    assert post(simulator.url, detector_id=wrong).json()["detector_id"] == known


def test_other_routes(simulator: RunningSimulator) -> None:
    """Health, readiness, status and the cloud's routes answer as the contract says."""
    url = simulator.url
    assert get(url, "/ping").json() == {"message": "Hello!"}
    assert get(url, "/health/live").json() == {"status": "alive"}
    assert get(url, "/health/ready").json() == {"status": "ready"}
    assert get(url, "/status").headers["Content-Type"].startswith("text/html")
    assert get(url, "/").status_code == 302
    assert get(url, "/").headers["Location"] == "/status"
    resources = get(url, "/status/resources.json")
    assert (resources.status_code, set(resources.json())) == (200, {"system", "detectors"})
    metrics = get(url, "/status/metrics.json")
    assert metrics.elapsed.total_seconds() >= 1.0
    assert "ready" in metrics.json()["detector_details"]
    assert get(url, "/device-api/v1/me").json()["username"]
    assert get(url, "/device-api/v1/me", token=None).status_code == 401
    for path in (
        "/nothing/here",
        "/device-api/v1/api-tokens/by-snippet/api_x",
        "/device-api/v1/image-queries/iq_unknown",
        "/edge-info",
    ):
        answer = get(url, path)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


def test_the_edge_configuration_can_be_read_and_replaced(simulator: RunningSimulator) -> None:
    """PUT /edge-config answers null and is read back; its detectors are ready."""
    url = f"{simulator.url}/edge-config"
    before = requests.get(url, timeout=10).json()
    wanted = {**before, "detectors": [{**before["detectors"][0], "detector_id": ID}]}
    answer = requests.put(url, json=wanted, timeout=10)
    assert (answer.status_code, answer.text) == (200, "null")
    assert requests.get(url, timeout=10).json() == wanted
    assert get(simulator.url, "/edge-detector-readiness").json() == {ID: {"ready": True}}
    assert requests.put(url, json={"detectors": [{}]}, timeout=10).status_code == 404
    assert requests.put(url, json=before, timeout=10).status_code == 200


def test_a_detector_that_is_taken_down_or_added() -> None:
    """The whole configuration is replaced: one not listed is the cloud's, a new one is loaded."""
    other = "det_" + "O" * 27
    options = ["--service-time", "1ms", "--detector-id", ID, "--configure-time", "3600s"]
    with running_simulator(options) as running:
        url = f"{running.url}/edge-config"
        config = requests.get(url, timeout=10).json()
        assert post(running.url).json()["result"]["from_edge"]
        config["detectors"][0]["detector_id"] = other
        assert requests.put(url, json=config, timeout=10).status_code == 200
        assert get(running.url, "/edge-detector-readiness").json() == {other: {"ready": False}}
        assert not post(running.url).json()["result"]["from_edge"]
        assert post(running.url, detector_id=other).status_code == 503


def test_strict_detector_and_closing_after_n_requests() -> None:
    """--strict-detector refuses other ids; the Nth answer of a connection says close."""
    options = ["--service-time", "1ms", "--strict-detector", "--keepalive-requests", "3"]
    with running_simulator([*options, "--detector-id", ID]) as running:
        with requests.Session() as session:
            answers = [post(running.url, session=session) for _ in range(7)]
        says_close = [a.headers.get("Connection") == "close" for a in answers]
        assert says_close == [False, False, True, False, False, True, False]
        assert post(running.url, detector_id="det_" + "O" * 27).status_code == 500
        assert get(running.url, "/device-api/v1/detectors/det_" + "O" * 27).status_code == 404
        assert running.stats()["received"] == 8


def test_only_the_cloud_tells_a_wrong_token_from_an_unknown_detector() -> None:
    """Both are 500 in plain text on the query; GET of the detector says 401 or 404."""
    options = ["--service-time", "1ms", "--strict-detector", "--detector-id", ID]
    unknown = "det_" + "Z" * 27
    with running_simulator([*options, "--api-token", http.TOKEN]) as running:
        assert post(running.url).status_code == 200
        answers = [post(running.url, token="wrong"), post(running.url, detector_id=unknown)]
        for answer in answers:
            assert (answer.status_code, answer.text) == (500, "Internal Server Error")
            assert answer.headers["Content-Type"].startswith("text/plain")
        path = "/device-api/v1/detectors/"
        assert get(running.url, path + ID, token="wrong").status_code == 401
        assert get(running.url, path + unknown).status_code == 404
        assert get(running.url, path + ID).json()["confidence_threshold"] == 0.9


def test_without_the_cloud_the_edge_still_answers_queries() -> None:
    """What nginx would send to the cloud is a 502; the edge's own routes are as always."""
    with running_simulator(["--service-time", "1ms", "--offline"]) as running:
        assert post(running.url).status_code == 200
        assert get(running.url, "/health/ready").status_code == 200
        for path in ("/device-api/v1/me", f"/device-api/v1/detectors/{ID}"):
            answer = get(running.url, path)
            assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")


def test_a_model_that_is_being_loaded() -> None:
    """Until then the detector is listed as not ready, and its queries get the contract's 503."""
    with running_simulator(["--detector-id", ID, "--load-time", "3600s"]) as running:
        assert get(running.url, "/edge-detector-readiness").json() == {ID: {"ready": False}}
        answer = post(running.url)
    assert answer.status_code == 503
    assert "an edge-inference server is not available" in answer.json()["detail"]


def test_what_the_edge_configuration_says_of_detectors_and_audits() -> None:
    """A detector that is made later is listed like the first one, since it is answered like it."""
    with running_simulator(["--audit-rate", "0.25"]) as running:
        made = requests.post(
            f"{running.url}/device-api/v1/detectors",
            json={"name": "n", "query": "q?"},
            headers={"x-api-token": http.TOKEN},
            timeout=10,
        ).json()["id"]
        config = get(running.url, "/edge-config").json()
    assert config["global_config"]["confident_audit_rate"] == 0.25
    assert made in {entry["detector_id"] for entry in config["detectors"]}


def test_tls_with_the_exported_certificate(tmp_path: Path) -> None:
    """The exported certificate is the one presented, for localhost; without it, it is refused."""
    cert = tmp_path / "cert.pem"
    with running_simulator(["--tls", "--write-cert", str(cert), "--service-time", "1ms"]) as tls:
        assert tls.url.startswith("https://127.0.0.1:")
        trust = TlsTrust(cacert=cert).for_endpoint(locate(tls.url))
        assert ask(f"{tls.url}/ping", trust).json() == {"message": "Hello!"}
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(f"{tls.url}/ping", timeout=10)
        port = int(tls.url.rsplit(":", 1)[1])
        context = ssl.create_default_context(cafile=str(cert))
        context.check_hostname = False  # as the real one, it has no alternative name
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as secured,
        ):
            assert secured.version() == "TLSv1.2"
        assert tls.stats()["received"] == 0


def test_faults_and_stalls_that_are_not_legal_are_refused(simulator: RunningSimulator) -> None:
    """400 with the reason, and nothing is changed."""
    url = f"{simulator.url}/simulator"
    assert requests.put(f"{url}/faults", json={"explode": 1}, timeout=10).status_code == 400
    assert requests.put(f"{url}/faults", data=b"{", timeout=10).status_code == 400
    assert requests.get(f"{url}/faults", timeout=10).json() == {}
    for seconds in (-1, "2", None, True):
        body = json.dumps({"seconds": seconds})
        assert requests.post(f"{url}/stall", data=body, timeout=10).status_code == 400
    assert simulator.stats()["stalls"] == 0
