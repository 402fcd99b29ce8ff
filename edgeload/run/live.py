"""Shows the run while it goes, on stderr: one view that redraws in a terminal, lines in a pipe."""

from __future__ import annotations

from rich.console import Console
from rich.live import Live
from rich.table import Table

from edgeload.run.counters import NO_COUNTS, LiveCounts, percentile
from edgeload.run.supervisor import RunProgress

_PLAIN_EVERY_S = 5.0


class LiveView:
    """Shows each RunProgress that it is given. Use it as a context manager."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._step = -1
        self._at_step_start: LiveCounts = NO_COUNTS
        self._last: RunProgress | None = None
        self._rate = 0.0
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
            self._at_step_start = progress.counts
        self._measure_rate(progress)
        if self._console.is_terminal:
            self._live.update(self._table(progress), refresh=True)
        elif new_step or progress.now_s >= self._line_due_s:
            self._line_due_s = progress.now_s + _PLAIN_EVERY_S
            fields = ", ".join(f"{name} {value}" for name, value in self._fields(progress))
            self._console.print(fields, highlight=False, soft_wrap=True)

    def _measure_rate(self, progress: RunProgress) -> None:
        """Requests that ended per second, over about the last second."""
        last = self._last
        if last is None:
            self._last = progress
        elif progress.now_s - last.now_s >= 1.0:
            done = progress.counts.done - last.counts.done
            self._rate = done / (progress.now_s - last.now_s)
            self._last = progress

    def _fields(self, progress: RunProgress) -> list[tuple[str, str]]:
        plan, counts = progress.plan, progress.counts
        step = plan.steps[progress.step]
        times = counts.since(self._at_step_start).response
        left_s = max(0.0, plan.duration_s - progress.now_s)
        return [
            ("step", f"{progress.step + 1}/{len(plan.steps)}"),
            ("copies" if plan.is_mix else "clients", str(plan.copies(step))),
            ("due/s", _per_s(plan.arrival_rate(step))),
            ("done/s", f"{self._rate:.1f}"),
            ("answered", str(counts.ok)),
            ("failed", str(counts.failed)),
            ("missed", str(counts.missed)),
            ("response p50", _ms(percentile(times, 0.50))),
            ("p95", _ms(percentile(times, 0.95))),
            ("left", "stopping" if progress.stopping else f"{left_s:.0f} s"),
        ]

    def _table(self, progress: RunProgress) -> Table:
        fields = self._fields(progress)
        table = Table(box=None, padding=(0, 1, 0, 0), show_edge=False)  # fits 80 columns
        for name, _ in fields:
            head = name.replace("response p50", "response\np50").replace("p95", "\np95")
            style = "bold" if name in ("clients", "copies") else ""
            table.add_column(head, justify="right", style=style, no_wrap=True)
        table.add_row(*(value for _, value in fields))
        return table


def _per_s(rate: float | None) -> str:
    return "max" if rate is None else f"{rate:,.6g}"


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.1f} ms"
