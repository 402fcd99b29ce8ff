"""What the host monitor writes: typed records, one JSON line each; and how they are read back.

Instants are on two clocks: `ts` is in seconds since the Unix epoch, `monotonic_s` is the host's
monotonic clock, which does not jump when the wall clock is set. A value that the host or a GPU
does not report is null, never 0.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgeload.host.json_records import decode_line, encode_line
from edgeload.private_files import open_private

HOST_FORMAT_VERSION = 1
"""Version of the format of host_samples.jsonl."""


@dataclass(frozen=True)
class Gpu:
    """Which GPU: NVML's index, which may change at a reboot, and the UUID, which does not.

    UUID and name are null if NVML does not report them.
    """

    index: int
    uuid: str | None
    name: str | None


@dataclass(frozen=True)
class HostHeader:
    """The first line: what is sampled, on which machine, and when sampling began (both clocks)."""

    format_version: int
    ts: float
    asctime: str
    monotonic_s: float
    interval_s: float
    duration_s: float | None
    """Null: until it is stopped."""
    machine: dict[str, str]
    cpu_model: str | None
    cpu_count: int
    """Logical processors."""
    cpu_physical_count: int | None
    memory_total_bytes: int | None
    network_interfaces: list[str]
    """The interfaces whose traffic is added up."""
    gpus: list[Gpu]
    driver_version: str | None
    gpu_notice: str | None
    """Why there are no GPU figures, in one line; null if there are some."""
    cpu_limit_cores: float | None = None
    """What a container may use at most; null: no limit."""
    memory_limit_bytes: int | None = None


@dataclass(frozen=True)
class Memory:
    """Main memory. `used_percent` is (total - available) / total, as free(1) counts it.

    `available_bytes` is what programs can still get without swapping. A value that is not known is
    null.
    """

    used_bytes: int | None
    available_bytes: int | None
    used_percent: float | None


@dataclass(frozen=True)
class Network:
    """Traffic of the counted interfaces in the sample's window.

    Errors and drops are packets of both directions together.
    """

    sent_bytes_per_s: float
    received_bytes_per_s: float
    errors: int
    drops: int
    retransmits_per_s: float | None = None
    """TCP segments that this host sent again."""


@dataclass(frozen=True)
class Disk:
    """What all disks of the host read and wrote in the sample's window."""

    read_bytes_per_s: float
    written_bytes_per_s: float


@dataclass(frozen=True)
class Pressure:
    """Pressure stall information (Linux): percent of the window in which tasks had to wait.

    `some`: at least one of them; `full`: all that were not idle.
    """

    cpu_some_percent: float | None
    memory_some_percent: float | None
    memory_full_percent: float | None
    io_some_percent: float | None
    io_full_percent: float | None


@dataclass(frozen=True)
class ProcessGroup:
    """All processes of one name in the sample's window; 100 % is one core."""

    name: str
    count: int
    cpu_percent: float | None
    busiest_percent: float | None
    """CPU of the busiest one."""
    memory_bytes: int | None


@dataclass(frozen=True)
class CgroupUse:
    """One cgroup, for example a pod, in the sample's window; 100 % is one core."""

    name: str
    cpu_percent: float | None
    throttled_percent: float | None
    """Percent of its scheduling periods in which it had used up its CPU quota."""
    memory_bytes: int | None
    memory_limit_bytes: int | None


@dataclass(frozen=True)
class GpuProgram:
    """A process that computes on a GPU, and the GPU memory that it holds."""

    pid: int
    name: str | None
    memory_bytes: int | None


@dataclass(frozen=True, kw_only=True)
class GpuSample:
    """One GPU at one instant.

    `utilization_percent` is the share of the last 1/6 to 1 s in which at least one kernel ran
    (NVML): a GPU at 100 % is not necessarily saturated. Throttle reasons have NVML's names; an
    empty list means that nothing throttles the GPU. `error` is NVML's message if the GPU gave no
    figures at all; every value is null then. A single value that is null was not reported.
    """

    index: int
    uuid: str | None
    name: str | None
    utilization_percent: float | None = None
    memory_controller_percent: float | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    memory_used_percent: float | None = None
    """What a log of another program says of its memory, if not in bytes; null from this monitor."""
    power_w: float | None = None
    power_limit_w: float | None = None
    temperature_c: float | None = None
    sm_clock_mhz: float | None = None
    memory_clock_mhz: float | None = None
    energy_j: float | None = None
    """Since the driver was loaded."""
    programs: list[GpuProgram] | None = None
    throttle_reasons: list[str] | None = None
    error: str | None = None


@dataclass(frozen=True)
class HostSample:
    """The host at one instant. CPU and network figures are means over the window that ends now.

    `interval_s` is the true length of that window. `cpu_per_core_percent` has null for a core
    without data.
    """

    ts: float
    asctime: str
    monotonic_s: float
    interval_s: float
    cpu_percent: float | None
    cpu_per_core_percent: list[float | None]
    load_average: list[float] | None
    """Processes that run or wait to run, averaged over 1, 5 and 15 minutes."""
    memory: Memory
    network: Network | None
    gpus: list[GpuSample]
    disk: Disk | None = None
    pressure: Pressure | None = None
    processes: list[ProcessGroup] | None = None
    cgroups: list[CgroupUse] | None = None
    steal_percent: float | None = None
    """Percent of all cores' time that a hypervisor took away."""
    cpu_of_limit_percent: float | None = None
    """CPU of this container, in percent of what it may use; null: no limit."""
    throttled_percent: float | None = None
    """Percent of this container's scheduling periods in which its quota was used up."""


_EVENTS = {HostHeader: "host_header", HostSample: "host_sample"}


class SampleWriter:
    """Writes records to a file, one line and one system call each. An older file is overwritten.

    Every method raises OSError if the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        self._fd = open_private(path, os.O_WRONLY | os.O_TRUNC | os.O_APPEND)

    def write(self, record: HostHeader | HostSample) -> None:
        """Append one record. A full disk may take part of a line before it refuses the rest."""
        data = encode_line(_EVENTS[type(record)], record)
        while data:
            data = data[os.write(self._fd, data) :]

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


class SampleFile:
    """Reads a file of samples: the header at once, the samples one by one.

    Lines that are not samples are skipped and counted in `damaged_lines`. Raises OSError, and
    ValueError if the first line is not a header or has an unknown format version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.damaged_lines = 0
        with path.open("rb") as file:
            first = file.readline()
        try:
            self.header = decode_line(_EVENTS[HostHeader], HostHeader, first)
        except ValueError as problem:
            raise ValueError(f"{path} does not start with a host_header: {problem}") from None
        if self.header.format_version != HOST_FORMAT_VERSION:
            version = self.header.format_version
            raise ValueError(
                f"{path} has format version {version}; this program reads version"
                f" {HOST_FORMAT_VERSION}"
            )

    def samples(self) -> Iterator[HostSample]:
        """Every sample in file order."""
        self.damaged_lines = 0
        with self._path.open("rb") as file:
            next(file)
            for line in file:
                try:
                    yield decode_line(_EVENTS[HostSample], HostSample, line)
                except ValueError:
                    self.damaged_lines += 1


def asctime(ts: float) -> str:
    """Local time of `ts` (s since the Unix epoch) as in Python's logging: `… 18:30:01,123`."""
    text = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(int(ts)))
    return f"{text},{int(ts % 1 * 1000):03d}"
