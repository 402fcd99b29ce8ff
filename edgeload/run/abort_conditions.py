"""Has a step gone so wrong that the run is to end? From the live counters. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgeload.objectives import Objective
from edgeload.run import counters

_LEAST_REQUESTS = 20


def breached(conditions: Sequence[Objective], slots: Sequence[int]) -> str | None:
    """What a step's counters (see `counters`, since the step's start) say against it, in words.

    A share is judged from 20 requests on. A percentile is of the answers so far, or, where it falls
    on failures, never: as many as it takes to bound it must have ended (p95: 20, p99: 100).
    """
    ok, failed, missed = (slots[i] for i in (counters.OK, counters.FAILED, counters.MISSED))
    for condition in conditions:
        if condition.quantile is not None:
            broken = _slow(condition, condition.quantile, slots)
        else:
            hits = failed if condition.quantity == "errors" else missed
            n = ok + failed + (missed if condition.quantity == "missed" else 0)
            share = hits / n if n >= _LEAST_REQUESTS else 0.0
            broken = f"{share * 100:.3g} % of {n} requests" if share > condition.bound else None
        if broken:
            return f"--abort-on {condition.text}: {broken} of this step"
    return None


def _slow(condition: Objective, quantile: float, slots: Sequence[int]) -> str | None:
    failed = slots[counters.FAILED]
    histogram = (
        counters.service_histogram(slots)
        if condition.quantity == "service"
        else counters.response_histogram(slots)
    )
    n = sum(histogram) + failed
    if n < max(_LEAST_REQUESTS, math.ceil(1 / (1 - quantile) - 1e-9)):
        return None
    value = counters.percentile([*histogram, failed], quantile)
    if value is None or value <= condition.bound:
        return None
    return f"{value:.3g} s over {n} requests"
