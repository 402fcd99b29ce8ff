"""The rows of a comparison, load by load, as terminal, page and Markdown show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeload.read.analysis.compared_loads import Load
from edgeload.read.analysis.compared_quantities import SHARES, ComparedQuantity
from edgeload.read.analysis.comparison import Comparison, that_decide
from edgeload.read.statistics.format import number
from edgeload.read.words import comparison_words as words
from edgeload.read.words.compared_group_words import NOTE_ON_MIXES, copies_words, group_words
from edgeload.read.words.compared_search_words import searches_note

ROW_HEADS = ("figure", "before", "after", "change (95 % interval)", "")


@dataclass(frozen=True)
class ComparedRow:
    """A quantity at a load, in words; `load` are the cells under `load_heads`."""

    load: tuple[str, ...]
    cells: tuple[str, ...]
    """Under ROW_HEADS; the last is the verdict."""
    verdict: str


def load_heads(comparison: Comparison) -> tuple[str, ...]:
    """What a load is described by."""
    return ("copies", "group") if comparison.mix else ("due/s", "clients")


def compared_rows(comparison: Comparison) -> list[ComparedRow]:
    """A row for each load and quantity; in a mix, for each group as well."""
    return [
        ComparedRow(
            _load_cells(row.load),
            (
                _name(row),
                words.quantity_value(row, row.old),
                words.quantity_value(row, row.new),
                words.change(row) if not row.why else "",
                row.verdict,
            ),
            row.verdict,
        )
        for row in _shown(comparison)
        if row.load is not None
    ]


def notes_on(comparison: Comparison) -> list[str]:
    """How to read the rows."""
    if comparison.searches is not None:
        return [searches_note(comparison.margin)]
    if not comparison.rows:
        return []
    return [words.margin_note(comparison), *([NOTE_ON_MIXES] if comparison.mix else [])]


def _load_cells(load: Load) -> tuple[str, ...]:
    if load.copies is None:
        return (number(load.arrival_per_s), words.clients_words(load))
    return (copies_words(load), group_words(load))


def _shown(comparison: Comparison) -> Sequence[ComparedQuantity]:
    """Shares are shown where there is something to see; of mixes, only what counts for the verdict:
    they have many rows.
    """
    rows = [r for r in comparison.rows if r.quantity not in SHARES or r.old or r.new or r.why]
    if comparison.mix is None:
        return rows
    counting = {(row.load, row.quantity) for row in that_decide(rows)}
    return [row for row in rows if (row.load, row.quantity) in counting]


def _name(row: ComparedQuantity) -> str:
    if row.quantity in SHARES:
        return row.quantity
    return row.quantity + (" /s" if row.quantity == "throughput" else " ms")
