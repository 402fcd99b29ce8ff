"""Interference runs and cache audits in summary.json: typed records. Pure."""

from __future__ import annotations

from edgeload.interference_plan import Level
from edgeload.read.analysis.cache_audit import AuditVerdict
from edgeload.read.analysis.influence import InfluenceVerdict
from edgeload.read.output.json_numbers import Number
from edgeload.read.output.schema_part import SummaryPart
from edgeload.read.output.step_schema import DistributionRecord


class RatioRecord(SummaryPart):
    """A mean ratio with 95 % limits; null is no limit.

    `never`: the value is infinite, because more than 5 % of the frames were never answered.
    """

    value: Number
    low: Number
    high: Number
    never: bool


class InterferenceRecord(SummaryPart):
    """A camera group beside another, as ratios to what it is alone; see docs/interference.md.

    Both figures alone are medians over the rounds; p95 is of response time, or of service time in a
    closed loop, and null if it is never answered. `rounds_to_tell` is about how many would decide.
    """

    group: str
    beside: str
    level: Level
    cameras: int
    beside_cameras: int
    rounds: int
    alone_throughput_per_s: Number
    alone_p95_s: Number
    throughput_ratio: RatioRecord | None
    p95_ratio: RatioRecord | None
    verdict: InfluenceVerdict
    rounds_to_tell: int | None


class SavingRecord(SummaryPart):
    """By which share the service time of a repeated picture is shorter, with 95 % limits."""

    value: float
    low: Number
    high: Number


class CacheAuditRecord(SummaryPart):
    """Whether repeated pictures are answered faster; see docs/cache.md.

    `pairs` count; the first `filling_pairs`, in which caches fill, and `lost_pairs`, which lack a
    good answer, do not. Both samples are service times. `saving` is null if no pair counts.
    """

    verdict: AuditVerdict
    saving: SavingRecord | None
    repeated_pictures: int
    pairs: int
    filling_pairs: int
    lost_pairs: int
    requests_per_s: float
    seconds: float
    new_s: DistributionRecord
    repeated_s: DistributionRecord
    seconds_to_tell: Number
