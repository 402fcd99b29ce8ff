"""A comparison -> what the terminal shows, the answer first, and comparison.json."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from edgeload.read.analysis.comparison import Compared, Comparison, Difference
from edgeload.read.statistics.format import milliseconds, number, plural, short

SCHEMA_VERSION = 1
_WIDTH = 100
_MOST_DIFFERENCES = 12
_STYLES = {"better": "green", "worse": "bold red", "same": "", "undecided": "yellow"}


def verdict(comparison: Comparison) -> str:
    """One sentence: the word, and the figure that decides."""
    margin = f"{comparison.margin * 100:g} %"
    if comparison.word == "same":
        return f"Same: throughput and times are within ±{margin} at every load."
    if comparison.deciding:
        first = comparison.deciding[0]
        more = len(comparison.deciding) - 1
        also = f", and {plural(more, 'more figure')}" if more else ""
        return (
            f"{comparison.word.capitalize()}: {first.figure} {change(first)} at "
            f"{plural(first.clients, 'client')}{also}."
        )
    if not comparison.rows:
        return "Undecided: the two sides have no load in common."
    reasons = {row.why for row in comparison.rows if row.why}
    if reasons:
        return f"Undecided: {'; '.join(sorted(reasons))}."
    return (
        f"Undecided: no difference that is no chance, but not within ±{margin} everywhere either; "
        "longer steps or more logs a side would tell."
    )


def capacities(comparison: Comparison) -> str:
    """Clients before and after."""
    old, new = (
        ", ".join("none shown" if c is None else f"{c:,}" for c in side)
        for side in comparison.capacities
    )
    return f"Capacity, in clients: {old} before, {new} after."


def change(row: Compared) -> str:
    """`+12 % (+8 % to +16 %)`."""
    if row.shift is None:
        return "-"
    return f"{_signed(row.shift)} ({_signed(row.low)} to {_signed(row.high)})"


def _signed(value: float | None) -> str:
    if value is None:
        return "?"
    if math.isinf(value):
        return "never" if value > 0 else "?"
    percent = value * 100
    digits = 0 if abs(percent) >= 9.95 else 1
    text = f"{percent:+.{digits}f} %"
    return "0 %" if float(f"{percent:.{digits}f}") == 0 else text


def print_comparison(console: Console, comparison: Comparison, files: Sequence[Path]) -> None:
    """Verdict, what differs between the sides, a row a load and figure, the files."""
    before, console.width = console.width, _WIDTH
    try:
        for part in (
            _headline(comparison),
            *_differences(comparison),
            _table(comparison),
            Text(textwrap.fill(_note(comparison), _WIDTH), style="dim"),
            Text("\n".join(str(path) for path in files)),
        ):
            console.print(part, soft_wrap=isinstance(part, Text))
            console.print()
    finally:
        console.width = before


def _headline(comparison: Comparison) -> Text:
    lines = [
        Text(textwrap.fill(verdict(comparison), _WIDTH), style=f"bold {_STYLES[comparison.word]}"),
        Text(capacities(comparison)),
    ]
    if comparison.invalid:
        names = ", ".join(short(name, 40) for name in comparison.invalid)
        text = f"INVALID, so that steps were left out: {names}."
        lines.append(Text(textwrap.fill(text, _WIDTH), style="bold red"))
    return Text("\n").join(lines)


def _differences(comparison: Comparison) -> list[Text]:
    found = comparison.differences
    if not found:
        return [Text("Settings, machine and versions are the same.")]
    lines = [_difference(difference) for difference in found[:_MOST_DIFFERENCES]]
    if len(found) > _MOST_DIFFERENCES:
        lines.append(f"  and {len(found) - _MOST_DIFFERENCES} more in comparison.json")
    return [Text("\n".join(["What else is not the same (before -> after):", *lines]))]


def _difference(difference: Difference) -> str:
    name, old, new = (
        short(text, 200) for text in (difference.name, difference.old, difference.new)
    )
    line = f"  {name}: {old} -> {new}"
    return line if len(line) <= _WIDTH else f"  {name}:\n    {old}\n    -> {new}"


def _table(comparison: Comparison) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for head in ("clients", "figure", "before", "after", "change (95 % interval)", ""):
        table.add_column(head, justify="left" if head == "figure" else "right", no_wrap=True)
    last = None
    for row in comparison.rows:
        table.add_row(
            "" if row.clients == last else f"{row.clients:,}",
            row.figure + (" /s" if row.figure == "throughput" else " ms"),
            figure_text(row, row.old),
            figure_text(row, row.new),
            change(row) if not row.why else "",
            Text(row.word, style=_STYLES[row.word]),
        )
        last = row.clients
    return table


def figure_text(row: Compared, value: float | None) -> str:
    """A value of a row's figure: per second, or milliseconds."""
    return number(value) if row.figure == "throughput" else milliseconds(value)


def _note(comparison: Comparison) -> str:
    return (
        f"same: the whole interval lies within ±{comparison.margin * 100:g} %. better, worse: the "
        "change is larger and no chance. Each row by itself errs once in twenty; the verdict above "
        "takes into account how many there are. Several logs a side make it stronger."
    )


def comparison_json(comparison: Comparison) -> str:
    """The text of comparison.json: seconds, per second, shares; null for no data."""
    values = {
        "schema_version": SCHEMA_VERSION,
        "word": comparison.word,
        "verdict": verdict(comparison),
        "margin": comparison.margin,
        "capacity_clients": {
            "before": list(comparison.capacities[0]),
            "after": list(comparison.capacities[1]),
        },
        "invalid_logs": list(comparison.invalid),
        "differences": [
            {"name": d.name, "before": d.old, "after": d.new} for d in comparison.differences
        ],
        "deciding": [_values(row) for row in comparison.deciding],
        "rows": [_values(row) for row in comparison.rows],
    }
    return json.dumps(values, indent=2, allow_nan=False) + "\n"


def _values(row: Compared) -> dict[str, Any]:
    return {
        "clients": row.clients,
        "figure": row.figure,
        "before": _figure(row.old),
        "after": _figure(row.new),
        "shift": _figure(row.shift),
        "limits": [_figure(row.low), _figure(row.high)],
        "p": row.p,
        "word": row.word,
        "why": row.why or None,
    }


def _figure(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 7)
