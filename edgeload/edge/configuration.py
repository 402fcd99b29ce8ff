"""How the box is configured for a detector: GET /edge-config, which needs no token.

An endpoint of before April 2026 has no such route. Then nothing is known, which is no error.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from edgeload.edge.asking import ask
from edgeload.edge.json_values import as_object
from edgeload.edge.location import Unreachable
from edgeload.edge.trust import TlsTrust


@dataclass(frozen=True)
class EdgeConfiguration:
    """What the box says about one detector; None for what it does not say."""

    always_edge: bool | None = None
    """Whether the edge answers every query itself, whatever its confidence."""
    edge_only: bool | None = None
    """Whether it does, and never sends a query to the cloud, not even in the background."""
    confident_audit_rate: float | None = None
    """Share of the confident answers that the box also sends to the cloud, to check them."""


def ask_configuration(url: str, detector_id: str, trust: TlsTrust) -> EdgeConfiguration:
    """The configuration of one detector; never raises."""
    try:
        answer = ask(f"{url}/edge-config", trust)
        values = answer.json() if answer.status == HTTPStatus.OK else None
    except (Unreachable, ValueError):
        values = None
    return configuration_of(values, detector_id)


def configuration_of(values: Any, detector_id: str) -> EdgeConfiguration:
    """The same from the JSON of the answer, whatever it is.

    A detector that is not listed has the default configuration, which asks the cloud. Until
    December 2024 the flags stood with the detector, since then in a configuration that it names.
    """
    config = as_object(values)
    detectors = config.get("detectors")
    rate = as_object(config.get("global_config")).get("confident_audit_rate")
    if not isinstance(detectors, list):
        return EdgeConfiguration(confident_audit_rate=_share(rate))
    own = next(
        (
            entry
            for entry in map(as_object, detectors)
            if str(entry.get("detector_id")).lower() == detector_id.lower()
        ),
        {},
    )
    name = own.get("edge_inference_config")
    named = as_object(config.get("edge_inference_configs"))
    flags = {**own, **as_object(named.get(name) if isinstance(name, str) else None)}
    always_edge = flags.get("always_return_edge_prediction") is True
    return EdgeConfiguration(
        always_edge=always_edge,
        edge_only=always_edge and flags.get("disable_cloud_escalation") is True,
        confident_audit_rate=_share(rate),
    )


def _share(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value <= 1 else None
