"""What the host monitor writes down: typed records, one JSON line each, and how they are read.

Instants are on two clocks: `ts` (seconds since the Unix epoch) and `monotonic_s` (the host's
monotonic clock, which a step of the wall clock does not move). A value that a host or a GPU does
not give is null, never 0.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

FORMAT_VERSION = 1


class Gpu(msgspec.Struct, frozen=True):
    """Which GPU: NVML's index, and the identity that survives a reboot (null where not told)."""

    index: int
    uuid: str | None
    name: str | None


class HostHeader(msgspec.Struct, frozen=True, tag_field="event", tag="host_header"):
    """First line: what is sampled, on which machine, and the start of sampling on both clocks."""

    format_version: int
    ts: float
    asctime: str
    monotonic_s: float
    interval_s: float
    duration_s: float
    machine: dict[str, str]
    cpu_model: str | None
    cpu_count: int
    """Logical processors that the system schedules on."""
    cpu_physical_count: int | None
    memory_total_bytes: int
    network_interfaces: list[str]
    """The interfaces that the network figures add up."""
    gpus: list[Gpu]
    driver_version: str | None
    gpu_notice: str | None
    """Why there are no GPU figures, in one line; null where there are."""


class Memory(msgspec.Struct, frozen=True):
    """Main memory. `used_percent` is (total - available) / total: what cannot be handed out."""

    used_bytes: int
    available_bytes: int
    used_percent: float


class Network(msgspec.Struct, frozen=True):
    """Traffic of the counted interfaces in the window: bytes per second; errors and drops, in
    packets, both directions together."""

    sent_bytes_per_s: float
    received_bytes_per_s: float
    errors: int
    drops: int


class GpuSample(msgspec.Struct, frozen=True, kw_only=True):
    """One GPU at one instant.

    `utilization_percent` is the share of the last 1/6 to 1 s in which some kernel ran (NVML):
    100 is not saturation. Throttle reasons are NVML's names; an empty list means none. `error`
    says why a GPU that answered before gives nothing now; every value is null then.
    """

    index: int
    uuid: str | None
    name: str | None
    utilization_percent: float | None = None
    memory_controller_percent: float | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    power_w: float | None = None
    power_limit_w: float | None = None
    temperature_c: float | None = None
    sm_clock_mhz: float | None = None
    throttle_reasons: list[str] | None = None
    error: str | None = None


class HostSample(msgspec.Struct, frozen=True, tag_field="event", tag="host_sample"):
    """The host at one instant. CPU and network figures are means of the window that ends here.

    `interval_s` is the true length of that window; `cpu_per_core_percent` is null for a core
    without data.
    """

    ts: float
    asctime: str
    monotonic_s: float
    interval_s: float
    cpu_percent: float | None
    cpu_per_core_percent: list[float | None]
    load_average: list[float] | None
    """Runnable processes, averaged over 1, 5 and 15 minutes."""
    memory: Memory
    network: Network | None
    gpus: list[GpuSample]


class SampleWriter:
    """Appends records to a file as whole lines, one write each; what was in it before is gone.

    Every method raises OSError when the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        self._fd = os.open(path, flags, 0o644)

    def write(self, record: HostHeader | HostSample) -> None:
        """Append one record. A full disk may take part of a line and then refuses the rest."""
        data = msgspec.json.encode(record) + b"\n"
        while data:
            data = data[os.write(self._fd, data) :]

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


class SampleFile:
    """A file of samples, read back: the header at once, the samples in turn.

    A line that is no sample is counted in `damaged_lines` as it is passed over. Raises OSError,
    and ValueError where the first line is no header of a format version known here.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.damaged_lines = 0
        with path.open("rb") as file:
            first = file.readline()
        try:
            self.header = msgspec.json.decode(first, type=HostHeader)
        except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
            raise ValueError(f"{path} does not start with a host_header: {problem}") from None
        if self.header.format_version != FORMAT_VERSION:
            version = self.header.format_version
            raise ValueError(f"{path} has format version {version}; known here: {FORMAT_VERSION}")

    def samples(self) -> Iterator[HostSample]:
        """Every sample in file order."""
        decoder = msgspec.json.Decoder(HostSample)
        self.damaged_lines = 0
        with self._path.open("rb") as file:
            next(file)
            for line in file:
                try:
                    yield decoder.decode(line)
                except (msgspec.MsgspecError, UnicodeDecodeError):
                    self.damaged_lines += 1


def asctime(ts: float) -> str:
    """Local time of `ts` (Unix epoch, s) in the form of Python's logging: `…-23 18:30:01,123`."""
    text = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(int(ts)))
    return f"{text},{int(ts % 1 * 1000):03d}"
