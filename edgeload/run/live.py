"""Shows the run while it goes, on stderr: one view that redraws in a terminal, lines in a pipe."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from edgeload.plain_words import plural
from edgeload.run.announcement import due_per_s
from edgeload.run.counters import NO_COUNTS, LiveCounts, percentile
from edgeload.run.supervisor import RunProgress

_PLAIN_EVERY_S = 5.0
_OTHER_LINES = 6
"""Lines of the terminal that are not for groups: the step, the heads, the total, and two spare."""
_NAME_WIDTH = 18


class LiveView:
    """Shows each RunProgress that it is given. Use it as a context manager."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._step = -1
        self._at_step_start: tuple[LiveCounts, ...] = ()
        self._last: RunProgress | None = None
        self._rates: list[float] = []
        self._line_due_s = 0.0

    def __enter__(self) -> LiveView:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def show(self, progress: RunProgress) -> None:
        """Show one moment of the run, or the message that it brings."""
        if progress.message is not None:
            wrap = self._console.is_terminal  # a program that reads a pipe gets one line
            self._console.print(
                progress.message,
                style="bold red",
                highlight=False,
                markup=False,
                soft_wrap=not wrap,
            )
            return
        new_step = progress.step != self._step
        if new_step:
            self._step = progress.step
            self._at_step_start = _all_counts(progress)
        self._measure_rates(progress)
        if self._console.is_terminal:
            self._live.update(self._view(progress), refresh=True)
        elif new_step or progress.now_s >= self._line_due_s:
            self._line_due_s = progress.now_s + _PLAIN_EVERY_S
            self._console.print(self._line(progress), highlight=False, markup=False, soft_wrap=True)

    def _measure_rates(self, progress: RunProgress) -> None:
        """Frames that ended per second, over about the last second: of all, and by group."""
        now, last = _all_counts(progress), self._last
        if last is None:
            self._last, self._rates = progress, [0.0] * len(now)
        elif (span_s := progress.now_s - last.now_s) >= 1.0:
            before = _all_counts(last)
            self._rates = [(_done(a) - _done(b)) / span_s for a, b in zip(now, before, strict=True)]
            self._last = progress

    def _fields(self, progress: RunProgress, row: int = 0) -> list[tuple[str, str]]:
        """Names and values of what is counted: of row 0, all groups, or of group `row` - 1."""
        counts = _all_counts(progress)[row]
        times = counts.since(self._at_step_start[row]).response
        step = progress.plan.steps[progress.step]
        return [
            ("due/s", due_per_s(progress.plan, step, row - 1 if row else None)),
            ("done/s", f"{self._rates[row]:.1f}"),
            ("answered", str(counts.frames_ok)),
            ("failed", str(counts.frames_failed)),
            ("missed", str(counts.missed)),
            ("response p50", _ms(percentile(times, 0.50))),
            ("p95", _ms(percentile(times, 0.95))),
        ]

    def _line(self, progress: RunProgress) -> str:
        """For a pipe: all groups; of a mix, then the most important of each."""
        step, load, left = _place(progress)
        line = ", ".join(_joined([step, load, *self._fields(progress), left]))
        for row, name in enumerate(_group_names(progress), 1):
            fields = dict(self._fields(progress, row))
            short = [(key, fields[key]) for key in ("due/s", "done/s", "failed", "missed", "p95")]
            line += f"; {name}: {', '.join(_joined(short))}"
        return line

    def _view(self, progress: RunProgress) -> RenderableType:
        """For a terminal: a table that fits 80 columns and the terminal's lines."""
        names = _group_names(progress)
        if not names:
            step, load, left = _place(progress)
            return _table([[step, load, *self._fields(progress), left]])
        shown = names[: max(1, self._console.height - _OTHER_LINES)]
        rows = [
            [("group", name), *self._fields(progress, row)] for row, name in enumerate(shown, 1)
        ]
        all_of_them = [("group", "all"), *self._fields(progress)]
        others = len(names) - len(shown)
        head = ", ".join(_joined(_place(progress)))
        if others:
            head += f"; {plural(others, 'more group')}, counted in the last row"
        return Group(Text(head, no_wrap=True), _table([*rows, all_of_them]))


def _done(counts: LiveCounts) -> int:
    """Frames that have ended, answered or not."""
    return counts.frames_ok + counts.frames_failed


def _all_counts(progress: RunProgress) -> tuple[LiveCounts, ...]:
    """The counts of all groups together, and of each."""
    by_group = progress.by_group or (NO_COUNTS,) * len(progress.plan.groups)
    return (progress.counts, *by_group)


def _group_names(progress: RunProgress) -> list[str]:
    """The names of the groups of a mix; none if all there is to say is the sum."""
    groups = progress.plan.groups
    return [group.name for group in groups] if len(groups) > 1 else []


def _place(progress: RunProgress) -> tuple[tuple[str, str], ...]:
    """Where in the run it is: the step, its load, and the time that is left."""
    plan = progress.plan
    left_s = max(0.0, plan.duration_s - progress.now_s)
    return (
        ("step", f"{progress.step + 1}/{len(plan.steps)}"),
        ("copies" if plan.is_mix else "clients", str(plan.copies(plan.steps[progress.step]))),
        ("left", "stopping" if progress.stopping else f"{left_s:.0f} s"),
    )


def _joined(fields: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> list[str]:
    return [f"{name} {value}" for name, value in fields]


def _table(rows: list[list[tuple[str, str]]]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), show_edge=False)  # fits 80 columns
    for name, _ in rows[0]:
        if name == "group":
            table.add_column(name, no_wrap=True, max_width=_NAME_WIDTH)
            continue
        head = name.replace("response p50", "response\np50").replace("p95", "\np95")
        style = "bold" if name in ("clients", "copies") else ""
        table.add_column(head, justify="right", style=style, no_wrap=True)
    for row in rows[:-1]:
        table.add_row(*(Text(value) for _, value in row))
    table.add_row(*(Text(value) for _, value in rows[-1]), style="bold" if rows[1:] else "")
    return table


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.1f} ms"
