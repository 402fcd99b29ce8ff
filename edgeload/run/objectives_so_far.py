"""What the live counts say about the objectives in the present step, with caution. Pure.

The report judges the whole run from every request; this judges the counts of one step that still
goes on. So it says *met* only if that also holds with every open request counted as bad, at 99 %
where the report asks for 95 %, and with at most half of the sample taken as independent; and not at
all while the backlog grows. What live counts cannot tell, outages and ages, stays undecided.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edgeload.failure_classes import ESCALATED
from edgeload.objectives import Objective
from edgeload.run.counters import LiveCounts, bucket, percentile

SoFarState = Literal["met", "not met", "undecided"]

_Z = 2.576
_LEAST_DISPERSION = 2.0
_LEAST_BATCHES = 10
_MOST_BATCHES = 256


@dataclass(frozen=True)
class Batch:
    """What one stretch of the step, of a second or more, says about one objective."""

    bad: int
    n: int


@dataclass(frozen=True)
class SoFar:
    """One objective in the present step, so far. `value` is in the bound's unit."""

    objective: Objective
    state: SoFarState
    value: float | None
    """None: nothing to tell yet; infinity: the percentile falls among requests without answer."""


def batch_of(objective: Objective, counts: LiveCounts, due: int) -> Batch:
    """What was counted in one stretch, in which so many frames fell due."""
    if objective.quantity == "throughput":
        return Batch(due - counts.frames_ok, due)
    return Batch(*_bad_ones(objective, counts, strict=False))


def merged_batches(batches: list[Batch]) -> list[Batch]:
    """The same; neighbours together if there are many, so a long step costs no more."""
    if len(batches) <= _MOST_BATCHES:
        return batches
    pairs = zip(batches[::2], batches[1::2], strict=False)
    joined = [Batch(a.bad + b.bad, a.n + b.n) for a, b in pairs]
    return joined + batches[len(joined) * 2 :]


def so_far(
    objective: Objective,
    counts: LiveCounts,
    batches: Sequence[Batch],
    *,
    waiting: int,
    grows: bool,
) -> SoFar:
    """An objective in the step whose counts these are, and their stretches.

    `waiting` frames have fallen due and have no answer yet; `grows`: the backlog grows.
    """
    if objective.quantity in ("outage", "age"):
        return SoFar(objective, "undecided", None)
    if objective.quantity == "throughput":
        return _throughput(objective, batches)
    bad, n = _bad_ones(objective, counts, strict=False)
    value = _value(objective, counts, bad, n)
    allowed = _allowed(objective)
    spread = max(_LEAST_DISPERSION, _dispersion(batches))
    if n and _limits(bad, n, spread)[0] > allowed:
        return SoFar(objective, "not met", value)
    most_bad, most = _bad_ones(objective, counts, strict=True)
    if objective.is_time:
        most_bad, most = most_bad + waiting, most + waiting
        if grows:  # within the bound so far, but it will not stay there
            return SoFar(objective, "not met" if n and value is not None else "undecided", value)
    held = most > 0 and (
        _limits(most_bad, most, spread)[1] <= allowed or (allowed == 0 and most_bad == 0)
    )
    return SoFar(objective, "met" if held else "undecided", value)


def _allowed(objective: Objective) -> float:
    """The share of bad ones that the objective allows."""
    if objective.quantile is not None:
        return 1.0 - objective.quantile
    return 1.0 - objective.bound if objective.at_least else objective.bound


def _bad_ones(objective: Objective, counts: LiveCounts, *, strict: bool) -> tuple[int, int]:
    """How many were bad, of how many; `strict`: also those too close to the bound to tell."""
    if objective.quantity == "errors":
        return counts.failed, counts.done
    if objective.quantity == "missed":
        return counts.missed, counts.sent + counts.missed
    if objective.quantity == "edge":
        escalated = counts.failures.get(ESCALATED, 0)
        return escalated, counts.ok + escalated
    response = objective.quantity == "response"
    times = counts.response if response else counts.service
    unanswered = counts.frames_failed + counts.missed if response else counts.failed
    at = bucket(objective.bound) + (0 if strict else 1)
    return sum(times[at:]) + unanswered, sum(times) + unanswered


def _value(objective: Objective, counts: LiveCounts, bad: int, n: int) -> float | None:
    if not n:
        return None
    if objective.quantile is None:
        return 1.0 - bad / n if objective.at_least else bad / n
    response = objective.quantity == "response"
    times = counts.response if response else counts.service
    if math.ceil(objective.quantile * n) > sum(times):
        return math.inf
    unanswered = n - sum(times)
    return percentile([*times, unanswered], objective.quantile)


def _dispersion(batches: Sequence[Batch]) -> float:
    """How many times as much the bad ones of the stretches scatter as independent ones would.

    Pearson's chi-squared divided by its degrees of freedom.
    """
    known = [batch for batch in batches if batch.n]
    total = sum(batch.n for batch in known)
    share = sum(batch.bad for batch in known) / total if total else 0.0
    if len(known) < 2 or not 0 < share < 1:
        return 1.0
    squares = sum((b.bad - share * b.n) ** 2 / (share * (1 - share) * b.n) for b in known)
    return squares / (len(known) - 1)


def _limits(bad: int, n: int, spread: float) -> tuple[float, float]:
    """Wilson's interval of a share, of a sample that is worth n / `spread` independent ones."""
    size, share = n / spread, bad / n
    middle = share + _Z**2 / (2 * size)
    half = _Z * math.sqrt(share * (1 - share) / size + _Z**2 / (4 * size**2))
    scale = 1 + _Z**2 / size
    return (middle - half) / scale, (middle + half) / scale


def _throughput(objective: Objective, batches: Sequence[Batch]) -> SoFar:
    """Answers as a share of what was due, with the scatter of the stretches."""
    known = [batch for batch in batches if batch.n]
    total = sum(batch.n for batch in known)
    if not total:
        return SoFar(objective, "undecided", None)
    value = 1.0 - sum(batch.bad for batch in known) / total
    if len(known) < _LEAST_BATCHES:
        return SoFar(objective, "undecided", value)
    shares = [1.0 - batch.bad / batch.n for batch in known]
    half = (_Z + 1.0) * statistics.stdev(shares) / math.sqrt(len(shares))
    if value + half < objective.bound:
        return SoFar(objective, "not met", value)
    return SoFar(objective, "met" if value - half >= objective.bound else "undecided", value)
