"""A comparison as one self-contained page: comparison.html."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from edgeload.read.analysis.comparison import Comparison
from edgeload.read.analysis.history import History
from edgeload.read.figures.chart import Chart
from edgeload.read.output.comparison_rows import ROW_HEADS, compared_rows, load_heads, notes_on
from edgeload.read.output.page_frame import page
from edgeload.read.words import comparison_words as words
from edgeload.read.words.history_words import history_words


def comparison_page(
    comparison: Comparison,
    history: History | None,
    charts: Sequence[Chart],
    sides: tuple[str, str],
    file_names: Sequence[str],
) -> str:
    """The page: verdict, what differs, a table for each load, figures.

    `sides` are the names of both, and `file_names` the files beside it, for links.
    """
    heads = load_heads(comparison)
    return page(
        "comparison.html.j2",
        charts,
        verdict=comparison.verdict,
        headline=words.comparison_headline(comparison),
        capacities=words.capacities_words(comparison),
        sides=sides,
        invalid=words.invalid_words(", ".join(comparison.invalid)) if comparison.invalid else "",
        history=history_words(history) if history else "",
        differences_heads=words.differences_heads(comparison),
        differences=[(each.name, each.old, each.new) for each in comparison.differences],
        row_heads=ROW_HEADS,
        loads=[
            {
                "name": ", ".join(
                    cell if head == "group" else f"{cell} {head}"
                    for head, cell in zip(heads, load, strict=True)
                ),
                "rows": list(rows),
            }
            for load, rows in groupby(compared_rows(comparison), key=lambda row: row.load)
        ],
        missing=words.why_not_compared(comparison.rows),
        notes=notes_on(comparison),
        files=file_names,
    )
