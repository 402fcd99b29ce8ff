"""Several runs of one measurement -> what the terminal shows: the answer, the runs, the loads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from edgeload.read.analysis.repeat_findings import repeat_findings
from edgeload.read.analysis.repeats import RepeatedFigure, RepeatedLoad, Repeats
from edgeload.read.output.terminal import finding_text
from edgeload.read.output.wrapped import print_parts, width_of, wrapped
from edgeload.read.statistics.format import number, short
from edgeload.read.words import repeat_words as words
from edgeload.read.words.terminal_words import ALL_GROUPS, left_out

_AGREEMENT_STYLES = {"agree": "green", "disagree": "bold yellow", "unknown": "yellow"}
_VERDICT_STYLES = {"counts": "green", "stopped": "yellow", "INVALID": "bold red"}
_LONGEST_LOG = 24
_LONGEST_GROUP = 14
_GAP = 2
_COLUMNS = ("throughput", "p50", "p95", "p99", "errors", "missed")
_NARROW_LEAVES_OUT = ("p99", "p50", "missed", "throughput")
_WITHIN = "p95"


def print_repeats(console: Console, repeats: Repeats, files: Sequence[Path]) -> None:
    """The answer over the runs, a row per run, a row per load, what disagrees, the files."""
    width = width_of(console)
    print_parts(
        console,
        (
            _headline(repeats, width),
            _runs(repeats),
            *_loads(repeats, width),
            *(finding_text(finding, width) for finding in repeat_findings(repeats)),
            Text("\n".join(map(str, files))),
        ),
    )


def _headline(repeats: Repeats, width: int) -> Text:
    style = "bold" if repeats.counted else "bold red"
    lines = [wrapped(words.repeats_headline(repeats), width, style=style)]
    if limit := words.repeats_limit(repeats):
        lines.append(wrapped(limit, width))
    if agreement := words.agreement_words(repeats):
        lines.append(wrapped(agreement, width, style=_AGREEMENT_STYLES[repeats.agreement]))
    return Text("\n").join(lines)


def _table(heads: Sequence[str], left: Sequence[str]) -> Table:
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold")
    for head in heads:
        justify = "left" if head in left else "right"
        table.add_column(head, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    return table


def _runs(repeats: Repeats) -> Table:
    """A row per run, also for those that do not count."""
    judged = any(run.objectives for run in repeats.runs)
    counting = [run for run in repeats.runs if run.left_out is None]
    nouns = words.load_head(counting[0]) if counting else "clients"
    heads = ["run", "log", nouns, "answers/s", "limit/s", *(["objectives"] if judged else []), ""]
    table = _table(heads, ("log", nouns, "limit/s", "objectives", ""))
    for index, run in enumerate(repeats.runs):
        verdict = words.run_verdict(run)
        cells = [""] * (len(heads) - 3)
        if run.left_out is None:
            cells = [
                words.bracket_words(run),
                number(run.bracket.per_s if run.bracket else None),
                words.run_ceiling_words(run.ceiling),
                *([words.objectives_mark(run)] if judged else []),
            ]
        name = short(run.log, _LONGEST_LOG)
        table.add_row(str(index + 1), name, *cells, Text(verdict, _VERDICT_STYLES[verdict]))
    return table


def _loads(repeats: Repeats, width: int) -> list[RenderableType]:
    """The figures at each load over the runs, as many columns as fit, and how to read them."""
    rows = _rows(repeats)
    if not rows:
        return []
    columns = [name for name in _COLUMNS if any(_named(found, name) for found in rows.values())]
    if not any(_is_seen(found, "missed") for found in rows.values()):
        columns = [name for name in columns if name != "missed"]
    cells = _cells(repeats, rows, columns)
    dropped = []
    for name in _NARROW_LEAVES_OUT:
        if _width(cells) <= width:
            break
        if name in columns:
            columns.remove(name)
            dropped.append(name)
            cells = _cells(repeats, rows, columns)
    table = _table(cells[0], ("group",))
    for row in cells[1:]:
        table.add_row(*row)
    note = words.REPEATS_NOTE
    if any(figure.disagrees for figure in repeats.figures):
        note += f" {words.DISAGREES_NOTE}"
    if dropped:
        note += f" {left_out(dropped)}"
    return [table, wrapped(note, width, style="dim")]


def _rows(repeats: Repeats) -> dict[RepeatedLoad, dict[str, RepeatedFigure]]:
    rows: dict[RepeatedLoad, dict[str, RepeatedFigure]] = {}
    for figure in repeats.figures:
        if figure.load is not None:
            rows.setdefault(figure.load, {})[figure.name] = figure
    return rows


def _named(found: dict[str, RepeatedFigure], column: str) -> RepeatedFigure | None:
    """The figure of a column; a percentile is that of response time, or else of service time."""
    return next((found[n] for n in found if n == column or n.endswith(f" {column}")), None)


def _is_seen(found: dict[str, RepeatedFigure], column: str) -> bool:
    """Whether any run has something other than 0."""
    figure = _named(found, column)
    return figure is not None and any(run.value for run in figure.runs)


def _cells(
    repeats: Repeats, rows: dict[RepeatedLoad, dict[str, RepeatedFigure]], columns: Sequence[str]
) -> list[list[str]]:
    """The heads, and a row of texts per load."""
    of_mix = any(load.group for load in rows)
    titles = {"throughput": "done/s"}
    names = {name for found in rows.values() for name in found}
    titles |= {name.split(" ")[-1]: name for name in names if " " in name}  # response p95
    first = repeats.runs[repeats.counted[0]]
    heads = [words.load_head(first), *(["group"] if of_mix else [])]
    heads += [titles.get(name, name) for name in columns]
    if repeats.tested:
        heads.append(f"{_WITHIN} in a run")
    texts = [heads]
    for load, found in rows.items():
        row = [words.load_number(first, load.load)]
        if of_mix:
            row.append(short(load.group, _LONGEST_GROUP) or ALL_GROUPS)
        for name in columns:
            figure = _named(found, name)
            row.append(words.over_runs_words(figure) if figure else "")
        if repeats.tested:
            figure = _named(found, _WITHIN)
            row.append(words.within_words(figure) if figure else "")
        texts.append(row)
    return texts


def _width(cells: list[list[str]]) -> int:
    return sum(max(map(len, column)) + _GAP for column in zip(*cells, strict=True)) - _GAP
