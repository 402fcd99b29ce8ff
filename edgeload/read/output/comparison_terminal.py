"""A comparison -> what the terminal shows: verdict, differences, a row per load and quantity."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from edgeload.read.analysis.comparison import Comparison
from edgeload.read.analysis.differences import Difference
from edgeload.read.analysis.history import History
from edgeload.read.output.comparison_rows import (
    ROW_HEADS,
    compared_rows,
    load_heads,
    notes_on,
)
from edgeload.read.output.wrapped import print_parts, width_of, wrapped
from edgeload.read.statistics.format import short
from edgeload.read.words import comparison_words as words
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
        return [wrapped(" ".join(notes_on(comparison)), width, style="dim")]
    if not comparison.rows:
        return []
    missing = _not_compared(comparison, width)
    note = wrapped(" ".join(notes_on(comparison)), width, style="dim")
    return [_table(comparison), *([missing] if missing else []), note]


def _table(comparison: Comparison) -> Table:
    """What a row says of its load is left out where the row above says the same."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    heads = load_heads(comparison)
    for head in (*heads, *ROW_HEADS):
        table.add_column(
            head,
            justify="left" if head in ("figure", "group") else "right",
            no_wrap=head not in ("copies", "group"),
            overflow="fold",
            max_width=_LONGEST_LOAD if head == "copies" else None,
        )
    last: tuple[str, ...] = ("",) * len(heads)
    for row in compared_rows(comparison):
        new = next((at for at, cell in enumerate(row.load) if cell != last[at]), len(row.load))
        *cells, verdict = row.cells
        style = _STYLES[row.verdict]
        table.add_row(*[""] * new, *row.load[new:], *cells, Text(verdict, style=style))
        last = row.load
    return table


def _not_compared(comparison: Comparison, width: int) -> Text:
    lines = words.why_not_compared(comparison.rows)
    return Text("\n".join(wrapped(line, width).plain for line in lines))
