"""A comparison for a ticket: comparison.md."""

from __future__ import annotations

from edgeload.read.analysis.comparison import Comparison
from edgeload.read.analysis.history import History
from edgeload.read.output.comparison_rows import ROW_HEADS, compared_rows, load_heads, notes_on
from edgeload.read.output.markdown import document, escaped, markdown_table
from edgeload.read.words import comparison_words as words
from edgeload.read.words.history_words import history_words


def comparison_md(comparison: Comparison, history: History | None, sides: tuple[str, str]) -> str:
    """The verdict, both sides, what else differs, and a row for each load and quantity."""
    heads = (*load_heads(comparison), *(head or "verdict" for head in ROW_HEADS))
    rows = [(*row.load, *row.cells) for row in compared_rows(comparison)]
    differences = [(each.name, each.old, each.new) for each in comparison.differences]
    capacities = words.capacities_words(comparison)
    return document(
        [
            [f"# {escaped(words.comparison_headline(comparison))}"],
            [escaped(capacities)] if capacities else [],
            [f"* Before: {escaped(sides[0])}", f"* After: {escaped(sides[1])}"],
            [escaped(words.invalid_words(", ".join(comparison.invalid)))]
            if comparison.invalid
            else [],
            [escaped(history_words(history))] if history else [],
            markdown_table(heads, rows),
            [escaped(line) for line in words.why_not_compared(comparison.rows)],
            [escaped(note) for note in notes_on(comparison)],
            [escaped(line) for line in words.differences_heads(comparison)],
            markdown_table(("what", "before", "after"), differences),
        ]
    )
