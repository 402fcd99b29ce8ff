"""How much energy the box's GPUs take for an answer, with the idle power shown apart. Pure.

A GPU's own counter of energy is exact; where it has none, power is summed over the samples. What it
takes while nothing is asked is measured before the first step, and never guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from edgeload.host.samples import GpuSample, HostSample
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.statistics.windows import Window

_LEAST_IDLE_S = 2.0
_QUIET_BEFORE_S = 3.0
"""The last seconds before the first step are left out: queries before the run fall into them."""
_J_PER_WH = 3600.0


@dataclass(frozen=True)
class Energy:
    """Of all GPUs together, in one step. None: not known.

    `wh_per_1000` answers, and how much of that is above what the box takes idle; `mean_w` in the
    step, `idle_w` before the first one.
    """

    step: int
    wh_per_1000: float
    above_idle_wh_per_1000: float | None
    mean_w: float
    idle_w: float | None


def energy_of(
    steps: Sequence[StepSummary], samples: Sequence[HostSample], wall_s: float
) -> tuple[Energy, ...]:
    """One entry for each valid step whose power is known over most of its window."""
    idle_w = _idle(samples, wall_s)
    found = []
    for step in steps:
        per_s = step.rates.throughput_per_s
        mean_w = _mean_power(samples, wall_s, step.window)
        if not step.valid or not per_s or mean_w is None:
            continue
        above = None if idle_w is None else max(0.0, mean_w - idle_w)
        found.append(
            Energy(
                step.index,
                _wh_per_1000(mean_w, per_s),
                None if above is None else _wh_per_1000(above, per_s),
                mean_w,
                idle_w,
            )
        )
    return tuple(found)


def _wh_per_1000(watts: float, per_s: float) -> float:
    return watts / per_s * 1000.0 / _J_PER_WH


def _idle(samples: Sequence[HostSample], wall_s: float) -> float | None:
    """The mean power before the run; None if it was watched for less than two seconds."""
    first_s = min((sample.ts - wall_s for sample in samples), default=0.0)
    return _mean_power(samples, wall_s, Window(first_s, -_QUIET_BEFORE_S), _LEAST_IDLE_S)


def _mean_power(
    samples: Sequence[HostSample], wall_s: float, window: Window, least_s: float | None = None
) -> float | None:
    """Watts of all GPUs over a window, from pairs of neighbouring samples inside it.

    None unless such pairs cover half of it, or `least_s`.
    """
    joules = seconds = 0.0
    inside = [s for s in samples if window.start_s <= s.ts - wall_s <= window.end_s]
    for before, after in pairwise(inside):
        told = _joules(before, after)
        if told is not None:
            joules += told
            seconds += after.monotonic_s - before.monotonic_s
    enough_s = window.length_s / 2 if least_s is None else least_s
    return joules / seconds if seconds > 0 and seconds >= enough_s else None


def _joules(before: HostSample, after: HostSample) -> float | None:
    """The energy of all GPUs between two samples; None if that of one is not known."""
    was = {gpu.index: gpu for gpu in before.gpus}
    length_s = after.monotonic_s - before.monotonic_s
    total = 0.0
    for gpu in after.gpus:
        own = _of_gpu(was.get(gpu.index), gpu, length_s)
        if own is None:
            return None
        total += own
    return total if after.gpus and length_s > 0 else None


def _of_gpu(before: GpuSample | None, after: GpuSample, length_s: float) -> float | None:
    if before is None:
        return None
    if before.energy_j is not None and after.energy_j is not None:
        return after.energy_j - before.energy_j if after.energy_j >= before.energy_j else None
    if before.power_w is None or after.power_w is None:
        return None
    return (before.power_w + after.power_w) / 2 * length_s
