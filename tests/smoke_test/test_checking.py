"""Laws of the smoke test, against real servers: what is seen, what is skipped, and when it ends."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from plain_server import plain_server
from recording_server import DETECTOR_ID, Handler, Recorder, edge_answer, recording_server

from edgeload.run.pictures import make_pictures
from edgeload.settings import resolve
from edgeload.simulator.certificate import self_signed, server_context
from edgeload.smoke_test.check_line import ANSWER, CheckLine, exit_code_of
from edgeload.smoke_test.checking import SmokeTest, check_box

OTHER_ID = "det_" + "S" * 27
TOKEN = "api_token_that_nobody_may_see"
NO_CLOUD = {"always_return_edge_prediction": True, "disable_cloud_escalation": True}
CONFIG = {
    "global_config": {},
    "edge_inference_configs": {"no_cloud": NO_CLOUD, "default": {}},
    "detectors": [{"detector_id": DETECTOR_ID, "edge_inference_config": "no_cloud"}],
}
RESOURCES = {
    "system": {
        "cpu_utilization_pct": {"total": 12.0},
        "ram_bytes": {"total": 16 * 2**30, "used": 4 * 2**30},
    },
    "detectors": [],
}


def box(**answers: object) -> type[Handler]:
    """An Edge Endpoint of today; `answers` replace some: JSON, a status, or None for a hang."""
    routes: dict[str, object] = {
        "/ping": {"message": "Hello!"},
        "/health/ready": {"status": "ready"},
        "/edge-config": CONFIG,
        "/edge-detector-readiness": {DETECTOR_ID: {"ready": True}},
        "/status/resources.json": RESOURCES,
        f"/device-api/v1/detectors/{DETECTOR_ID}": {"id": DETECTOR_ID, "name": "front door"},
    }
    routes |= {path.replace("__", "/"): value for path, value in answers.items()}

    class Box(Handler):
        def do_GET(self) -> None:
            self._record(b"")
            told = routes.get(self.path, HTTPStatus.NOT_FOUND)
            if told is None:
                self.hang(5.0)
            elif isinstance(told, int):
                self.reply(told, b"{}")
            else:
                self.reply(200, json.dumps(told).encode())

    return Box


def lines_of(
    url: str,
    *,
    within_s: float = 5.0,
    source: str | None = "set in the environment",
    **options: object,
) -> list[CheckLine]:
    """All checks of an endpoint, with the settings that these options make."""
    given = {"endpoint_url": url, "detector_id": DETECTOR_ID, **options}
    settings = resolve({}, given, {"GROUNDLIGHT_API_TOKEN": TOKEN})
    groups = tuple(
        dataclasses.replace(each, pictures=dataclasses.replace(each.pictures, count=None))
        for each in settings.groups()
    )
    with contextlib.ExitStack() as stack:
        pictures = make_pictures(groups, 1, stack)
        test = SmokeTest(settings, url, source, groups, pictures)
        return list(check_box(test, time.monotonic() + within_s))


def verdicts(lines: list[CheckLine]) -> dict[str, str]:
    return {line.name: line.verdict for line in lines}


ALL_WELL = {
    "DNS": "ok",
    "connection": "ok",
    "TLS": "skipped",  # it speaks plain HTTP
    "protocol": "ok",
    "readiness": "ok",
    "token": "ok",
    "box figures": "ok",
    "detector": "ok",
    "configuration": "ok",
    "model": "ok",
    "answer": "ok",
}


def test_a_good_box_passes_every_check_and_gets_one_picture() -> None:
    """One line each, in order; the token is in none of them."""
    with recording_server(handler=box()) as recorder:
        lines = lines_of(recorder.url)
    assert verdicts(lines) == ALL_WELL
    assert exit_code_of(lines) == 0
    assert len(recorder.queries()) == 1
    assert TOKEN not in repr(lines)
    (answer,) = (line for line in lines if line.name == ANSWER)
    assert answer.took_s is not None
    assert "the edge itself answered YES in" in answer.seen


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ({"__ping": 404}, {"protocol": "unknown"}),
        ({"__health__ready": 404}, {"readiness": "unknown"}),
        ({"__edge-config": 404}, {"configuration": "unknown"}),
        ({"__edge-detector-readiness": 404}, {"model": "unknown"}),
        ({"__edge-detector-readiness": {}}, {"model": "warning"}),
        ({"__status__resources.json": 404}, {"box figures": "unknown"}),
        (
            {"__status__resources.json": {"error": "Not running in a Kubernetes cluster"}},
            {"box figures": "unknown"},
        ),
        (
            {f"__device-api__v1__detectors__{DETECTOR_ID}": 502},
            {"token": "unknown", "detector": "unknown"},
        ),
        (
            {"__edge-config": 404, "__edge-detector-readiness": 404},
            {"configuration": "unknown", "model": "unknown"},
        ),
    ],
)
def test_what_an_older_box_does_not_say_is_never_green(
    answers: dict[str, object], found: dict[str, str]
) -> None:
    """No evidence is no success and no failure: the detector answers, so all of it ends with 0."""
    with recording_server(handler=box(**answers)) as recorder:
        lines = lines_of(recorder.url)
    assert verdicts(lines) == {**ALL_WELL, **found}
    assert exit_code_of(lines) == 0


NOT_HERE = {"detectors": [{"detector_id": OTHER_ID, "edge_inference_config": "no_cloud"}]}


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ({"__edge-config": NOT_HERE}, {"configuration": "warning"}),
        ({"__edge-config": {"detectors": []}}, {"configuration": "warning"}),
        (
            {"__edge-config": NOT_HERE, "__edge-detector-readiness": {}},
            {"configuration": "warning", "model": "warning"},
        ),
        (
            {"__edge-config": 404, "__edge-detector-readiness": {OTHER_ID: {"ready": True}}},
            {"configuration": "unknown", "model": "warning"},
        ),
    ],
)
def test_a_detector_that_the_box_would_load_is_not_asked(
    answers: dict[str, object], found: dict[str, str]
) -> None:
    """A real box notes whoever is asked for, and sends the picture to the cloud: no result."""
    with recording_server(handler=box(**answers)) as recorder:
        lines = lines_of(recorder.url)
    assert verdicts(lines) == {**ALL_WELL, **found, "answer": "unknown"}
    assert "asking it would make the box load it" in lines[-1].seen
    assert recorder.queries() == []
    assert exit_code_of(lines) == 6


def test_an_id_is_the_same_in_any_case() -> None:
    """As the box has it."""
    config = {"detectors": [{"detector_id": DETECTOR_ID.upper()}]}
    with recording_server(handler=box(**{"__edge-config": config})) as recorder:
        assert lines_of(recorder.url)[-1].verdict == "ok"


@pytest.mark.parametrize(
    ("answers", "failed", "words", "code"),
    [
        ({"__health__ready": 503}, "readiness", "is not ready", 5),
        (
            {f"__device-api__v1__detectors__{DETECTOR_ID}": 401},
            "token",
            "does not accept the token",
            5,
        ),
        (
            {f"__device-api__v1__detectors__{DETECTOR_ID}": 404},
            "detector",
            "no such detector",
            5,
        ),
        (
            {"__edge-detector-readiness": {DETECTOR_ID: {"ready": False}}},
            "model",
            "its model is not loaded",
            5,
        ),
    ],
)
def test_what_depends_on_a_failed_check_is_skipped(
    answers: dict[str, object], failed: str, words: str, code: int
) -> None:
    """The detector is not asked then, and the failed line says what to do."""
    with recording_server(handler=box(**answers)) as recorder:
        lines = lines_of(recorder.url)
    assert [line.name for line in lines] == list(ALL_WELL)
    (line,) = (line for line in lines if line.verdict == "failed")
    assert line.name == failed
    assert words in line.seen
    assert line.advice
    assert lines[-1].verdict == "skipped"
    assert recorder.queries() == []
    assert exit_code_of(lines) == code


def test_without_a_token_no_detector_is_asked() -> None:
    """That is a wrong setting; what needs no token is still checked."""
    with recording_server(handler=box()) as recorder:
        lines = lines_of(recorder.url, source=None)
    skipped = {"token": "failed", "detector": "skipped", "answer": "skipped"}
    assert verdicts(lines) == {**ALL_WELL, **skipped}
    assert recorder.queries() == []
    assert exit_code_of(lines) == 2


def test_only_an_answer_of_the_edge_is_good() -> None:
    """One of the cloud has status 200, too."""
    cloud = edge_answer().replace(b"true", b"false")
    with recording_server(lambda it, _: it.reply(200, cloud), handler=box()) as recorder:
        lines = lines_of(recorder.url)
    assert lines[-1].verdict == "failed"
    assert "the cloud answered an image query instead of the edge" in lines[-1].seen
    assert "--no-preflight" not in lines[-1].advice
    assert exit_code_of(lines) == 5


def test_the_embedded_endpoint_is_asked_for_any_detector() -> None:
    """There a detector costs nothing, whoever is configured."""
    with recording_server(handler=box(**{"__edge-config": NOT_HERE})) as recorder:
        lines = lines_of(recorder.url, endpoint_url=None)
    assert lines[-1].verdict == "ok"
    assert len(recorder.queries()) == 1


def silent(_: object) -> None:
    """Takes a connection, and says nothing."""


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_box_that_accepts_and_never_answers(scheme: str) -> None:
    """All of it ends in time, and says what got no answer."""
    began_s = time.monotonic()
    with plain_server(silent) as address:
        lines = lines_of(f"{scheme}://{address}", within_s=0.4, insecure=True)
    assert time.monotonic() - began_s < 2.0
    failed = {"http": "protocol", "https": "TLS"}[scheme]
    assert verdicts(lines)[failed] == "failed"
    assert verdicts(lines)["connection"] == "ok"
    assert lines[-1].verdict == "skipped"
    assert exit_code_of(lines) == 5


@pytest.mark.parametrize("path", ["__status__resources.json", "__edge-config"])
def test_a_page_that_hangs_takes_no_time_from_what_is_known(path: str) -> None:
    """It is not known, and the detector, for which no time is left, is not called answered."""
    with recording_server(handler=box(**{path: None})) as recorder:
        began_s = time.monotonic()
        lines = lines_of(recorder.url, within_s=0.5)
        assert time.monotonic() - began_s < 1.5
    assert lines[-1].verdict == "unknown"
    assert exit_code_of(lines) == 6


def test_a_detector_that_hangs_leaves_the_others_their_share(tmp_path: Path) -> None:
    """Each detector has its part of the time that is left."""
    mix = tmp_path / "mix.yaml"
    mix.write_text(
        f"- {{name: a, detector_id: {OTHER_ID}, cameras: 1, requests_per_second: 1}}\n"
        f"- {{name: b, detector_id: {DETECTOR_ID}, cameras: 1, requests_per_second: 1}}\n"
    )

    def answer(handler: Handler, _: int) -> None:
        if OTHER_ID in handler.path:
            handler.hang(3.0)
        else:
            handler.reply(200, edge_answer())

    other = {
        f"__device-api__v1__detectors__{OTHER_ID}": 502,
        "__edge-config": {"detectors": [{"detector_id": it} for it in (OTHER_ID, DETECTOR_ID)]},
    }
    with recording_server(answer, handler=box(**other)) as recorder:
        lines = lines_of(recorder.url, within_s=1.0, mix=str(mix), detector_id=None)
    answers = {line.detector: line.verdict for line in lines if line.name == ANSWER}
    assert answers == {OTHER_ID: "failed", DETECTOR_ID: "ok"}


def test_another_server_is_named() -> None:
    """By its first bytes."""
    with plain_server(lambda peer: peer.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")) as address:
        lines = lines_of(f"http://{address}")
    (failed,) = (line for line in lines if line.verdict == "failed")
    assert failed.name == "protocol"
    assert "this is an SSH server" in failed.seen


@contextlib.contextmanager
def https_box() -> Iterator[tuple[Recorder, bytes]]:
    certificate, key = self_signed()
    with recording_server(handler=box(), tls=server_context(certificate, key)) as recorder:
        yield recorder, certificate


def test_a_certificate_is_trusted_only_as_told(tmp_path: Path) -> None:
    """Its own in CACERT, or none checked; otherwise TLS fails, and says what helps."""
    with https_box() as (recorder, certificate):
        pem = tmp_path / "edge.pem"
        pem.write_bytes(certificate)
        as_told: list[tuple[dict[str, Any], str, str]] = [
            ({"insecure": True}, "ok", "not checked (--insecure)"),
            ({"cacert": str(pem)}, "ok", "is the one in CACERT"),
            ({}, "failed", "signed its certificate itself"),
        ]
        for options, verdict, words in as_told:
            lines = lines_of(recorder.url, **options)
            (tls,) = (line for line in lines if line.name == "TLS")
            assert (tls.verdict, words in tls.seen) == (verdict, True), tls
            assert lines[-1].verdict == ("ok" if verdict == "ok" else "skipped")


def test_a_wrong_scheme_is_named() -> None:
    """A port that speaks plain HTTP says so, and what to type."""
    with recording_server(handler=box()) as recorder:
        lines = lines_of(recorder.url.replace("http://", "https://"))
    (tls,) = (line for line in lines if line.name == "TLS")
    assert f"use {recorder.url}" in f"{tls.seen}; {tls.advice}"
