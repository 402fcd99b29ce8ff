"""What a search for headroom shows: what fits of each camera group beside the others. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from edgeload.objectives import Tier
from edgeload.read.analysis.search_result import SearchResult, TierCapacity
from edgeload.read.analysis.step_summary import StepSummary


@dataclass(frozen=True)
class GroupHeadroom:
    """How many more cameras of one group fit while the other groups stay at the base load.

    `cameras` are those at the base load; a number below 0 says how many of them are too many.
    `more` lies in [`low`, `high`] with the confidence of `capacity.boundary`. `more` is None if no
    trial tells, and `high` if no load failed: at least `low`. `capacity` counts all cameras of the
    group. `searched`: whether any load but the base was tried.
    """

    group: str
    cameras: int
    rate: float
    """Frames per second of one camera."""
    more: int | None
    low: int
    high: int | None
    capacity: TierCapacity
    searched: bool


@dataclass(frozen=True)
class TierHeadroom:
    """The headroom for one tier of objectives.

    `base` is the longest trial of the base load, judged by this tier alone; None: it has none.
    `carried`: whether the base load is, None if its trials do not tell. Closed loops have no
    headroom, and are not among the `groups`.
    """

    tier: Tier
    base: StepSummary | None
    carried: bool | None
    groups: tuple[GroupHeadroom, ...]

    @property
    def fits(self) -> bool:
        """Whether more of any group is shown to fit, or might."""
        return any(group.more is None or group.more > 0 for group in self.groups)


@dataclass(frozen=True)
class HeadroomResult:
    """A search for headroom as a whole.

    `cameras` are those of every group at the base load, `copies` of the mix, in the plan's order.
    `searches` has the trials on the axis of each group that is searched; those of the base load are
    in all of them.
    """

    copies: int
    cameras: tuple[tuple[str, int], ...]
    tiers: tuple[TierHeadroom, ...]
    searches: tuple[SearchResult, ...]
    trials: int
    seconds: float

    @property
    def stopped_by_us(self) -> bool:
        """Whether our own machine was the limit of any search."""
        return any(search.stopped_by_us for search in self.searches)
