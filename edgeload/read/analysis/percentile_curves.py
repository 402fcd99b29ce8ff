"""How the times of each ramp step spread: percentile curves with as many points as serve. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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

    Every curve's shares are the first ones of `shares`, as far as its own sample reaches.
    """

    shares: Floats
    service: tuple[Curve, ...]
    response: tuple[Curve, ...] | None


def percentile_curves(summary: RunSummary) -> PercentileCurves | None:
    """Curves of the steps that say most; None: no step has enough answers for a p95."""
    steps = chosen_steps(summary)
    if not steps:
        return None
    most = max(
        (sample.n for s in steps for sample in (s.times.service, s.times.response) if sample),
        default=1,
    )
    shares = shares_of(most)
    return PercentileCurves(
        shares=shares,
        service=tuple(
            _curve(step, shares, *_sample(summary, step, response=False)) for step in steps
        ),
        response=None
        if not summary.log.knows_due
        else tuple(_curve(step, shares, *_sample(summary, step, response=True)) for step in steps),
    )


def chosen_steps(summary: RunSummary) -> list[StepSummary]:
    """At most MOST_CURVES steps with enough answers for a p95, fewest clients first.

    The capacity, the step that broke, the smallest and the largest go first; the rest is spread
    evenly.
    """
    fit = sorted(
        (step for step in summary.steps if enough(step.times.service.n, QUANTILES["p95"])),
        key=lambda step: (step.clients, step.index),
    )
    if len(fit) <= MOST_CURVES:
        return fit
    telling = {fit[0].index, fit[-1].index}
    telling |= {end.step for end in (summary.capacity, summary.first_overload) if end}
    kept = [i for i, step in enumerate(fit) if step.index in telling]
    spread = np.linspace(0, len(fit) - 1, MOST_CURVES).round().astype(int).tolist()
    kept += [i for i in spread if i not in kept][: MOST_CURVES - len(kept)]
    return [fit[i] for i in sorted(kept)]


def _sample(summary: RunSummary, step: StepSummary, *, response: bool) -> tuple[Floats, int]:
    """Sorted times of the good answers in the step's window, and how many requests had none."""
    inside = rows_due_in(summary.log, step.index, step.window)
    times = times_of(summary.log, inside, step.within.missed)
    if response and times.response_s is not None:
        return np.sort(times.response_s), times.unanswered
    return np.sort(times.service_s), 0


def _curve(step: StepSummary, grid: Floats, times_s: Floats, unanswered: int) -> Curve:
    n = len(times_s) + unanswered
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
