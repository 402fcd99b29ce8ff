"""A connection that stalls, drips or ends, at each place of a request and its answer."""

from __future__ import annotations

import ssl
import warnings
from pathlib import Path
from typing import Any

import pytest
from load_run import SMALL, requests_of, run
from wrong_server import Fault, faults, wrong_server

from edgeload.simulator.certificate import self_signed


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """How a server with a certificate of its own speaks TLS."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(b"".join(self_signed()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def outcomes(
    folder: Path, made: tuple[Fault, ...], tls: ssl.SSLContext | None, **options: Any
) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """The classes that each fault got in a run, and those that it has to get."""
    with wrong_server(made, tls) as (server, met), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # urllib3 complains of --insecure
        records = run(folder, server.url, **options)
    got: dict[str, set[str]] = {fault.name: set() for fault in made}
    for request in requests_of(records):
        fault = met[request.worker_number, request.request_number]
        got[fault.name].add(request.outcome)
        assert (request.status == 200) == (request.outcome == "ok")
    return got, {fault.name: {fault.outcome} for fault in made}


@pytest.mark.parametrize("secure", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_connection_may_stall_or_end_anywhere(
    tmp_path: Path, tls: ssl.SSLContext, secure: bool
) -> None:
    """Each request gets the class of its fault, and none outlives its timeout.

    Whatever ends before the answer does is a lost connection, also where TLS, chunks or a length
    say that more should come; only what the end of the stream completes is an answer.
    """
    made = faults(tls=secure)
    got, right = outcomes(
        tmp_path,
        made,
        tls if secure else None,
        custom_ramp=str(len(made)),
        time_between_ramp=1,
        requests_per_second=1,
        timeout=1,
    )
    assert got == right


SDK: dict[str, Any] = {"client": "sdk", "image_path": SMALL}
SDK_MEETS = (
    "in the head",
    "between head and body",
    "in the body",
    "before the last chunk",
    "last",
    "protocol",
)


def test_the_sdk_client_knows_a_lost_connection(tmp_path: Path) -> None:
    """An end inside head, body or chunks is none of an answer; interim answers are passed over.

    What is no HTTP is a bad answer, and no lost connection.
    """
    made = tuple(
        fault
        for fault in faults()
        if fault.name.endswith(SDK_MEETS) and not fault.name.startswith("stalled")
    )
    options = {"custom_ramp": "1", "time_between_ramp": 1, "requests_per_second": len(made)}
    got, right = outcomes(tmp_path, made, None, **SDK, timeout=2, **options)
    assert got == right


@pytest.mark.slow
def test_the_sdk_client_may_meet_any_fault_through_tls(tmp_path: Path, tls: ssl.SSLContext) -> None:
    """As the lean client, but http.client does not tell how TLS ended."""
    left_out = ("cut", "half-closed", "stalled in", "stalled after", "dripping body")
    made = tuple(fault for fault in faults(tls=True) if not fault.name.startswith(left_out))
    options = {"custom_ramp": "2", "time_between_ramp": 4, "requests_per_second": 6}
    got, right = outcomes(tmp_path, made, tls, **SDK, timeout=0.5, **options)
    assert got == right
