"""Searches and what follows from them in summary.json: typed records. Pure."""

from __future__ import annotations

from typing import Literal

from edgeload.read.analysis.box_plan import Basis, BoxDoubt
from edgeload.read.analysis.search_result import BoundaryKind, SearchAnswer, SearchEnd
from edgeload.read.output.capacity_schema import CapacityRecord, OverloadRecord, ShortfallRecord
from edgeload.read.output.json_numbers import Number
from edgeload.read.output.schema_part import SummaryPart
from edgeload.read.statistics.boundary import TrialVerdict
from edgeload.records import SearchOver

SearchUnit = Literal["clients", "copies", "cameras", "requests_per_s", "times_the_rates"]


class SummaryTier(SummaryPart):
    """A tier of objectives of a search, and its capacity; `name` is null if no tiers are named.

    `answer`: "found", the interval is as narrow as asked for; "wide", the search ended before;
    "at_least", no load failed; "none", not even the least load is carried; "unknown", no trial
    tells. `not_carried` is the least load beyond the capacity that failed.
    """

    name: str | None
    objectives: list[str]
    answer: SearchAnswer
    capacity: CapacityRecord | None
    not_carried: OverloadRecord | None


class TrialOfTier(SummaryPart):
    """A trial as one tier judges it."""

    name: str | None
    verdict: TrialVerdict
    reasons: list[ShortfallRecord]


class SummaryTrial(SummaryPart):
    """A trial of a search: the step with the index `step`, which has its figures.

    `load` is in the `unit` of the search, and `due_per_s` what it plans to send. `verdict` and
    `reasons` are those of the first tier. In a `broken` trial, which does not count, the endpoint
    broke; its load was tried again. `seconds` is what the trial cost, with its pauses.
    """

    step: int
    load: float
    clients: int
    copies: int
    due_per_s: Number
    start_s: float
    end_s: float
    seconds: float
    verdict: TrialVerdict
    reasons: list[ShortfallRecord]
    broken: bool
    repeated: bool
    tiers: list[TrialOfTier]


class SummarySearch(SummaryPart):
    """How a search for the capacity went.

    `unit` is that of its loads: "requests_per_s" is the rate of each client, "times_the_rates" a
    factor for the rates of a mix. `ended` says why it ended: "budget" and "interrupted" with the
    interval reached so far, "invalid" because our own machine was the limit.
    """

    over: SearchOver
    unit: SearchUnit
    group: str | None
    most: float
    resolution: float
    budget_s: Number
    trials: int
    seconds: float
    ended: SearchEnd


class HeadroomRecord(SummaryPart):
    """What fits of a camera group while the others stay at the base load; see docs/headroom.md.

    `cameras` are those of the base load, `more` how many fit beside all of them, in the interval
    from `low` to `high` with 95 % confidence; below 0: so many are too many. `more` is null if no
    trial tells, `high` if no load failed. `binding` is what the least load beyond falls short of,
    `kind` whether it gets bad at once there. `tier` is null if no tiers are named.
    """

    group: str
    tier: str | None
    cameras: int
    requests_per_s: float
    base_carried: bool | None
    more: int | None
    low: int
    high: int | None
    binding: ShortfallRecord | None
    kind: BoundaryKind
    trials: int
    seconds: float


class WantedRecord(SummaryPart):
    """Cameras to serve; `requests_per_s` is null for a closed loop."""

    group: str | None
    cameras: int
    requests_per_s: Number


class BoxNeedRecord(SummaryPart):
    """Boxes for the wanted cameras; `requests_per_s` is null for a mix.

    `boxes_low` follows from the upper limit of the capacity and is null if that has none,
    `boxes_high` from the lower one. `fullest_box` has the cameras of each group on it. `basis`:
    "measured" at that rate, "carries_over" because answers per second are the limit, or "estimate",
    which rests on `doubts`. `too_fast`: a camera that waits for each answer cannot send so fast.
    """

    requests_per_s: Number
    boxes: int | None
    boxes_low: int | None
    boxes_high: int | None
    boxes_with_reserve: int | None
    cameras_per_box: int | None
    cameras_per_box_low: int | None
    cameras_per_box_high: int | None
    fullest_box: list[int] | None
    basis: Basis
    doubts: list[BoxDoubt]
    too_fast: bool


class BoxPlanRecord(SummaryPart):
    """How many boxes like this one the wanted cameras need; `need` is null if that is unknown.

    `rates` are the same cameras at other rates; empty for a mix. See docs/headroom.md.
    """

    wanted: list[WantedRecord]
    reserve_share: float
    tier: str | None
    measured_requests_per_s: Number
    need: BoxNeedRecord | None
    rates: list[BoxNeedRecord]
