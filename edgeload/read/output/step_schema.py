"""Steps, camera groups and detectors in summary.json: typed records. Pure."""

from __future__ import annotations

from typing import Literal

from edgeload.read.analysis.step_summary import State
from edgeload.read.output.capacity_schema import BacklogGrowthRecord, ShortfallRecord
from edgeload.read.output.json_numbers import Number
from edgeload.read.output.schema_part import SummaryPart
from edgeload.read.output.soak_schema import WindowRecord


class ObjectiveLoadRecord(SummaryPart):
    """A load, in clients or copies, and whether an objective was met at it."""

    load: int
    verdict: Literal["pass", "fail", "undecided"]


class ObjectiveRecord(SummaryPart):
    """An objective on the run (`step` null) or a step; value, limits and bound in s or a share.

    `overloaded`: within the bound so far, but not met, because a backlog grew. `loads`: those of a
    ramp, if the objective names none; it is met if one of them meets it, and the figures are those
    at `load`.
    """

    objective: str
    figure: Literal[
        "response", "service", "age", "errors", "missed", "throughput", "edge", "outage"
    ]
    quantile: Number
    bound: float
    step: int | None
    verdict: Literal["pass", "fail", "undecided"]
    value: Number
    limits: tuple[Number, Number]
    n: int
    more_s: Number
    overloaded: bool
    loads: list[ObjectiveLoadRecord]
    load: int | None


class QuantileLimitsRecord(SummaryPart):
    """95 % limits of each percentile; null if the sample holds too few independent values.

    A single limit is null if it is "never".
    """

    p50: tuple[Number, Number] | None
    p95: tuple[Number, Number] | None
    p99: tuple[Number, Number] | None
    p999: tuple[Number, Number] | None


class DistributionRecord(SummaryPart):
    """A sample of times in seconds.

    A percentile is null if n is too small for it, or if it falls on requests that were never
    answered: those are named in `never`.
    """

    n: int
    p50: Number
    p95: Number
    p99: Number
    p999: Number
    max: Number
    mean: Number
    limits: QuantileLimitsRecord
    never_answered: int
    never: list[str]


class DriftRecord(SummaryPart):
    """Median service time in the first and the last minute of a step, if they differ."""

    first_s: float
    last_s: float


class AgeRecord(SummaryPart):
    """The age of the newest answer, over time and cameras, in seconds; null for never answered."""

    p50: Number
    p95: Number
    max: Number
    mean: Number


class SummaryGroup(SummaryPart):
    """The part of a ramp step that one camera group is; `cameras` are those that send in it.

    Counts are of frames, and add up to the step's own. `sent`, `state`, and so on are as for a
    step.
    """

    name: str
    detector_id: str | None
    cameras: int
    planned: int | None
    sent: int
    ok: int
    failed: int
    missed: int | None
    failures: dict[str, int]
    missed_reasons: dict[str, int]
    arrival_rate_per_s: Number
    throughput_per_s: Number
    goodput_per_s: Number
    edge_purity: Number
    state: State
    closed_loop: bool
    backlog_growth: BacklogGrowthRecord | None
    service_time_s: DistributionRecord
    response_time_s: DistributionRecord | None
    age_s: AgeRecord | None
    objectives: list[ObjectiveRecord]
    reasons: list[ShortfallRecord]


class DetectorRecord(SummaryPart):
    """What one detector was asked in a step, in requests: a frame may be several of them."""

    detector_id: str | None
    detector_name: str | None
    requests: int
    ok: int
    failed: int
    throughput_per_s: Number
    service_time_s: DistributionRecord


class SummaryStep(SummaryPart):
    """A ramp step. Counts are of the whole step, rates and times of its window.

    `settled_s`: how long after the window's start a warm-up still went on. `copies` is what the
    ramp counts: copies of the mix, or clients.
    """

    index: int
    clients: int
    copies: int
    start_s: float
    end_s: float
    complete: bool
    warmup_s: float
    window: WindowRecord
    arrival_rate_per_s: Number
    throughput_per_s: Number
    goodput_per_s: Number
    planned: int | None
    sent: int
    ok: int
    failed: int
    missed: int | None
    failures: dict[str, int]
    missed_reasons: dict[str, int]
    edge_purity: Number
    state: State
    backlog_growth: BacklogGrowthRecord | None
    steady: bool | None
    valid: bool
    service_time_s: DistributionRecord
    response_time_s: DistributionRecord | None
    age_s: AgeRecord | None
    generator_lag_s: DistributionRecord | None
    late_share: Number
    generator_cpu_cores: Number
    generator_core_wait_s: Number
    generator_core_wait_share: Number
    generator_stolen_share: Number
    mean_in_flight: Number
    littles_law_holds: bool | None
    settled_s: Number
    drift: DriftRecord | None
    objectives: list[ObjectiveRecord]
    groups: list[SummaryGroup]
    detectors: list[DetectorRecord]
