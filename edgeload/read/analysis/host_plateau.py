"""How a long step's host changed: quarters, throttling and leaks, by its samples. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeload.box_records import BoxResources
from edgeload.byte_sizes import MEBIBYTE
from edgeload.host.samples import HostSample
from edgeload.read.analysis.host_in_steps import POWER_REASONS, THERMAL_REASONS, renewed
from edgeload.read.analysis.soak_result import (
    ComparedEnds,
    Leak,
    QuarterPair,
    ThrottleCause,
    Throttling,
)
from edgeload.read.statistics.plateau import (
    PARTS,
    SOAK_FALSE_ALARMS,
    growth_per_part,
    p_of_change,
    switch_on,
)
from edgeload.read.statistics.windows import Floats, Window

SLOWED_CLOCK = 0.95
"""A clock that fell below this share of what it was is slower."""
_MATTERS = 0.05
_THROTTLED, _NOT_THROTTLED = 0.5, 0.1
_LEAST_SAMPLES, _LEAST_IN_A_QUARTER = PARTS, 5
_LEAST_LEAK_BYTES = 32 * MEBIBYTE
_LONGEST_S = 30 * 86_400.0
"""A leak that needs longer than a month to fill the memory is not worth a word."""
_UNKNOWN_SIZE = 0.05
"""Where the size is not known, memory must grow by this share of what is in use."""

ValueName = tuple[str, str]
"""A quantity and the GPU or pod that it is of, or an empty text."""


@dataclass(frozen=True)
class ValuesOverTime:
    """Values over run time, NaN for none; `limit` is the most there can be, if that is known."""

    at_s: Floats
    values: Floats
    limit: float | None = None

    def within(self, window: Window) -> Floats:
        """Those taken in a window."""
        return self.values[window.holds(self.at_s)]

    def parts(self, window: Window) -> Floats:
        """Means over equal parts of a window."""
        return np.array([_mean(self.within(part)) for part in window.split(PARTS)])


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


HostValues = Mapping[ValueName, ValuesOverTime]


def monitor_values(samples: Sequence[HostSample], wall_s: float) -> HostValues:
    """All that the monitor's samples say and that may change over a long step."""
    told: dict[ValueName, list[float | None]] = {}
    limits: dict[ValueName, float] = {}
    for row, sample in enumerate(samples):
        for key, value, limit in _of_sample(sample):
            told.setdefault(key, [None] * len(samples))[row] = value
            if limit is not None:
                limits[key] = limit
    return _values([sample.ts - wall_s for sample in samples], told, limits)


def box_values(told_by_box: Sequence[BoxResources]) -> HostValues:
    """The same by the box's own word: memory alone, and no copies of it."""
    told: dict[ValueName, list[float | None]] = {}
    limits: dict[ValueName, float] = {}
    lines = renewed(told_by_box)
    for row, line in enumerate(lines):
        figures = [
            ("memory_used_bytes", "", line.ram_bytes.total if line.ram_bytes else None),
            *(("gpu_memory_used_bytes", f"GPU {g.index}", g.vram_used_bytes) for g in line.gpus),
        ]
        sizes = [line.ram_total_bytes, *(gpu.vram_total_bytes for gpu in line.gpus)]
        for (quantity, about, value), size in zip(figures, sizes, strict=True):
            told.setdefault((quantity, about), [None] * len(lines))[row] = value
            if size is not None:
                limits[quantity, about] = size
    return _values([line.at_s for line in lines], told, limits)


def _values(
    at_s: Sequence[float],
    told: Mapping[ValueName, list[float | None]],
    limits: Mapping[ValueName, float],
) -> HostValues:
    at = np.array(at_s, dtype=np.float64)
    return {
        key: ValuesOverTime(
            at, np.array([np.nan if v is None else v for v in values]), limits.get(key)
        )
        for key, values in told.items()
        if any(v is not None for v in values)
    }


def _of_sample(sample: HostSample) -> Iterator[tuple[ValueName, float | None, float | None]]:
    """Quantity, value, and the most that it can be."""
    of_limit = sample.cpu_of_limit_percent
    yield ("cpu_percent", ""), sample.cpu_percent if of_limit is None else of_limit, None
    memory, share = sample.memory, sample.memory.used_percent
    if memory.available_bytes is not None and share is not None and share < 100:
        total = memory.available_bytes / (1.0 - share / 100.0)
        yield ("memory_used_bytes", ""), total - memory.available_bytes, total
    else:
        yield ("memory_used_bytes", ""), memory.used_bytes, None
    for gpu in sample.gpus:
        name = f"GPU {gpu.index}"
        size = gpu.memory_total_bytes
        yield ("gpu_memory_used_bytes", name), gpu.memory_used_bytes, size
        yield ("sm_clock_mhz", name), gpu.sm_clock_mhz, None
        yield ("temperature_c", name), gpu.temperature_c, None
        yield ("power_w", name), gpu.power_w, None
        yield ("gpu_percent", name), gpu.utilization_percent, None
    for pod in sample.cgroups or ():
        yield ("pod_memory_bytes", pod.name), pod.memory_bytes, pod.memory_limit_bytes


