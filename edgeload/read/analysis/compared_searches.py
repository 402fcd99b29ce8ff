"""Two sides whose runs are searches for the capacity: their intervals, tier by tier. Pure.

Intervals that do not overlap are different capacities. Capacities are the same if even the largest
change that the intervals allow is within the margin. Anything else is undecided. Trials are short,
and each search chooses its own loads, so these are not compared load by load.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

from edgeload.read.analysis.capacity import Capacity
from edgeload.read.analysis.compared_quantities import QuantityVerdict
from edgeload.read.analysis.differences import Side
from edgeload.read.analysis.finding import Evidence, Finding
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.search_result import WITH_CAPACITY, SearchAnswer, TierCapacity
from edgeload.search_axis import PARTS_OF_RATE, one_rate

CapacityUnit = Literal["client", "copy", "camera", "request/s", "times the rates"]


@dataclass(frozen=True)
class SearchedCapacity:
    """What one search found of a tier, in the unit of the comparison.

    `best` is None if it found no capacity. An infinite `high` is no limit.
    """

    answer: SearchAnswer
    best: float | None
    low: float
    high: float


@dataclass(frozen=True)
class ComparedTier:
    """The capacities of one tier: of each run of the old side, and of the new side.

    `low` and `high` bound the change as a share of the old capacity; infinity is no limit.
    """

    name: str
    old: tuple[SearchedCapacity, ...]
    new: tuple[SearchedCapacity, ...]
    low: float
    high: float
    verdict: QuantityVerdict


@dataclass(frozen=True)
class ComparedSearches:
    """Searches compared. Without `tiers` they do not ask the same: `why` says what differs."""

    unit: CapacityUnit
    group: str
    """The camera group that was counted; empty if all were."""
    tiers: tuple[ComparedTier, ...]
    why: tuple[Finding, ...]

    @property
    def verdict(self) -> QuantityVerdict | Literal["not comparable"]:
        """Worse if a tier is, else better if one is; the same only if all are."""
        verdicts = [tier.verdict for tier in self.tiers]
        if not verdicts:
            return "not comparable"
        decided: tuple[QuantityVerdict, ...] = ("worse", "better")
        for verdict in decided:
            if verdict in verdicts:
                return verdict
        return "same" if set(verdicts) == {"same"} else "undecided"


def compare_searches(
    old: Side, new: Side, margin: float, *, same_mix: bool
) -> ComparedSearches | None:
    """What became of the capacities; None unless all runs are searches.

    `same_mix`: copies of one side are the same load as copies of the other.
    """
    runs = [*old, *new]
    if any(run.search is None for run in runs):
        return None
    units = [_unit(run) for run in runs]
    over = {run.search.axis.over for run in runs if run.search}
    groups = {_group(run) for run in runs}
    by_requests = set(units) == {"client", "request/s"} or _rates_differ(runs, units)
    if not by_requests and (len(set(units)) > 1 or len(groups) > 1):
        return _not_comparable(units[0], Finding("searches_differ", "note", numbers=_counted(runs)))
    if any(run.groups for run in runs) and (not same_mix or len(over) > 1):
        return _not_comparable(units[0], Finding("mixes_differ", "note"))
    objectives = {_objectives(run) for run in runs}
    if len(objectives) > 1:
        texts: dict[str, Evidence] = {
            side: tuple(sorted({"; ".join(_texts(run)) for run in each}))
            for side, each in (("old", old), ("new", new))
        }
        return _not_comparable(units[0], Finding("objectives_differ", "note", numbers=texts))
    unit = "request/s" if by_requests else units[0]
    places = range(len(runs[0].search.tiers if runs[0].search else ()))
    tiers = tuple(_tier(old, new, place, unit, margin) for place in places)
    return ComparedSearches(unit, groups.pop() if len(groups) == 1 else "", tiers, ())


def searched_capacity(run: RunSummary) -> Capacity | None:
    """The capacity that a search found: at the load that is its answer, tried or not."""
    carried, found = run.capacity, run.search
    if carried is None or found is None or run.log.plan is None:
        return carried
    best = found.tiers[0].boundary.best
    if best is None or best == found.tiers[0].at_load:
        return carried
    step = found.axis.step(run.log.plan, best, 0, 0.0, 1.0)
    due_per_s = run.log.plan.arrival_rate(step) or 0.0
    return replace(carried, clients=step.sending, requests_per_s=due_per_s)


def _unit(run: RunSummary) -> CapacityUnit:
    assert run.search is not None
    assert run.log.plan is not None
    units: dict[str, CapacityUnit] = {"clients": "client", "copies": "copy", "group": "camera"}
    rate: CapacityUnit = "request/s" if one_rate(run.log.plan) else "times the rates"
    return units.get(run.search.axis.over, rate)


def _group(run: RunSummary) -> str:
    return (run.search.axis.group if run.search else None) or ""


def _rates_differ(runs: Sequence[RunSummary], units: Sequence[CapacityUnit]) -> bool:
    """Whether clients of several rates were counted: then only what is due is the same load."""
    return set(units) == {"client"} and len({run.log.requests_per_second for run in runs}) > 1


def _counted(runs: Sequence[RunSummary]) -> dict[str, Evidence]:
    return {"counted": tuple(dict.fromkeys(_named_unit(run) for run in runs))}


def _named_unit(run: RunSummary) -> str:
    group = _group(run)
    return f"{group} {_unit(run)}" if group else _unit(run)


def _not_comparable(unit: CapacityUnit, why: Finding) -> ComparedSearches:
    return ComparedSearches(unit, "", (), (why,))


def _texts(run: RunSummary) -> list[str]:
    tiers = run.search.tiers if run.search else ()
    return list(dict.fromkeys(o.text for tier in tiers for o in tier.tier.objectives))


def _objectives(run: RunSummary) -> tuple[tuple[str, frozenset[str]], ...]:
    """The tiers that a search asks for, whatever the order of their objectives."""
    tiers = run.search.tiers if run.search else ()
    return tuple(
        (each.tier.name, frozenset(objective.text for objective in each.tier.objectives))
        for each in tiers
    )


def _tier(old: Side, new: Side, place: int, unit: CapacityUnit, margin: float) -> ComparedTier:
    before, after = (tuple(_capacity(run, place, unit) for run in side) for side in (old, new))
    old_low, new_low = (min(each.low for each in side) for side in (before, after))
    old_high, new_high = (max(each.high for each in side) for side in (before, after))
    low, high = _change(old_high, new_low), _change(old_low, new_high)
    unknown = any(each.answer == "unknown" for each in chain(before, after))
    return ComparedTier(
        name=old[0].search.tiers[place].tier.name if old[0].search else "",
        old=before,
        new=after,
        low=low,
        high=high,
        verdict="undecided" if unknown else _verdict(low, high, margin),
    )


def _verdict(low: float, high: float, margin: float) -> QuantityVerdict:
    if -margin <= low and high <= margin:
        return "same"
    if low > 0:
        return "better"
    return "worse" if high < 0 else "undecided"


def _change(before: float, after: float) -> float:
    """A change as a share of the value before; of nothing to something it is infinite."""
    if math.isinf(before):
        return math.nan if math.isinf(after) else -1.0
    if before == 0:
        return 0.0 if after == 0 else math.inf
    return after / before - 1.0


def _capacity(run: RunSummary, place: int, unit: CapacityUnit) -> SearchedCapacity:
    assert run.search is not None
    assert run.log.plan is not None
    tier: TierCapacity = run.search.tiers[place]
    scale = _scale(run, unit)
    known = tier.boundary
    if tier.answer == "unknown":
        return SearchedCapacity(tier.answer, None, 0.0, math.inf)
    if tier.answer not in WITH_CAPACITY or known.best is None:
        return SearchedCapacity(tier.answer, None, 0.0, 0.0)
    high = math.inf if known.high is None else known.high * scale
    return SearchedCapacity(tier.answer, known.best * scale, known.low * scale, high)


def _scale(run: RunSummary, unit: CapacityUnit) -> float:
    """What a unit of the search's load is in the unit of the comparison."""
    assert run.search is not None
    assert run.log.plan is not None
    if unit == "request/s":
        return run.search.axis.per_load(run.log.plan)
    return 1.0 / PARTS_OF_RATE if run.search.axis.over == "rate" else 1.0
