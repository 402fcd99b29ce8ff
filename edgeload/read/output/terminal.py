"""A run's summary and findings -> what the terminal shows: answer, table, doubts, files."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from edgeload.plain_words import sentence
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.objective_results import ObjectiveResult
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.output.audit_table import audit_tables
from edgeload.read.output.box_plan_table import box_plan_parts
from edgeload.read.output.detector_table import detector_tables
from edgeload.read.output.endpoint_table import endpoint_tables
from edgeload.read.output.headroom_tables import headroom_tables
from edgeload.read.output.trial_table import trial_table
from edgeload.read.output.wrapped import files_written, print_parts, width_of, wrapped
from edgeload.read.statistics.format import milliseconds, number, short
from edgeload.read.statistics.percentiles import Distribution
from edgeload.read.words import terminal_words
from edgeload.read.words.box_story_words import box_line
from edgeload.read.words.closed_loop_words import due_words
from edgeload.read.words.endpoint_words import all_urls
from edgeload.read.words.finding_words import advice, message_with_steps
from edgeload.read.words.headline import headline, validity
from edgeload.read.words.headroom_words import BASE_LOAD
from edgeload.read.words.interference_words import (
    INTERFERENCE_HEADS,
    INTERFERENCE_NOTE,
    interference_rows,
)
from edgeload.read.words.limit import limit
from edgeload.read.words.mix_words import mix_load
from edgeload.read.words.next_step import next_step
from edgeload.read.words.objective_words import (
    MARKS,
    ObjectiveLine,
    measured_words,
    objective_lines,
    required_lines,
    undecided_words,
)
from edgeload.read.words.rollout_words import models_line
from edgeload.read.words.run_names import named_line
from edgeload.read.words.search_words import objectives_at_capacity
from edgeload.untrusted_text import one_line

_SHOWN_TEXTS = 5
_MARK_STYLES = {"pass": "bold green", "fail": "bold red", "undecided": "bold yellow"}
_STYLES = {"invalid": "bold red", "warning": "yellow", "note": "cyan"}
_VERDICT_STYLES = {"worse": "bold red", "better": "green", "undecided": "yellow"}
_RATIOS_WIDTH = 54
"""Columns that two ratios with their intervals and a verdict take at most."""
_ROUNDS_WIDTH = 9
"""What `12 of 20` takes beside them."""
_STATE_STYLES = {"invalid": "red", "failing": "red", "not carried": "yellow"}


def print_report(
    console: Console, summary: RunSummary, findings: Sequence[Finding], files: Sequence[Path]
) -> None:
    """Print the answer, the table of steps, findings, failure texts and files written.

    The answer says what is served, what limits it, which objectives are met, whether to believe it
    and what to do next. If it has scrolled out of a terminal, it is printed once more at the end.
    At most 100 columns, on a pipe exactly those. On a narrower terminal the table leaves out
    columns, the least telling first. An interference run has a table of its groups instead, a
    search one of its trials, and a cache audit one of its pictures.
    """
    width = width_of(console)
    answer = _answer_block(summary, width)
    parts = (
        answer,
        *box_plan_parts(summary, width),
        *(
            audit_tables(summary, width)
            or _interference(summary, width)
            or trial_table(summary, width)
            or headroom_tables(summary, width)
            or _steps(summary, width)
        ),
        *endpoint_tables(summary, width),
        *(() if summary.searches else detector_tables(summary)),
        *_findings(findings, width),
        *_failures(summary, width),
        *_repeat(summary),
        *files_written(files),
    )
    print_parts(console, (*parts, *_once_more(console, summary, parts, answer)))


def _once_more(
    console: Console, summary: RunSummary, parts: Sequence[RenderableType], answer: Text
) -> list[Text]:
    """The answer, if it has scrolled out of a terminal before the report ends.

    That of a search has many lines; of it, the capacities.
    """
    if not console.is_terminal:
        return []
    with console.capture() as captured:
        print_parts(console, parts)
    if captured.get().count("\n") <= console.height:
        return []
    if summary.search is None:
        return [answer]
    width = width_of(console)
    lines = [_answer(line, width, "bold") for line in headline(summary).split("\n")]
    if not summary.valid:
        lines.insert(0, Text("INVALID, see above", style="bold red"))
    return [Text("\n").join(lines)]


def _answer_block(summary: RunSummary, width: int) -> Text:
    """What is served, what limits it, the objectives, whether to believe it, and what to do next.

    Whether to believe it comes first if it is no.
    """
    unmeasured = summary.no_result
    style = "bold red" if unmeasured else "bold"
    lines = [
        *(_answer(line, width, style) for line in headline(summary).split("\n")),
        *(
            wrapped(line, width)
            for text in (mix_load(summary), limit(summary))
            for line in text.split("\n")
            if line
        ),
        *_objectives(summary, width),
    ]
    if summary.valid:
        lines.append(wrapped(validity(summary), width, style="" if unmeasured else "green"))
    else:
        lines.insert(0, wrapped(validity(summary), width, style="bold red"))
    endpoint = summary.log.header.endpoint if summary.log.header else {}
    if "url" in endpoint:
        url = all_urls(summary.endpoints) or endpoint["url"]
        against = terminal_words.measured_against(url, endpoint.get("embedded"))
        lines.append(wrapped(short(against, 300), width, style="dim"))
    if "url" in endpoint and not endpoint.get("embedded"):
        told = [said for said in (box_line(summary.box), models_line(summary.models)) if said]
        if summary.endpoints:  # of which only the first was watched
            told = [f"{endpoint['url']}: {said}" for said in told]
        lines += [wrapped(short(said, 300), width, style="dim") for said in told]
    if named := named_line(summary):
        lines.append(wrapped(named, width, style="dim"))
    if following := next_step(summary):
        lines.append(wrapped(following, width, style="bold"))
    return Text("\n").join(lines)


def _answer(line: str, width: int, style: str) -> Text:
    """A line of the answer; if it is too long, that of a search breaks between its parts."""
    parts = re.split(" {2,}", line)
    if len(line) <= width or len(parts) == 1:
        return wrapped(line, width, style=style)
    indents = ["", *("  " for _ in parts[1:])]
    texts = [wrapped(p, width, indent=i, style=style) for p, i in zip(parts, indents, strict=True)]
    return Text("\n").join(texts)


def _steps(summary: RunSummary, width: int) -> list[RenderableType]:
    columns = columns_that_fit(summary, width)
    note = wrapped(_note(summary, columns), width, style="dim")
    return [steps_table(summary, columns), note]


def _interference(summary: RunSummary, width: int) -> list[RenderableType]:
    """The groups alone and beside each other; nothing for any other run. Fits 80 columns."""
    if summary.interference is None:
        return []
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for head in INTERFERENCE_HEADS:
        left = head in ("cameras", "verdict")
        table.add_column(head, justify="left" if left else "right", no_wrap=True)
    rows = interference_rows(summary.interference)
    left_out = any(row.rounds for row in rows)
    if left_out:
        table.add_column("rounds", no_wrap=True)
    for row in rows:
        others = _RATIOS_WIDTH + (_ROUNDS_WIDTH if left_out else 0)
        room = max(4, width - others - len(f"  beside {row.cameras} "))
        name = short(row.beside or row.group, room)
        table.add_row(
            f"  beside {row.cameras} {name}" if row.beside else f"{name} alone, {row.cameras}",
            Text(row.verdict, style=_VERDICT_STYLES.get(row.verdict, "")),
            row.throughput,
            row.p95,
            *([row.rounds] if left_out else []),
            style="" if row.beside else "bold",
        )
    return [table, wrapped(INTERFERENCE_NOTE, width, style="dim")]


# --- the table of steps ---------------------------------------------------------------------------


@dataclass(frozen=True)
class TableColumn:
    """A column of the table of steps; `rank` 0 always stays, the highest goes first."""

    group: str
    head: str
    cell: Callable[[StepSummary], str]
    rank: int = 0


def _time(kind: str, name: str, rank: int) -> TableColumn:
    def cell(step: StepSummary) -> str:
        sample: Distribution | None = getattr(step.times, kind)
        if sample is None:
            return "-"
        if sample.is_never(name):
            return "never"
        quantile = sample.quantile(name)
        return milliseconds(quantile.value if quantile else None, "few" if sample.n else "-")

    return TableColumn(kind, name, cell, rank)


COLUMNS = (
    TableColumn("", "step", lambda step: "" if step.group else str(step.index + 1)),
    TableColumn("", "clients", lambda step: str(step.clients)),
    TableColumn("", "due/s", due_words),
    TableColumn("", "done/s", lambda step: number(step.rates.throughput_per_s)),
    TableColumn("", "failed", lambda step: str(step.counts.failed)),
    TableColumn("", "missed", lambda step: _count(step.counts.missed)),
    _time("service", "p50", 2),
    _time("service", "p95", 0),
    _time("service", "p99", 4),
    _time("response", "p50", 3),
    _time("response", "p95", 0),
    _time("response", "p99", 1),
    TableColumn("", "state", lambda step: step.state),
)


def _age_p95(step: StepSummary) -> str:
    age = step.age
    if age is None:
        return "-"
    return milliseconds(age.p95_s) if math.isfinite(age.p95_s) else "never"


_AGE = TableColumn("age", "p95", _age_p95, 1)
_MIX_COLUMNS = (
    COLUMNS[0],
    TableColumn("", "copies", lambda step: "" if step.group else str(step.copies)),
    TableColumn("", "group", lambda step: step.group or terminal_words.ALL_GROUPS),
    TableColumn("", "cameras", lambda step: str(step.clients), 5),
    *COLUMNS[2:],
)


def columns_of(summary: RunSummary) -> tuple[TableColumn, ...]:
    """All columns of the table of steps; ages matter if cameras keep only their newest frame."""
    columns = _MIX_COLUMNS if summary.groups else COLUMNS
    plan = summary.log.plan
    if plan is None or all(group.late != "latest" for group in plan.groups):
        return columns
    return (*columns[:-1], _AGE, columns[-1])


def rows_of(summary: RunSummary) -> list[StepSummary]:
    """A row for each step; in a mix, for each of its groups as well."""
    return [row for step in summary.steps for row in (step, *step.groups)]


def _count(value: int | None) -> str:
    return "-" if value is None else str(value)


def columns_that_fit(summary: RunSummary, width: int) -> tuple[TableColumn, ...]:
    """The columns of the table of steps that fit into `width` characters."""
    columns = columns_of(summary)
    for rank in (5, 4, 3, 2, 1):
        if _width(summary, columns) <= width:
            break
        columns = tuple(column for column in columns if column.rank != rank)
    return columns


def _width(summary: RunSummary, columns: Sequence[TableColumn]) -> int:
    rows = rows_of(summary)
    cells = ([column.head, *map(column.cell, rows)] for column in columns)
    firsts = {column.group: column for column in reversed(columns)}
    heads = [column.group if firsts[column.group] is column else "" for column in columns]
    return sum(
        max(len(head), *map(len, texts)) + 1 for head, texts in zip(heads, cells, strict=True)
    )


def steps_table(summary: RunSummary, columns: Sequence[TableColumn]) -> Table:
    """One row per step, and per group of it: load, counts, and percentiles in milliseconds."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    last = ""
    for column in columns:
        group = column.group if column.group != last else ""
        table.add_column(
            f"{group}\n{column.head}",
            justify="left" if column.head in ("state", "group") else "right",
            no_wrap=True,
        )
        last = column.group
    for step in rows_of(summary):
        table.add_row(
            *(column.cell(step) for column in columns), style=_STATE_STYLES.get(step.state, "")
        )
    return table


