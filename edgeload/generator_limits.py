"""How late and how busy our own machine may be before its figures say nothing. Pure (method 10)."""

from __future__ import annotations

LATE_LIMIT_S = 0.005
LATE_LIMIT_OF_PERIOD = 0.10
LATE_SHARE = 0.01
"""Share of the requests that may be sent later than is allowed."""
CPU_LIMIT = 0.80
"""Cores that one worker process may use."""
CORE_WAIT_LIMIT_S = LATE_LIMIT_S
"""The mean time until a worker process that is ready to run is given a core."""
LIMIT_STOPS_SHARE = 0.05
"""Share of the periods of our own CPU limit in which it may be used up."""

STOLEN_SHARE = 0.05
"""Share of the time in which a hypervisor may take a CPU from us that has something to do."""


def late_limit_s(requests_per_second: float | None) -> float:
    """The lag that is allowed: 5 ms, or 10 % of a client's period if that is more (method 10)."""
    period_s = 1.0 / requests_per_second if requests_per_second else 0.0
    return max(LATE_LIMIT_S, LATE_LIMIT_OF_PERIOD * period_s)
