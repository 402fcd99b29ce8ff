"""Shows a search while it goes, on stderr: one view that redraws in a terminal, lines in a pipe."""

from __future__ import annotations

from rich.console import Console
from rich.live import Live
from rich.table import Table

from edgeload.read.statistics.boundary import Boundary, Trial, boundary_of
from edgeload.run.counters import percentile
from edgeload.run.trials import TrialProgress
from edgeload.search.driver import SearchState

_PLAIN_EVERY_S = 5.0
_PURPOSES = {
    "double": "going up",
    "bracket": "closing in",
    "confirm": "confirming",
}


class SearchView:
    """Shows each SearchState and TrialProgress that it is given. Use it as a context manager."""

    def __init__(self, console: Console, unit: str, budget_s: float | None) -> None:
        """`unit` is what the search counts, in the singular."""
        self._console = console
        self._unit = unit
        self._budget_s = budget_s
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._state: SearchState | None = None
        self._line_due_s = 0.0

    def __enter__(self) -> SearchView:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def begins(self, state: SearchState) -> None:
        """A trial begins."""
        self._state = state
        self._line_due_s = 0.0

    def show(self, progress: TrialProgress) -> None:
        """Show one moment of the trial, or the message that it brings."""
        wrap = self._console.is_terminal
        if progress.message is not None:
            self._console.print(
                progress.message,
                style="bold red",
                highlight=False,
                markup=False,
                soft_wrap=not wrap,
            )
            return
        if self._state is None:
            return
        fields = self._fields(self._state, progress)
        if wrap:
            table = Table(box=None, padding=(0, 1, 0, 0), show_edge=False)
            for name, _ in fields:
                table.add_column(name, justify="right", no_wrap=True)
            table.add_row(*(value for _, value in fields))
            self._live.update(table, refresh=True)
        elif progress.now_s >= self._line_due_s:
            self._line_due_s = progress.now_s + _PLAIN_EVERY_S
            line = ", ".join(f"{name} {value}" for name, value in fields)
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def _fields(self, state: SearchState, progress: TrialProgress) -> list[tuple[str, str]]:
        counts, step = progress.counts, progress.step
        p95_s = percentile(counts.response, 0.95)
        doing = "draining" if progress.draining else _PURPOSES[state.asked.purpose]
        left = (
            []
            if self._budget_s is None
            else [("budget left", f"{max(0.0, self._budget_s - progress.now_s):.0f} s")]
        )
        return [
            *([("tier", state.tier)] if state.tier else []),
            ("trial", str(step.index + 1)),
            (f"{self._unit}s" if self._unit != "copy" else "copies", str(state.asked.load)),
            ("doing", doing),
            ("seconds", f"{max(0.0, progress.now_s - step.start_s):.0f}"),
            ("answered", str(counts.frames_ok)),
            ("failed", str(counts.frames_failed)),
            ("p95", "-" if p95_s is None else f"{p95_s * 1000:.1f} ms"),
            ("capacity so far", so_far(state.trials)),
            ("used", f"{progress.now_s:.0f} s"),
            *left,
        ]


def so_far(trials: tuple[Trial, ...]) -> str:
    """The interval of the capacity that the trials have shown: `36 to 41`, `at least 8`."""
    known: Boundary = boundary_of(trials)
    if known.high is None:
        carried = [trial.load for trial in trials if trial.verdict == "pass"]
        return f"at least {max(carried)}" if carried else "unknown"
    return f"{known.low} to {known.high}"
