"""summary.json as typed records: they are filled, encoded, and give the JSON Schema. Pure.

    python -m edgeload.read.output.summary_record > edgeload/read/output/summary.schema.json

Units are in the names: `_s` seconds, `_per_s` per second; shares are from 0 to 1; null is no data.
Instants `start_s`, `first_s` and so on are run time: seconds since the start of the first step.
"""

from __future__ import annotations

import json
from typing import Any, Literal

import msgspec

from edgeload.box_records import BoxDetector
from edgeload.interference_plan import Level
from edgeload.read.analysis.box_plan import Basis, BoxDoubt
from edgeload.read.analysis.cache_audit import AuditVerdict
from edgeload.read.analysis.failures import FailureClass, FailureText
from edgeload.read.analysis.finding import Severity
from edgeload.read.analysis.influence import InfluenceVerdict
from edgeload.read.analysis.limit_result import Confidence, Resource
from edgeload.read.analysis.outages import Outage
from edgeload.read.analysis.rollout_cost import Unknown
from edgeload.read.analysis.run_summary import Totals
from edgeload.read.analysis.search_result import BoundaryKind, SearchAnswer, SearchEnd
from edgeload.read.analysis.soak_result import ChangeLocated, ThrottleCause
from edgeload.read.analysis.step_summary import State
from edgeload.read.output.json_numbers import Number
from edgeload.read.statistics.boundary import TrialVerdict
from edgeload.records import GroupRecord, SearchOver

SCHEMA_VERSION: Literal[1] = 1

SearchUnit = Literal["clients", "copies", "cameras", "requests_per_s", "times_the_rates"]


