"""What the box says about itself, which models answered, and what its host's monitor says, as
lines of the log.

They are written beside the requests while a run goes on, and before and after it. `at_s` is run
time: negative before the first step. Null is what the box did not say; that is no error.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class BoxDetector(msgspec.Struct, frozen=True, omit_defaults=True):
    """One detector that the box has loaded, and how the box is configured for it."""

    detector_id: str
    name: str | None = None
    query: str | None = None
    mode: str | None = None
    pipeline: str | None = None
    status: str | None = None
    """`ready`, `updating`, `update_failed`, `initializing` or `error`."""
    deploy_time: str | None = None
    """When its model was deployed, as the box writes it."""
    enabled: bool | None = None
    always_edge: bool | None = None
    edge_only: bool | None = None
    min_time_between_escalations_s: float | None = None


class BoxFacts(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="box_facts"):
    """What the box says about itself: asked once before the first step, and once after the run."""

    ts: float
    at_s: float
    device_id: str | None = None
    device_name: str | None = None
    cpu_cores: int | None = None
    flavour: str | None = None
    """The inference flavour, for example `gpu`, `cpu` or `jetson`."""
    images: dict[str, str] = {}
    """Images with their digests, by the name of their container."""
    confident_audit_rate: float | None = None
    detectors: list[BoxDetector] | None = None
    """All that are loaded or configured; null if the box does not say."""
    not_known: list[str] = []
    """The routes that gave no answer which can be used."""


class RoundTrip(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="round_trip"
):
    """How long the network takes: medians of some connections before the run, one by one."""

    ts: float
    at_s: float
    tries: int
    tcp_s: float
    """From the first packet of a connection to its answer."""
    tls_s: float | None = None
    """The TLS handshake on top of that; null for plain HTTP."""


class Usage(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a resource of the box is shared. Percent add up to 100 per machine, bytes to its size."""

    total: float | None = None
    detectors: float | None = None
    loading_detectors: float | None = None
    edge_endpoint: float | None = None
    other: float | None = None


class DetectorUsage(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the pods of one detector use together."""

    detector_id: str
    cpu_percent: float | None = None
    ram_bytes: float | None = None
    vram_bytes: float | None = None
    gpu_percent: float | None = None
    ram_primary_bytes: float | None = None
    """What its first pod takes of the RAM; `oodd`: its second one, if it has one."""
    ram_oodd_bytes: float | None = None
    vram_primary_bytes: float | None = None
    vram_oodd_bytes: float | None = None


class BoxGpu(msgspec.Struct, frozen=True, omit_defaults=True):
    """One GPU of the box, as its pods see it."""

    index: int
    uuid: str | None = None
    name: str | None = None
    vram_total_bytes: float | None = None
    vram_used_bytes: float | None = None
    gpu_percent: float | None = None
    memory_controller_percent: float | None = None


class BoxResources(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="box_resources"
):
    """The box's own figures (GET /status/resources.json) at one moment; `took_s` to answer.

    The box renews those of CPU and RAM every 15 s only, so that lines repeat them.
    """

    ts: float
    at_s: float
    took_s: float
    cpu_percent: Usage | None = None
    ram_bytes: Usage | None = None
    ram_total_bytes: float | None = None
    gpu_percent: Usage | None = None
    memory_controller_percent: Usage | None = None
    vram_bytes: Usage | None = None
    vram_total_bytes: float | None = None
    gpus: list[BoxGpu] = []
    detectors: list[DetectorUsage] = []
    eviction_percent: float | None = None
    """From this share of the RAM on, the box takes pods down."""


class MonitorLine(msgspec.Struct, frozen=True, tag_field="event", tag="host"):
    """One line of the monitor on the endpoint's host, as it came: its header, or a sample.

    Instants within are those of the host's own clocks; HostClock says how they lie to run time.
    """

    at_s: float
    """When it came."""
    line: dict[str, Any]


class HostClock(msgspec.Struct, frozen=True, tag_field="event", tag="host_clock"):
    """The host's monotonic clock against run time, by the quickest of some round trips.

    Run time = the host's monotonic seconds - `offset_s`, at most `bound_s` off: half of the round
    trip (Cristian 1989). `wall_offset_s` is the same for the host's wall clock against ours.
    """

    ts: float
    at_s: float
    offset_s: float
    bound_s: float
    wall_offset_s: float


class TelemetryLost(msgspec.Struct, frozen=True, tag_field="event", tag="telemetry_lost"):
    """A source of such lines gave none from `at_s` on, or would not begin; `reason` in one line."""

    ts: float
    at_s: float
    source: Literal["monitor", "resources"]
    reason: str


MOST_MODEL_CHANGES = 50
"""So many ModelChange of one detector a worker writes down, then no more: whoever sends another key
with every answer fills no log."""


class ModelChange(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="model_change"
):
    """A worker's first answer, at `at_s`, by a model that had not answered it or had gone.

    `model` is the key that the answer names. `before` is the model that answered until then, the
    last time at `before_last_s`; without it, this is the first model that the worker met. The old
    one may answer beside the new one for a while: ModelGone tells of its end.
    """

    ts: float
    at_s: float
    worker: int
    detector_id: str
    model: str
    before: str | None = None
    before_last_s: float | None = None


class ModelGone(msgspec.Struct, frozen=True, tag_field="event", tag="model_gone"):
    """The last answer that a worker got from a model beside another one, at `at_s`."""

    ts: float
    at_s: float
    worker: int
    detector_id: str
    model: str


ModelRecord = ModelChange | ModelGone
BoxRecord = (
    BoxFacts | RoundTrip | BoxResources | MonitorLine | HostClock | TelemetryLost | ModelRecord
)
