"""Several runs of one measurement -> repeats.json, by way of its typed records. Pure."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from edgeload.plain_words import sentence
from edgeload.read.analysis.finding import Finding, Severity
from edgeload.read.analysis.objective_results import Status
from edgeload.read.analysis.repeat_findings import repeat_findings
from edgeload.read.analysis.repeats import (
    Agreement,
    RepeatedCapacity,
    RepeatedFigure,
    Repeats,
)
from edgeload.read.analysis.run_figures import RunBracket, RunFigure, RunFigures, WhyLeftOut
from edgeload.read.output.json_numbers import Number, json_number, json_numbers
from edgeload.read.words.finding_words import advice, message
from edgeload.read.words.repeat_words import repeats_headline
from edgeload.records import SearchOver

REPEATS_SCHEMA_VERSION = 1
REPEATS_FILE = "repeats.json"


class RunFigureRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A figure of one run, with the limits of its interval within that run.

    `never` is true for a percentile that falls among requests that were never answered; `value` is
    then null, as it is for no data.
    """

    value: Number
    low: Number
    high: Number
    never: bool


class RepeatedFigureRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A figure over the runs that count: seconds, per second, or shares from 0 to 1.

    `mean`, `low` and `high` are over runs; `within` are the limits of a usual run; `runs` has one
    entry per run that counts. `scatter_ratio` is the scatter between runs over what the intervals
    within runs allow, and `p` the probability of so much by chance; null if nobody can tell.
    """

    figure: str
    n: int
    mean: Number
    low: Number
    high: Number
    never: bool
    within: tuple[Number, Number] | None
    runs: list[RunFigureRecord]
    scatter_ratio: Number
    p: Number
    disagrees: bool


class RepeatedLoadRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The figures at one load; `step` (from 0) is null if the runs had different ramps.

    `load` is counted in what `counted_in` of the whole says.
    `group` is a camera group of a mix, null for all of them and for a run without a mix.
    """

    step: int | None
    clients: int
    load: int
    group: str | None
    figures: list[RepeatedFigureRecord]


class RepeatedCapacityRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The capacity over the runs that count, in what `counted_in` of the whole says.

    `low` and `high` are over runs, in whole clients outwards; `within_low` and `within_high` those
    of a usual run. `limited` is false if it is only a lower bound.
    """

    count: int
    limited: bool
    low: int | None
    high: int | None
    within_low: int
    within_high: int | None
    disagrees: bool
    answers_per_s: RepeatedFigureRecord


class RunBracketRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The capacity of one run: at least `low`, and less than one more than `high`."""

    count: int
    low: int
    high: int | None
    answers_per_s: Number


class RepeatedRunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One run; if it does not count, `left_out` says why, and it has no figures."""

    run: int
    log: str
    run_id: str | None
    seed: int | None
    counts: bool
    left_out: WhyLeftOut | None
    invalid_codes: list[str]
    capacity: RunBracketRecord | None
    ceiling: RunFigureRecord | None
    objectives: Status | None


class RepeatedFindingRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What should make a reader doubt the figures; the code is explained in docs/findings.md."""

    code: str
    severity: Severity
    message: str
    advice: str
    numbers: dict[str, Any]


class RepeatsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """repeats.json; null for no data. `counted_in` is clients, copies (of a mix), group (cameras of
    `ramped`) or rate (hundredths of it); null if no run counts.
    """

    schema_version: int
    answer: str
    agreement: Agreement
    counted: int
    figures_tested: int
    counted_in: SearchOver | None
    ramped: str | None
    capacity: RepeatedCapacityRecord | None
    ceiling: RepeatedFigureRecord | None
    runs: list[RepeatedRunRecord]
    loads: list[RepeatedLoadRecord]
    findings: list[RepeatedFindingRecord]


def repeats_json(repeats: Repeats) -> str:
    """The text of repeats.json."""
    unit = repeats.runs[repeats.counted[0]].unit if repeats.counted else None
    record = RepeatsRecord(
        counted_in=unit.over if unit else None,
        ramped=unit.group if unit else None,
        schema_version=REPEATS_SCHEMA_VERSION,
        answer=repeats_headline(repeats),
        agreement=repeats.agreement,
        counted=len(repeats.counted),
        figures_tested=repeats.tested,
        capacity=_capacity(repeats.capacity) if repeats.capacity else None,
        ceiling=_over_runs(repeats.ceiling) if repeats.ceiling else None,
        runs=[_run(index, run) for index, run in enumerate(repeats.runs)],
        loads=_loads(repeats),
        findings=[_finding(finding) for finding in repeat_findings(repeats)],
    )
    return msgspec.json.format(msgspec.json.encode(record), indent=2).decode() + "\n"


def _capacity(capacity: RepeatedCapacity) -> RepeatedCapacityRecord:
    low, high = capacity.over or (None, None)
    return RepeatedCapacityRecord(
        count=capacity.count,
        limited=capacity.limited,
        low=low,
        high=high,
        within_low=capacity.within[0],
        within_high=capacity.within[1],
        disagrees=capacity.disagrees,
        answers_per_s=_over_runs(capacity.per_s),
    )


def _run(index: int, run: RunFigures) -> RepeatedRunRecord:
    return RepeatedRunRecord(
        run=index + 1,
        log=run.log,
        run_id=run.run_id,
        seed=run.seed,
        counts=run.left_out is None,
        left_out=run.left_out,
        invalid_codes=list(run.invalid),
        capacity=_bracket(run.bracket) if run.bracket else None,
        ceiling=_of_run(run.ceiling) if run.ceiling else None,
        objectives=run.objectives,
    )


def _bracket(bracket: RunBracket) -> RunBracketRecord:
    return RunBracketRecord(
        count=bracket.count,
        low=bracket.low,
        high=bracket.high,
        answers_per_s=json_number(bracket.per_s),
    )


def _loads(repeats: Repeats) -> list[RepeatedLoadRecord]:
    found: list[RepeatedLoadRecord] = []
    for load in dict.fromkeys(figure.load for figure in repeats.figures):
        if load is not None:
            record = RepeatedLoadRecord(
                step=load.step,
                clients=load.clients,
                load=load.load,
                group=load.group or None,
                figures=[_over_runs(f) for f in repeats.figures if f.load == load],
            )
            found.append(record)
    return found


def _over_runs(figure: RepeatedFigure) -> RepeatedFigureRecord:
    over, scatter, within = figure.over, figure.scatter, figure.within
    return RepeatedFigureRecord(
        figure=figure.name,
        n=over.n if over else 0,
        mean=json_number(over.mean) if over else None,
        low=json_number(over.low) if over else None,
        high=json_number(over.high) if over else None,
        never=over is not None and math.isinf(over.mean),
        within=(json_number(within[0]), json_number(within[1])) if within else None,
        runs=[_of_run(run) for run in figure.runs],
        scatter_ratio=json_number(scatter.ratio) if scatter else None,
        p=scatter.p if scatter else None,
        disagrees=figure.disagrees,
    )


def _of_run(figure: RunFigure) -> RunFigureRecord:
    return RunFigureRecord(
        value=json_number(figure.value),
        low=json_number(figure.low),
        high=json_number(figure.high),
        never=figure.value is not None and math.isinf(figure.value),
    )


def _finding(finding: Finding) -> RepeatedFindingRecord:
    return RepeatedFindingRecord(
        code=finding.code,
        severity=finding.severity,
        message=sentence(message(finding)),
        advice=advice(finding),
        numbers=json_numbers(finding.numbers),
    )
