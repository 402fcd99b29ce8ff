"""Findings about what limits the host, from its samples. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from edgeload.read.analysis.finding import Evidence, Finding
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.statistics.scaling_law import LEAST_LOADS

FULL_SHARE = 0.8
"""A resource that was busy for less of the time is not what limits."""


def _host_use(summary: RunSummary) -> Iterator[Finding]:
    """Samples of another time; or how busy the host was when it did not keep up."""
    host = summary.host
    if host is None:
        return
    if not host.during:
        numbers: dict[str, Evidence] = {
            "samples": host.samples,
            "first_s": host.first_s,
            "last_s": host.last_s,
            "run_s": summary.ended_s,
        }
        yield Finding("host_other_time", "warning", numbers=numbers)
    elif host.overloaded and host.shares:
        numbers = {"shares": dict(host.shares), "full": FULL_SHARE}
        yield Finding("host_use", "note", host.overloaded, numbers)


def _energy(summary: RunSummary) -> Iterator[Finding]:
    """What an answer took at the capacity, or at the largest load whose power is known."""
    clients = {step.index: step.clients for step in summary.steps}
    carried = summary.capacity.step if summary.capacity else None
    told = max(summary.energy, key=lambda e: (e.step == carried, clients[e.step]), default=None)
    if told is not None:
        numbers: dict[str, Evidence] = {
            "wh_per_1000": told.wh_per_1000,
            "above_idle_wh_per_1000": told.above_idle_wh_per_1000,
            "mean_w": told.mean_w,
            "idle_w": told.idle_w,
        }
        yield Finding("energy", "note", (told.step,), numbers)


def find_host_findings(summary: RunSummary) -> Iterator[Finding]:
    """What the host's samples say: at an overload, and by the utilisation law."""
    if summary.demands is None:
        return
    yield from _host_use(summary)
    yield from _energy(summary)
    if not summary.demands:
        if summary.log.is_soak:  # of one load, which cannot show it
            return
        if summary.host is None or summary.host.during:
            loads = summary.host.loads if summary.host else None
            yield Finding("no_demand", "note", numbers={"loads": loads, "needed": LEAST_LOADS})
        return
    first, *others = summary.demands
    yield Finding(
        "largest_demand",
        "note",
        numbers={
            "resource": first.resource,
            "demand_s": first.demand_s.value,
            "demand_limits_s": (first.demand_s.low, first.demand_s.high),
            "full_at_per_s": first.full_at_per_s,
            "next": {demand.resource: demand.full_at_per_s for demand in others[:3]},
        },
    )
