"""The table of new and of repeated pictures, for the terminal. Fits 80 columns."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.output.wrapped import wrapped
from edgeload.read.words.audit_words import AUDIT_HEADS, AUDIT_NOTE, audit_rows


def audit_tables(summary: RunSummary, width: int) -> list[RenderableType]:
    """The table and how to read it; nothing for any other run than a cache audit."""
    if summary.audit is None:
        return []
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for head in AUDIT_HEADS:
        table.add_column(head, justify="left" if head == AUDIT_HEADS[0] else "right", no_wrap=True)
    for row in audit_rows(summary.audit):
        table.add_row(row.pictures, row.answers, row.p50, row.p95, row.less_time)
    return [table, wrapped(AUDIT_NOTE, width, style="dim")]
