"""From the URL to all that has to be known about the endpoint before anything is sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from edgeload.edge.configuration import EdgeConfiguration, ask_configuration
from edgeload.edge.detectors import (
    AskedDetector,
    KnownDetector,
    NoSuchDetector,
    ask_detector,
    find_by_name,
)
from edgeload.edge.location import Forbidden, NoAnswer, Target, locate
from edgeload.edge.readiness import await_ready
from edgeload.edge.trust import TlsTrust
from edgeload.settings import SettingError, Settings
from edgeload.settings.groups import DetectorChoice, GroupSettings

_KNOCK_EVERY_S = 0.5
_NOT_CREATED = (
    ", and DETECTOR_QUERY is empty, so it cannot be created; check the name, or set DETECTOR_QUERY"
)


@dataclass(frozen=True)
class FoundDetector:
    """A detector that is ready, and how the box is configured for it."""

    asked: AskedDetector
    configuration: EdgeConfiguration

    @property
    def detector(self) -> KnownDetector:
        """The detector itself."""
        return self.asked.detector


@dataclass(frozen=True)
class Reached:
    """An endpoint that is ready, and the detectors of the run."""

    url: str
    target: Target
    trust: TlsTrust
    groups: tuple[GroupSettings, ...]
    detectors: Mapping[DetectorChoice, FoundDetector]

    def facts(self, embedded: str | None) -> dict[str, Any]:
        """For the log's header; null for what is not known. The plan has those of each group."""
        first = self.groups[0]
        found = self.detectors[first.detector]
        rate = found.configuration.confident_audit_rate
        if len(self.groups) > 1:
            return {
                "url": self.url,
                "detector_id": None,
                "embedded": embedded,
                "confident_audit_rate": rate,
            }
        return {
            "url": self.url,
            "detector_id": found.detector.id,
            "embedded": embedded,
            "detector_name": found.detector.name,
            "detector_query": found.detector.query,
            "confidence_threshold": found.detector.confidence_threshold,
            "always_edge": found.configuration.always_edge,
            "edge_only": found.configuration.edge_only,
            "confident_audit_rate": rate,
        }


def reach(
    url: str, settings: Settings, pause: Callable[[float], None], say: Callable[[str], None]
) -> Reached:
    """Find the endpoint and its detectors, and wait until all say that they are ready.

    `say` gets what a user should know before the run. Raises Unreachable, or SettingError for a
    target that no load may go to and for a detector in a mix file that the box does not have.
    """
    target = _located(url, settings, pause, say)
    trust = TlsTrust(settings.insecure, settings.cacert).for_endpoint(target)
    token = settings.token()

    def wait_for(detector_id: str | None) -> None:
        timeout_s = settings.ready_timeout
        patient = is_patient(settings)
        await_ready(
            url, detector_id, trust, timeout_s=timeout_s, patient=patient, pause=pause, say=say
        )

    def find(choice: DetectorChoice, group: GroupSettings) -> FoundDetector:
        if choice.id is not None:
            wait_for(choice.id)
            asked = ask_detector(url, choice.id, trust, token)
            if group.file and asked.status == HTTPStatus.NOT_FOUND:
                raise NoSuchDetector(
                    f"DETECTOR_ID = {choice.id!r}: this token has no such detector (GET "
                    f"/device-api/v1/detectors/{choice.id}: HTTP status 404); check the id"
                )
        else:
            assert choice.name is not None  # the settings ensure that
            detector, remark = find_by_name(url, choice.name, choice.query, trust, token)
            if remark is not None and (
                settings.endpoint_url or settings.urls
            ):  # the embedded one is new each time
                say(in_own_words(remark, group, "query"))
            wait_for(detector.id)
            asked = AskedDetector(HTTPStatus.OK, detector)
        return FoundDetector(asked, ask_configuration(url, asked.detector.id, trust))

    groups = settings.groups()
    if groups[0].detector.id is None or groups[0].file:
        wait_for(None)
    found: dict[DetectorChoice, FoundDetector] = {}
    # Those with a query first: what they create may be named without a query elsewhere.
    for group, key, choice in sorted(choices(groups), key=lambda it: it[2].query is None):
        if choice not in found:
            try:
                found[choice] = find(choice, group)
            except NoSuchDetector as error:
                raise as_setting(error, group, key) from error
    return Reached(url, target, trust, groups, found)


def is_patient(settings: Settings) -> bool:
    """Whether a time to wait was set: then a port that nobody listens on is waited for as well."""
    default = Settings.model_fields["ready_timeout"].get_default()
    return settings.typed("ready_timeout") or settings.ready_timeout != default


def _located(
    url: str, settings: Settings, pause: Callable[[float], None], say: Callable[[str], None]
) -> Target:
    """The endpoint, as soon as it takes connections. Raises SettingError for a forbidden one."""
    until_s = time.monotonic() + settings.ready_timeout
    said = False
    while True:
        try:
            return locate(url, settings.allow_public_target)
        except Forbidden as refusal:
            raise SettingError(str(refusal)) from refusal
        except NoAnswer as problem:
            if not is_patient(settings):
                raise
            if time.monotonic() >= until_s:
                raise NoAnswer(f"{problem} (waited {settings.ready_timeout:g} s)") from problem
            if not said:
                say(f"{problem}; waiting up to {settings.ready_timeout:g} s")
                said = True
        pause(_KNOCK_EVERY_S)


def choices(
    groups: tuple[GroupSettings, ...],
) -> list[tuple[GroupSettings, str, DetectorChoice]]:
    """Every detector that is asked for, with its group and the key that names it."""
    listed = []
    for group in groups:
        key = "detector_id" if group.detector.id else "detector_name"
        listed.append((group, key, group.detector))
        listed += [(group, "then", link.detector) for link in group.then]
    return listed


def as_setting(error: NoSuchDetector, group: GroupSettings, key: str) -> Exception:
    """The error of a detector that the box does not have: in a mix, one of a line in its file."""
    return SettingError(in_own_words(str(error), group, key)) if group.file else error


def in_own_words(text: str, group: GroupSettings, key: str) -> str:
    """What is said about the settings of a detector: in a mix, about a line of its file."""
    if not group.file:
        return text
    if key == "detector_name" and group.is_made:
        text = text.replace(_NOT_CREATED, f"; edgeload prepare --mix {group.file} makes it")
    names = {"DETECTOR_ID": "detector_id", "DETECTOR_NAME": "detector_name"}
    names["DETECTOR_QUERY"] = "query"
    if key == "then":  # which has no query of its own
        text = text.replace(", and DETECTOR_QUERY is empty, so it cannot be created", "")
        text = text.replace(
            "or set DETECTOR_QUERY",
            "or let a group of the mix with this detector_name have a query",
        )
        names |= dict.fromkeys(("DETECTOR_ID", "DETECTOR_NAME"), "then.detector")
    for name, own in names.items():
        text = text.replace(name, own)
    return group.where(key) + text
