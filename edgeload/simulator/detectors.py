"""The detectors and the edge configuration that the endpoint's routes show. No I/O."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from edgeload.edge_facts import is_detector_id
from edgeload.simulator.deployment import DEFAULT_THRESHOLD
from edgeload.simulator.query import new_id, timestamp

_NO_CLOUD = {
    "enabled": True,
    "always_return_edge_prediction": True,
    "disable_cloud_escalation": True,
    "min_time_between_escalations": 30.0,
}


class DetectorError(ValueError):
    """The detector cannot be created, or the configuration is not legal; the text says why."""


@dataclass(frozen=True)
class Detector:
    """A binary detector."""

    id: str
    name: str
    query: str
    created_unix_s: float
    confidence_threshold: float = DEFAULT_THRESHOLD
    patience_time_s: float = 30.0
    group_name: str = "default"
    metadata: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """The detector as the cloud's API shows it."""
        return {
            "id": self.id,
            "type": "detector",
            "created_at": timestamp(self.created_unix_s),
            "name": self.name,
            "query": self.query,
            "group_name": self.group_name,
            "confidence_threshold": self.confidence_threshold,
            "patience_time": self.patience_time_s,
            "metadata": self.metadata,
            "mode": "BINARY",
            "mode_configuration": None,
            "status": "ON",
            "escalation_type": "STANDARD",
        }


class Detectors:
    """The detectors that exist. Unless `strict`, every well-formed id counts as one."""

    def __init__(self, listed: Sequence[Detector], *, strict: bool, chance: random.Random) -> None:
        """`listed` has at least one detector; no two have one id in upper or lower case."""
        self._first = listed[0]
        self._by_id = {detector.id.lower(): detector for detector in listed}
        self._strict = strict
        self._chance = chance

    def __iter__(self) -> Iterator[Detector]:
        return iter(self._by_id.values())

    @property
    def first(self) -> Detector:
        """The first of the detectors that have existed from the start."""
        return self._first

    def find(self, detector_id: str) -> Detector | None:
        """The detector with that id, in upper or lower case; None if there is none."""
        known = self._by_id.get(detector_id.lower())
        if known is not None or self._strict or not is_detector_id(detector_id):
            return known
        return Detector(detector_id, detector_id, self._first.query, self._first.created_unix_s)

    def named(self, name: str) -> list[Detector]:
        """The detectors with that name: one or none."""
        return [detector for detector in self if detector.name == name]

    def create(self, wanted: object, now_unix_s: float) -> Detector:
        """Create the detector that a request's JSON describes. Raises DetectorError."""
        if not isinstance(wanted, dict):
            raise DetectorError("the body must be a JSON object")
        name, query = wanted.get("name"), wanted.get("query")
        for field, value in (("name", name), ("query", query)):
            if not isinstance(value, str) or not 1 <= len(value) <= 300:
                raise DetectorError(f"{field}: must be a text of 1 to 300 characters")
        if self.named(str(name)):
            raise DetectorError(f"name: a detector named {name!r} exists already")
        mode = wanted.get("mode", "BINARY")
        if mode != "BINARY":
            raise DetectorError(
                f"mode: this endpoint has only detectors of mode BINARY, not {mode}"
            )
        detector = Detector(
            id=new_id("det_", self._chance),
            name=str(name),
            query=str(query),
            created_unix_s=now_unix_s,
            confidence_threshold=_unit(wanted.get("confidence_threshold", DEFAULT_THRESHOLD)),
            patience_time_s=float(wanted.get("patience_time") or 30.0),
            group_name=str(wanted.get("group_name") or "default"),
            metadata=wanted.get("metadata") if isinstance(wanted.get("metadata"), dict) else None,
        )
        self._by_id[detector.id.lower()] = detector
        return detector


def _unit(value: object) -> float:
    if isinstance(value, int | float) and 0.0 <= value <= 1.0:
        return float(value)
    raise DetectorError("confidence_threshold: must be a number from 0 to 1")


def no_cloud_config(detector_ids: Iterable[str], audit_rate: float) -> dict[str, Any]:
    """The edge configuration with which the edge itself answers all queries of these detectors."""
    return {
        "global_config": {"refresh_rate": 60.0, "confident_audit_rate": audit_rate},
        "edge_inference_configs": {"no_cloud": dict(_NO_CLOUD)},
        "detectors": [no_cloud_entry(detector_id) for detector_id in detector_ids],
    }


def no_cloud_entry(detector_id: str) -> dict[str, Any]:
    """One detector in that configuration."""
    return {"detector_id": detector_id, "edge_inference_config": "no_cloud"}


def checked_config(config: object) -> dict[str, Any]:
    """The edge configuration, if its detectors are well-formed. Raises DetectorError.

    The endpoint shows it again and lists its detectors as ready. It has no influence on how
    queries are answered.
    """
    if not isinstance(config, dict):
        raise DetectorError("the body must be a JSON object")
    named, detectors = config.get("edge_inference_configs", {}), config.get("detectors", [])
    if not isinstance(named, dict) or not isinstance(detectors, list):
        raise DetectorError("edge_inference_configs must be an object, detectors a list")
    for entry in detectors:
        if not isinstance(entry, dict) or not is_detector_id(str(entry.get("detector_id"))):
            raise DetectorError("detectors: an entry has no legal detector_id")
        if entry.get("edge_inference_config") not in named:
            raise DetectorError("detectors: an entry names an undefined edge_inference_config")
    return {
        "global_config": config.get("global_config", {}),
        "edge_inference_configs": named,
        "detectors": detectors,
    }
