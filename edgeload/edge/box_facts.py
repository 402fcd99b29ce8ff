"""What the box says about itself: GET /edge-config and GET /status/metrics.json, without a token.

The second takes a second and blocks the process that answers it, so it is asked before the load and
after it, never meanwhile. A box of before these routes says nothing, which is no error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from edgeload.box_records import BoxDetector, BoxFacts
from edgeload.edge.asking import ask
from edgeload.edge.json_values import as_flag, as_number, as_object, as_text
from edgeload.edge.location import Unreachable
from edgeload.edge.trust import TlsTrust
from edgeload.untrusted_text import printable

CONFIG_ROUTE = "/edge-config"
METRICS_ROUTE = "/status/metrics.json"
_MOST_DETECTORS = 1000


def ask_facts(url: str, trust: TlsTrust) -> BoxFacts:
    """The box's facts, without instants; never raises."""
    return box_facts_of(_json(f"{url}{CONFIG_ROUTE}", trust), _json(f"{url}{METRICS_ROUTE}", trust))


def _json(url: str, trust: TlsTrust) -> Any:
    """The JSON of an answer; None if there is none."""
    try:
        answer = ask(url, trust)
        return answer.json() if answer.status == HTTPStatus.OK else None
    except (Unreachable, ValueError):
        return None


def box_facts_of(configuration: Any, metrics: Any) -> BoxFacts:
    """The same from the JSON of both answers, whatever they are."""
    config, told = as_object(configuration), as_object(metrics)
    device = _part(told, "device_info")
    details = _nested(told.get("detector_details"))
    pods = _nested(_part(told, "k3s_stats").get("container_images"))
    not_known = [] if "detectors" in config else [CONFIG_ROUTE]
    if not device and not details:
        not_known.append(METRICS_ROUTE)
    metadata = as_object(device.get("device_metadata"))
    cores = as_number(device.get("cpucores"))
    return BoxFacts(
        ts=0.0,
        at_s=0.0,
        device_id=as_text(device.get("device_id")),
        device_name=as_text(metadata.get("name")),
        cpu_cores=None if cores is None else int(cores),
        flavour=as_text(device.get("inference_flavor")),
        images=_images(pods),
        confident_audit_rate=as_number(
            as_object(config.get("global_config")).get("confident_audit_rate")
        ),
        detectors=_detectors(config, details),
        not_known=not_known,
    )


def _detectors(config: Mapping[Any, Any], details: Mapping[Any, Any]) -> list[BoxDetector] | None:
    """Every detector that is configured or loaded, by its id; None if the box says neither."""
    entries = config.get("detectors")
    if not isinstance(entries, list) and not details:
        return None
    named = as_object(config.get("edge_inference_configs"))
    flags: dict[str, Mapping[Any, Any]] = {}
    for entry in entries if isinstance(entries, list) else ():
        own = as_object(entry)
        detector_id = as_text(own.get("detector_id"))
        if detector_id:
            name = own.get("edge_inference_config")  # which might be a list
            given = named.get(name) if isinstance(name, str) else None
            flags[detector_id] = {**own, **as_object(given)}
    found = [
        _detector(detector_id, flags.get(detector_id), as_object(details.get(detector_id)))
        for detector_id in sorted({*flags, *(as_text(key) or "" for key in details)} - {""})
    ]
    return found[:_MOST_DETECTORS]


def _detector(
    detector_id: str, flags: Mapping[Any, Any] | None, details: Mapping[Any, Any]
) -> BoxDetector:
    own = flags if flags is not None else as_object(details.get("edge_inference_config"))
    always = as_flag(own.get("always_return_edge_prediction"))
    no_cloud = as_flag(own.get("disable_cloud_escalation"))
    return BoxDetector(
        detector_id=detector_id,
        name=as_text(details.get("detector_name")),
        query=as_text(details.get("query")),
        mode=as_text(details.get("mode")),
        pipeline=as_text(details.get("pipeline_config")),
        status=as_text(details.get("status")),
        deploy_time=as_text(details.get("deploy_time") or details.get("last_updated_time")),
        enabled=as_flag(own.get("enabled")),
        always_edge=always,
        edge_only=None
        if always is None and no_cloud is None
        else always is True and no_cloud is True,
        min_time_between_escalations_s=as_number(own.get("min_time_between_escalations")),
    )


def _images(pods: Mapping[Any, Any]) -> dict[str, str]:
    """Images by container: of several pods with one image each container counts once.

    The name of a pod of an inference server is new with each roll-out, so it does not count.
    """
    found: dict[str, set[str]] = {}
    for containers in pods.values():
        for name, image in as_object(containers).items():
            if isinstance(name, str) and isinstance(image, str):
                found.setdefault(printable(name), set()).add(printable(image))
    return {name: ", ".join(sorted(images)) for name, images in sorted(found.items())}


def _part(value: Mapping[Any, Any], key: str) -> Mapping[Any, Any]:
    """A part of an answer; one that has failed is `{"error": …}`."""
    part = as_object(value.get(key))
    return {} if "error" in part else part


def _nested(value: Any) -> Mapping[Any, Any]:
    """An object that the box writes as JSON inside a string."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    found = as_object(value)
    return {} if "error" in found else found
