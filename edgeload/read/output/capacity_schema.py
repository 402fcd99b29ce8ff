"""Capacity and what bounds it in summary.json: typed records. Pure."""

from __future__ import annotations

from typing import Any, Literal

from edgeload.read.analysis.search_result import BoundaryKind
from edgeload.read.output.json_numbers import Number
from edgeload.read.output.schema_part import SummaryPart


class ShortfallRecord(SummaryPart):
    """What a step fell short of."""

    code: str
    message: str
    numbers: dict[str, Any]
    group: str | None


class OverloadRecord(SummaryPart):
    """A step that does not show that its load is carried, and why."""

    step: int
    clients: int
    copies: int
    reasons: list[ShortfallRecord]


class BindingRecord(SummaryPart):
    """What the load beyond the capacity falls short of: an objective, or what else `code` names."""

    code: str
    objective: str | None
    group: str | None
    message: str


class CapacityRecord(SummaryPart):
    """The largest load that a step carried; not `limited`: a lower bound.

    `cameras` are those of each camera group. The keys from `low` on are those of a search for the
    capacity, and null for a ramp. `low` and `high` are the limits of the capacity with the
    `confidence`, in the `unit` of the search; a `high` of null is no limit. In a search `clients`
    is the likeliest capacity, `requests_per_s` what is due there, and `step` the trial that shows
    it best, counted from 0, null if none does. `kind`: "cliff" if what binds grows threefold or
    more from that trial to the least load beyond, or begins at once; otherwise "slope".
    """

    clients: int
    copies: int
    cameras: dict[str, int]
    requests_per_s: float
    step: int | None
    limited: bool
    broke: OverloadRecord | None
    low: Number
    high: Number
    confidence: Number
    binding: BindingRecord | None
    kind: BoundaryKind | None
    trials: int | None
    seconds: Number


class CeilingRecord(SummaryPart):
    """Answers per second in the clearest overload, with 95 % limits.

    `of_the_clients`: they, not the endpoint, were the limit; null if that is unknown. Median
    service times in a light step (null: this is the lightest) and in the overloaded one.
    """

    step: int
    clients: int
    per_s: float
    limits: tuple[float, float]
    of_the_clients: bool | None
    light_s: Number
    full_s: Number


class BacklogGrowthRecord(SummaryPart):
    """Growth of the backlog as a share of what fell due, with 95 % limits, and what follows.

    `at_most` is the sharper upper limit that "carried" rests on; `step_s` about how long a step
    must be to tell, if this one is too short.
    """

    verdict: Literal["carried", "not_carried", "too_short"]
    value: Number
    limits: tuple[Number, Number]
    at_most: Number
    step_s: Number


class RequiredCapacityRecord(SummaryPart):
    """The load that has to be served, in clients or copies, and whether it was shown to be.

    `served` is the largest load that was shown to be, `refused` the least that was shown not to be.
    """

    load: int
    verdict: Literal["pass", "fail", "undecided"]
    served: int | None
    refused: int | None


class EstimateRecord(SummaryPart):
    """A fitted value and its 95 % limits."""

    value: float
    limits: tuple[float, float]


class ScalingLawRecord(SummaryPart):
    """The Universal Scalability Law through the steps' throughput; `misfit` is relative."""

    loads: int
    rate_per_s: EstimateRecord
    contention: EstimateRecord
    coherency: EstimateRecord
    peak_clients: Number
    misfit: float
