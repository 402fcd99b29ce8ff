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

_OTHER_COLUMNS = 66
"""Characters that all columns but the URLs take, by and large."""
_LESS_TELLING = {"p50", "p99"}
"""Columns that a narrow terminal leaves out, and the characters that they take."""
_THEIR_WIDTH = 12
_LEAST_ROOM = 12


def endpoint_tables(summary: RunSummary, width: int) -> tuple[Text | Table, ...]:
    """The table with its heading; nothing for a single endpoint."""
    rows, note = few_endpoint_rows(summary)
    if not rows:
        return ()
    room = width - _OTHER_COLUMNS
    narrow = max(len(row.cells[0]) for row in rows) > room
    left_out = _LESS_TELLING if narrow else set[str]()
    kept = [place for place, head in enumerate(ENDPOINT_HEADS) if head not in left_out]
    room = max(_LEAST_ROOM, room + (_THEIR_WIDTH if narrow else 0))
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for place in kept:
        left = ENDPOINT_HEADS[place] in ENDPOINT_TEXTS
        table.add_column(ENDPOINT_HEADS[place], justify="left" if left else "right", no_wrap=True)
    for row in rows:
        cells = (str(row.step) if row.first else "", _fitting(row.cells[0], room), *row.cells[1:])
        table.add_row(*(cells[place] for place in kept))
    return (Text(ENDPOINTS_HEAD), table, *([wrapped(note, width, style="dim")] if note else []))


def _fitting(url: str, room: int) -> str:
    """The URL; without its scheme, and then without its end, if there is little room."""
    return url if len(url) <= room else short(url.partition("://")[2], room)