class SummaryPart(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A part of summary.json."""


class ReasonRecord(SummaryPart):
    """Why the run is INVALID, what to change, and the steps (from 0) that it concerns."""

    code: str
    message: str
    advice: str
    steps: list[int]
    numbers: dict[str, Any]


class ValidityRecord(SummaryPart):
    """Whether the numbers may be presented as the endpoint's."""

    verdict: Literal["VALID", "INVALID"]
    reasons: list[ReasonRecord]


class HostRecord(SummaryPart):
    """The samples of the endpoint's host in the run, and how its clock lay to ours.

    `clock_offset_s`: its monotonic clock less run time, at most `clock_bound_s` off; null if the
    samples came by --host, whose clock was not compared. `clock_drift_s`: by how much the offset
    moved during the run beyond what its bounds explain.
    """

    samples: int
    first_s: Number
    last_s: Number
    clock_offset_s: Number
    clock_bound_s: Number
    clock_drift_s: Number


class EnergyRecord(SummaryPart):
    """What all GPUs of the box took in a step, in watt-hours for 1,000 answers and in watts.

    `idle_w` was measured before the first step; null, as what is above it, if it was not.
    """

    step: int
    wh_per_1000: Number
    above_idle_wh_per_1000: Number
    mean_w: Number
    idle_w: Number


class ModelRecordOfRun(SummaryPart):
    """A model that answered, by the key in its answers, from its first to its last answer.

    `ongoing`: it answered to the end of the run.
    """

    detector_id: str
    model: str
    first_s: float
    last_s: float
    ongoing: bool


class RolloutRecord(SummaryPart):
    """A roll-out of a model, and its cost in the seconds from `start_s` to `end_s` around it.

    At `at_s` the new model answered first; until `both_until_s` the old one answered beside it
    (null: it did not). `over`: only one of them answered at the end of the run; `withdrawn`: that
    was the old one. `more_lost` of the `requests` failed or were never sent beyond what else was
    lost (null: it may be chance). `slow_s` seconds were slow, `worse_s` slow or failing: null if
    `unknown` says why nobody can tell.
    """

    detector_id: str
    before: str
    after: str
    at_s: float
    at: str
    both_until_s: Number
    over: bool
    withdrawn: bool
    going_on_before: bool
    steps: list[int]
    start_s: float
    end_s: float
    requests: int
    failed: int
    never_sent: int
    more_lost: int | None
    slow_s: Number
    worse_s: Number
    p95_before_s: Number
    p95_slow_s: Number
    p95_limit_s: Number
    unknown: Unknown


class WindowRecord(SummaryPart):
    """A span of run time."""

    start_s: float
    end_s: float


class QuartersRecord(SummaryPart):
    """A quantity, with its unit in its name, in the first and the last quarter of a long step.

    `about` is the GPU; `changed`: more than chance, and enough to matter.
    """

    quantity: str
    about: str | None
    first: Number
    last: Number
    changed: bool


class ThrottlingRecord(SummaryPart):
    """From `at_s` on a GPU's clock was lowered; shares of its samples before, and from then on."""

    gpu: int
    cause: ThrottleCause
    at_s: float
    share_before: Number
    share_after: Number


class LeakRecord(SummaryPart):
    """Memory that grew steadily, and how long after the step it is full; null: size not known."""

    memory: Literal["host", "gpu", "pod"]
    about: str | None
    bytes_per_s: Number
    used_bytes: Number
    limit_bytes: Number
    full_after_s: Number


class SoakRecord(SummaryPart):
    """A step of ten minutes or more: how it ended, compared with how it began.

    `at_s` is the instant of its change with its 95 % limits, `located` what it is known by; null:
    nothing changed for clients, or at no one moment. `sentence` is null if it is `flat`. `first`
    and `last` are the windows that are compared.
    """

    step: int
    flat: bool
    sentence: str | None
    at_s: Number
    limits_s: list[float] | None
    located: ChangeLocated | None
    gradual: bool
    first: WindowRecord
    last: WindowRecord
    throttling: ThrottlingRecord | None
    quarters: list[QuartersRecord]
    leaks: list[LeakRecord]


class RoundTripRecord(SummaryPart):
    """How long connections took before the run: medians, in seconds; no TLS: null."""

    tcp_s: float
    tls_s: Number


class BoxChangeRecord(SummaryPart):
    """Something about the box that was another after the run; null: it was not there."""

    what: str
    about: str
    before: str | None
    after: str | None


class BoxRecordOfRun(SummaryPart):
    """What the box said about itself before the run, and what had changed after it.

    `images` by container. `other_detectors` are those that are loaded beside those of the run.
    Null is what the box did not say; `not_known` names the routes that gave no answer.
    """

    device_id: str | None
    device_name: str | None
    cpu_cores: int | None
    flavour: str | None
    images: dict[str, str]
    confident_audit_rate: Number
    detectors: list[BoxDetector] | None
    other_detectors: list[str] | None
    not_known: list[str]
    round_trip: RoundTripRecord | None
    changed: list[BoxChangeRecord]


class LimitRecord(SummaryPart):
    """The resource that limits the endpoint, what shows it, and what to try.

    `confidence` is null if nothing was found: the resource is then "unknown". `about` is the GPU or
    the detector that it is.
    """

    resource: Resource
    confidence: Confidence | None
    about: str | None
    evidence: list[str]
    advice: str | None
    numbers: dict[str, Any]


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


class RequiredCapacityRecord(SummaryPart):
    """The load that has to be served, in clients or copies, and whether it was shown to be.

    `served` is the largest load that was shown to be, `refused` the least that was shown not to be.
    """

    load: int
    verdict: Literal["pass", "fail", "undecided"]
    served: int | None
    refused: int | None


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
    mean_in_flight: Number
    littles_law_holds: bool | None
    settled_s: Number
    drift: DriftRecord | None
    objectives: list[ObjectiveRecord]
    groups: list[SummaryGroup]
    detectors: list[DetectorRecord]


class FindingRecord(SummaryPart):
    """What should make a reader doubt the figures, or act; most damaging first.

    `code` is explained in docs/findings.md; `steps` count from 0, `numbers` are the evidence.
    """

    code: str
    severity: Severity
    message: str
    advice: str
    steps: list[int]
    numbers: dict[str, Any]
    group: str | None


class WorkerDiedRecord(SummaryPart):
    """A process of the generator that ended before its work did."""

    worker: int
    at_s: float
    exit_code: int | None
    signal: str | None


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


class DemandRecord(SummaryPart):
    """Seconds of a host's resource per answer; the first of the list is full first."""

    resource: str
    loads: int
    demand_s: EstimateRecord
    idle_share: float
    full_at_per_s: float


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


class SummaryRecord(SummaryPart):
    """summary.json. Steps count from 0 here; `started_at` and `ended_at` are RFC 3339 in UTC.

    `name`, `notes` and `box_label` are the user's words for the run and its box.
    `no_result`: not one correct edge answer came. `not_carried` is the least load that the
    endpoint did not carry, `limit` the resource that limits it (null if none was too much),
    `undecided` the loads whose steps do not tell, `contradicting` the clients of loads that
    were carried although a load no larger was not. `search` is null, and `tiers` and `trials`
    are empty, without a search for the capacity; `capacity` is that of its first tier, and null
    if none was found. `headroom` is null but for a search for it, and `plan` if nobody asked
    for boxes. `soak` has the steps of ten minutes or more. `mix` has the camera groups as the
    log's header has them; null without a mix.
    """

    schema_version: Literal[1]
    run_id: str | None
    name: str | None
    notes: str | None
    box_label: str | None
    log: str
    log_form: int | Literal["older"]
    command: str | None
    started_at: str
    ended_at: str
    interrupted: bool | None
    validity: ValidityRecord
    no_result: bool
    capacity: CapacityRecord | None
    search: SummarySearch | None
    tiers: list[SummaryTier]
    trials: list[SummaryTrial]
    not_carried: OverloadRecord | None
    undecided: list[OverloadRecord]
    contradicting: list[int]
    ceiling: CeilingRecord | None
    group_ceilings: dict[str, CeilingRecord]
    limit: LimitRecord | None
    box: BoxRecordOfRun | None
    models: list[ModelRecordOfRun]
    rollouts: list[RolloutRecord]
    host: HostRecord | None
    energy: list[EnergyRecord]
    soak: list[SoakRecord]
    outages: list[Outage]
    scaling_law: ScalingLawRecord | None
    demands: list[DemandRecord] | None
    interference: list[InterferenceRecord] | None
    headroom: list[HeadroomRecord] | None
    required_capacity: RequiredCapacityRecord | None
    plan: BoxPlanRecord | None
    cache_audit: CacheAuditRecord | None
    objectives: list[ObjectiveRecord]
    totals: Totals
    steps: list[SummaryStep]
    findings: list[FindingRecord]
    failure_classes: list[FailureClass]
    failure_texts: list[FailureText]
    out_of_order: int
    damaged_lines: int
    workers_died: list[WorkerDiedRecord]
    requests_per_second: Number
    mix: list[GroupRecord] | None
    settings: dict[str, Any] | None
    endpoint: dict[str, Any] | None
    machine: dict[str, Any] | None
    versions: dict[str, str] | None
    images: dict[str, Any] | None


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of summary.json; nothing but what is named may stand there."""
    schema = msgspec.json.schema(SummaryRecord)
    for part in schema["$defs"].values():
        if "properties" in part:
            part["additionalProperties"] = False
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def schema_text() -> str:
    """The text of summary.schema.json."""
    return json.dumps(json_schema(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
