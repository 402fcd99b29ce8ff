"""What limited the endpoint: the resource, how sure that is, and the evidence. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgeload.read.analysis.finding import Finding

Resource = Literal[
    "inference_gpu",
    "inference_workers",
    "detector_pod",
    "proxy_cpu",
    "host_cpu",
    "connection_limit",
    "network",
    "thermal",
    "power",
    "memory",
    "generator",
    "cloud",
    "unknown",
]
Confidence = Literal["high", "medium", "low"]


@dataclass(frozen=True)
class Limit:
    """What limited the endpoint, how sure that is, and what shows it.

    `confidence` is None if nothing was found. `about` names the detector of a pod, or the GPU.
    """

    resource: Resource
    confidence: Confidence | None
    evidence: tuple[Finding, ...] = ()
    about: str = ""
