"""Headers and samples for tests, with every value named that a test may want to set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from edgeload.host.samples import (
    HOST_FORMAT_VERSION,
    Gpu,
    GpuSample,
    HostHeader,
    HostSample,
    Memory,
    Network,
    SampleWriter,
)

GIB = 2**30
WALL_S, MONOTONIC_S = 1795460628.25, 5000.0
"""When sampling started, on both clocks."""
TOTAL_BYTES = 16 * GIB
TRAFFIC = Network(1e6, 2e7, 0, 0)


def header(
    *,
    gpus: int = 0,
    cores: int = 4,
    format_version: int = HOST_FORMAT_VERSION,
    name: str = "Example",
) -> HostHeader:
    return HostHeader(
        format_version=format_version,
        ts=WALL_S,
        asctime="",
        monotonic_s=MONOTONIC_S,
        interval_s=1.0,
        duration_s=60.0,
        machine={"host": "example"},
        cpu_model="Example CPU",
        cpu_count=cores,
        cpu_physical_count=cores,
        memory_total_bytes=TOTAL_BYTES,
        network_interfaces=["eth0"],
        gpus=[Gpu(index=i, uuid=f"GPU-{i}", name=f"{name} {i}") for i in range(gpus)],
        driver_version="535" if gpus else None,
        gpu_notice=None if gpus else "No GPU figures: an example.",
    )


def sample(
    at_s: float,
    *,
    interval_s: float = 1.0,
    cpu_percent: float | None = 50.0,
    cores: Sequence[float | None] = (40.0, 60.0, 50.0, 50.0),
    available_bytes: int = 4 * GIB,
    network: Network | None = TRAFFIC,
    gpus: Sequence[GpuSample] = (),
) -> HostSample:
    """A sample `at_s` seconds after the start."""
    return HostSample(
        ts=WALL_S + at_s,
        asctime="",
        monotonic_s=MONOTONIC_S + at_s,
        interval_s=interval_s,
        cpu_percent=cpu_percent,
        cpu_per_core_percent=list(cores),
        load_average=[0.5, 0.4, 0.3],
        memory=Memory(
            used_bytes=TOTAL_BYTES - available_bytes,
            available_bytes=available_bytes,
            used_percent=100 * (1 - available_bytes / TOTAL_BYTES),
        ),
        network=network,
        gpus=list(gpus),
    )


def gpu(
    index: int,
    *,
    utilization_percent: float | None = 80.0,
    power_w: float | None = 200.0,
    throttle_reasons: Sequence[str] = (),
) -> GpuSample:
    return GpuSample(
        index=index,
        uuid=f"GPU-{index}",
        name=f"Example {index}",
        utilization_percent=utilization_percent,
        memory_controller_percent=30.0,
        memory_used_bytes=6 * GIB,
        memory_total_bytes=24 * GIB,
        power_w=power_w,
        power_limit_w=350.0,
        temperature_c=60.0,
        sm_clock_mhz=1700.0,
        throttle_reasons=list(throttle_reasons),
    )


def lost_gpu(index: int) -> GpuSample:
    return GpuSample(index=index, uuid=f"GPU-{index}", name=f"Example {index}", error="GPU is lost")


def write(path: Path, first: HostHeader, samples: Iterable[HostSample]) -> None:
    """Write a file of samples as the monitor would."""
    writer = SampleWriter(path)
    writer.write(first)
    for one in samples:
        writer.write(one)
    writer.close()
