"""The box, its host, its models and its limit in summary.json: typed records. Pure."""

from __future__ import annotations

from typing import Any

from edgeload.box_records import BoxDetector
from edgeload.read.analysis.limit_result import Confidence, Resource
from edgeload.read.analysis.rollout_cost import Unknown
from edgeload.read.output.capacity_schema import EstimateRecord
from edgeload.read.output.json_numbers import Number
from edgeload.read.output.schema_part import SummaryPart


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


class DemandRecord(SummaryPart):
    """Seconds of a host's resource per answer; the first of the list is full first."""

    resource: str
    loads: int
    demand_s: EstimateRecord
    idle_share: float
    full_at_per_s: float
