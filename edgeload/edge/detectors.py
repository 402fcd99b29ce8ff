"""Finds the detector: by its name, which the cloud knows, or what is known about an id.

The names are looked up with a plain GET, because the SDK puts a name into the URL as it is:
`line#1` would find `line`. Only a detector that does not exist is created through the SDK.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from edgeload.edge.asking import EdgeAnswer, ask
from edgeload.edge.location import Unreachable
from edgeload.edge.sdk import (
    MOST_SAID_CHARS,
    SdkError,
    create_detector,
    sdk_client,
)
from edgeload.edge.trust import TlsTrust
from edgeload.untrusted_text import one_line, printable

_ROUTE = "/device-api/v1/detectors"


class NoSuchDetector(Unreachable):
    """The endpoint answers, but it does not have the detector that was asked for."""


class TokenRefused(Unreachable):
    """The cloud, which the endpoint asked, does not accept the API token."""


@dataclass(frozen=True)
class KnownDetector:
    """What the cloud knows about a detector; None for what is not known."""

    id: str
    name: str | None = None
    query: str | None = None
    confidence_threshold: float | None = None


@dataclass(frozen=True)
class AskedDetector:
    """The answer to the question for one detector."""

    status: int | None
    """HTTP status; None without an answer. The cloud gives it: 401 for a token that it does not
    know, 404 for an unknown detector, 5xx if it cannot be reached."""
    detector: KnownDetector
    """Its id alone, unless the status is 200."""


def ask_detector(url: str, detector_id: str, trust: TlsTrust, token: str) -> AskedDetector:
    """Ask the cloud through the endpoint what it knows about a detector; never raises."""
    nothing = KnownDetector(detector_id)
    try:
        answer = ask(f"{url}{_ROUTE}/{detector_id}", trust, token)
    except Unreachable:
        return AskedDetector(None, nothing)
    known = _detector(_json(answer)) if answer.status == HTTPStatus.OK else None
    is_it = known is not None and known.id.lower() == detector_id.lower()
    return AskedDetector(answer.status, known if known and is_it else nothing)


def find_by_name(
    url: str, name: str, query: str | None, trust: TlsTrust, token: str
) -> tuple[KnownDetector, str | None]:
    """The detector of exactly this name, and what a user should know about it, if anything.

    A detector that exists is used whatever its query. One that does not is created if `query` is
    given. Raises Unreachable, in one line; NoSuchDetector if it is about the detector.
    """
    detector = detector_named(url, name, trust, token)
    setting = f"DETECTOR_NAME = {name!r}"
    if detector is not None:
        differs = query is not None and detector.query is not None and detector.query != query
        return detector, (
            f"{setting}: detector {detector.id} exists and keeps its own query, "
            f"{detector.query!r}; DETECTOR_QUERY is ignored"
            if differs
            else None
        )
    if query is None:
        raise NoSuchDetector(
            f"{setting}: there is no detector of this name, and DETECTOR_QUERY is empty, so it "
            "cannot be created; check the name, or set DETECTOR_QUERY"
        )
    made = _created(url, name, query, trust, token)
    return made, (
        f"{setting}: no detector had this name, so {made.id} was created; if you meant another "
        "one, set its name, or DETECTOR_ID"
    )


def detector_named(url: str, name: str, trust: TlsTrust, token: str) -> KnownDetector | None:
    """The detector of exactly this name, as the cloud knows it; None if there is none.

    Raises Unreachable, in one line; NoSuchDetector if several have it, or the answer is about
    others.
    """
    found = _named(url, name, trust, token)
    exact = [detector for detector in found if detector.name == name]
    setting = f"DETECTOR_NAME = {name!r}"
    if len(exact) > 1:
        raise NoSuchDetector(
            f"{setting}: {len(exact)} detectors have this name; set DETECTOR_ID to one of "
            f"{', '.join(detector.id for detector in exact)}"
        )
    if found and not exact:
        others = ", ".join(f"{detector.name!r} ({detector.id})" for detector in found)
        raise NoSuchDetector(
            f"{setting}: the endpoint answered with another detector, {one_line(others)}; use one "
            "of these names, or set DETECTOR_ID"
        )
    return exact[0] if exact else None


def _named(url: str, name: str, trust: TlsTrust, token: str) -> list[KnownDetector]:
    """What the endpoint answers with for a name."""
    answer = ask(f"{url}{_ROUTE}?name={quote(name, safe='')}", trust, token)
    setting, status = f"DETECTOR_NAME = {name!r}", answer.status
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise TokenRefused(refused_token(status, f"GET {_ROUTE}", said_by(answer)))
    listed = _json(answer)
    results = listed.get("results") if isinstance(listed, dict) else None
    if status != HTTPStatus.OK or not isinstance(results, list):
        raise Unreachable(
            f"{setting}: it cannot be looked up (HTTP status {status}: {said_by(answer)}); "
            "names are known to the cloud alone, so set DETECTOR_ID for a box without a connection"
        )
    return [detector for detector in map(_detector, results) if detector is not None]


def _created(url: str, name: str, query: str, trust: TlsTrust, token: str) -> KnownDetector:
    try:
        made = create_detector(sdk_client(url, token, trust), trust, name, query)
    except SdkError as error:
        raise Unreachable(
            f"DETECTOR_NAME = {name!r}: there is no detector of this name, and it could not be "
            f"created: {error}"
        ) from error
    if made.name != name:
        raise Unreachable(
            f"DETECTOR_NAME = {name!r}: the detector that was created is called {made.name!r} "
            f"({made.id}); use that name, or set DETECTOR_ID"
        )
    return KnownDetector(made.id, made.name, made.query, made.confidence_threshold)


def refused_token(status: int, question: str, said: str) -> str:
    """The line for a token that the cloud does not accept."""
    return (
        f"GROUNDLIGHT_API_TOKEN: the token is not accepted ({question}: HTTP status {status}: "
        f"{said}); check it in config.py or in the environment"
    )


def said_by(answer: EdgeAnswer) -> str:
    """The server's own text, whole, on one line."""
    values = _json(answer)
    detail = values.get("detail") if isinstance(values, dict) else None
    return printable(str(detail or answer.text), MOST_SAID_CHARS) or "no text"


def _json(answer: EdgeAnswer) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _detector(values: Any) -> KnownDetector | None:
    """A detector from JSON; None if it is none."""
    if not isinstance(values, dict) or not isinstance(values.get("id"), str):
        return None
    name, query, threshold = (values.get(k) for k in ("name", "query", "confidence_threshold"))
    is_number = isinstance(threshold, int | float) and not isinstance(threshold, bool)
    return KnownDetector(
        values["id"],
        name if isinstance(name, str) else None,
        query if isinstance(query, str) else None,
        float(threshold) if is_number and threshold is not None else None,
    )
