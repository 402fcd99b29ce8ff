"""The table of what each detector was asked, for the terminal: one row per step and detector."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.words import terminal_words
from edgeload.read.words.detector_words import DETECTOR_HEADS, detector_rows


def detector_tables(summary: RunSummary) -> tuple[Text | Table, ...]:
    """The table with its heading; nothing if it has no rows."""
    rows = detector_rows(summary)
    if not rows:
        return ()
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for head in DETECTOR_HEADS:
        table.add_column(head, justify="left" if head == "detector" else "right", no_wrap=True)
    for row in rows:
        table.add_row(str(row.step) if row.first else "", *row.cells)
    return (Text(terminal_words.DETECTORS_HEAD), table)
