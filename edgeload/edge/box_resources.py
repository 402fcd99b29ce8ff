"""What the box says about its resources: GET /status/resources.json, which needs no token.

The figures that it does not have, an error instead of an answer, and zeros where a machine cannot
have zero are no data (method 14). Boxes of before May 2026 answer in other shapes: no data either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from edgeload.box_records import BoxGpu, BoxResources, DetectorUsage, Usage
from edgeload.edge.asking import ask
from edgeload.edge.json_values import as_number, as_object, as_objects, as_text
from edgeload.edge.location import Unreachable
from edgeload.edge.trust import TlsTrust
from edgeload.untrusted_text import printable

ROUTE = "/status/resources.json"


@dataclass(frozen=True)
class NoResources:
    """The box has no figures; `reason` in one line. `for_good`: it will not have any later."""

    reason: str
    for_good: bool = False


def ask_resources(url: str, trust: TlsTrust) -> BoxResources | NoResources:
    """The box's figures at this moment, without instants; never raises."""
    try:
        answer = ask(f"{url}{ROUTE}", trust)
        if answer.status != HTTPStatus.OK:
            missing = answer.status == HTTPStatus.NOT_FOUND
            return NoResources(f"{ROUTE}: HTTP status {answer.status}", missing)
        return resources_of(answer.json())
    except Unreachable as problem:
        return NoResources(str(problem))
    except ValueError:
        return NoResources(f"{ROUTE}: the answer is not JSON")


def resources_of(values: Any) -> BoxResources | NoResources:
    """The same from the JSON of the answer, whatever it is."""
    said = as_object(values)
    if "error" in said:
        text = printable(str(said["error"]))
        return NoResources(f"the box says: {text}", "cluster" in text.lower())
    system = as_object(said.get("system"))
    gpu = as_object(system.get("gpu"))
    found = BoxResources(
        ts=0.0,
        at_s=0.0,
        took_s=0.0,
        cpu_percent=_usage(system.get("cpu_utilization_pct"), "total"),
        ram_bytes=_usage(system.get("ram_bytes"), "used"),
        ram_total_bytes=_above_0(as_object(system.get("ram_bytes")).get("total")),
        gpu_percent=_usage(gpu.get("compute_utilization_pct"), "total", may_be_idle=True),
        memory_controller_percent=_usage(
            gpu.get("memory_bandwidth_pct"), "total", may_be_idle=True
        ),
        vram_bytes=_usage(gpu.get("vram_bytes"), "used", may_be_idle=True),
        vram_total_bytes=_above_0(as_object(gpu.get("vram_bytes")).get("total")),
        gpus=[_gpu(each) for each in as_objects(gpu.get("devices"))],
        detectors=[_detector(each) for each in as_objects(said.get("detectors"))],
        eviction_percent=_above_0(as_object(system.get("ram_bytes")).get("eviction_threshold_pct")),
    )
    if found.cpu_percent is None and found.ram_bytes is None and not found.gpus:
        return NoResources(f"{ROUTE}: it has no figures in the form of today's boxes")
    return found


def _usage(value: Any, total: str, *, may_be_idle: bool = False) -> Usage | None:
    """A resource and its parts; None if nothing is known, or if a machine in use has used none."""
    parts = as_object(value)
    whole = as_number(parts.get(total))
    if whole is None or (whole == 0 and not may_be_idle):
        return None
    return Usage(
        total=whole,
        detectors=as_number(parts.get("detectors")),
        loading_detectors=as_number(parts.get("loading_detectors")),
        edge_endpoint=as_number(parts.get("edge_endpoint")),
        other=as_number(parts.get("other")),
    )


def _gpu(value: Mapping[Any, Any]) -> BoxGpu:
    vram = as_object(value.get("vram_bytes"))
    index = as_number(value.get("index"))
    return BoxGpu(
        index=0 if index is None else int(index),
        uuid=as_text(value.get("uuid")),
        name=as_text(value.get("name")),
        vram_total_bytes=_above_0(vram.get("total")),
        vram_used_bytes=as_number(vram.get("used")),
        gpu_percent=as_number(value.get("compute_utilization_pct")),
        memory_controller_percent=as_number(value.get("memory_bandwidth_pct")),
    )


def _detector(value: Mapping[Any, Any]) -> DetectorUsage:
    gpu = as_object(value.get("gpu"))

    def total(part: Any, key: str = "total") -> float | None:
        return as_number(as_object(part).get(key))

    return DetectorUsage(
        detector_id=as_text(value.get("detector_id")) or "",
        cpu_percent=total(value.get("cpu_utilization_pct")),
        ram_bytes=total(value.get("ram_bytes")),
        vram_bytes=total(gpu.get("vram_bytes")),
        gpu_percent=total(gpu.get("compute_utilization_pct")),
        ram_primary_bytes=total(value.get("ram_bytes"), "primary"),
        ram_oodd_bytes=total(value.get("ram_bytes"), "oodd"),
        vram_primary_bytes=total(gpu.get("vram_bytes"), "primary"),
        vram_oodd_bytes=total(gpu.get("vram_bytes"), "oodd"),
    )


def _above_0(value: Any) -> float | None:
    return as_number(value) or None
