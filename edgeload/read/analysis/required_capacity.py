"""The capacity that somebody requires, against what a run shows of it. Pure."""

from __future__ import annotations

from dataclasses import replace

from edgeload.read.analysis.objective_results import Status
from edgeload.read.analysis.run_summary import RequiredCapacity, RunSummary
from edgeload.read.analysis.search_result import WITH_CAPACITY


def with_required_capacity(summary: RunSummary, load: int | None) -> RunSummary:
    """The summary with the verdict on a load, by default the one in the settings of the log."""
    found = summary.log.settings.get("require_capacity") if load is None else load
    if not isinstance(found, int) or found < 1:
        return summary
    served, refused = _of_search(summary) if summary.search else _of_ramp(summary)
    return replace(summary, required=_judged(found, served, refused))


def _judged(load: int, served: int | None, refused: int | None) -> RequiredCapacity:
    status: Status = "undecided"
    if served is not None and served >= load:
        status = "pass"
    elif refused is not None and refused <= load:
        status = "fail"
    return RequiredCapacity(load, status, served, refused)


def _of_ramp(summary: RunSummary) -> tuple[int | None, int | None]:
    copies = {step.clients: step.copies for step in summary.steps}
    carried, overload = summary.capacity, summary.first_overload
    return (
        copies[carried.clients] if carried else None,
        copies[overload.clients] if overload else None,
    )


def _of_search(summary: RunSummary) -> tuple[int | None, int | None]:
    """Every tier has to be served; one without a capacity serves nothing."""
    assert summary.search is not None
    tiers = summary.search.tiers
    served = [tier.boundary.low for tier in tiers if tier.answer in WITH_CAPACITY]
    refused = [tier.boundary.high + 1 for tier in tiers if tier.boundary.high is not None]
    return (
        min(served) or None if len(served) == len(tiers) else None,
        min(refused, default=None),
    )
