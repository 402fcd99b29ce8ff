"""Axes of the loads of a search, and what stands on them: values, marks, names. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.search_result import SearchResult, SearchTrial
from edgeload.read.figures.scales import plain
from edgeload.read.words.search_loads import SearchLoads
from edgeload.read.words.search_titles import axis_label
from edgeload.search_axis import PARTS_OF_RATE


@dataclass(frozen=True)
class SearchScale:
    """The loads of a search in the user's unit, as numbers: clients, cameras, or a rate."""

    search: SearchResult
    loads: SearchLoads
    label: str
    rate: float | None
    """What a load of `PARTS_OF_RATE` is, in a search over the rate; None: loads are counts."""

    @property
    def whole(self) -> bool:
        """Whether loads are whole numbers."""
        return self.rate is None

    def value(self, load: float) -> float:
        """Where a load stands on an axis."""
        shown = load if self.rate is None else load / PARTS_OF_RATE * self.rate
        return plain(shown) or 0.0

    def of_steps(self) -> dict[int, SearchTrial]:
        """The trial that each step was, by its index."""
        return {trial.step: trial for trial in self.search.trials}


def search_scale(summary: RunSummary) -> SearchScale | None:
    """The scale of a search; None without one, or before its first trial."""
    search, plan = summary.search, summary.log.plan
    if search is None or plan is None or not search.trials:
        return None
    rates = {group.rate for group in plan.groups}
    over_rate = search.axis.over == "rate"
    one_rate = rates.pop() if len(rates) == 1 else 1.0
    return SearchScale(
        search,
        SearchLoads(summary),
        axis_label(search.axis, plan),
        one_rate if over_rate else None,
    )
