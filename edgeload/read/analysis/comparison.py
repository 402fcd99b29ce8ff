"""Two sides, each one run or several -> better, worse, same, undecided or not comparable. Pure.

Each load that both sides have is compared by itself (`compared_loads`, `compared_quantities`). One
verdict stands for all of them: differences must be significant although so many were tested. Of a
mix, each camera group is compared by itself (`compared_mixes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain, groupby
from typing import Literal

import numpy as np

from edgeload.kept_runs import log_label
from edgeload.read.analysis.capacity import Capacity
from edgeload.read.analysis.compared_capacity import compare_capacity, copies_at_capacity
from edgeload.read.analysis.compared_loads import OneSidedLoad
from edgeload.read.analysis.compared_mixes import ComparedLoads, loads_to_compare
from edgeload.read.analysis.compared_quantities import (
    MARGIN,
    NO_OBSTACLE,
    SHARES,
    ComparedQuantity,
    QuantityVerdict,
    compare_load,
)
from edgeload.read.analysis.compared_searches import (
    ComparedSearches,
    compare_searches,
    searched_capacity,
)
from edgeload.read.analysis.differences import Difference, Side, differences, without_header
from edgeload.read.analysis.finding import Finding
from edgeload.read.log.columns import RunLog
from edgeload.read.statistics.two_samples import holm

Verdict = Literal[QuantityVerdict, "not comparable"]


@dataclass(frozen=True)
class GroupVerdict:
    """A camera group of a mix, and what all of its loads say together."""

    name: str
    verdict: Verdict


@dataclass(frozen=True)
class ComparedMix:
    """What a comparison of mixes has beside that of other runs."""

    same: bool
    """Whether copies of one side are the same load as copies of the other."""
    groups: tuple[GroupVerdict, ...]
    """All groups of both sides."""
    copies: tuple[tuple[int | None, ...], tuple[int | None, ...]]
    """Copies at each run's capacity: old side, new side; None if it has none."""


@dataclass(frozen=True)
class Comparison:
    """All quantities of all loads, and what they say together."""

    verdict: Verdict
    margin: float
    same_runs: bool
    """Both sides are the same runs."""
    deciding: tuple[ComparedQuantity, ...]
    """The rows that made the verdict: significant although so many were tested (Holm)."""
    rows: tuple[ComparedQuantity, ...]
    capacity: ComparedQuantity | None
    """The capacities compared; None if no run found one."""
    one_sided: tuple[OneSidedLoad, ...]
    """Loads that only one side has."""
    why: tuple[Finding, ...]
    """Why the sides are not comparable, or what leaves the verdict open."""
    differences: tuple[Difference, ...]
    without_header: tuple[str, ...]
    """Logs that do not say with which settings, machine and versions they were made."""
    invalid: tuple[str, ...]
    """Logs whose run is INVALID."""
    capacities: tuple[tuple[Capacity | None, ...], tuple[Capacity | None, ...]]
    """Each run's capacity: old side, new side."""
    mix: ComparedMix | None = None
    """None unless all runs are of mixes."""
    searches: ComparedSearches | None = None
    """None unless all runs are searches for the capacity: then nothing else is compared."""

    @property
    def tells_nothing(self) -> bool:
        """Whether no load could be compared, or nothing was answered at any on the new side."""
        if self.verdict in ("better", "worse"):
            return False
        if self.searches is not None:
            tiers = self.searches.tiers
            return not any(each.best for tier in tiers for each in tier.new)
        return not any(row.new for row in self.rows if row.quantity == "throughput")


def compare(old: Side, new: Side, margin: float = MARGIN) -> Comparison:
    """What changed from one side to the other; differences within `margin` are "same"."""
    same_runs = _same_runs(old, new)
    loads = loads_to_compare(old, new)
    searches = compare_searches(old, new, margin, same_mix=loads.same_mix)
    if searches is not None:
        return _of_searches(old, new, margin, searches, same_runs=same_runs)
    rows = [
        row for each in loads.matched for row in compare_load(each, margin, same_runs=same_runs)
    ]
    capacity = compare_capacity(old, new, margin) if loads.same_mix else None
    verdict, deciding, why, groups = _together(rows, capacity, loads)
    if all(row.why and row.why.code == "sent_rates_differ" for row in rows):
        verdict, deciding = "not comparable", ()
        why = tuple(row.why for row in rows if row.why) or loads.why_none
    if same_runs:
        verdict, deciding, why = "same", (), ()
        groups = tuple(GroupVerdict(name, "same") for name in loads.groups)
    return Comparison(
        verdict=verdict,
        margin=margin,
        same_runs=same_runs,
        deciding=tuple(deciding),
        rows=tuple(rows),
        capacity=capacity,
        one_sided=loads.one_sided,
        why=why,
        differences=differences(old, new),
        without_header=without_header(old, new),
        invalid=tuple(log_label(run.log.path) for run in chain(old, new) if not run.valid),
        capacities=(_capacities(old), _capacities(new)),
        mix=ComparedMix(loads.same_mix, groups, (_copies(old), _copies(new)))
        if loads.groups
        else None,
    )