def host_pairs(values: HostValues, ends: ComparedEnds) -> tuple[QuarterPair, ...]:
    """Each quantity as it began and ended, if both have samples; not judged by too few of them."""
    found = []
    for (quantity, about), column in values.items():
        was, now = _mean(column.within(ends.first)), _mean(column.within(ends.last))
        if quantity == "pod_memory_bytes" or not np.isfinite([was, now]).all():
            continue
        p = p_of_change(column.parts(ends.head))
        moved = abs(now - was) > _MATTERS * max(abs(was), abs(now))
        changed = None if p is None else p < SOAK_FALSE_ALARMS and moved
        found.append(QuarterPair(quantity, was, now, changed, about))
    return tuple(found)


_CAUSES: dict[ThrottleCause, tuple[str, ...]] = {
    "thermal": THERMAL_REASONS,
    "power": POWER_REASONS,
}


def find_throttling(
    samples: Sequence[HostSample], wall_s: float, ends: ComparedEnds
) -> tuple[Throttling, ...]:
    """GPUs that were not throttled when the step began, and mostly were from some moment on.

    The plainest one first. A GPU that is at its power limit from the start on has not changed.
    """
    told: dict[int, list[tuple[float, list[str]]]] = {}
    for sample in samples:
        at_s = sample.ts - wall_s
        if ends.whole.start_s <= at_s < ends.whole.end_s:
            for gpu in sample.gpus:
                if gpu.throttle_reasons is not None:
                    told.setdefault(gpu.index, []).append((at_s, gpu.throttle_reasons))
    found = [
        throttling
        for gpu, known in sorted(told.items())
        for cause in _CAUSES
        if (throttling := _throttling(gpu, cause, known, ends)) is not None
    ]
    return tuple(sorted(found, key=lambda t: (t.before - t.after, t.cause != "thermal", t.gpu)))


def _throttling(
    gpu: int,
    cause: ThrottleCause,
    known: Sequence[tuple[float, Sequence[str]]],
    ends: ComparedEnds,
) -> Throttling | None:
    """The moment from which on a GPU's samples mostly name this cause; None: there is none."""
    at_s = np.array([at for at, _ in known])
    flags = np.array([any(name in reasons for name in _CAUSES[cause]) for _, reasons in known])
    first, last = flags[ends.first.holds(at_s)], flags[ends.last.holds(at_s)]
    if len(flags) < _LEAST_SAMPLES or min(len(first), len(last)) < _LEAST_IN_A_QUARTER:
        return None
    switch = switch_on(flags)
    if switch is None or switch.before > _NOT_THROTTLED:
        return None
    if float(first.mean()) > _NOT_THROTTLED or float(last.mean()) < _THROTTLED:
        return None
    return Throttling(gpu, cause, float(at_s[switch.at]), switch.before, switch.after)


_MEMORIES = {
    "memory_used_bytes": "host",
    "gpu_memory_used_bytes": "gpu",
    "pod_memory_bytes": "pod",
}


def find_leaks(values: HostValues, window: Window) -> tuple[Leak, ...]:
    """Memory that grew steadily through the whole window; what is full first comes first."""
    leaks = [
        leak
        for (quantity, about), column in values.items()
        if quantity in _MEMORIES
        and (leak := _leak(_MEMORIES[quantity], about, column, window)) is not None
    ]
    return tuple(sorted(leaks, key=lambda leak: leak.full_after_s or _LONGEST_S))


def _leak(memory: str, about: str, column: ValuesOverTime, window: Window) -> Leak | None:
    parts = column.parts(window)
    growth = growth_per_part(parts)
    if growth is None or growth * PARTS < _LEAST_LEAK_BYTES:
        return None
    per_s = growth * PARTS / window.length_s
    used = float(parts[np.isfinite(parts)][-1])
    full_after_s = None
    if column.limit is not None:
        full_after_s = max(0.0, (column.limit - used) / per_s)
    if (full_after_s is None and growth * PARTS < _UNKNOWN_SIZE * used) or (
        full_after_s is not None and full_after_s > _LONGEST_S
    ):
        return None
    return Leak(memory, about, per_s, used, column.limit, full_after_s)  # type: ignore[arg-type]
