"""The table of a search's trials, for the terminal: one row per trial, in order of time."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.output.wrapped import wrapped
from edgeload.read.words import terminal_words
from edgeload.read.words.trial_words import TrialRow, trial_heads, trial_note, trial_rows

_LEFT = ("verdict", "reason")
_STYLES = {"fail": "yellow", "invalid": "bold red", "broken": "bold red", "undecided": "dim"}
_LEAST_REASON = 14
"""If less room than this is left for reasons, the columns that tell least are left out."""
_NEEDLESS = ("s", "done/s")


def trial_table(summary: RunSummary, width: int) -> list[RenderableType]:
    """The table and how to read it; nothing for a run that is no search.

    A reason that does not fit is folded. A terminal of less than 80 columns leaves out columns.
    """
    if summary.search is None:
        return []
    rows = trial_rows(summary)
    heads = trial_heads(summary)
    cells = [_cells(row) for row in rows]
    left_out: list[str] = []
    for head in _NEEDLESS:
        if width - _width(heads, cells) >= _LEAST_REASON:
            break
        place = heads.index(head)
        heads = (*heads[:place], *heads[place + 1 :])
        cells = [[*each[:place], *each[place + 1 :]] for each in cells]
        left_out.append(head)
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold", width=width)
    for head in heads:
        of_tier = head in {each.tier.name for each in summary.search.tiers}
        is_reason = head == heads[-1]
        table.add_column(
            head,
            justify="left" if of_tier or head in _LEFT else "right",
            no_wrap=not is_reason,
            ratio=1 if is_reason else None,
        )
    for row, each in zip(rows, cells, strict=True):
        styles = {_STYLES.get(verdict, "") for verdict in row.verdicts}
        style = next((s for s in ("bold red", "yellow", "dim") if s in styles), "")
        table.add_row(*(Text(cell) for cell in each), style="" if "" in styles else style)
    note = trial_note(summary, rows)
    if left_out:
        note += f" {terminal_words.left_out(left_out)}"
    return [table, wrapped(note, width, style="dim")]


def _cells(row: TrialRow) -> list[str]:
    return [
        row.trial,
        row.load,
        row.due_per_s,
        row.done_per_s,
        row.failed,
        row.p95,
        *row.verdicts,
        row.seconds,
        row.reason,
    ]


def _width(heads: tuple[str, ...], cells: list[list[str]]) -> int:
    """Of all columns but the last, which has the reasons."""
    columns = list(zip(heads, *cells, strict=True))[:-1]
    return sum(max(map(len, column)) + 1 for column in columns)