def _of_searches(
    old: Side, new: Side, margin: float, searches: ComparedSearches, *, same_runs: bool
) -> Comparison:
    """Searches are compared by their capacities alone."""
    return Comparison(
        verdict="same" if same_runs else searches.verdict,
        margin=margin,
        same_runs=same_runs,
        deciding=(),
        rows=(),
        capacity=None,
        one_sided=(),
        why=searches.why,
        differences=differences(old, new),
        without_header=without_header(old, new),
        invalid=tuple(log_label(run.log.path) for run in chain(old, new) if not run.valid),
        capacities=(tuple(map(searched_capacity, old)), tuple(map(searched_capacity, new))),
        searches=searches,
    )


def _copies(side: Side) -> tuple[int | None, ...]:
    return tuple(map(copies_at_capacity, side))


def _capacities(side: Side) -> tuple[Capacity | None, ...]:
    return tuple(run.capacity for run in side)


def _same_runs(old: Side, new: Side) -> bool:
    """Whether both sides hold the same logs, whatever their names."""
    return len(old) == len(new) and all(
        _same_logs(a.log, b.log) for a, b in zip(old, new, strict=True)
    )


def _same_logs(a: RunLog, b: RunLog) -> bool:
    columns = ("path", "requests", "parts")
    others = [field.name for field in fields(RunLog) if field.name not in columns]
    return all(getattr(a, name) == getattr(b, name) for name in others) and all(
        np.array_equal(getattr(a.sent_requests, name), getattr(b.sent_requests, name))
        for name in ("sent_s", "done_s", "ok")
    )


def _together(
    rows: Sequence[ComparedQuantity], capacity: ComparedQuantity | None, loads: ComparedLoads
) -> tuple[Verdict, Sequence[ComparedQuantity], tuple[Finding, ...], tuple[GroupVerdict, ...]]:
    """One verdict for all rows, the rows that made it, what leaves it open, and one for each group.

    Differences must survive Holm's correction for the many tests. All groups of a mix together can
    show a change that each alone is too small to show. They need not be shown to be the same: a
    percentile of several kinds of cameras may lie where one kind ends and the next begins, and
    moves far there by chance.
    """
    candidates = [*that_decide(rows), *([capacity] if capacity else ())]
    candidates = [row for row in candidates if not (row.why and row.why.code in NO_OBSTACLE)]
    tested = [row for row in candidates if row.p is not None]
    believed = holm([row.p or 0.0 for row in tested])
    changed = [row for row, is_believed in zip(tested, believed, strict=True) if is_believed]
    needed = [row for row in candidates if not _of_all_groups(row)]
    groups = tuple(GroupVerdict(name, _of_group(name, needed, changed)) for name in loads.groups)
    verdicts: tuple[QuantityVerdict, ...] = ("worse", "better")
    for verdict in verdicts:
        found = [row for row in changed if row.verdict == verdict]
        if found:
            ordered = sorted(
                found, key=lambda row: (_of_all_groups(row), row.p or 0.0, -(row.clients or 0))
            )
            return verdict, ordered, (), groups
    stopped = any(each.stopped for each in loads.one_sided)
    if all(row.verdict == "same" for row in needed) and not stopped and not loads.unlike:
        return "same", (), (), groups
    open_ones = [*loads.unlike, *(_named(row.why, row) for row in needed if row.why)]
    why = tuple(why for i, why in enumerate(open_ones) if why not in open_ones[:i])
    return "undecided", (), why, groups


def _of_group(
    name: str, needed: Sequence[ComparedQuantity], changed: Sequence[ComparedQuantity]
) -> Verdict:
    """What the rows of a group say together."""
    own = [row for row in needed if row.load and row.load.group == name]
    words = {row.verdict for row in changed if row in own}
    if "worse" in words:
        return "worse"
    if "better" in words:
        return "better"
    if not own:
        return "not comparable"
    return "same" if all(row.verdict == "same" for row in own) else "undecided"


def _of_all_groups(row: ComparedQuantity) -> bool:
    return row.load is not None and row.load.all_groups


def _named(why: Finding, row: ComparedQuantity) -> Finding:
    """Why a row is not compared, said of its group."""
    return replace(why, group=row.load.group) if row.load else why


def that_decide(rows: Sequence[ComparedQuantity]) -> list[ComparedQuantity]:
    """Throughput, the shares, and response p50 and p95, which a camera feels.

    Service time stands in at a load if a log does not say when requests were due.
    """
    found: list[ComparedQuantity] = []
    for _, group in groupby(rows, key=lambda row: row.load):
        own = list(group)
        felt = "response" if any(row.quantity.startswith("response") for row in own) else "service"
        wanted = ("throughput", *SHARES, f"{felt} p50", f"{felt} p95")
        found += [row for row in own if row.quantity in wanted]
    return found
