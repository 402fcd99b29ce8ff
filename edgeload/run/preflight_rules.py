"""When the queries before the run have shown enough, and what a refused one means. Pure.

A real Edge Endpoint has eight proxy processes. Each is cold by itself, and each keeps for 5 s what
it knows of a detector's readiness. So one good answer shows little, and one refusal is not the last
word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from edgeload.failure_classes import (
    BAD_ANSWER,
    ESCALATED,
    SUCCESS,
    TLS,
    WRONG_DETECTOR,
    failure_class,
    http_failure,
)
from edgeload.run.wire import RequestResult

GOOD_IN_A_ROW = 16
CALM_S = 6.0
"""Longer than the 5 s for which a process keeps what it knows."""

_ANYWAY = "--no-preflight sends the load all the same"
_LASTING = (BAD_ANSWER, ESCALATED, TLS, WRONG_DETECTOR)
_PASSING_STATUSES = (408, 425, 429)


@dataclass(frozen=True)
class PreflightQuery:
    """One query before the run. Instants are seconds on the host's monotonic clock."""

    number: int
    """From 1."""
    sent_s: float
    done_s: float
    status: int | None
    result: RequestResult
    detector_id: str = ""

    @property
    def good(self) -> bool:
        """Whether the edge itself answered as it should."""
        return self.result.outcome == SUCCESS


def is_certain(queries: Sequence[PreflightQuery]) -> bool:
    """Whether the endpoint is warm and sure: 16 good answers in a row, or 6 s without a refusal.

    Without a single good answer it never is, however long nothing was refused.
    """
    streak = list(takewhile(lambda query: query.good, reversed(queries)))
    if not streak:
        return False
    return len(streak) >= GOOD_IN_A_ROW or streak[0].done_s - streak[-1].sent_s >= CALM_S


def lasts(query: PreflightQuery) -> bool:
    """Whether a refusal will not pass by itself: asking again would only load the endpoint."""
    status = query.status
    if query.result.outcome in _LASTING:
        return True
    if query.good or status is None:
        return False
    return status < 500 and status not in _PASSING_STATUSES


def is_ambiguous(query: PreflightQuery) -> bool:
    """Whether it may mean a wrong token or an unknown detector: the edge says 500 to both."""
    return query.status == 500


@dataclass(frozen=True)
class Subject:
    """Whom the queries are about, for the words."""

    url: str
    detector_id: str
    detector_status: int | None
    """HTTP status of GET for the detector, which the cloud answers: 401 for a wrong token and 404
    for an unknown detector. None if there was no answer."""

    @property
    def asked(self) -> str:
        """That question and its answer."""
        said = f"HTTP status {self.detector_status}" if self.detector_status else "no answer"
        return f"GET /device-api/v1/detectors/{self.detector_id}: {said}"


def why_not(query: PreflightQuery, subject: Subject) -> str | None:
    """The cause of a refusal that lasts, in one line; None if it may pass."""
    outcome, status = query.result.outcome, query.status
    told = subject.detector_status if is_ambiguous(query) else status
    if told in (401, 403):
        return (
            "GROUNDLIGHT_API_TOKEN: the endpoint does not accept this token (an image query got "
            f"{answered(query)}; {subject.asked}); check it in config.py or in the environment"
        )
    if is_ambiguous(query) and told == 404:
        return (
            f"DETECTOR_ID = {subject.detector_id!r}: this token has no such detector (an image "
            f"query got {answered(query)}; {subject.asked}); check the id, and that detector and "
            "token belong to the same account"
        )
    if not lasts(query):
        return None
    where = f"ENDPOINT_URL = {subject.url}"
    if outcome == ESCALATED:
        return (
            f"{where}: the cloud answered an image query instead of the edge; configure detector "
            f"{subject.detector_id} to always return the edge prediction and to never escalate "
            f"(docs/endpoint.md), and wait until its model has been loaded; {_ANYWAY}"
        )
    is_http = status is not None and outcome == http_failure(status)
    if outcome == BAD_ANSWER or (is_http and (status or 0) < 400) or status in (404, 405, 422):
        return f"{where}: an image query got {answered(query)}; is this an Edge Endpoint?"
    advice = failure_class(outcome).advice
    return f"{where}: an image query got {answered(query)}; {advice}"


def is_about_the_detector(query: PreflightQuery, subject: Subject) -> bool:
    """Whether a lasting refusal shows that the box does not serve this detector."""
    unknown = is_ambiguous(query) and subject.detector_status == 404
    return unknown or query.result.outcome in (ESCALATED, WRONG_DETECTOR)


def still_refused(query: PreflightQuery, subject: Subject, timeout_s: float) -> str:
    """The line for a refusal that may pass: what it was, and how long it may take."""
    return (
        f"{subject.url}: an image query got {answered(query)}; asking again for up to "
        f"{timeout_s:g} s"
    )


def given_up(queries: Sequence[PreflightQuery], subject: Subject) -> str:
    """The line for an endpoint that did not become certain in the time that it had."""
    failed = [query for query in queries if not query.good]
    last = failed[-1]
    line = (
        f"ENDPOINT_URL = {subject.url}: {len(failed)} of {len(queries)} image queries "
        f"before the run failed within {queries[-1].done_s - queries[0].sent_s:.1f} s, the last "
        f"with {answered(last)}"
    )
    return f"{line}; {what_helps(last, subject)}; --ready-timeout waits longer, and {_ANYWAY}"


def cause_in_short(query: PreflightQuery, subject: Subject) -> str:
    """What one refused query got, and what to do, for a reader who knows whom it was sent to."""
    cause = why_not(query, subject)
    if cause is None:
        return f"an image query got {answered(query)}; {what_helps(query, subject)}"
    return cause.removeprefix(f"ENDPOINT_URL = {subject.url}: ").removesuffix(f"; {_ANYWAY}")


def what_helps(last: PreflightQuery, subject: Subject) -> str:
    """What to do about a refusal that may pass, but has not."""
    if last.status == 503:
        return "the detector's model is not ready on the edge: wait until it has been loaded"
    if is_ambiguous(last) and subject.detector_status != 200:
        return (
            f"the cloud did not say whether token and detector are right ({subject.asked}): check "
            "both, and the box's connection"
        )
    return failure_class(last.result.outcome).advice


def answered(query: PreflightQuery) -> str:
    """What a query got, in words: a status, no answer, or a wrong one."""
    error = f": {query.result.error}" if query.result.error else ""
    if query.status is None and query.result.outcome != BAD_ANSWER:
        return f"no answer, class {query.result.outcome}{error}"
    if query.status is not None and query.result.outcome == http_failure(query.status):
        return f"HTTP status {query.status}{error}"
    return f"a wrong answer, class {query.result.outcome}{error}"