def _note(summary: RunSummary, columns: Sequence[TableColumn]) -> str:
    cells = [c.cell(step) for c in columns for step in rows_of(summary)]
    note = terminal_words.table_note(cells, of_mix=bool(summary.groups))
    if _AGE in columns:
        note += f" {terminal_words.AGE_NOTE}"
    left_out = [f"{c.group} {c.head}".strip() for c in columns_of(summary) if c not in columns]
    return f"{note} {terminal_words.left_out(left_out)}" if left_out else note


# --- below the table ------------------------------------------------------------------------------


def _findings(findings: Sequence[Finding], width: int) -> list[Text]:
    texts = [finding_text(finding, width) for finding in findings]
    return [Text("\n").join(texts)] if texts else []


def finding_text(finding: Finding, width: int) -> Text:
    """What was seen, and what to do."""
    head, said = (
        f"{finding.severity}: ",
        sentence(message_with_steps(finding), finding.group),
    )
    text = wrapped(f"{head}{said} {advice(finding)}", width, hanging="  ")
    text.stylize(_STYLES[finding.severity], 0, len(head))
    return text


def _objectives(summary: RunSummary, width: int) -> list[Text]:
    judged = _judged(summary)
    lines = []
    for line in judged:
        more = f"; {line.more}" if line.more else ""
        words = f"{MARKS[line.status]} {line.text}  {line.scope}: {line.measured}{more}"
        text = wrapped(words, width, hanging="  ")
        text.stylize(_MARK_STYLES[line.status], 0, 1)
        lines.append(text)
    return lines


