"""What `/status/metrics.json` and `/status/resources.json` say, in the real endpoint's shape. Pure.

The box is made up: one machine with one GPU, which are as busy as its inference workers are.
Figures of CPU and RAM are those of the last renewal, each 15 s, as of the real metrics server.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from edgeload.edge_facts import RENEWED_EVERY_S
from edgeload.simulator.detectors import Detector
from edgeload.simulator.query import timestamp
from edgeload.simulator.resident_memory import EDGE_RAM_BYTES, MemoryLaw, Residents

ResourceKind = Literal["cluster", "zeros", "none"]
RESOURCE_KINDS: tuple[ResourceKind, ...] = ("cluster", "zeros", "none")
NO_CLUSTER = {"error": "Not running in a Kubernetes cluster"}
GPU_OVER_S = 1.0
EVICTION_PERCENT = 90
_FORGOTTEN_AFTER_S = 2 * RENEWED_EVERY_S + 5.0
_IDLE_CPU_PERCENT, _EDGE_CPU_PERCENT = 3.0, 6.0
_IMAGES = {
    "edge-endpoint-0": {"edge-endpoint": "simulated/edge-endpoint@sha256:" + "e" * 64},
    "inferencemodel-primary-0": {"inference-server": "simulated/inference@sha256:" + "1" * 64},
}


@dataclass
class BusyTime:
    """Which spans of time workers were busy, by detector, for as long as anybody may ask."""

    workers: int
    _spans: deque[tuple[float, float, str]] = field(default_factory=deque)

    def served(self, detector_id: str, start_s: float, end_s: float) -> None:
        """A service has ended."""
        self._spans.append((start_s, end_s, detector_id))
        while self._spans and self._spans[0][1] < end_s - _FORGOTTEN_AFTER_S:
            self._spans.popleft()

    def shares(
        self, from_s: float, to_s: float, present: Iterable[tuple[float, float, str]] = ()
    ) -> dict[str, float]:
        """The share of all workers' time that was busy for each detector, 0 to 1.

        `present` are the services that have not ended.
        """
        found: dict[str, float] = {}
        for start_s, end_s, detector_id in (*self._spans, *present):
            overlap_s = min(end_s, to_s) - max(start_s, from_s)
            if overlap_s > 0:
                found[detector_id] = found.get(detector_id, 0.0) + overlap_s
        whole_s = self.workers * (to_s - from_s)
        return {key: seconds / whole_s for key, seconds in found.items()} if whole_s > 0 else {}


@dataclass(frozen=True)
class MemoryNow:
    """What is in RAM at the last renewal, and that one's number; and in VRAM at present."""

    ram: Residents
    vram: Residents
    renewal: int = 0


def resources(
    memory: MemoryNow,
    law: MemoryLaw,
    cpu: Mapping[str, float],
    gpu: Mapping[str, float],
    *,
    cpu_full: float,
    gpu_full: float,
) -> dict[str, Any]:
    """The figures in percent and bytes. `cpu` and `gpu` are busy shares of the workers by detector,
    `cpu_full` and `gpu_full` the percent that are busy while all workers are.
    """
    ids = list(memory.vram.ready)
    cpu_each = _busy(ids, cpu, cpu_full)
    gpu_each = _busy(ids, gpu, gpu_full)
    edge = round(_EDGE_CPU_PERCENT * sum(cpu.values()), 2)
    percent = _buckets(sum(gpu_each.values()), detectors=sum(gpu_each.values()))
    controller = _buckets(percent["total"] / 2, detectors=percent["total"] / 2)
    ram_each = {one: law.ram_of(used=used) for one, used in memory.ram.ready.items()}
    vram_each = {one: law.vram_of(used=used) for one, used in memory.vram.ready.items()}
    ram, vram = _ram(law, memory, ram_each), _vram(law, memory, vram_each)
    return {
        "system": {
            "cpu_utilization_pct": _buckets(
                sum(cpu_each.values()) + edge + _IDLE_CPU_PERCENT,
                detectors=sum(cpu_each.values()),
                edge_endpoint=edge,
                other=_IDLE_CPU_PERCENT,
            ),
            "ram_bytes": {**ram, "eviction_threshold_pct": EVICTION_PERCENT},
            "gpu": {
                "vram_bytes": vram,
                "compute_utilization_pct": percent,
                "memory_bandwidth_pct": controller,
                "devices": [_device(vram, percent["total"], controller["total"])],
            },
        },
        "detectors": [
            {
                "detector_id": one,
                "cpu_utilization_pct": _of_pods(cpu_each[one]),
                "ram_bytes": _of_pods(ram_each.get(one, 0), law.oodd),
                "gpu": {
                    "vram_bytes": _of_pods(vram_each[one], law.oodd),
                    "compute_utilization_pct": _of_pods(gpu_each[one]),
                    "memory_bandwidth_pct": _of_pods(gpu_each[one] / 2),
                },
            }
            for one in ids
        ],
    }


