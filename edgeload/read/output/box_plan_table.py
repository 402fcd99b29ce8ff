"""How many boxes are needed, in the terminal: sentences, and a row for each rate."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.output.wrapped import wrapped
from edgeload.read.words.box_plan_words import (
    BOX_PLAN_HEADS,
    box_plan_note,
    box_plan_rows,
    box_plan_sentences,
)


def box_plan_parts(summary: RunSummary, width: int) -> tuple[RenderableType, ...]:
    """The answer and the table; nothing if nobody asked. Fits 80 columns."""
    plan = summary.box_plan
    if plan is None:
        return ()
    answer = wrapped(" ".join(box_plan_sentences(plan)), width, style="bold")
    rows = box_plan_rows(plan)
    if not rows:
        return (answer,)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for head in BOX_PLAN_HEADS:
        table.add_column(head, justify="left" if head == "basis" else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row.cells, style="bold" if row.asked else "")
    return answer, table, wrapped(box_plan_note(plan), width, style="dim")
