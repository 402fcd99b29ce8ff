"""A run's summary and findings -> what the terminal shows: answer, table, doubts, files."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.steps import StepSummary
from edgeload.read.statistics.format import milliseconds, number, short
from edgeload.read.statistics.percentiles import Distribution
from edgeload.read.words.finding_words import Finding
from edgeload.read.words.headline import limit, state, validity, verdict
from edgeload.read.words.objective_words import MARKS, measured_words, more_words

WIDTH = 100
_SHOWN_TEXTS = 5
_QUANTILES = ("p50", "p95", "p99")
_MARK_STYLES = {"pass": "bold green", "fail": "bold red", "undecided": "bold yellow"}
_STYLES = {"invalid": "bold red", "warning": "yellow", "note": "cyan"}


def print_report(
    console: Console, summary: RunSummary, findings: Sequence[Finding], files: Sequence[Path]
) -> None:
    """Print the answer, the table of steps, findings, failure texts and files written.

    At most 100 columns; on a pipe, which has no width, exactly those. The table keeps its width on
    a narrower terminal, which breaks its lines: better than digits cut off.
    """
    width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    parts = (
        _headline(summary, width),
        steps_table(summary),
        _wrapped("", _TABLE_NOTE, width, "dim"),
        *(_finding(finding, width) for finding in findings),
        *_objectives(summary, width),
        *_failures(summary),
        Text("\n".join(str(path) for path in files)),
        *_repeat(summary),
    )
    before, console.width = console.width, WIDTH
    try:
        for part in parts:
            console.print(part, soft_wrap=isinstance(part, Text))
            console.print()
    finally:
        console.width = before


_TABLE_NOTE = (
    "Counts are of whole steps; rates and times (ms) leave out the warm-up. Service: sent to "
    "answered. Response: due to answered, a missed frame or a timeout counting as never. "
    "few: n too small."
)


def _headline(summary: RunSummary, width: int) -> Text:
    lines = (
        _wrapped("", verdict(summary), width, "bold"),
        _wrapped("", limit(summary), width),
        _wrapped("", validity(summary), width, "green" if summary.valid else "bold red"),
    )
    return Text("\n").join(lines)


def _wrapped(indent: str, words: str, width: int, style: str = "") -> Text:
    """Lines of at most `width`; rich's own wrapping leaves spaces at their ends."""
    lines = textwrap.fill(words, width, initial_indent=indent, subsequent_indent=indent)
    return Text(lines, style=style)


def steps_table(summary: RunSummary) -> Table:
    """One row a step: load, counts, and percentiles in milliseconds."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for head in ("step", "clients", "due/s", "done/s", "errors", "missed"):
        table.add_column("\n" + head, justify="right", no_wrap=True)
    for kind in ("service", "response"):
        for i, name in enumerate(_QUANTILES):
            table.add_column(f"{kind if i == 0 else ''}\n{name}", justify="right", no_wrap=True)
    table.add_column("\nstate", no_wrap=True)
    for step in summary.steps:
        style = {"invalid": "red", "failing": "red", "unsteady": "yellow"}.get(state(step), "")
        table.add_row(*_cells(step), style=style)
    return table


def _cells(step: StepSummary) -> list[str]:
    return [
        str(step.index + 1),
        str(step.clients),
        number(step.arrival_rate_per_s),
        number(step.throughput_per_s),
        str(step.failed),
        "-" if step.missed is None else str(step.missed),
        *_times(step.service),
        *_times(step.response),
        state(step),
    ]


def _times(sample: Distribution | None) -> list[str]:
    if sample is None:
        return ["-"] * len(_QUANTILES)
    none = "few" if sample.n else "-"
    quantiles = [sample.quantile(name) for name in _QUANTILES]
    return [milliseconds(q.value if q else None, none) for q in quantiles]


def _finding(finding: Finding, width: int) -> Text:
    head = f"{finding.severity}: "
    text = _wrapped("", head + finding.message, width)
    text.stylize(_STYLES[finding.severity], 0, len(head))
    return Text("\n").join((text, _wrapped("    ", finding.advice, width, "dim")))


def _objectives(summary: RunSummary, width: int) -> list[Text]:
    if not summary.objectives:
        return []
    lines = [Text("Objectives (✓ met, ✗ not met, ? undecided; limits hold with 95 % confidence):")]
    for judged in summary.objectives:
        step = "" if judged.step is None else f"step {judged.step + 1}: "
        more = more_words(judged)
        words = f"{judged.objective.text}   {step}{measured_words(judged)}"
        text = _wrapped(
            "  ", f"{MARKS[judged.verdict]} {words}{f'; {more}' if more else ''}", width
        )
        text.stylize(_MARK_STYLES[judged.verdict], 0, 3)
        lines.append(text)
    return [Text("\n").join(lines)]


def _repeat(summary: RunSummary) -> list[Text]:
    """In one line, to be copied; the terminal breaks it where it must."""
    header = summary.log.header
    return [Text(f"To repeat: {short(header.command, 2000)}")] if header and header.command else []


def _failures(summary: RunSummary) -> list[Text]:
    texts = summary.failure_texts[:_SHOWN_TEXTS]
    if not texts:
        return []
    lines = [
        f"  {t.count:>8,}  {t.outcome:<14} {t.first_s:7.1f} s to {t.last_s:7.1f} s  "
        f"{short(t.text, 46)}"
        for t in texts
    ]
    more = len(summary.failure_texts) - len(texts)
    if more:
        lines.append(f"  and {more:,} further texts: see failure_texts in summary.json")
    return [Text("\n".join(["Failures by class and text:", *lines]))]
