"""The utilisation law: how much of each resource of the host an answer takes. Pure (method 12).

U = U0 + D X: the share of time U that a resource is busy grows in a straight line with the
throughput X of the steps. The slope D is the demand: seconds of the resource per answer. The
resource with the largest demand is full first, at (1 - U0) / D answers per second.
"""

from __future__ import annotations

from collections import defaultdict
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
    """A resource's demand in seconds per answer, with its 95 % limits.

    `loads` is the number of different loads behind it, `idle_share` the share of time that the
    resource is busy without any load. A GPU is busy while any kernel runs, even if there is room
    for more: its demand is an upper bound.
    """

    resource: str
    loads: int
    demand_s: Estimate
    idle_share: float

    @property
    def full_at_per_s(self) -> float:
        """Answers per second at which the resource would be busy all the time."""
        return (1.0 - max(0.0, self.idle_share)) / self.demand_s.value


@dataclass(frozen=True)
class HostUse:
    """How the host's samples and the run lie to each other, and how busy overloaded steps made it.

    `first_s` and `last_s` are run time, by the clocks of both machines. `during` counts the samples
    inside the run; `loads` the different loads that the utilisation law can use. `overloaded` are
    the steps whose load was not carried and that have samples of at least half of their window,
    `shares` how busy each resource was on average in them, from 0 to 1.
    """

    samples: int
    first_s: float | None
    last_s: float | None
    during: int
    loads: int
    overloaded: tuple[int, ...]
    shares: dict[str, float]


def host_use(
    steps: Sequence[StepSummary], samples: Iterable[HostSample], wall_s: float, end_s: float
) -> HostUse:
    """What the samples say without any fit. The run took from run time 0 to `end_s`."""
    usable = {step.clients for step in steps if _usable(step)}
    overloaded = [step for step in steps if step.valid and step.overloaded]
    ends_s: list[float] = []
    during = 0
    loads: set[int] = set()
    covered_s: dict[int, float] = defaultdict(float)
    told: dict[int, dict[str, list[float]]] = {step.index: {} for step in overloaded}
    for sample in samples:
        ends_s.append(sample.ts - wall_s)
        during += 0.0 <= ends_s[-1] <= end_s + sample.interval_s
        inside = [step for step in steps if _inside(sample, step, wall_s)]
        loads.update(step.clients for step in inside if step.clients in usable)
        for step in inside:
            if step in overloaded:
                covered_s[step.index] += sample.interval_s
                for name, share in shares(sample).items():
                    told[step.index].setdefault(name, []).append(share)
    seen = [s.index for s in overloaded if covered_s[s.index] >= s.window.length_s / 2]
    values = {
        name: [share for i in seen for share in told[i].get(name, [])]
        for name in dict.fromkeys(name for i in seen for name in told[i])
    }
    return HostUse(
        samples=len(ends_s),
        first_s=min(ends_s, default=None),
        last_s=max(ends_s, default=None),
        during=during,
        loads=len(loads),
        overloaded=tuple(sorted(seen)),
        shares={name: sum(each) / len(each) for name, each in values.items()},
    )


def _usable(step: StepSummary) -> bool:
    """Whether the utilisation law can use a step."""
    return step.valid and step.complete and bool(step.rates.throughput_per_s)


def fit_demands(
    steps: Sequence[StepSummary], samples: Iterable[HostSample], wall_s: float
) -> tuple[ResourceDemand, ...]:
    """Demands of all resources whose use grows with the load, the first to be full first.

    `wall_s` is the Unix time of run time 0; the host's clock and ours are assumed to agree. Empty
    unless there are six different loads whose steps are valid, complete and sampled on the host.
    """
    usable = [step for step in steps if _usable(step)]
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
    """Whether a sample's own window lies completely inside the step's window."""
    end_s = sample.ts - wall_s
    return end_s - sample.interval_s >= step.window.start_s and end_s <= step.window.end_s


def shares(sample: HostSample) -> dict[str, float]:
    """Share of time that each resource was busy, 0 to 1; unknown ones are left out."""
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
    """The demand of one resource, from the steps' means; None: fewer than six loads."""
    points = [
        (step.clients, step.rates.throughput_per_s or 0.0, sum(told) / len(told))
        for step in steps
        if (told := [sample[name] for sample in of_step[step.index] if name in sample])
    ]
    loads = len({clients for clients, _, _ in points})
    if loads < LEAST_LOADS:
        return None
    x, u = (np.array([point[i] for point in points], dtype=np.float64) for i in (1, 2))
    if np.ptp(x) == 0:
        return None
    return ResourceDemand(name, loads, *fit_line(x, u))


def fit_line(x: Floats, y: Floats) -> tuple[Estimate, float]:
    """Least squares: the slope with its 95 % limits by Student's t, and the intercept."""
    from scipy.stats import linregress  # noqa: PLC0415 - 0.3 s, needed with host samples only

    line = linregress(x, y)
    slope = float(line.slope)
    half = float(special.stdtrit(len(x) - 2, (1.0 + CONFIDENCE) / 2) * line.stderr)
    return Estimate(slope, slope - half, slope + half), float(line.intercept)
