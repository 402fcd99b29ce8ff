"""The quantities in host samples: their names, their units, and how to read each one. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from edgeload.host.samples import GpuSample, HostSample

S = TypeVar("S")

SLOWING_REASONS = frozenset(
    {
        "sw_power_cap",
        "hw_slowdown",
        "sw_thermal_slowdown",
        "hw_thermal_slowdown",
        "hw_power_brake_slowdown",
        "board_limit",
        "reliability",
    }
)
"""Throttle reasons of power, heat or hardware. The others are idleness and settings."""


@dataclass(frozen=True)
class HostQuantity(Generic[S]):
    """One quantity of samples of type S.

    `key` is its name in files and ends with the unit; `label` is its name for people. `read` gives
    its value in a sample, or None if the sample has none.
    """

    key: str
    label: str
    unit: str
    read: Callable[[S], float | None]
    over_window: bool = False
    """Whether it is a mean over the sample's window instead of a value at one instant."""
    if_seen: bool = False
    """Whether a table leaves it out as long as it is 0, or not reported."""


def busiest_core_percent(sample: HostSample) -> float | None:
    """Busy percent of the busiest core: one full core can limit a host that looks idle."""
    return max((core for core in sample.cpu_per_core_percent if core is not None), default=None)


def memory_percent(gpu: GpuSample) -> float | None:
    """GPU memory in use, in percent of the GPU's memory."""
    if gpu.memory_used_percent is not None:
        return gpu.memory_used_percent
    if gpu.memory_used_bytes is None or not gpu.memory_total_bytes:
        return None
    return 100.0 * gpu.memory_used_bytes / gpu.memory_total_bytes


def slowing_reasons(gpu: GpuSample) -> list[str]:
    """The sample's throttle reasons that are in SLOWING_REASONS."""
    return [reason for reason in gpu.throttle_reasons or () if reason in SLOWING_REASONS]


HOST_QUANTITIES: tuple[HostQuantity[HostSample], ...] = (
    HostQuantity("cpu_percent", "CPU, all cores", "%", lambda s: s.cpu_percent, True),
    HostQuantity("busiest_core_percent", "CPU, busiest core", "%", busiest_core_percent, True),
    HostQuantity(
        "load_average_1min",
        "load average, 1 min",
        "",
        lambda s: None if s.load_average is None else s.load_average[0],
    ),
    HostQuantity("memory_used_percent", "memory in use", "%", lambda s: s.memory.used_percent),
    HostQuantity("memory_used_bytes", "memory used", "B", lambda s: s.memory.used_bytes),
    HostQuantity(
        "memory_available_bytes", "memory available", "B", lambda s: s.memory.available_bytes
    ),
    HostQuantity(
        "network_received_bytes_per_s",
        "network received",
        "B/s",
        lambda s: None if s.network is None else s.network.received_bytes_per_s,
        True,
    ),
    HostQuantity(
        "network_sent_bytes_per_s",
        "network sent",
        "B/s",
        lambda s: None if s.network is None else s.network.sent_bytes_per_s,
        True,
    ),
    HostQuantity(
        "network_retransmits_per_s",
        "TCP segments sent again",
        "/s",
        lambda s: None if s.network is None else s.network.retransmits_per_s,
        True,
        True,
    ),
    HostQuantity(
        "disk_written_bytes_per_s",
        "disks, written",
        "B/s",
        lambda s: None if s.disk is None else s.disk.written_bytes_per_s,
        True,
        True,
    ),
    HostQuantity(
        "disk_read_bytes_per_s",
        "disks, read",
        "B/s",
        lambda s: None if s.disk is None else s.disk.read_bytes_per_s,
        True,
        True,
    ),
    HostQuantity(
        "cpu_pressure_percent",
        "some task waits for CPU",
        "%",
        lambda s: None if s.pressure is None else s.pressure.cpu_some_percent,
        True,
        True,
    ),
    HostQuantity(
        "memory_pressure_percent",
        "some task waits for memory",
        "%",
        lambda s: None if s.pressure is None else s.pressure.memory_some_percent,
        True,
        True,
    ),
    HostQuantity(
        "io_pressure_percent",
        "some task waits for disk",
        "%",
        lambda s: None if s.pressure is None else s.pressure.io_some_percent,
        True,
        True,
    ),
    HostQuantity(
        "steal_percent", "CPU, taken by hypervisor", "%", lambda s: s.steal_percent, True, True
    ),
    HostQuantity(
        "cpu_of_limit_percent",
        "CPU, of container's limit",
        "%",
        lambda s: s.cpu_of_limit_percent,
        True,
        True,
    ),
    HostQuantity(
        "throttled_percent",
        "container's quota used up",
        "%",
        lambda s: s.throttled_percent,
        True,
        True,
    ),
)

GPU_QUANTITIES: tuple[HostQuantity[GpuSample], ...] = (
    HostQuantity("utilization_percent", "utilisation", "%", lambda g: g.utilization_percent),
    HostQuantity(
        "memory_controller_percent", "memory controller", "%", lambda g: g.memory_controller_percent
    ),
    HostQuantity("memory_used_percent", "memory in use", "%", memory_percent),
    HostQuantity("memory_used_bytes", "memory used", "B", lambda g: g.memory_used_bytes),
    HostQuantity("memory_total_bytes", "memory of the GPU", "B", lambda g: g.memory_total_bytes),
    HostQuantity("power_w", "power", "W", lambda g: g.power_w),
    HostQuantity("power_limit_w", "power limit", "W", lambda g: g.power_limit_w),
    HostQuantity("temperature_c", "temperature", "°C", lambda g: g.temperature_c),
    HostQuantity("sm_clock_mhz", "SM clock", "MHz", lambda g: g.sm_clock_mhz),
    HostQuantity("memory_clock_mhz", "memory clock", "MHz", lambda g: g.memory_clock_mhz),
)

_SCALES = {
    "B": ((2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB")),
    "B/s": ((1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s")),
}


def display_unit(unit: str, largest: float | None) -> tuple[float, str]:
    """A unit that suits the largest value of a row: (divisor for the values, name of the unit)."""
    for size, name in _SCALES.get(unit, ()):
        if largest is not None and largest >= size:
            return size, name
    return 1.0, unit
