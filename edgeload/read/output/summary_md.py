"""A run's results for a ticket: summary.md."""

from __future__ import annotations

from collections.abc import Sequence

from edgeload.plain_words import sentence
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.output.json_numbers import utc
from edgeload.read.output.markdown import code, document, escaped, markdown_table
from edgeload.read.output.terminal import columns_of, rows_of
from edgeload.read.words import terminal_words
from edgeload.read.words.endpoint_words import (
    ENDPOINT_HEADS,
    ENDPOINTS_TITLE,
    all_urls,
    few_endpoint_rows,
)
from edgeload.read.words.finding_words import advice, message_with_steps
from edgeload.read.words.headline import headline, validity
from edgeload.read.words.limit import limit
from edgeload.read.words.next_step import next_step
from edgeload.read.words.objective_words import (
    MARKS,
    STATUSES,
    ObjectiveLine,
    objective_lines,
    required_lines,
)
from edgeload.read.words.run_names import named_line
from edgeload.read.words.trial_words import TrialRow, trial_heads, trial_rows


def summary_md(summary: RunSummary, findings: Sequence[Finding]) -> str:
    """The answer, objectives, whether to believe it, steps or trials, findings, the command."""
    return document(
        [
            [f"# {escaped(headline(summary))}"],
            *([escaped(line)] for line in limit(summary).split("\n") if line),
            [f"**{escaped(validity(summary))}**"],
            [escaped(line) for line in [next_step(summary)] if line],
            _facts(summary),
            _objectives(summary),
            _table(summary),
            _endpoints(summary),
            _findings(findings),
            _repeat(summary),
        ]
    )


def _facts(summary: RunSummary) -> list[str]:
    header = summary.log.header
    endpoint = header.endpoint if header else {}
    several = all_urls(summary.endpoints)
    tested = several or endpoint.get("embedded") or endpoint.get("url")
    facts = [
        named_line(summary),
        f"Endpoint{'s' if several else ''}: {tested}" if tested else "",
        f"Started: {utc(summary.log.wall_s)}",
        f"Run: {header.run_id}" if header else "",
    ]
    return [f"* {escaped(fact)}" for fact in facts if fact]


def _objectives(summary: RunSummary) -> list[str]:
    """Those of a search are in its answer; a search overloads the endpoint on purpose."""
    lines = required_lines(summary) if summary.searches else objective_lines(summary)
    rows = markdown_table(("", "objective", "of", "measured"), [_objective(line) for line in lines])
    return ["## Objectives", "", *rows] if rows else []


def _objective(line: ObjectiveLine) -> tuple[str, ...]:
    more = f"; {line.more}" if line.more else ""
    return (
        f"{MARKS[line.status]} {STATUSES[line.status]}",
        line.text,
        line.scope,
        f"{line.measured}{more}",
    )


def _table(summary: RunSummary) -> list[str]:
    if summary.search is not None:
        rows = markdown_table(trial_heads(summary), [_trial(row) for row in trial_rows(summary)])
        return ["## Trials", "", *rows] if rows else []
    columns = columns_of(summary)
    rows = markdown_table(
        [f"{column.group} {column.head}".strip() for column in columns],
        [[column.cell(step) for column in columns] for step in rows_of(summary)],
    )
    cells = [column.cell(step) for column in columns for step in rows_of(summary)]
    note = terminal_words.table_note(cells, of_mix=bool(summary.groups))
    return ["## Steps", "", *rows, "", escaped(note)] if rows else []


def _endpoints(summary: RunSummary) -> list[str]:
    """What each of several endpoints was asked."""
    rows, note = few_endpoint_rows(summary)
    lines = markdown_table(
        ENDPOINT_HEADS, [(str(row.step) if row.first else "", *row.cells) for row in rows]
    )
    said = ["", escaped(note)] if note else []
    return [f"## {ENDPOINTS_TITLE}", "", *lines, *said] if lines else []


def _trial(row: TrialRow) -> tuple[str, ...]:
    return (
        *(row.trial, row.load, row.due_per_s, row.done_per_s, row.failed, row.p95),
        *row.verdicts,
        *(row.seconds, row.reason),
    )


def _findings(findings: Sequence[Finding]) -> list[str]:
    if not findings:
        return []
    lines = [
        f"* **{each.severity}:** {escaped(sentence(message_with_steps(each), each.group))} "
        f"{escaped(advice(each))}"
        for each in findings
    ]
    return ["## Findings", "", *lines]


def _repeat(summary: RunSummary) -> list[str]:
    command = summary.log.header.command if summary.log.header else ""
    return ["To repeat it:", "", *code(command)] if command else []
