"""From the endpoint's URL to all that has to be known about it before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from edgeload.edge.configuration import EdgeConfiguration, ask_configuration
from edgeload.edge.detectors import AskedDetector, KnownDetector, ask_detector, find_by_name
from edgeload.edge.location import Target, locate
from edgeload.edge.readiness import await_ready
from edgeload.edge.trust import TlsTrust
from edgeload.settings import Settings


@dataclass(frozen=True)
class Reached:
    """An endpoint that is ready, and its detector."""

    url: str
    target: Target
    trust: TlsTrust
    asked: AskedDetector
    configuration: EdgeConfiguration

    @property
    def detector(self) -> KnownDetector:
        """The detector that the queries are about."""
        return self.asked.detector

    def facts(self, embedded: str | None) -> dict[str, Any]:
        """For the log's header; null for what is not known."""
        return {
            "url": self.url,
            "detector_id": self.detector.id,
            "embedded": embedded,
            "detector_name": self.detector.name,
            "detector_query": self.detector.query,
            "confidence_threshold": self.detector.confidence_threshold,
            "always_edge": self.configuration.always_edge,
            "edge_only": self.configuration.edge_only,
            "confident_audit_rate": self.configuration.confident_audit_rate,
        }


def reach(
    url: str, settings: Settings, pause: Callable[[float], None], say: Callable[[str], None]
) -> Reached:
    """Find the endpoint and its detector, and wait until both say that they are ready.

    `say` gets what a user should know before the run. Raises Unreachable.
    """
    target = locate(url)
    trust = TlsTrust(settings.insecure, settings.cacert).for_endpoint(target)

    def wait_for(detector_id: str | None) -> None:
        timeout_s = settings.ready_timeout
        await_ready(url, detector_id, trust, timeout_s=timeout_s, pause=pause, say=say)

    token = settings.token()
    wait_for(settings.detector_id)
    if settings.detector_id is not None:
        asked = ask_detector(url, settings.detector_id, trust, token)
    else:
        assert settings.detector_name is not None  # the settings ensure that
        name, query = settings.detector_name, settings.detector_query
        detector, remark = find_by_name(url, name, query, trust, token)
        if remark is not None:
            say(remark)
        wait_for(detector.id)
        asked = AskedDetector(HTTPStatus.OK, detector)
    configuration = ask_configuration(url, asked.detector.id, trust)
    return Reached(url, target, trust, asked, configuration)
