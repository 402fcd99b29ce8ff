"""Does a step fulfil one of the conditions that end a run early (ABORT_ON)? Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgeload.objectives import Objective
from edgeload.plain_words import plural
from edgeload.run.counters import LiveCounts, percentile

_LEAST_REQUESTS = 20


def breached(conditions: Sequence[Objective], step: LiveCounts) -> str | None:
    """The first condition that a step fulfils, with the figures; None if there is none.

    `step` holds what was counted since the step's start. A condition is judged after 20 requests
    have ended, one on a percentile after as many as its tail needs (p95: 20, p99: 100). A
    percentile that falls among failed requests counts as infinitely slow.
    """
    for condition in conditions:
        broken = (
            _beyond_share(condition, step)
            if condition.quantile is None
            else _too_slow(condition, condition.quantile, step)
        )
        if broken:
            return f"--abort-on {condition.text}: {broken}"
    return None


def _beyond_share(condition: Objective, step: LiveCounts) -> str | None:
    if condition.quantity == "errors":
        hits, n, said = step.failed, step.done, "in this step failed"
    else:
        hits, n, said = step.missed, step.done + step.missed, "due in this step were missed"
    if n < _LEAST_REQUESTS or hits / n <= condition.bound:
        return None
    return f"{hits:,} of {plural(n, 'request')} {said} ({hits / n * 100:.3g} %)"


def _too_slow(condition: Objective, quantile: float, step: LiveCounts) -> str | None:
    histogram = step.service if condition.quantity == "service" else step.response
    times = sum(histogram)
    n = times + step.failed
    if n < max(_LEAST_REQUESTS, math.ceil(1 / (1 - quantile) - 1e-9)):
        return None
    name = f"p{quantile * 100:g} of {condition.quantity} time"
    if math.ceil(quantile * n) > times:
        return (
            f"{name} falls among failed requests ({step.failed:,} of {n:,} in this step failed), "
            "and counts as infinitely slow"
        )
    value_s = percentile([*histogram, step.failed], quantile)
    if value_s is None or value_s <= condition.bound:
        return None
    return f"{name} is {value_s:.3g} s over {plural(n, 'request')} in this step"
