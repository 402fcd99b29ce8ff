"""The utilisation law: how much of each resource of the host an answer takes. Pure (method 12).

U = U0 + D X: over the steps, the share of time that a resource is busy grows with throughput; the
slope D is the resource's demand, in seconds of it per answer. The one with the largest demand is
full first, at 1 / D answers per second if nothing else stood in the way.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from edgeload.host.quantities import busiest_core_percent
from edgeload.host.samples import HostSample
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.statistics.percentiles import CONFIDENCE
from edgeload.read.statistics.scaling_law import LEAST_LOADS, Estimate
from edgeload.read.statistics.windows import Floats


@dataclass(frozen=True)
class ResourceDemand:
    """A resource's demand in seconds per answer with its 95 % limits, and what it uses idle.

    `full_at_per_s` is the throughput at which it would be busy all the time. For a GPU, busy means
    that some kernel ran: it may have room left, so its demand is an upper bound.
    """

    resource: str
    loads: int
    demand_s: Estimate
    idle_share: float

    @property
    def full_at_per_s(self) -> float:
        """Throughput at which nothing of the resource is left."""
        return (1.0 - max(0.0, self.idle_share)) / self.demand_s.value


def fit_demands(
    steps: Sequence[StepSummary], samples: Iterable[HostSample], wall_s: float
) -> tuple[ResourceDemand, ...]:
    """Demands of all resources that grow with the load, the largest first.

    `wall_s` is the Unix time of run time 0: the host's clock and ours are taken to agree. Needs six
    loads, as steps that are valid and whole and in whose window the host was sampled.
    """
    usable = [s for s in steps if s.valid and s.complete and s.rates.throughput_per_s]
    of_step: dict[int, list[dict[str, float]]] = {step.index: [] for step in usable}
    for sample in samples:
        for step in usable:
            if _inside(sample, step, wall_s):
                of_step[step.index].append(shares(sample))
    seen = [step for step in usable if of_step[step.index]]
    if len({step.clients for step in seen}) < LEAST_LOADS:
        return ()
    names = sorted({name for step in seen for sample in of_step[step.index] for name in sample})
    found = [_fit(name, seen, of_step) for name in names]
    grows = [demand for demand in found if demand and demand.demand_s.low > 0]
    return tuple(sorted(grows, key=lambda demand: demand.full_at_per_s))


def _inside(sample: HostSample, step: StepSummary, wall_s: float) -> bool:
    """Whether the whole window that a sample is a mean of lies in the step's."""
    end_s = sample.ts - wall_s
    return end_s - sample.interval_s >= step.window.start_s and end_s <= step.window.end_s


def shares(sample: HostSample) -> dict[str, float]:
    """Share of time that each resource was busy, 0 to 1, for those that the sample tells."""
    told: list[tuple[str, float | None]] = [
        ("CPU, all cores", sample.cpu_percent),
        ("CPU, busiest core", busiest_core_percent(sample)),
    ]
    for gpu in sample.gpus:
        told.append((f"GPU {gpu.index}, kernels", gpu.utilization_percent))
        told.append((f"GPU {gpu.index}, memory controller", gpu.memory_controller_percent))
    return {name: percent / 100 for name, percent in told if percent is not None}


def _fit(
    name: str, steps: Sequence[StepSummary], of_step: dict[int, list[dict[str, float]]]
) -> ResourceDemand | None:
    """Least squares over the steps' means, the slope's limits by Student's t."""
    points = [
        (step.clients, step.rates.throughput_per_s or 0.0, sum(told) / len(told))
        for step in steps
        if (told := [sample[name] for sample in of_step[step.index] if name in sample])
    ]
    loads = len({clients for clients, _, _ in points})
    if loads < LEAST_LOADS:
        return None
    x, u = (np.array([point[i] for point in points], dtype=np.float64) for i in (1, 2))
    spread = float(((x - x.mean()) ** 2).sum())
    if spread == 0:
        return None
    slope = float(((x - x.mean()) * (u - u.mean())).sum()) / spread
    idle = float(u.mean() - slope * x.mean())
    residual: Floats = u - idle - slope * x
    freedom = len(points) - 2
    error = math.sqrt(float(residual @ residual) / freedom / spread)
    half = float(special.stdtrit(freedom, (1.0 + CONFIDENCE) / 2)) * error
    return ResourceDemand(name, loads, Estimate(slope, slope - half, slope + half), idle)