def _judged(summary: RunSummary) -> list[ObjectiveLine]:
    if summary.search is not None:
        judged = [_at(scope, result) for scope, result in objectives_at_capacity(summary)]
        return [*required_lines(summary), *judged]
    if summary.headroom is not None:
        return [_at(BASE_LOAD, result) for result in summary.objectives]
    return objective_lines(summary)


def _at(scope: str, result: ObjectiveResult) -> ObjectiveLine:
    more = undecided_words(result)
    return ObjectiveLine(result.status, result.objective.text, scope, measured_words(result), more)


def _failures(summary: RunSummary, width: int) -> list[Text]:
    texts = summary.failure_texts[:_SHOWN_TEXTS]
    if not texts:
        return []
    heads = [
        f"  {t.count:>8,}  {t.outcome:<14} {t.first_s:7.1f} s to {t.last_s:7.1f} s  " for t in texts
    ]
    lines = [
        head + short(t.text, max(8, width - len(head)))
        for head, t in zip(heads, texts, strict=True)
    ]
    if any(text.is_example and text.count > 1 for text in texts):
        lines.append(f"  {terminal_words.TEXTS_NOTE}")
    more = len(summary.failure_texts) - len(texts)
    if more:
        lines.append(f"  {terminal_words.more_texts(more)}")
    return [Text("\n".join([terminal_words.FAILURES_HEAD, *lines]))]


def _repeat(summary: RunSummary) -> list[Text]:
    """The whole command on one line, to be copied: a part of it would start another run."""
    header = summary.log.header
    command = header.command if header else None
    said = f"{terminal_words.REPEAT_HEAD} {one_line(command)}" if command else ""
    return [Text(said, style="dim")] if said else []
