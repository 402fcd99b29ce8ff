"""A comparison -> what the terminal shows: verdict, differences, a row per load and quantity."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from edgeload.read.analysis.compared_loads import Load
from edgeload.read.analysis.compared_quantities import SHARES, ComparedQuantity
from edgeload.read.analysis.comparison import Comparison, that_decide
from edgeload.read.analysis.differences import Difference
from edgeload.read.analysis.history import History
from edgeload.read.output.wrapped import print_parts, width_of, wrapped
from edgeload.read.statistics.format import number, short
from edgeload.read.words import comparison_words as words
from edgeload.read.words.compared_group_words import NOTE_ON_MIXES, copies_words, group_words
from edgeload.read.words.compared_search_words import searches_note
from edgeload.read.words.history_words import history_words
from edgeload.read.words.run_names import sides_line

_MOST_DIFFERENCES = 12
_LONGEST_LOAD = 16
_STYLES = {"better": "green", "worse": "bold red", "same": "", "undecided": "yellow"}
_STYLES["not comparable"] = _STYLES["undecided"]


def print_comparison(
    console: Console,
    comparison: Comparison,
    history: History | None,
    files: Sequence[Path],
    sides: tuple[str, str] | None = None,
) -> None:
    """Verdict, history, what differs, a row per load and quantity, the files.

    `sides` are the names of both.
    """
    width = width_of(console)
    print_parts(
        console,
        (
            _headline(comparison, sides, width),
            *([_history(history, width)] if history else ()),
            _differences(comparison, width),
            *_rows(comparison, width),
            Text("\n".join(str(path) for path in files)),
        ),
    )


def _headline(comparison: Comparison, sides: tuple[str, str] | None, width: int) -> Text:
    verdict, capacities = words.comparison_headline(comparison), words.capacities_words(comparison)
    lines = [
        wrapped(verdict, width, style=f"bold {_STYLES[comparison.verdict]}"),
        *([wrapped(capacities, width)] if capacities else []),
        *([wrapped(sides_line(*sides), width, style="dim")] if sides else []),
    ]
    if comparison.invalid:
        names = ", ".join(short(name, 40) for name in comparison.invalid)
        lines.append(wrapped(words.invalid_words(names), width, style="bold red"))
    return Text("\n").join(lines)


def _history(history: History, width: int) -> Text:
    style = _STYLES.get(history.verdict, "")
    return wrapped(history_words(history), width, style=style)


def _differences(comparison: Comparison, width: int) -> Text:
    found = comparison.differences
    lines = [wrapped(line, width).plain for line in words.differences_heads(comparison)]
    lines += [_difference(difference, width) for difference in found[:_MOST_DIFFERENCES]]
    if len(found) > _MOST_DIFFERENCES:
        lines.append(f"  {words.more_differences(len(found) - _MOST_DIFFERENCES)}")
    return Text("\n".join(lines))


def _difference(difference: Difference, width: int) -> str:
    name, old, new = (
        short(text, 200) for text in (difference.name, difference.old, difference.new)
    )
    line = f"  {name}: {old} -> {new}"
    return line if len(line) <= width else f"  {name}:\n    {old}\n    -> {new}"


def _rows(comparison: Comparison, width: int) -> list[RenderableType]:
    """The table and how to read it; nothing if there is nothing in common."""
    if comparison.searches is not None:
        return [wrapped(searches_note(comparison.margin), width, style="dim")]
    if not comparison.rows:
        return []
    missing = _not_compared(comparison, width)
    notes = words.margin_note(comparison)
    if comparison.mix:
        notes = f"{notes} {NOTE_ON_MIXES}"
    note = wrapped(notes, width, style="dim")
    return [_table(comparison), *([missing] if missing else []), note]


def _table(comparison: Comparison) -> Table:
    """A row for each load and quantity; in a mix, for each group as well."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    heads = ("copies", "group") if comparison.mix else ("due/s", "clients")
    for head in (*heads, "figure", "before", "after", "change (95 % interval)", ""):
        table.add_column(
            head,
            justify="left" if head in ("figure", "group") else "right",
            no_wrap=head not in ("copies", "group"),
            overflow="fold",
            max_width=_LONGEST_LOAD if head == "copies" else None,
        )
    last: list[str] = [""] * len(heads)
    for row in _shown(comparison):
        if row.load is None:
            continue
        load = _load_cells(row.load)
        new = next((place for place, cell in enumerate(load) if cell != last[place]), len(load))
        table.add_row(
            *[""] * new,
            *load[new:],
            _name(row),
            words.quantity_value(row, row.old),
            words.quantity_value(row, row.new),
            words.change(row) if not row.why else "",
            Text(row.verdict, style=_STYLES[row.verdict]),
        )
        last = load
    return table


def _load_cells(load: Load) -> list[str]:
    """What is said of a load; where the row above says the same, it is not said again."""
    if load.copies is None:
        return [number(load.arrival_per_s), words.clients_words(load)]
    return [copies_words(load), group_words(load)]


def _shown(comparison: Comparison) -> list[ComparedQuantity]:
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


def _not_compared(comparison: Comparison, width: int) -> Text:
    lines = words.why_not_compared(comparison.rows)
    return Text("\n".join(wrapped(line, width).plain for line in lines))
