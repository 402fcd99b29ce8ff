"""The form of summary.json, as types; `summary.schema.json` beside this file is made from them:

    python -m edgeload.read.output.summary_form > edgeload/read/output/summary.schema.json

Units are in the names: `_s` seconds, `_per_s` per second; shares are from 0 to 1; null is no data.
Instants `start_s`, `first_s` and so on are run time: seconds since the start of the first step.
"""

from __future__ import annotations

import json
from typing import Any, Literal, TypedDict

import msgspec

SCHEMA_VERSION = 1

Figure = float | None


class ValidityReason(TypedDict):
    """Why the run is INVALID, what to change, and the steps (from 0) that it concerns."""

    code: str
    message: str
    advice: str
    steps: list[int]


class Validity(TypedDict):
    """Whether the numbers may be presented as the endpoint's."""

    verdict: Literal["VALID", "INVALID"]
    reasons: list[ValidityReason]


class CodeAndMessage(TypedDict):
    """What a step fell short of."""

    code: str
    message: str


class Broke(TypedDict):
    """The least step above the capacity, and why it is not the capacity."""

    step: int
    clients: int
    reasons: list[CodeAndMessage]


class CapacityForm(TypedDict):
    """The largest load that a step carried; not `limited`: a lower bound."""

    clients: int
    requests_per_s: float
    step: int
    limited: bool
    broke: Broke | None


class JudgedForm(TypedDict):
    """An objective on the run (`step` null) or a step; value, limits and bound in s or a share."""

    objective: str
    figure: Literal["response", "service", "errors", "missed", "throughput", "edge"]
    quantile: Figure
    bound: float
    step: int | None
    verdict: Literal["pass", "fail", "undecided"]
    value: Figure
    limits: tuple[Figure, Figure]
    n: int
    more_s: Figure


class TotalsForm(TypedDict):
    """planned = ok + failed + missed; sent = ok + failed."""

    planned: int | None
    sent: int
    ok: int
    failed: int
    missed: int | None


class WindowForm(TypedDict):
    """A span of run time."""

    start_s: float
    end_s: float


class QuantileLimits(TypedDict):
    """95 % limits of each percentile; a limit is null where it is "never"."""

    p50: tuple[Figure, Figure] | None
    p95: tuple[Figure, Figure] | None
    p99: tuple[Figure, Figure] | None
    p999: tuple[Figure, Figure] | None


class DistributionForm(TypedDict):
    """A sample of times in seconds.

    A percentile is null where n is too small for it, and where it falls on requests that were
    never answered: those are named in `never`.
    """

    n: int
    p50: Figure
    p95: Figure
    p99: Figure
    p999: Figure
    max: Figure
    mean: Figure
    limits: QuantileLimits
    never_answered: int
    never: list[Literal["p50", "p95", "p99", "p999"]]


class DriftForm(TypedDict):
    """Median service time in the first and the last minute of a step, where they differ."""

    first_s: float
    last_s: float


class StepForm(TypedDict):
    """A ramp step. Counts are of the whole step, rates and times of its window.

    `settled_s`: how long after the window's start a warm-up still went on.
    """

    index: int
    clients: int
    start_s: float
    end_s: float
    complete: bool
    warmup_s: float
    window: WindowForm
    arrival_rate_per_s: Figure
    throughput_per_s: Figure
    goodput_per_s: Figure
    planned: int | None
    sent: int
    ok: int
    failed: int
    missed: int | None
    failures: dict[str, int]
    missed_reasons: dict[str, int]
    edge_purity: Figure
    steady: bool | None
    valid: bool
    service_time_s: DistributionForm
    response_time_s: DistributionForm | None
    generator_lag_s: DistributionForm | None
    late_share: Figure
    generator_cpu_cores: Figure
    mean_in_flight: Figure
    littles_law_holds: bool | None
    settled_s: Figure
    drift: DriftForm | None
    objectives: list[JudgedForm]


class FindingForm(TypedDict):
    """What should make a reader doubt the numbers, or act; most damaging first."""

    code: str
    severity: Literal["invalid", "warning", "note"]
    message: str
    advice: str


class FailureClassForm(TypedDict):
    """All failures of one class."""

    outcome: str
    count: int
    first_s: float
    last_s: float
    texts: int


class FailureTextForm(TypedDict):
    """A text of a class of failures; at most 50 a class, then "(further texts)"."""

    outcome: str
    text: str
    count: int
    first_s: float
    last_s: float


class WorkerDiedForm(TypedDict):
    """A process of the generator that ended before its work did."""

    worker: int
    at_s: float
    exit_code: int | None
    signal: str | None


class EstimateForm(TypedDict):
    """A fitted value and its 95 % limits."""

    value: float
    limits: tuple[float, float]


class ScalingLawForm(TypedDict):
    """The Universal Scalability Law through the steps' throughput; `misfit` is relative."""

    loads: int
    rate_per_s: EstimateForm
    contention: EstimateForm
    coherency: EstimateForm
    peak_clients: Figure
    misfit: float


class DemandForm(TypedDict):
    """Seconds of a host's resource per answer; the first of the list is full first."""

    resource: str
    loads: int
    demand_s: EstimateForm
    idle_share: float
    full_at_per_s: float


class SummaryForm(TypedDict):
    """summary.json. Steps count from 0 here; `started_at` and `ended_at` are RFC 3339 in UTC."""

    schema_version: Literal[1]
    run_id: str | None
    log: str
    log_form: int | Literal["older"]
    command: str | None
    started_at: str
    ended_at: str
    interrupted: bool | None
    validity: Validity
    capacity: CapacityForm | None
    scaling_law: ScalingLawForm | None
    demands: list[DemandForm] | None
    objectives: list[JudgedForm]
    totals: TotalsForm
    steps: list[StepForm]
    findings: list[FindingForm]
    failure_classes: list[FailureClassForm]
    failure_texts: list[FailureTextForm]
    out_of_order: int
    damaged_lines: int
    workers_died: list[WorkerDiedForm]
    requests_per_second: Figure
    settings: dict[str, Any] | None
    endpoint: dict[str, Any] | None
    machine: dict[str, Any] | None
    versions: dict[str, str] | None
    images: dict[str, Any] | None


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of summary.json; nothing but what is named may stand there."""
    schema = msgspec.json.schema(SummaryForm)
    for part in schema["$defs"].values():
        if "properties" in part:
            part["additionalProperties"] = False
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def schema_text() -> str:
    """The text of summary.schema.json."""
    return json.dumps(json_schema(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
