"""How busy the endpoint's host was in each step: by its monitor, or by the box's own word. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from edgeload.box_records import BoxResources, Usage
from edgeload.edge_facts import RENEWED_EVERY_S
from edgeload.host.quantities import busiest_core_percent
from edgeload.host.samples import GpuSample, HostSample
from edgeload.read.analysis.host_means import GpuMeans, HostMeans, ProcessMeans
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.statistics.windows import Window

THERMAL_REASONS = ("sw_thermal_slowdown", "hw_thermal_slowdown")
POWER_REASONS = ("sw_power_cap", "hw_power_brake_slowdown")

Means = Mapping[str, float]


@dataclass
class _Collected:
    """Values by name, and how many samples there were."""

    samples: int = 0
    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, told: Mapping[str, float | None]) -> None:
        for name, value in told.items():
            if value is not None:
                self.values[name].append(value)

    def mean(self, name: str) -> float | None:
        values = self.values.get(name)
        return sum(values) / len(values) if values else None


def host_in_steps(
    steps: Sequence[StepSummary], samples: Sequence[HostSample], wall_s: float
) -> dict[int, HostMeans]:
    """The host by its monitor, for the steps that have samples, by their index.

    A sample counts if its whole window lies in that of the step. `wall_s` is the Unix time of run
    time 0.
    """
    highest: dict[int, float] = {}
    for sample in samples:
        for gpu in sample.gpus:
            if gpu.sm_clock_mhz is not None:
                highest[gpu.index] = max(highest.get(gpu.index, 0.0), gpu.sm_clock_mhz)
    found = {}
    for step in steps:
        inside = [s for s in samples if _is_inside(s.ts - wall_s, s.interval_s, step.window)]
        if inside:
            found[step.index] = _host_means(inside, highest)
    return found


def _is_inside(end_s: float, length_s: float, window: Window) -> bool:
    return end_s - length_s >= window.start_s and end_s <= window.end_s


def _host_means(samples: Sequence[HostSample], highest: Mapping[int, float]) -> HostMeans:
    host = _Collected()
    for sample in samples:
        of_limit = sample.cpu_of_limit_percent
        host.add(
            {
                "cpu": sample.cpu_percent if of_limit is None else of_limit,
                "core": busiest_core_percent(sample),
                "memory": sample.memory.used_percent,
                "stalled": sample.pressure.memory_full_percent if sample.pressure else None,
                "throttled": sample.throttled_percent,
            }
        )
    indices = sorted({gpu.index for sample in samples for gpu in sample.gpus})
    return HostMeans(
        samples=len(samples),
        cpu_percent=host.mean("cpu"),
        busiest_core_percent=host.mean("core"),
        memory_used_percent=host.mean("memory"),
        memory_stalled_percent=host.mean("stalled"),
        throttled_percent=host.mean("throttled"),
        processes=_processes(samples),
        gpus=tuple(
            _gpu_means(
                [gpu for sample in samples for gpu in sample.gpus if gpu.index == index],
                highest.get(index),
            )
            for index in indices
        ),
    )


def _processes(samples: Sequence[HostSample]) -> tuple[ProcessMeans, ...]:
    told: dict[str, _Collected] = defaultdict(_Collected)
    for sample in samples:
        for group in sample.processes or ():
            busiest = group.busiest_percent
            told[group.name].add(
                {"count": group.count, "cpu": group.cpu_percent, "busiest": busiest}
            )
    return tuple(
        ProcessMeans(name, each.mean("count") or 0.0, cpu, each.mean("busiest"))
        for name, each in sorted(told.items())
        if (cpu := each.mean("cpu")) is not None
    )


_OF_GPU: dict[str, Callable[[GpuSample], float | None]] = {
    "utilization": lambda gpu: gpu.utilization_percent,
    "controller": lambda gpu: gpu.memory_controller_percent,
    "power": lambda gpu: gpu.power_w,
    "limit": lambda gpu: gpu.power_limit_w,
    "temperature": lambda gpu: gpu.temperature_c,
    "clock": lambda gpu: gpu.sm_clock_mhz,
    "thermal": lambda gpu: _share_of(gpu, THERMAL_REASONS),
    "capped": lambda gpu: _share_of(gpu, POWER_REASONS),
}


def _share_of(gpu: GpuSample, reasons: Iterable[str]) -> float | None:
    told = gpu.throttle_reasons
    return None if told is None else float(any(reason in told for reason in reasons))


def _gpu_means(samples: Sequence[GpuSample], highest_mhz: float | None) -> GpuMeans:
    told = _Collected()
    for gpu in samples:
        told.add({name: read(gpu) for name, read in _OF_GPU.items()})
    return GpuMeans(
        index=samples[0].index,
        name=next((gpu.name for gpu in samples if gpu.name), None),
        utilization_percent=told.mean("utilization"),
        memory_controller_percent=told.mean("controller"),
        power_w=told.mean("power"),
        power_limit_w=told.mean("limit"),
        temperature_c=told.mean("temperature"),
        sm_clock_mhz=told.mean("clock"),
        highest_clock_mhz=highest_mhz,
        thermal_share=told.mean("thermal"),
        power_share=told.mean("capped"),
    )


def box_in_steps(
    steps: Sequence[StepSummary], told: Sequence[BoxResources]
) -> dict[int, HostMeans]:
    """The same by the box's own word, which it renews every 15 s: a copy is no further sample.

    Zero for all of the CPU is what a dead metrics server says: no data.
    """
    fresh = renewed(told)
    found = {}
    for step in steps:
        host = _Collected()
        for line in fresh:
            if line.cpu_percent and _is_inside(line.at_s, RENEWED_EVERY_S, step.window):
                host.samples += 1
                host.add(_cpu_and_memory(line))
        gpu = _Collected()
        for line in told:
            if line.gpus and _is_inside(line.at_s, 1.0, step.window):
                gpu.samples += 1
                for each in line.gpus:
                    gpu.add(
                        {
                            f"{each.index} kernels": each.gpu_percent,
                            f"{each.index} controller": each.memory_controller_percent,
                        }
                    )
        if host.samples or gpu.samples:
            found[step.index] = _box_means(host, gpu, told)
    return found


def renewed(told: Sequence[BoxResources]) -> list[BoxResources]:
    """The lines whose CPU and RAM figures are new and known, in order of time."""
    fresh: list[BoxResources] = []
    last: tuple[Usage | None, Usage | None] = (None, None)
    for line in sorted(told, key=lambda line: line.at_s):
        figures = (line.cpu_percent, line.ram_bytes)
        if figures != last and any(usage and usage.total for usage in figures):
            fresh.append(line)
        last = figures
    return fresh


def _cpu_and_memory(line: BoxResources) -> dict[str, float | None]:
    used = line.ram_bytes.total if line.ram_bytes else None
    whole = line.ram_total_bytes
    return {
        "cpu": line.cpu_percent.total if line.cpu_percent else None,
        "edge": line.cpu_percent.edge_endpoint if line.cpu_percent else None,
        "memory": None if used is None or not whole else 100.0 * used / whole,
    }


def _box_means(host: _Collected, gpu: _Collected, told: Sequence[BoxResources]) -> HostMeans:
    names = {each.index: each.name for line in told for each in line.gpus}
    return HostMeans(
        samples=max(host.samples, gpu.samples),
        cpu_percent=host.mean("cpu"),
        memory_used_percent=host.mean("memory"),
        edge_endpoint_percent=host.mean("edge"),
        gpus=tuple(
            GpuMeans(
                index=index,
                name=name,
                utilization_percent=gpu.mean(f"{index} kernels"),
                memory_controller_percent=gpu.mean(f"{index} controller"),
                power_w=None,
                power_limit_w=None,
                temperature_c=None,
                sm_clock_mhz=None,
                highest_clock_mhz=None,
                thermal_share=None,
                power_share=None,
            )
            for index, name in sorted(names.items())
        ),
    )
