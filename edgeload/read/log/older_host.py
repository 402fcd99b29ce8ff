"""CPU and GPU lines of a log of the older form -> samples of the endpoint's host. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from edgeload.host.samples import GpuSample, HostSample, Memory
from edgeload.read.log.older_line import finite_number, small_whole_number


def host_samples(lines: Iterable[tuple[float, Mapping[str, Any]]]) -> Iterator[HostSample]:
    """One sample per line, in order of time; `lines` are (seconds since the epoch, keys).

    A line tells of the CPU or of the GPUs. A figure is a mean over the time since the one before
    it. The box renews those of its CPU every 15 s only, so a copy is left out and the next new one
    is over all that time. Zero in everything is what a dead metrics server says: no data.
    """
    last_s: dict[str, float] = {}
    last_cpu: tuple[float | None, float | None] | None = None
    for at_s, values in sorted(lines, key=lambda line: line[0]):
        if _is_of_cpu(values):
            cpu = (_percent(values, "cpu_percent"), _memory(values))
            if says_nothing(values) or cpu == last_cpu:
                continue
            last_cpu = cpu
            sample = _sample(at_s, at_s - last_s.get("cpu", at_s), *cpu, [])
            last_s["cpu"] = at_s
        else:
            gpus = _gpus(values)
            if says_nothing(values) or not gpus:
                continue
            sample = _sample(at_s, at_s - last_s.get("gpu", at_s), None, None, gpus)
            last_s["gpu"] = at_s
        yield sample


def says_nothing(values: Mapping[str, Any]) -> bool:
    """Whether a line has no figure, or zeros only: what is written if the box gave no figures.

    No host uses 0 % of its memory. One without a GPU has such a line for its GPU, too.
    """
    if _is_of_cpu(values):
        return not _percent(values, "cpu_percent") and not _memory(values)
    return not values.get("gpus") and not _percent(values, "gpu_utilization") and not _vram(values)


def empty_lines(lines: Iterable[Mapping[str, Any]]) -> int:
    """How many lines lack their figures; those of a GPU count only if another line has some."""
    empty = {True: 0, False: 0}
    whole = {True: 0, False: 0}
    for values in lines:
        count = empty if says_nothing(values) else whole
        count[_is_of_cpu(values)] += 1
    return empty[True] + (empty[False] if whole[False] else 0)


def _is_of_cpu(values: Mapping[str, Any]) -> bool:
    return str(values.get("event")).lower() == "cpu"


def _memory(values: Mapping[str, Any]) -> float | None:
    return _in_use(values, "memory_percent", "ram")


def _vram(values: Mapping[str, Any]) -> float | None:
    return _in_use(values, "vram_utilization", "vram")


def _in_use(values: Mapping[str, Any], key: str, kind: str) -> float | None:
    """Percent of a memory in use: told as such, or by what is used of its size. 0 is no data."""
    told = _percent(values, key)
    if told is not None:
        return told or None
    used, total = (_percent(values, f"{kind}_{end}_gb") for end in ("used", "total"))
    return None if not used or not total else 100.0 * used / total


def _percent(values: Mapping[str, Any], key: str) -> float | None:
    return finite_number(values.get(key))


def _sample(
    at_s: float,
    interval_s: float,
    cpu_percent: float | None,
    memory_percent: float | None,
    gpus: list[GpuSample],
) -> HostSample:
    return HostSample(
        ts=at_s,
        asctime="",
        monotonic_s=at_s,
        interval_s=interval_s,
        cpu_percent=cpu_percent,
        cpu_per_core_percent=[],
        load_average=None,
        memory=Memory(None, None, memory_percent),
        network=None,
        gpus=gpus,
    )


def _gpus(values: Mapping[str, Any]) -> list[GpuSample]:
    """Each GPU if the line names them, else one for all: their mean, as GPU 0."""
    each = values.get("gpus")
    if isinstance(each, list) and each:
        return [
            GpuSample(
                index=small_whole_number(gpu.get("id")) or 0,
                uuid=None,
                name=gpu["name"] if isinstance(gpu.get("name"), str) else None,
                utilization_percent=_percent(gpu, "gpu_utilization"),
                memory_used_percent=_percent(gpu, "memory_utilization"),
            )
            for gpu in each
            if isinstance(gpu, dict)
        ]
    busy, memory = _percent(values, "gpu_utilization"), _vram(values)
    return [
        GpuSample(
            index=0, uuid=None, name=None, utilization_percent=busy, memory_used_percent=memory
        )
    ]
