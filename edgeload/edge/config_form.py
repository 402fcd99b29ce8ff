"""Which form the JSON of a box's configuration must have, and which secrets it holds. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeload.edge.json_values import as_object
from edgeload.untrusted_text import printable

_SECRET_KEYS = ("token", "secret", "password")


def secrets_of(config: Any) -> list[str]:
    """The values in a configuration that nobody may see: an `api_token`, up to SDK 0.30."""
    found: list[str] = []
    waiting = [config]
    while waiting:  # not by recursion: it may be deep
        value = waiting.pop()
        if isinstance(value, dict):
            for key, each in value.items():
                is_secret = any(word in str(key).lower() for word in _SECRET_KEYS)
                if is_secret and isinstance(each, str):
                    found.append(each)
                waiting.append(each)
        elif isinstance(value, list):
            waiting += value
    return found


def strange_part(config: Mapping[str, Any]) -> str | None:
    """What is wrong with the form of a configuration, which may be any JSON; None: nothing."""
    if not _is_object(config.get("global_config")):
        return "global_config is no object"
    named = config.get("edge_inference_configs")
    if not _is_object(named):
        return "edge_inference_configs is no object"
    for name, flags in as_object(named).items():
        if not isinstance(flags, dict):
            return f"edge_inference_configs: {printable(name)} is no object"
    entries = config.get("detectors")
    for number, entry in enumerate(entries if isinstance(entries, list) else (), 1):
        own = as_object(entry)
        if not isinstance(own.get("detector_id"), str):
            return f"detectors: entry {number} has no text as detector_id"
        if not isinstance(own.get("edge_inference_config", ""), str):
            return f"detectors: entry {number} has no text as edge_inference_config"
    return None


def _is_object(value: Any) -> bool:
    """An empty one may be null, or left out."""
    return value is None or isinstance(value, dict)
