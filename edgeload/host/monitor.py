"""The monitor: reads the probes on time and writes each sample to disk at once."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import psutil

from edgeload.host.cgroups import CgroupProbe, CgroupReading
from edgeload.host.cpu_memory_network import CpuMemoryNetworkProbe, host_machine
from edgeload.host.gpu_process import GpuProcess
from edgeload.host.kernel_counters import KernelProbe, KernelReading
from edgeload.host.nvidia import NoGpu
from edgeload.host.processes import DEFAULT_PROGRAMS, ProcessProbe
from edgeload.host.sampler import Sampled, SampleTimes, sample_on_time
from edgeload.host.samples import (
    HOST_FORMAT_VERSION,
    GpuSample,
    HostHeader,
    HostSample,
    ProcessGroup,
    SampleWriter,
    asctime,
)
from edgeload.machine import cpu_model


def monitor(
    times: SampleTimes,
    path: Path,
    *,
    wait: Callable[[float], bool],
    say: Callable[[str], None],
    show: Callable[[float, HostSample], None],
    programs: Sequence[str] = DEFAULT_PROGRAMS,
) -> Sampled:
    """Sample this host into the file at `path`, which is overwritten.

    `wait` sleeps, and returns True if sampling has to stop. `say` gets each line for people, for
    example that there is no GPU or that one is lost; `show` gets every sample and its seconds since
    the start. `programs` are the names of those whose processes are added up. Raises OSError if the
    disk refuses.
    """
    writer = SampleWriter(path)
    nvidia: GpuProcess | None = None
    notice: str | None = None
    try:
        host = CpuMemoryNetworkProbe(say)
        try:
            nvidia = GpuProcess(wait)
        except NoGpu as reason:
            notice = f"No GPU figures: {reason}."
            say(notice)
        start_s, ts = time.monotonic(), round(time.time(), 6)
        host.prime(start_s)
        cgroups = host.ask("cgroups", CgroupProbe)
        writer.write(_header(times, start_s, ts, host, nvidia, notice, cgroups))
        take = _Take(host, nvidia, cgroups, writer, start_s, ts, _Failing(say).tell, show, programs)
        before_s = _own_cpu_s(nvidia)
        sampled = sample_on_time(times, start_s, time.monotonic, wait, take)
        return replace(sampled, own_cpu_s=_own_cpu_s(nvidia) - before_s)
    finally:
        writer.close()
        if nvidia is not None:
            nvidia.close()


def _own_cpu_s(nvidia: GpuProcess | None) -> float:
    """CPU of this process, and of the one that asks NVML, as far as it can be read."""
    return time.process_time() + (0.0 if nvidia is None else nvidia.cpu_s())


class _Take:
    """Takes one sample per call: reads the probes, writes the sample to disk, and shows it."""

    def __init__(
        self,
        host: CpuMemoryNetworkProbe,
        nvidia: GpuProcess | None,
        cgroups: CgroupProbe | None,
        writer: SampleWriter,
        start_s: float,
        start_ts: float,
        tell: Callable[[list[GpuSample]], None],
        show: Callable[[float, HostSample], None],
        programs: Sequence[str],
    ) -> None:
        self._host = host
        self._kernel = host.ask("kernel counters", KernelProbe)
        if self._kernel is not None:
            self._kernel.prime(start_s)
        self._cgroups = cgroups
        if cgroups is not None:
            cgroups.prime(start_s)
        self._programs = host.ask("processes", lambda: ProcessProbe(programs))
        if self._programs is not None:
            self._programs.prime(start_s)
        self._nvidia = nvidia
        self._writer = writer
        self._start_s = self._last_s = start_s
        self._start_ts = start_ts
        self._tell = tell
        self._show = show

    def __call__(self, at_s: float) -> None:
        ts = round(self._start_ts + at_s - self._start_s, 6)  # the clock may be set meanwhile
        reading = self._host.read(at_s)
        kernel = self._kernel_reading(at_s)
        network = reading.network
        cgroups = self._cgroup_reading(at_s)
        sample = HostSample(
            ts=ts,
            asctime=asctime(ts),
            monotonic_s=round(at_s, 6),
            interval_s=round(at_s - self._last_s, 6),
            cpu_percent=reading.cpu_percent,
            cpu_per_core_percent=reading.cpu_per_core_percent,
            load_average=reading.load_average,
            memory=reading.memory,
            network=network and replace(network, retransmits_per_s=kernel.retransmits_per_s),
            disk=kernel.disk,
            pressure=kernel.pressure,
            processes=self._process_groups(at_s),
            cgroups=cgroups.cgroups,
            cpu_of_limit_percent=cgroups.cpu_of_limit_percent,
            throttled_percent=cgroups.throttled_percent,
            steal_percent=reading.steal_percent,
            gpus=[] if self._nvidia is None else self._nvidia.read(),
        )
        self._last_s = at_s
        self._writer.write(sample)
        self._tell(sample.gpus)
        self._show(at_s - self._start_s, sample)

    def _kernel_reading(self, at_s: float) -> KernelReading:
        probe = self._kernel
        told = probe and self._host.ask("kernel counters", lambda: probe.read(at_s))
        return told or KernelReading(None, None, None)

    def _cgroup_reading(self, at_s: float) -> CgroupReading:
        probe = self._cgroups
        told = probe and self._host.ask("cgroups", lambda: probe.read(at_s))
        return told or CgroupReading(None, None, None)

    def _process_groups(self, at_s: float) -> list[ProcessGroup] | None:
        probe = self._programs
        return None if probe is None else self._host.ask("processes", lambda: probe.read(at_s))


class _Failing:
    """Says once per GPU and error that the GPU gives no figures."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._told: set[tuple[int, str]] = set()

    def tell(self, gpus: list[GpuSample]) -> None:
        for gpu in gpus:
            if gpu.error is not None and (gpu.index, gpu.error) not in self._told:
                self._told.add((gpu.index, gpu.error))
                self._say(f"GPU {gpu.index} gives no figures: {gpu.error}.")


def _header(
    times: SampleTimes,
    start_s: float,
    ts: float,
    host: CpuMemoryNetworkProbe,
    nvidia: GpuProcess | None,
    notice: str | None,
    cgroups: CgroupProbe | None,
) -> HostHeader:
    return HostHeader(
        format_version=HOST_FORMAT_VERSION,
        ts=ts,
        asctime=asctime(ts),
        monotonic_s=round(start_s, 6),
        interval_s=times.interval_s,
        duration_s=times.duration_s if math.isfinite(times.duration_s) else None,
        machine=host_machine(),
        cpu_model=cpu_model(),
        cpu_count=psutil.cpu_count() or 1,
        cpu_physical_count=host.ask("cores", lambda: psutil.cpu_count(logical=False)),
        memory_total_bytes=host.ask("memory", lambda: psutil.virtual_memory().total),
        network_interfaces=host.interfaces,
        gpus=[] if nvidia is None else nvidia.gpus,
        driver_version=None if nvidia is None else nvidia.driver_version,
        gpu_notice=notice,
        cpu_limit_cores=None if cgroups is None else cgroups.limits.cpu_cores,
        memory_limit_bytes=None if cgroups is None else cgroups.limits.memory_bytes,
    )