def _busy(ids: Sequence[str], shares: Mapping[str, float], full: float) -> dict[str, float]:
    """Percent of each detector, whose id may be in upper or lower case."""
    known = {key.lower(): share for key, share in shares.items()}
    return {one: round(full * known.get(one.lower(), 0.0), 2) for one in ids}


def _ram(law: MemoryLaw, memory: MemoryNow, each: Mapping[str, int]) -> dict[str, float]:
    own, other = EDGE_RAM_BYTES, law.other_ram_bytes(memory.renewal)
    loading = law.ram_of(used=False) * len(memory.ram.loading)
    used = sum(each.values()) + loading + own + other
    parts = _buckets(law.ram_bytes, detectors=sum(each.values()), edge_endpoint=own, other=other)
    return {**parts, "loading_detectors": loading, "used": used}


def _vram(law: MemoryLaw, memory: MemoryNow, each: Mapping[str, int]) -> dict[str, float]:
    loading = law.vram_of(used=False) * len(memory.vram.loading)
    parts = _buckets(law.vram_bytes, detectors=sum(each.values()))
    return {**parts, "loading_detectors": loading, "used": sum(each.values()) + loading}


def _device(vram: Mapping[str, float], percent: float, controller: float) -> dict[str, Any]:
    total, used = vram["total"], vram["used"]
    return {
        "index": 0,
        "uuid": "GPU-simulated",
        "name": "simulated GPU",
        "vram_bytes": {"total": total, "used": used, "free": total - used},
        "compute_utilization_pct": percent,
        "memory_bandwidth_pct": controller,
    }


def zeros(memory: MemoryNow, law: MemoryLaw) -> dict[str, Any]:
    """What the real endpoint answers while its metrics server is down: no CPU, no RAM."""
    dead = resources(memory, law, {}, {}, cpu_full=0.0, gpu_full=0.0)
    dead["system"]["cpu_utilization_pct"] = _buckets(0.0)
    dead["system"]["ram_bytes"] = {**_buckets(0), "used": 0, "eviction_threshold_pct": None}
    return dead


def _buckets(
    total: float, *, detectors: float = 0.0, edge_endpoint: float = 0.0, other: float = 0.0
) -> dict[str, float]:
    return {
        "total": total,
        "detectors": detectors,
        "loading_detectors": 0,
        "edge_endpoint": edge_endpoint,
        "other": other,
    }


def _of_pods(value: float, oodd: float = 0.0) -> dict[str, float | None]:
    """A figure of a detector: with a second pod, the share `oodd` of it is that one's."""
    if not oodd:
        return {"primary": value, "oodd": None, "total": value}
    second = round(value * oodd)
    return {"primary": value - second, "oodd": second, "total": value}


def metrics(
    detectors: Sequence[Detector],
    edge_config: Mapping[str, Any],
    unix_s: float,
    *,
    cluster: bool,
    deployed_unix_s: Mapping[str, float] | None = None,
    ram_bytes: int,
) -> dict[str, Any]:
    """The box's facts, some of them JSON inside a string, as the real endpoint writes them.

    `deployed_unix_s` has those of the detectors, by id, whose model is not the first one.
    """
    deployed = deployed_unix_s or {}
    details = {
        one.id: _details(one, edge_config, deployed.get(one.id, one.created_unix_s))
        for one in detectors
    }
    return {
        "device_info": {
            "device_id": "device-simulator",
            "device_metadata": {"name": "edge endpoint simulator"},
            "now": timestamp(unix_s),
            "cpucores": 8,
            "inference_flavor": "gpu",
            "cpu_utilization": _IDLE_CPU_PERCENT,
            "memory_utilization": 20.0,
            "memory_available_bytes": ram_bytes,
        },
        "activity_metrics": {
            "num_detectors_lifetime": len(details),
            "num_detectors_active_1h": len(details),
            "num_detectors_active_24h": len(details),
        },
        "failed_escalations": {"failed_last_hour_total": 0},
        "detector_details": json.dumps(details),
        "k3s_stats": {
            "deployments": str([f"edge/inferencemodel-primary-{one.id}" for one in detectors]),
            "pod_statuses": json.dumps(dict.fromkeys(_IMAGES, "Running")),
            "container_images": json.dumps(_IMAGES),
        }
        if cluster
        else NO_CLUSTER,
    }


def _details(
    detector: Detector, edge_config: Mapping[str, Any], deployed_unix_s: float
) -> dict[str, Any]:
    named = edge_config.get("edge_inference_configs", {})
    entry: Mapping[str, Any] = next(
        (
            each
            for each in edge_config.get("detectors", [])
            if each.get("detector_id") == detector.id
        ),
        {},
    )
    return {
        "status": "ready",
        "status_detail": None,
        "deploy_time": timestamp(deployed_unix_s),
        "last_updated_time": timestamp(deployed_unix_s),
        "query": detector.query,
        "mode": "BINARY",
        "detector_name": detector.name,
        "pipeline_config": "simulated\n",
        "edge_inference_config": named.get(entry.get("edge_inference_config")),
    }
