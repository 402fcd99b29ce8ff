"""How busy the box was over the run, in few points, by its monitor or by its own word. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeload.box_records import BoxGpu, BoxResources
from edgeload.host.quantities import busiest_core_percent, memory_percent
from edgeload.host.samples import HostSample
from edgeload.read.analysis.host_in_steps import renewed
from edgeload.read.statistics.windows import Floats

_MOST_POINTS = 600


@dataclass(frozen=True)
class HostSeries:
    """Percent over run time; `lines` by name, NaN for no data. All have a value per `at_s`.

    `clocks_agree`: the host's clock was compared with ours, or the box's own figures were asked
    for by us. Otherwise the instants are those of the host's clock.
    """

    at_s: Floats
    lines: dict[str, Floats]
    clocks_agree: bool
    every_sample: bool = True
    """Whether each sample has its own figures: a gap then is missing data. The box renews those of
    its CPU and memory more rarely than it is asked, and older logs have a line for each of CPU and
    GPU."""


CPU, CORE, MEMORY, GPU, CONTROLLER, GPU_MEMORY = (
    "CPU",
    "busiest core",
    "memory",
    "GPU",
    "GPU memory controller",
    "GPU memory",
)
"""Names of the lines; those of the GPU are of the busiest, or fullest, one at each moment."""


def series_of_monitor(
    samples: Sequence[HostSample], wall_s: float, *, clocks_agree: bool, every_sample: bool = True
) -> HostSeries | None:
    """From the samples of the monitor, or of a log of the older form; None without any."""

    def cpu(sample: HostSample) -> float | None:
        of_limit = sample.cpu_of_limit_percent
        return sample.cpu_percent if of_limit is None else of_limit

    read: dict[str, Callable[[HostSample], float | None]] = {
        CPU: cpu,
        CORE: busiest_core_percent,
        MEMORY: lambda s: s.memory.used_percent,
        GPU: lambda s: _most([g.utilization_percent for g in s.gpus]),
        CONTROLLER: lambda s: _most([g.memory_controller_percent for g in s.gpus]),
        GPU_MEMORY: lambda s: _most([memory_percent(g) for g in s.gpus]),
    }
    at_s = [sample.ts - wall_s for sample in samples]
    columns = {name: [of(sample) for sample in samples] for name, of in read.items()}
    series = _series(at_s, columns, clocks_agree=clocks_agree)
    return series and replace(series, every_sample=every_sample)


def series_of_box(told: Sequence[BoxResources]) -> HostSeries | None:
    """From the box's own figures; None without any. Copies of CPU and memory are left out."""

    def memory(line: BoxResources) -> float | None:
        used = line.ram_bytes.total if line.ram_bytes else None
        whole = line.ram_total_bytes
        return None if used is None or not whole else 100.0 * used / whole

    fresh = {id(line) for line in renewed(told)}

    def cpu(line: BoxResources) -> float | None:
        return line.cpu_percent.total if line.cpu_percent else None

    read: dict[str, Callable[[BoxResources], float | None]] = {
        CPU: lambda line: cpu(line) if id(line) in fresh else None,
        MEMORY: lambda line: memory(line) if id(line) in fresh else None,
        GPU: lambda line: _most([gpu.gpu_percent for gpu in line.gpus]),
        CONTROLLER: lambda line: _most([gpu.memory_controller_percent for gpu in line.gpus]),
        GPU_MEMORY: lambda line: _most([_filled(gpu) for gpu in line.gpus]),
    }
    columns = {name: [of(line) for line in told] for name, of in read.items()}
    series = _series([line.at_s for line in told], columns, clocks_agree=True)
    return series and replace(series, every_sample=False)


def _filled(gpu: BoxGpu) -> float | None:
    used, whole = gpu.vram_used_bytes, gpu.vram_total_bytes
    return None if used is None or not whole else 100.0 * used / whole


def _most(values: Sequence[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _series(
    at_s: Sequence[float], columns: dict[str, list[float | None]], *, clocks_agree: bool
) -> HostSeries | None:
    """In order of time, and thinned: each point is the mean of neighbours."""
    if not at_s:
        return None
    order = np.argsort(np.asarray(at_s), kind="stable")
    size = -(-len(at_s) // _MOST_POINTS)

    def thinned(values: Sequence[float | None]) -> Floats:
        column = np.array([np.nan if v is None else v for v in values], dtype=np.float64)[order]
        blocks = [column[i : i + size] for i in range(0, len(column), size)]
        return np.array(
            [float(b[np.isfinite(b)].mean()) if np.isfinite(b).any() else np.nan for b in blocks]
        )

    lines = {name: thinned(values) for name, values in columns.items()}
    known = {name: line for name, line in lines.items() if np.isfinite(line).any()}
    return HostSeries(thinned(at_s), known, clocks_agree) if known else None
