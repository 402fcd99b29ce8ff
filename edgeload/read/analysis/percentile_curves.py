"""How the times of each ramp step spread: percentile curves with as many points as serve. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeload.read.analysis.interference import Interference
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.analysis.window_times import rows_due_in, times_of
from edgeload.read.statistics.percentiles import CONFIDENCE, QUANTILES, enough, rank
from edgeload.read.statistics.windows import Floats

MOST_CURVES = 6
FASTEST = 0.02
"""The fewest fastest, by share: drawn in full, they would take half of a picture."""

_POINTS_A_CURVE = 120


@dataclass(frozen=True)
class Curve:
    """The times of one step: a share `shares[i]` of what was due took at most `times_s[i]`.

    In an interference run, those of all steps that measured the same; `step` is the first of them.
    The curve ends with the last percentile that the sample can bound. Infinity: never answered.
    """

    step: int
    clients: int
    n: int
    shares: Floats
    times_s: Floats


@dataclass(frozen=True)
class PercentileCurves:
    """Curves of the same steps, fewest clients first. `response` is None for an older log.

    In an interference run, a group alone comes first, then beside each other group.

    Every curve's shares are the first ones of `shares`, as far as its own sample reaches.
    """

    shares: Floats
    service: tuple[Curve, ...]
    response: tuple[Curve, ...] | None


def percentile_curves(summary: RunSummary) -> PercentileCurves | None:
    """Curves of the steps that say most; None: no step has enough answers for a p95."""
    if summary.interference is None:
        pools = [[step] for step in chosen_steps(summary)]
    else:
        pools = _pools_of_rounds(summary, summary.interference)
    if not pools:
        return None
    of_kind = [
        [_sample(summary, pool, response=response) for pool in pools]
        for response in ((False, True) if summary.log.knows_due else (False,))
    ]
    shares = shares_of(max(sample.n for samples in of_kind for sample in samples))
    curves = [
        tuple(_curve(pool[0], shares, sample) for pool, sample in zip(pools, samples, strict=True))
        for samples in of_kind
    ]
    return PercentileCurves(shares, curves[0], curves[1] if len(curves) > 1 else None)


def chosen_steps(summary: RunSummary) -> list[StepSummary]:
    """At most MOST_CURVES steps of which a p95 is known, if only as never, fewest clients first.

    The capacity, the step that broke, the smallest, the largest and the one with the worst times go
    first; the rest is spread evenly.
    """
    fit = sorted(
        (
            step
            for step in summary.steps
            if step.times.service.n and enough(step.times.felt.n, QUANTILES["p95"])
        ),
        key=lambda step: (step.clients, step.index),
    )
    if len(fit) <= MOST_CURVES:
        return fit
    telling = {fit[0].index, fit[-1].index, max(fit, key=_slowness).index}
    telling |= {end.step for end in (summary.capacity, summary.first_overload) if end}
    kept = [i for i, step in enumerate(fit) if step.index in telling]
    spread = np.linspace(0, len(fit) - 1, MOST_CURVES).round().astype(int).tolist()
    kept += [i for i in spread if i not in kept][: MOST_CURVES - len(kept)]
    return [fit[i] for i in sorted(kept)]


def _slowness(step: StepSummary) -> tuple[float, float]:
    """The p95 of the time that a camera felt, and beyond all times how much never came."""
    felt = step.times.felt
    p95 = felt.quantile("p95")
    if p95 is None:
        return 0.0, 0.0
    return (math.inf if p95.never else p95.value), felt.unanswered / felt.n


def _pools_of_rounds(summary: RunSummary, found: Interference) -> list[list[StepSummary]]:
    """The steps of an interference run that count and measured the same of a group, together.

    Only those with all of its cameras, and enough answers for a p95. Of more than MOST_CURVES kinds
    of steps, those beside half of another group's cameras go first.
    """
    own = {step.index: step for step in summary.steps}
    full = {alone.group: alone.cameras for alone in found.alone}
    pools: defaultdict[tuple[tuple[str, int], ...], list[StepSummary]] = defaultdict(list)
    for each in found.steps:
        if each.counts and each.cameras.get(summary.group) == full[summary.group]:
            pools[tuple(each.cameras.items())].append(own[each.index])
    usable = {
        cameras: pool
        for cameras, pool in pools.items()
        if enough(sum(step.times.service.n for step in pool), QUANTILES["p95"])
    }
    names = list(full)
    kinds = sorted(usable, key=lambda kind: (len(kind), [(names.index(n), c) for n, c in kind]))
    if len(kinds) > MOST_CURVES:
        kinds = [kind for kind in kinds if all(count == full[name] for name, count in kind)]
    return [usable[kind] for kind in kinds[:MOST_CURVES]]


@dataclass(frozen=True)
class _Sample:
    """Sorted times of good answers, and how many requests had none."""

    times_s: Floats
    unanswered: int

    @property
    def n(self) -> int:
        return len(self.times_s) + self.unanswered


def _sample(summary: RunSummary, pool: Sequence[StepSummary], *, response: bool) -> _Sample:
    """What fell due in the windows of the steps."""
    found = [
        times_of(summary.log, rows_due_in(summary.log, step.index, step.window), step.within.missed)
        for step in pool
    ]
    timed = [times.response_s for times in found if times.response_s is not None]
    if response and timed:
        return _Sample(np.sort(np.concatenate(timed)), sum(times.unanswered for times in found))
    return _Sample(np.sort(np.concatenate([times.service_s for times in found])), 0)


def _curve(step: StepSummary, grid: Floats, sample: _Sample) -> Curve:
    n, times_s = sample.n, sample.times_s
    shares = grid[grid <= _last_share(n)]
    ranks = np.array([rank(n, q) for q in shares.tolist()])
    padded = np.append(times_s, np.inf)
    return Curve(step.index, step.clients, n, shares, padded[np.minimum(ranks - 1, len(times_s))])


def shares_of(n: int) -> Floats:
    """Shares at which a curve of n values is drawn: even steps of log(1 / (1 - share)) from 0 on.

    The last is the largest that n values bound: 1 - q^n = 95 % (see `stats.enough`). The
    percentiles of the tables are among them.
    """
    last = _last_share(n)
    even = 1.0 - np.power(1.0 - last, np.linspace(0.0, 1.0, _POINTS_A_CURVE))
    named = [q for q in QUANTILES.values() if q < last]
    shares: Floats = np.unique(np.concatenate((even[:-1], named, [last])))
    return shares


def _last_share(n: int) -> float:
    return float((1.0 - CONFIDENCE) ** (1.0 / n))
