"""The detectors and the edge configuration that the endpoint's routes show. No I/O."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from edgeload.edge_facts import is_detector_id
from edgeload.simulator.deployment import DEFAULT_THRESHOLD
from edgeload.simulator.query import new_id, timestamp

PresetName = Literal["no_cloud", "edge_answers_with_escalation", "default", "disabled"]
PRESET_NAMES: tuple[PresetName, ...] = (
    "no_cloud",
    "edge_answers_with_escalation",
    "default",
    "disabled",
)
_SECONDS_IN_A_DAY = 86400
_BETWEEN_ESCALATIONS_S = 30.0


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


def first_config(
    detector_ids: Iterable[str], audit_rate: float, preset: PresetName
) -> dict[str, Any]:
    """The edge configuration in which each of these detectors has the preset.

    With `no_cloud` the edge itself answers all queries of these detectors.
    """
    return {
        "global_config": {"refresh_rate": 60.0, "confident_audit_rate": audit_rate},
        "edge_inference_configs": {preset: _preset(preset)},
        "detectors": [config_entry(detector_id, preset) for detector_id in detector_ids],
    }


def _preset(name: PresetName) -> dict[str, Any]:
    return {
        "enabled": name != "disabled",
        "always_return_edge_prediction": name in ("no_cloud", "edge_answers_with_escalation"),
        "disable_cloud_escalation": name == "no_cloud",
        "min_time_between_escalations": _BETWEEN_ESCALATIONS_S,
    }


def config_entry(detector_id: str, name: str) -> dict[str, Any]:
    """One detector in the edge configuration, with the named configuration for its queries."""
    return {"detector_id": detector_id, "edge_inference_config": name}


def checked_config(config: object) -> dict[str, Any]:
    """The edge configuration as the endpoint keeps it: defaults added, unknown keys left out.

    It is refused for what the endpoint refuses too. Raises DetectorError.
    """
    wanted = _object(config, "the body")
    rates = _object(wanted.get("global_config", {}), "global_config")
    refresh_s = _number(rates.get("refresh_rate", 60.0), "refresh_rate")
    audit_rate = _number(rates.get("confident_audit_rate", 1e-5), "confident_audit_rate")
    if not 0 < refresh_s <= _SECONDS_IN_A_DAY or audit_rate < 0:
        raise DetectorError("global_config: a rate is out of its limits")
    named = {
        str(name): _checked_flags(_object(flags, f"edge_inference_configs: {name}"))
        for name, flags in _object(
            wanted.get("edge_inference_configs") or {}, "edge_inference_configs"
        ).items()
    }
    listed = wanted.get("detectors", [])
    if not isinstance(listed, list):
        raise DetectorError("detectors must be a list")
    entries: dict[str, dict[str, Any]] = {}
    for each in listed:
        entry = _object(each, "detectors: an entry")
        detector_id, name = str(entry.get("detector_id")), entry.get("edge_inference_config")
        if not is_detector_id(detector_id) or detector_id in entries:
            raise DetectorError("detectors: an entry has no legal detector_id, or that of another")
        if name not in named:
            raise DetectorError("detectors: an entry names an undefined edge_inference_config")
        entries[detector_id] = config_entry(detector_id, str(name))
    return {
        "edge_inference_configs": named,
        "detectors": list(entries.values()),
        "global_config": {"refresh_rate": refresh_s, "confident_audit_rate": audit_rate},
    }


def _checked_flags(flags: dict[Any, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {
        key: flags.get(key, value)
        for key, value in _preset("default").items()
        if isinstance(value, bool)
    }
    if not all(isinstance(value, bool) for value in checked.values()):
        raise DetectorError("edge_inference_configs: a flag is neither true nor false")
    if checked["disable_cloud_escalation"] and not checked["always_return_edge_prediction"]:
        raise DetectorError(
            "edge_inference_configs: disable_cloud_escalation needs always_return_edge_prediction"
        )
    key = "min_time_between_escalations"
    checked[key] = _number(flags.get(key, _BETWEEN_ESCALATIONS_S), key)
    if checked[key] <= 0:
        raise DetectorError(f"{key}: must be above 0")
    return checked


def _object(value: object, what: str) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise DetectorError(f"{what} must be an object")
    return value


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DetectorError(f"{what}: must be a number")
    return float(value)
