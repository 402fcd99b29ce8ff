"""Asks the endpoint whether it is ready, before any load is sent.

Sends only GET requests for `/health/ready`, `/ping` and `/edge-detector-readiness`. Whether queries
are answered is another question: see `run.preflight_queries`. Nothing here is timed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from edgeload.edge.asking import EdgeAnswer, ask, asks_for_https
from edgeload.edge.json_values import as_flag, as_object
from edgeload.edge.location import NoAnswer, Unreachable
from edgeload.edge.trust import TlsTrust
from edgeload.untrusted_text import printable

READINESS_ROUTE = "/edge-detector-readiness"
_ASK_EVERY_S = 0.5
_STRANGER = "is this an Edge Endpoint? Check host and port"


def await_ready(
    url: str,
    detector_id: str | None,
    trust: TlsTrust,
    *,
    timeout_s: float = 10.0,
    patient: bool = False,
    pause: Callable[[float], object] = time.sleep,
    say: Callable[[str], object] = lambda text: None,
) -> None:
    """Return once the endpoint says that it is ready, and the detector too if it is listed.

    An endpoint that is starting gets `timeout_s` seconds, an answer that will not change none, and
    one that does not answer at all only if `patient`. `say` gets one line if there is something to
    wait for. Raises Unreachable.
    """
    until_s = time.monotonic() + timeout_s
    said = False
    while True:
        try:
            problem = _not_ready(url, detector_id, trust)
        except NoAnswer as no_answer:
            if not patient:
                raise
            problem = str(no_answer)
        if problem is None:
            return
        if time.monotonic() > until_s:
            raise Unreachable(
                f"ENDPOINT_URL = {url}: {problem} (waited {timeout_s:g} s; --ready-timeout waits "
                "longer)"
            )
        if not said:
            say(f"{url}: {problem}; waiting up to {timeout_s:g} s")
            said = True
        pause(_ASK_EVERY_S)


def _not_ready(url: str, detector_id: str | None, trust: TlsTrust) -> str | None:
    """What there is to wait for, if anything. Raises Unreachable if waiting would not help."""
    readiness = ask_ready(url, trust)
    if readiness.problem is not None:
        return readiness.problem
    if detector_id is None:
        return None
    ready = (ask_detectors_ready(url, trust) or {}).get(detector_id)
    if ready is not False:
        return None  # also an older edge, and a detector that is not listed
    return f"detector {detector_id} is not ready: its model is being loaded"


@dataclass(frozen=True)
class SaidReady:
    """What an Edge Endpoint says about itself. `problem`: what there is to wait for, if anything.

    `known` is false for an older one, which answers but has no route that says it.
    """

    problem: str | None = None
    known: bool = True


def ask_ready(url: str, trust: TlsTrust) -> SaidReady:
    """Ask the endpoint whether it is ready. Raises Unreachable if waiting would not help."""
    health = ask(f"{url}/health/ready", trust)
    if health.status >= 500 and health.status != HTTPStatus.NOT_IMPLEMENTED:
        said = f"HTTP status {health.status}: {printable(health.body)}"
        return SaidReady(f"the endpoint is not ready ({said})")
    if problem := _stranger(url, health, trust):
        raise Unreachable(f"ENDPOINT_URL = {url}: {problem}")
    return SaidReady(known=health.status == HTTPStatus.OK)


def ask_detectors_ready(url: str, trust: TlsTrust) -> dict[str, bool] | None:
    """Whether each detector that the box is configured for is ready; None: it does not say."""
    try:
        answer = ask(f"{url}{READINESS_ROUTE}", trust)
        listed = answer.json() if answer.status == HTTPStatus.OK else None
    except ValueError:
        return None
    if not isinstance(listed, dict):
        return None
    said = {key: as_flag(as_object(entry).get("ready")) for key, entry in listed.items()}
    return {key: ready for key, ready in said.items() if ready is not None}


def _stranger(url: str, health: EdgeAnswer, trust: TlsTrust) -> str | None:
    """Why an answer to `/health/ready` is not that of an Edge Endpoint that is ready."""
    status, said = health.status, printable(health.body)
    answered = f"it answers GET /health/ready with HTTP status {status}"
    if asks_for_https(health.body):
        return f"this port speaks HTTPS: use {url.replace('http://', 'https://', 1)}"
    if 300 <= status < 400:
        location = printable(health.headers.get("Location", "nowhere"))
        return f"it redirects to {location}: set ENDPOINT_URL to the address of the Edge Endpoint"
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return (
            f"{answered}, so something in front of it asks for a login; an Edge Endpoint says "
            "without a token whether it is ready: check host and port, and any proxy in between"
        )
    if status == HTTPStatus.NOT_FOUND and _is_older_edge(url, trust):
        return None
    if status != HTTPStatus.OK or not _says_ready(health):
        return f"{answered}: {said}; {_STRANGER}"
    return None


def _says_ready(health: EdgeAnswer) -> bool:
    try:
        answer = health.json()
    except ValueError:
        return False
    return isinstance(answer, dict) and answer.get("status", "ready") == "ready"


def _is_older_edge(url: str, trust: TlsTrust) -> bool:
    """Whether this is an Edge Endpoint of the time before `/health/ready`: it has `/ping`."""
    ping = ask(f"{url}/ping", trust)
    try:
        return ping.status == HTTPStatus.OK and isinstance(ping.json(), dict)
    except ValueError:
        return False
