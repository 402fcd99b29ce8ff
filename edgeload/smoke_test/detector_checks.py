"""What the answers about one detector mean: look-up, configuration, model, and its answer. Pure.

An answer that did not come is an exception here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from edgeload.child_processes import TOKEN
from edgeload.edge.configuration import configuration_of
from edgeload.edge.detectors import AskedDetector, NoSuchDetector, TokenRefused
from edgeload.edge.edge_config import configured_ids
from edgeload.edge.location import Unreachable
from edgeload.exit_codes import BAD_SETTING
from edgeload.run.picture_answers import picture_answer
from edgeload.run.preflight_queries import QueryReply
from edgeload.run.preflight_rules import PreflightQuery, Subject, cause_in_short
from edgeload.settings.groups import DetectorChoice
from edgeload.smoke_test.check_line import CheckLine, failed_line

_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


def called(choice: DetectorChoice) -> str:
    """What a user calls the detector."""
    return choice.name if choice.id is None else choice.id  # type: ignore[return-value]


def token_line(source: str | None, told: Sequence[AskedDetector | Exception]) -> CheckLine:
    """What the answers to all look-ups show of the token; `source` says where it is set."""
    if source is None:
        text = f"{TOKEN} is empty; set it in config.py or in the environment"
        return failed_line(text, BAD_SETTING)
    refused = [one for one in told if isinstance(one, TokenRefused)]
    statuses = [one.status for one in told if isinstance(one, AskedDetector)]
    if refused:
        return failed_line(str(refused[0]).removeprefix(f"{TOKEN}: "))
    if any(status in _REFUSED for status in statuses):
        return failed_line(
            "the cloud does not accept the token (HTTP status 401 or 403); check it in config.py "
            "or in the environment"
        )
    accepted = HTTPStatus.OK in statuses or HTTPStatus.NOT_FOUND in statuses
    if accepted or any(isinstance(one, NoSuchDetector) for one in told):
        return CheckLine("", "ok", f"{source}, and accepted")
    return CheckLine("", "unknown", f"{source}; the cloud did not say whether it is right")


def look_up_line(choice: DetectorChoice, told: AskedDetector | Exception) -> CheckLine:
    """Whether the cloud knows the detector."""
    if isinstance(told, AskedDetector):
        return _known_line(choice, told)
    if isinstance(told, TokenRefused):
        return CheckLine("", "skipped", "the token is not accepted")
    if isinstance(told, Unreachable):
        return failed_line(str(told).removeprefix(f"DETECTOR_NAME = {choice.name!r}: "))
    return CheckLine("", "unknown", f"the cloud did not say what it knows ({told})")


def _known_line(choice: DetectorChoice, told: AskedDetector) -> CheckLine:
    if told.status in _REFUSED:
        return CheckLine("", "skipped", "the token is not accepted")
    if told.status == HTTPStatus.NOT_FOUND:
        return failed_line(
            "this token has no such detector; check the id, and that detector and token belong to "
            "the same account"
        )
    if told.status != HTTPStatus.OK:
        said = "no answer" if told.status is None else f"HTTP status {told.status}"
        return CheckLine("", "unknown", f"the cloud did not say what it knows ({said})")
    detector = told.detector
    name = f"the cloud calls it {detector.name!r}" if detector.name else "the cloud knows it"
    return CheckLine("", "ok", name if choice.id else f"its id is {detector.id}")


def configuration_line(detector_id: str, config: Any) -> CheckLine:
    """Whether the edge answers everything itself; `config` is the JSON of GET /edge-config."""
    if isinstance(config, Exception):
        return CheckLine("", "unknown", f"the box does not say how it is configured ({config})")
    found = configuration_of(config, detector_id)
    if found.edge_only:
        return CheckLine("", "ok", "no_cloud: the edge answers every query, and escalates none")
    advice = "give it the configuration no_cloud, or add --set-no-cloud to a load test"
    if found.always_edge:
        seen = (
            "may escalate: the edge answers, and sends pictures of which it is unsure to the cloud"
        )
        return CheckLine("", "warning", seen, advice)
    if found.always_edge is None:
        return CheckLine("", "unknown", "the box does not say how it is configured")
    return CheckLine(
        "", "warning", "may escalate: if the edge is unsure, the cloud answers", advice
    )


def is_unlisted(
    detector_id: str, config: Any, loaded: Mapping[str, bool] | Exception | None
) -> bool:
    """Whether the box says that it is not configured for the detector, by either of both pages.

    A box that says neither, because it is older, may be.
    """
    if isinstance(config, Mapping):
        known: Sequence[str] = configured_ids(config)
    elif isinstance(loaded, Mapping):
        known = list(loaded)
    else:
        return False
    return detector_id.lower() not in {each.lower() for each in known}


def unlisted_line() -> CheckLine:
    """Why a detector was not asked: a real box notes whoever is asked for, and loads its model."""
    return CheckLine(
        "",
        "unknown",
        "not asked: it is not in the box's configuration, and asking it would make the box load it",
        "add it there, or use --set-no-cloud",
    )


def readiness_line(detector_id: str, told: Mapping[str, bool] | Exception | None) -> CheckLine:
    """Whether the box has loaded the detector's model, by its own word."""
    if told is None or isinstance(told, Exception):
        why = f" ({told})" if told else ""
        return CheckLine("", "unknown", f"the box does not say whether its model is loaded{why}")
    ready = {key.lower(): value for key, value in told.items()}.get(detector_id.lower())
    if ready is None:
        return CheckLine(
            "",
            "warning",
            "it is not in the box's configuration, so the box may have no model for it",
            "add it there, or use --set-no-cloud",
        )
    if ready:
        return CheckLine("", "ok", "its model is loaded")
    return failed_line("its model is not loaded; wait until it is, which can take minutes")


def answer_line(reply: QueryReply, sent_s: float, done_s: float, subject: Subject) -> CheckLine:
    """How the detector answered one picture: only an answer of the edge itself is good."""
    query = PreflightQuery(1, sent_s, done_s, reply.status, reply.result, subject.detector_id)
    took_s = done_s - sent_s
    if not query.good:
        return failed_line(cause_in_short(query, subject))
    answer = picture_answer(reply.body)
    said = f" {answer.said}" if answer else ""
    seen = f"the edge itself answered{said} in {1000 * took_s:.0f} ms"
    return CheckLine("", "ok", seen, took_s=took_s)
