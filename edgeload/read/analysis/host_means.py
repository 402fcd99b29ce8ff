"""How busy the endpoint's host was in one step: means over its window. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GpuMeans:
    """One GPU over the samples of a step's window. None: no sample has the figure."""

    index: int
    name: str | None
    utilization_percent: float | None
    memory_controller_percent: float | None
    power_w: float | None
    power_limit_w: float | None
    temperature_c: float | None
    sm_clock_mhz: float | None
    highest_clock_mhz: float | None
    """The highest clock of the whole run."""
    thermal_share: float | None
    """Share of the samples in which heat lowered the clock; `power_share`: the power limit."""
    power_share: float | None


@dataclass(frozen=True)
class ProcessMeans:
    """Processes of one name: how many, and CPU in percent of one core, all and the busiest."""

    name: str
    count: float
    cpu_percent: float
    busiest_percent: float | None


@dataclass(frozen=True)
class HostMeans:
    """The host over the samples that lie in a step's window; percent. None: no data.

    `cpu_percent` is of all cores, or of what a container may use. `edge_endpoint_percent` is what
    the endpoint's proxies use of all cores, by the box's own word.
    """

    samples: int
    cpu_percent: float | None = None
    busiest_core_percent: float | None = None
    memory_used_percent: float | None = None
    memory_stalled_percent: float | None = None
    """Share of time in which all tasks waited for memory."""
    throttled_percent: float | None = None
    edge_endpoint_percent: float | None = None
    processes: tuple[ProcessMeans, ...] = ()
    gpus: tuple[GpuMeans, ...] = ()
