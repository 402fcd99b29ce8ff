"""summary.json as typed records: they are filled, encoded, and give the JSON Schema. Pure.

    python -m edgeload.read.output.summary_record > edgeload/read/output/summary.schema.json

Units are in the names: `_s` seconds, `_per_s` per second; shares are from 0 to 1; null is no data.
Instants `start_s`, `first_s` and so on are run time: seconds since the start of the first step.
"""

from __future__ import annotations

import json
from typing import Any, Literal

import msgspec

from edgeload.read.analysis.failures import FailureClass, FailureText
from edgeload.read.analysis.finding import Severity
from edgeload.read.analysis.outages import Outage
from edgeload.read.analysis.run_summary import Totals
from edgeload.read.analysis.step_summary import State
from edgeload.read.output.box_schema import (
    BoxRecordOfRun,
    DemandRecord,
    EnergyRecord,
    HostRecord,
    LimitRecord,
    ModelRecordOfRun,
    RolloutRecord,
)
from edgeload.read.output.capacity_schema import (
    BacklogGrowthRecord,
    CapacityRecord,
    CeilingRecord,
    OverloadRecord,
    RequiredCapacityRecord,
    ScalingLawRecord,
)
from edgeload.read.output.experiment_schema import CacheAuditRecord, InterferenceRecord
from edgeload.read.output.json_numbers import Number
from edgeload.read.output.schema_part import SummaryPart
from edgeload.read.output.search_schema import (
    BoxPlanRecord,
    HeadroomRecord,
    SummarySearch,
    SummaryTier,
    SummaryTrial,
)
from edgeload.read.output.soak_schema import SoakRecord
from edgeload.read.output.step_schema import DistributionRecord, ObjectiveRecord, SummaryStep
from edgeload.records import GroupRecord

SCHEMA_VERSION: Literal[1] = 1


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


class NodeRecordOfRun(SummaryPart):
    """One node of a cluster run; `lost` says why it counts as lost, null if it does not.

    `sent` and `ok` are the requests in the log. Its times are off by at most `clock_error_s`. It
    loaded `endpoint` if nodes had endpoints of their own.
    """

    name: str
    endpoint: str | None
    workers: list[int]
    sent: int
    ok: int
    clock_bound_s: Number
    clock_error_s: Number
    lost_s: Number
    lost: str | None


class EndpointStepRecord(SummaryPart):
    """The part of a step that one of several endpoints is. Counts are of the whole step, rates and
    times of its window. `state` is null if its clients cannot tell it for themselves.
    """

    step: int
    clients: int
    planned: int | None
    sent: int
    ok: int
    failed: int
    missed: int | None
    throughput_per_s: Number
    service_time_s: DistributionRecord
    response_time_s: DistributionRecord | None
    backlog_growth: BacklogGrowthRecord | None
    state: State | None


class EndpointRecord(SummaryPart):
    """One of several endpoints that nodes loaded; `clients` are those in its largest step."""

    url: str
    nodes: list[str]
    clients: int
    steps: list[EndpointStepRecord]


class ClusterRecordOfRun(SummaryPart):
    """The machines that made the load together; `local`: they were all one machine.

    `degraded`: a node was lost, so that a part of the load was not sent. `endpoints` are those that
    they loaded; empty if it was one.
    """

    local: bool
    degraded: bool
    nodes: list[NodeRecordOfRun]
    endpoints: list[EndpointRecord]


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
    log's header has them; null without a mix. `cluster` is null if one machine made the load.
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
    cluster: ClusterRecordOfRun | None
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
