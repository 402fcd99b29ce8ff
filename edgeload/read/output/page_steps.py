"""The table of steps on the page: its columns and rows, with a row for each camera group."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from edgeload.read.analysis.percentile_curves import chosen_steps
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.output.summary_json import step_values
from edgeload.read.statistics.format import milliseconds, number, share
from edgeload.read.statistics.percentiles import QUANTILES
from edgeload.read.words.closed_loop_words import due_words
from edgeload.read.words.loads import Loads
from edgeload.read.words.terminal_words import ALL_GROUPS, NO_INTERVAL, page_note


@dataclass(frozen=True)
class Column:
    """A column of the table of steps."""

    name: str
    head: str
    unit: str = ""
    text: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell: the value as in summary.json, what is shown of it, and a percentile's interval."""

    name: str
    value: str
    text: str
    limits: str = ""
    plain: bool = False


_STATE = Column("state", "state", text=True)
_OF_RUN = (Column("index", "step"), Column("clients", "clients"), _STATE)
_OF_MIX = (
    Column("index", "step"),
    Column("copies", "copies"),
    Column("group", "group", text=True),
    _STATE,
)
_CAMERAS = Column("cameras", "cameras")
_COUNTS = (
    Column("arrival_rate_per_s", "due", "/s"),
    Column("throughput_per_s", "done", "/s"),
    Column("goodput_per_s", "goodput", "/s"),
    Column("failed", "failed"),
    Column("missed", "missed"),
    Column("edge_purity", "edge"),
)
_TIMES = {
    kind: tuple(Column(f"{kind}_time_s.{q}", f"{kind} {q}", "ms") for q in ("p50", "p95", "p99"))
    for kind in ("service", "response")
}
_AGE = Column("age_s.p95", "age p95", "ms")
_MOST_SHOWN = 12
"""Of more steps than this, those that tell most are shown first."""


@dataclass(frozen=True)
class StepRow:
    """A row of the table: a step, or the part of a step that one camera group is.

    `kind` is "whole" for a step of a mix, "part" for a group of it, and empty without a mix. A
    `quiet` one is among many, and shown on request.
    """

    kind: str
    state: str
    cells: tuple[Cell, ...]
    quiet: bool = False


def step_columns(summary: RunSummary) -> tuple[Column, ...]:
    """What a camera felt and the state come first: a phone shows no more.

    Goodput only where the objectives define it; ages if cameras keep only their newest frame.
    """
    felt = _TIMES["response" if summary.log.knows_due else "service"][1]
    first = (*(_OF_MIX if summary.groups else _OF_RUN), felt)
    if summary.interference or summary.headroom:  # copies do not tell their steps apart
        first = tuple(column for column in first if column.name != "copies")
    plan = summary.log.plan
    latest = plan is not None and any(group.late == "latest" for group in plan.groups)
    columns = (
        *first,
        *([_CAMERAS] if summary.groups else []),
        *_COUNTS,
        *(column for times in _TIMES.values() for column in times if column is not felt),
        *([_AGE] if latest else []),
    )
    return tuple(
        column for column in columns if column.name != "goodput_per_s" or summary.time_objectives
    )


def step_rows(summary: RunSummary) -> list[StepRow]:
    """A row for each step; in a mix, followed by one for each of its groups."""
    columns, loads, quiet = step_columns(summary), Loads(summary), _quiet(summary)
    return [
        replace(
            _row(part, columns, "part" if part.group else "whole" if step.groups else "", loads),
            quiet=step.index in quiet,
        )
        for step in summary.steps
        for part in (step, *step.groups)
    ]


def _quiet(summary: RunSummary) -> set[int]:
    """Of many steps, those that tell little: not the first, the last, nor one that has a curve.

    Nor the steps beside the capacity. If steps differ in more than their load, all tell something.
    """
    steps = summary.steps
    if len(steps) <= _MOST_SHOWN or summary.interference or summary.headroom:
        return set()
    telling = {steps[0].index, steps[-1].index} | {step.index for step in chosen_steps(summary)}
    if summary.capacity:
        telling |= {summary.capacity.step + aside for aside in (-1, 0, 1)}
    return {step.index for step in steps} - telling


def step_note(summary: RunSummary) -> str:
    """How to read the table; only what stands in it is explained."""
    shown = [text for row in step_rows(summary) for c in row.cells for text in (c.text, c.limits)]
    heads = [column.head for column in step_columns(summary)]
    return page_note([*heads, *shown], of_mix=bool(summary.groups))


def step_choices(summary: RunSummary) -> list[dict[str, Any]]:
    """The steps that the figures over time can be zoomed to."""
    loads = Loads(summary)
    return [
        {
            "name": f"step {step.index + 1}: {loads.of_step(step)}",
            "start_s": step.span.start_s,
            "end_s": step.window.end_s,
        }
        for step in summary.steps
    ]


def _row(step: StepSummary, columns: tuple[Column, ...], kind: str, loads: Loads) -> StepRow:
    values = {
        **step_values(step),
        "group": step.group or ALL_GROUPS,
        "cameras": step.clients,
        "state": step.state,
    }
    cells = [
        replace(cell, text=due_words(step)) if cell.name == "arrival_rate_per_s" else cell
        for cell in (_cell(values, column) for column in columns)
    ]
    if kind == "whole":  # scrolled sideways, the group's name is all that a row is known by
        cells = [
            replace(cell, limits=loads.of_step(step)) if cell.name == "group" else cell
            for cell in cells
        ]
    return StepRow(kind, step.state, tuple(cells))


def _cell(values: Mapping[str, Any], column: Column) -> Cell:
    name = column.name
    if column is _AGE:
        return _age_cell(name, values["age_s"])
    if "." in name:
        return time_cell(name, values[name.split(".")[0]], name.split(".")[1])
    value = values[name]
    if name == "edge_purity":
        return Cell(name, raw_value(value), share(value))
    if name.endswith("_per_s"):
        return Cell(name, raw_value(value), number(value))
    if column.text:
        return Cell(name, raw_value(value), value, plain=True)
    shown = value + 1 if name == "index" else value
    return Cell(name, raw_value(value), "-" if shown is None else f"{shown:,}")


def time_cell(name: str, sample: Mapping[str, Any] | None, quantile: str) -> Cell:
    """A percentile of a sample of summary.json, with its interval."""
    if sample is None:
        return Cell(name, "", "-")
    value, ends = sample[quantile], sample["limits"][quantile]
    if value is None:
        missing = "few" if sample["n"] else "-"
        lower = list(QUANTILES)[: list(QUANTILES).index(quantile) + 1]
        never = any(each in sample["never"] for each in lower)
        return Cell(name, "", "never" if never else missing)
    if ends is None:
        return Cell(name, raw_value(value), milliseconds(value), NO_INTERVAL)
    low, high = (milliseconds(end, "never") for end in ends)
    return Cell(name, raw_value(value), milliseconds(value), f"{low} to {high}")


def _age_cell(name: str, age: Mapping[str, Any] | None) -> Cell:
    if age is None:
        return Cell(name, "", "-")
    p95 = age["p95"]
    return Cell(name, raw_value(p95), "never" if p95 is None else milliseconds(p95))


def raw_value(value: Any) -> str:
    """A value as the page sorts by it; empty for no data."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
