"""The table of what each endpoint was asked, for the terminal: one row per step and endpoint."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.output.wrapped import wrapped
from edgeload.read.statistics.format import short
from edgeload.read.words.endpoint_words import (
    ENDPOINT_HEADS,
    ENDPOINT_TEXTS,
    ENDPOINTS_HEAD,
    few_endpoint_rows,
)

_OTHER_COLUMNS = 68
"""Columns that all but the URLs take, by and large."""


def endpoint_tables(summary: RunSummary, width: int) -> tuple[Text | Table, ...]:
    """The table with its heading; nothing for a single endpoint."""
    rows, note = few_endpoint_rows(summary)
    if not rows:
        return ()
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for head in ENDPOINT_HEADS:
        left = head in ENDPOINT_TEXTS
        table.add_column(head, justify="left" if left else "right", no_wrap=True)
    for row in rows:
        url, *others = row.cells
        shown = short(url, max(12, width - _OTHER_COLUMNS))
        table.add_row(str(row.step) if row.first else "", shown, *others)
    return (Text(ENDPOINTS_HEAD), table, *([wrapped(note, width, style="dim")] if note else []))
