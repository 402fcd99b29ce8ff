"""The tables and lines of the live view, made to fit a width: no cell is ever cut. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len, set_cell_size
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from edgeload.plain_words import plural
from edgeload.run.live_state import Figures, LiveState, LiveStep
from edgeload.run.live_words import load_noun, ms_number, number_words, objective_value, state_words
from edgeload.run.objectives_so_far import SoFar
from edgeload.run.sparkline import Sparkline

_STATE_STYLES = {
    "keeps up": "green",
    "saturates": "yellow",
    "fails": "red",
    "invalid": "red",
}
_SO_FAR = {
    "met": ("✓", "met so far", "green"),
    "not met": ("✗", "not met so far", "bold red"),
    "undecided": ("?", "undecided so far", "yellow"),
}
_NAME_WIDTH = 18
_LEAST_BAR = 6


@dataclass(frozen=True)
class LiveColumn:
    """A column with all of its cells. Those of the lowest rank stay when the width is short."""

    head: str
    cells: Sequence[str]
    rank: int
    justify: Literal["left", "right"] = "right"

    @property
    def width(self) -> int:
        """Columns of the terminal that it needs."""
        return max(map(cell_len, (self.head, *self.cells)))


def shortened(text: str, width: int, ascii_only: bool = False) -> str:
    """A text that has room, with a sign where it was cut."""
    if cell_len(text) <= width:
        return text
    sign = "~" if ascii_only else "…"
    return set_cell_size(text, max(0, width - 1)) + sign


def first_that_fits(texts: Sequence[str], width: int, ascii_only: bool = False) -> str:
    """The first text that has room; the last one, shortened, if none has."""
    for text in texts:
        if cell_len(text) <= width:
            return text
    return shortened(texts[-1], width, ascii_only)


def fitted(columns: Sequence[LiveColumn], width: int, styles: Sequence[str]) -> Table:
    """A table of as many columns as a width has room for; a style for each row.

    Colours in it are those of the state alone: the rest of the row is bold or dim.
    """
    kept, gap = list(columns), 2
    while sum(column.width + gap for column in kept) - gap > width and len(kept) > 1:
        if gap == 2:
            gap = 1
            continue
        kept.remove(max(kept, key=lambda column: column.rank))
    table = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, show_edge=False)
    for column in kept:
        table.add_column(
            column.head, justify=column.justify, no_wrap=True, width=min(column.width, width)
        )
    for index, style in enumerate(styles):
        cells = [column.cells[index] for column in kept]
        coloured = [
            Text(cell, style=style if column.head == "state" else _row_style(style))
            for cell, column in zip(cells, kept, strict=True)
        ]
        table.add_row(*coloured)
    return table


def _row_style(style: str) -> str:
    """The style of a row without its colour."""
    return " ".join(word for word in style.split() if word in ("bold", "dim"))


def step_table(rows: Sequence[LiveStep], state: LiveState, width: int) -> Table:
    """A row for each step; the present one is the last."""
    columns = [
        LiveColumn("step", [str(row.step.index + 1) for row in rows], 5),
        LiveColumn(load_noun(state.plan), [f"{row.load:,}" for row in rows], 0),
        LiveColumn("due/s", [row.due for row in rows], 3),
        LiveColumn("done/s", [number_words(row.done_per_s) for row in rows], 2),
        LiveColumn("failed", [f"{row.failed:,}" for row in rows], 4),
        LiveColumn("missed", [f"{row.missed:,}" for row in rows], 6),
        LiveColumn("p50 ms", [ms_number(row.p50_s) for row in rows], 7),
        LiveColumn("p95 ms", [ms_number(row.p95_s) for row in rows], 1),
        LiveColumn("state", [state_words(row) for row in rows], 1, "left"),
    ]
    styles = [
        f"{'' if row.over else 'bold '}{_STATE_STYLES.get(row.state, '')}".strip() for row in rows
    ]
    return fitted(columns, width, styles)


def group_table(rows: Sequence[Figures], unseen: int, width: int, ascii_only: bool) -> Table:
    """A row for each group, and the last one for all of them, with those that have no row."""
    names = [shortened(row.name, _NAME_WIDTH, ascii_only) for row in rows[:-1]]
    columns = [
        LiveColumn("group", [*names, f"all, {unseen} more" if unseen else "all"], 0, "left"),
        LiveColumn("due/s", [row.due for row in rows], 3),
        LiveColumn("done/s", [number_words(row.done_per_s) for row in rows], 1),
        LiveColumn("answered", [f"{row.answered:,}" for row in rows], 7),
        LiveColumn("failed", [f"{row.failed:,}" for row in rows], 2),
        LiveColumn("missed", [f"{row.missed:,}" for row in rows], 5),
        LiveColumn("p50 ms", [ms_number(row.p50_s) for row in rows], 6),
        LiveColumn("p95 ms", [ms_number(row.p95_s) for row in rows], 1),
    ]
    return fitted(columns, width, [*[""] * (len(rows) - 1), "bold"])


def objective_table(found: Sequence[SoFar], width: int, ascii_only: bool) -> Table:
    """A row for each objective: its state so far, and the figure."""
    signs = [_SO_FAR[each.state] for each in found]
    values = [objective_value(each) for each in found]
    words = [f"{'' if ascii_only else sign + ' '}{text}" for sign, text, _ in signs]
    others = sum(max(map(cell_len, cells), default=0) + 2 for cells in (words, values))
    names = [shortened(each.objective.text, max(8, width - others), ascii_only) for each in found]
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
    for justify in ("left", "left", "right"):
        table.add_column(justify=justify, no_wrap=True, overflow="crop")
    for name, word, value, (_, _, style) in zip(names, words, values, signs, strict=True):
        table.add_row(Text(name), Text(word, style=style), Text(value))
    return table


@dataclass(frozen=True)
class Bar:
    """One progress bar: what it is about, how far it is, and what is left, in words."""

    label: str
    done: float
    total: float
    left: str


def progress_bars(bars: Sequence[Bar], width: int, ascii_only: bool = False) -> Table:
    """The bars below each other."""
    lefts = max(cell_len(bar.left) for bar in bars)
    labels = [shortened(bar.label, width - lefts - 6 - _LEAST_BAR, ascii_only) for bar in bars]
    room = width - max(map(cell_len, labels)) - lefts - 7
    table = Table.grid(padding=(0, 1, 0, 0))
    for justify in ("left", "left", "right", "left"):
        table.add_column(justify=justify, no_wrap=True, overflow="crop")
    for label, bar in zip(labels, bars, strict=True):
        share = min(1.0, max(0.0, bar.done / bar.total)) if bar.total else 1.0
        drawn = ProgressBar(1.0, share, max(1, room), complete_style="cyan")
        table.add_row(label, drawn, f"{share * 100:.0f}%", bar.left)
    return table


def run_bars(state: LiveState, width: int, ascii_only: bool) -> Table:
    """The bars of the run and of the present step."""
    row, plan = state.present, state.plan
    step, now_s = row.step, state.now_s
    label = f"step {step.index + 1}/{len(plan.steps)}"
    if width >= 60:
        label += f", {plural(row.load, 'copy' if plan.is_mix else 'client')}"
    left_s = max(0.0, step.end_s - now_s)
    bars = [
        Bar("run", now_s, plan.duration_s, "stopping" if state.stopping else _left(state.left_s)),
        Bar(label, now_s - step.start_s, step.duration_s, "" if state.stopping else _left(left_s)),
    ]
    return progress_bars(bars, width, ascii_only)


def _left(seconds: float) -> str:
    if seconds < 600:
        return f"{seconds:.0f} s left"
    return f"{seconds / 60:.0f} min left"


@dataclass(frozen=True)
class Trend:
    """One quantity over the last seconds: its name, its values, and the last one in words."""

    name: str
    values: Sequence[float | None]
    said: Sequence[str]
    """From the longest wording to the shortest."""
    top: float = 0.0
    is_time: bool = False

    def unit(self, value: float) -> str:
        """A value of this quantity, with its unit."""
        return f"{ms_number(value)} ms" if self.is_time else f"{number_words(value)}/s"


def trends(state: LiveState) -> list[Trend]:
    """The most important one first."""
    seconds, due = state.seconds, state.total.due
    done = number_words(state.total.done_per_s)
    return [
        Trend(
            "throughput",
            [second.done_per_s for second in seconds],
            [f"{done} done/s of {due} due/s", f"{done} of {due}/s", f"{done}/s"],
            state.present.due_per_s or 0.0,
        ),
        _trend_of_times("response p95", [second.p95_s for second in seconds]),
        _trend_of_times("response p50", [second.p50_s for second in seconds]),
    ]


def _trend_of_times(name: str, times_s: Sequence[float | None]) -> Trend:
    last_s = times_s[-1] if times_s else None
    last = "-" if last_s is None else f"{ms_number(last_s)} ms"
    return Trend(name, times_s, [f"{last} in the last second", last], is_time=True)


def trend_table(shown: Sequence[Trend], width: int, ascii_only: bool) -> Table:
    """A name, a sparkline and the last value, for each."""
    names = max(len(trend.name) for trend in shown)
    room = max(8, (width - names - 2) * 3 // 5)
    said = [first_that_fits(trend.said, room, ascii_only) for trend in shown]
    line = max(1, width - names - 2 - max(map(cell_len, said)))
    table = Table.grid(padding=(0, 1, 0, 0))
    for _ in range(3):
        table.add_column(no_wrap=True, overflow="crop")
    for trend, words in zip(shown, said, strict=True):
        name = Text(trend.name, style="dim")
        known = [value for value in trend.values[-line:] if value is not None]
        top = max(trend.top, 2 * min(known, default=0.0))  # what stays as it is stays half high
        table.add_row(name, Sparkline(trend.values, line, top), Text(words))
    return table
