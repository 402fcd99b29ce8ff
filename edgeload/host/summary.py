"""Host samples -> the smallest, mean and largest value of every quantity. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from edgeload.host.quantities import GPU_QUANTITIES, HOST_QUANTITIES, slowing_reasons
from edgeload.host.samples import Gpu, GpuSample, HostHeader, HostSample, ProcessGroup

SUMMARY_SCHEMA_VERSION = 1
"""Version of the format of host_summary.json."""


@dataclass(frozen=True)
class Spread:
    """A quantity over the `n` samples that have it; min, mean and max are null if none has."""

    n: int
    min: float | None
    mean: float | None
    max: float | None


@dataclass(frozen=True)
class GpuSummary:
    """One GPU over the samples in which it gave figures."""

    index: int
    uuid: str | None
    name: str | None
    values: dict[str, Spread]
    """By the keys of GPU_QUANTITIES."""
    slowed_samples: dict[str, int]
    """Number of samples in which power, heat or hardware lowered the clock, by reason."""
    failed_samples: int
    first_error: str | None
    first_error_s: float | None
    """Seconds after the start of sampling."""


@dataclass(frozen=True)
class ProgramSummary:
    """All processes of one name; CPU in percent of one core."""

    name: str
    most_processes: int
    cpu_percent: Spread
    memory_bytes: Spread


@dataclass(frozen=True)
class HostSummary:
    """What the samples say; `values` has the keys of HOST_QUANTITIES. Null means no data."""

    schema_version: int
    started_at: str
    ended_at: str | None
    interrupted: bool
    interval_s: float
    sampled_s: float
    """From the start to the last sample."""
    samples_taken: int
    samples_skipped: int
    """Samples that were skipped because the one before them took too long."""
    machine: dict[str, Any]
    values: dict[str, Spread]
    cpu_per_core_percent: list[Spread]
    network_errors: int | None
    network_drops: int | None
    gpus: list[GpuSummary]
    gpu_notice: str | None
    programs: list[ProgramSummary] = field(default_factory=list)
    """By mean CPU, the busiest first."""
    own_cpu_percent: float | None = None
    """What the monitor itself cost, in percent of one core; null if it was not measured."""


@dataclass
class _Tally:
    """Collects values; the mean weighs each of them, for example by the length of its window."""

    n: int = 0
    low: float = math.inf
    high: float = -math.inf
    total: float = 0.0
    weight: float = 0.0

    def add(self, value: float | None, weight: float = 1.0) -> None:
        if value is None:
            return
        self.n += 1
        self.low = min(self.low, value)
        self.high = max(self.high, value)
        self.total += value * weight
        self.weight += weight

    def spread(self) -> Spread:
        if not self.n:
            return Spread(0, None, None, None)
        mean = self.total / self.weight if self.weight else None
        return Spread(self.n, self.low, mean, self.high)


@dataclass
class _GpuTally:
    """Collects the values, throttle reasons and errors of one GPU."""

    gpu: Gpu
    tallies: list[_Tally] = field(default_factory=lambda: [_Tally() for _ in GPU_QUANTITIES])
    slowed: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    first_error: tuple[str, float] | None = None

    def add(self, sample: GpuSample, at_s: float) -> None:
        for quantity, tally in zip(GPU_QUANTITIES, self.tallies, strict=True):
            tally.add(quantity.read(sample))
        self.slowed.update(slowing_reasons(sample))
        if sample.error is not None:
            self.failed += 1
            self.first_error = self.first_error or (sample.error, at_s)

    def summary(self) -> GpuSummary:
        error, error_s = self.first_error or (None, None)
        return GpuSummary(
            index=self.gpu.index,
            uuid=self.gpu.uuid,
            name=self.gpu.name,
            values={q.key: t.spread() for q, t in zip(GPU_QUANTITIES, self.tallies, strict=True)},
            slowed_samples=dict(self.slowed),
            failed_samples=self.failed,
            first_error=error,
            first_error_s=error_s,
        )


@dataclass
class _ProgramTally:
    """Collects CPU, memory and number of the processes of one name."""

    cpu: _Tally = field(default_factory=_Tally)
    memory: _Tally = field(default_factory=_Tally)
    most: int = 0

    def add(self, group: ProcessGroup, window_s: float) -> None:
        self.cpu.add(group.cpu_percent, window_s)
        self.memory.add(group.memory_bytes)
        self.most = max(self.most, group.count)

    def summary(self, name: str) -> ProgramSummary:
        return ProgramSummary(name, self.most, self.cpu.spread(), self.memory.spread())


@dataclass
class _HostTally:
    """Collects the values of the host, in total and core by core."""

    tallies: list[_Tally] = field(default_factory=lambda: [_Tally() for _ in HOST_QUANTITIES])
    cores: list[_Tally] = field(default_factory=list)
    programs: dict[str, _ProgramTally] = field(default_factory=dict)
    network_errors: int | None = None
    network_drops: int | None = None

    def add(self, sample: HostSample) -> None:
        window_s = sample.interval_s
        for quantity, tally in zip(HOST_QUANTITIES, self.tallies, strict=True):
            tally.add(quantity.read(sample), window_s if quantity.over_window else 1.0)
        new_cores = len(sample.cpu_per_core_percent) - len(self.cores)
        self.cores.extend(_Tally() for _ in range(new_cores))
        for tally, core in zip(self.cores, sample.cpu_per_core_percent, strict=False):
            tally.add(core, window_s)
        if sample.network is not None:
            self.network_errors = (self.network_errors or 0) + sample.network.errors
            self.network_drops = (self.network_drops or 0) + sample.network.drops
        for group in sample.processes or ():
            self.programs.setdefault(group.name, _ProgramTally()).add(group, window_s)


def summarise(
    header: HostHeader,
    samples: Iterable[HostSample],
    *,
    skipped: int = 0,
    interrupted: bool = False,
    own_cpu_s: float | None = None,
) -> HostSummary:
    """Sum up the samples. They are read once, and memory does not grow with their number.

    A quantity that is itself a mean over a window (CPU, network) is weighted by the window's
    length. Its mean therefore is the mean over the whole time, even if some samples were late.
    """
    host = _HostTally()
    gpus = {gpu.index: _GpuTally(gpu) for gpu in header.gpus}
    taken = 0
    last: HostSample | None = None
    for last in samples:
        taken += 1
        host.add(last)
        for gpu in last.gpus:
            gpus[gpu.index].add(gpu, last.monotonic_s - header.monotonic_s)
    sampled_s = 0.0 if last is None else last.monotonic_s - header.monotonic_s
    return HostSummary(
        schema_version=SUMMARY_SCHEMA_VERSION,
        started_at=_iso(header.ts),
        ended_at=None if last is None else _iso(last.ts),
        interrupted=interrupted,
        interval_s=header.interval_s,
        sampled_s=sampled_s,
        samples_taken=taken,
        samples_skipped=skipped,
        machine=_machine(header),
        values={q.key: t.spread() for q, t in zip(HOST_QUANTITIES, host.tallies, strict=True)},
        cpu_per_core_percent=[tally.spread() for tally in host.cores],
        network_errors=host.network_errors,
        network_drops=host.network_drops,
        gpus=[tally.summary() for tally in gpus.values()],
        gpu_notice=header.gpu_notice,
        own_cpu_percent=100 * own_cpu_s / sampled_s
        if own_cpu_s is not None and sampled_s
        else None,
        programs=sorted(
            (tally.summary(name) for name, tally in host.programs.items()),
            key=lambda program: -(program.cpu_percent.mean or 0.0),
        ),
    )


def _machine(header: HostHeader) -> dict[str, Any]:
    return {
        **header.machine,
        "cpu_model": header.cpu_model,
        "cpu_count": header.cpu_count,
        "cpu_physical_count": header.cpu_physical_count,
        "memory_total_bytes": header.memory_total_bytes,
        "cpu_limit_cores": header.cpu_limit_cores,
        "memory_limit_bytes": header.memory_limit_bytes,
        "network_interfaces": header.network_interfaces,
        "driver_version": header.driver_version,
    }


def _iso(ts: float) -> str:
    return datetime.fromtimestamp(ts, timezone.utc).isoformat(timespec="milliseconds")
