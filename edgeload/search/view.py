"""Shows a search while it goes, on stderr: one view that redraws in a terminal, lines in a pipe."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from edgeload.read.statistics.boundary import Boundary, Trial, boundary_of
from edgeload.run.announcement import due_per_s
from edgeload.run.counters import percentile
from edgeload.run.trials import TrialProgress
from edgeload.search.driver import SearchSetup, SearchState
from edgeload.search_axis import SearchAxis

_PLAIN_EVERY_S = 5.0
_PURPOSES = {
    "double": "going up",
    "bracket": "closing in",
    "confirm": "confirming",
}
_OTHER_LINES = 8
"""Lines of the terminal that are not for trials which are over."""
_MOST_TRIALS = 10
_STYLES = {"pass": "green", "fail": "yellow", "invalid": "bold red"}
_CONFIRMING = 2
"""Trials after the interval has become narrow: at the answer, and one step above."""


class SearchView:
    """Shows each SearchState and TrialProgress that it is given. Use it as a context manager."""

    def __init__(self, console: Console, setup: SearchSetup) -> None:
        self._console = console
        self._setup = setup
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
        """A trial begins. In a pipe, a line says what became of the one before."""
        before, self._state = self._state, state
        self._line_due_s = 0.0
        if before is None or self._console.is_terminal:
            return
        number, load = before.step.index + 1, self._words(before, before.asked.load)
        verdict = state.before or "did not count"
        self._print(f"trial {number}, {load}: {verdict}")

    def show(self, progress: TrialProgress) -> None:
        """Show one moment of the trial, or the message that it brings."""
        if progress.message is not None:
            self._print(progress.message, "bold red")
        elif self._state is None:
            return
        elif self._console.is_terminal:
            self._live.update(self._view(self._state, progress), refresh=True)
        elif progress.now_s >= self._line_due_s:
            self._line_due_s = progress.now_s + _PLAIN_EVERY_S
            self._print(self._line(self._state, progress))

    def _print(self, text: str, style: str = "") -> None:
        wrap = self._console.is_terminal  # a program that reads a pipe gets one line
        self._console.print(text, style=style, highlight=False, markup=False, soft_wrap=not wrap)

    def _line(self, state: SearchState, progress: TrialProgress) -> str:
        fields = self._fields(state, progress)
        said = ", ".join(f"{name} {value}" for name, value in fields if name not in ("load", ""))
        load = f"{self._words(state, state.asked.load)} ({_doing(state, progress)})"
        head = f"{state.tier}, " if state.tier else ""
        return (
            f"{head}trial {progress.step.index + 1}, {load}: {said}; capacity so far: "
            f"{self._so_far(state)}; {self._time(state, progress)}"
        )

    def _view(self, state: SearchState, progress: TrialProgress) -> RenderableType:
        """For 80 columns: the interval, the last trials, the present one, the time."""
        tier = f" of {state.tier}" if state.tier else ""
        head = Text(f"Capacity{tier} so far: ")
        head.append(self._so_far(state), style="bold")
        table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="bold")
        fields = self._fields(state, progress)
        axis, plan = self._axis(state), self._setup.plan
        for name, _ in fields:
            shown = axis.head(plan) if name == "load" else name
            table.add_column(shown, justify="right" if name else "left", no_wrap=True)
        lines = max(1, min(_MOST_TRIALS, self._console.height - _OTHER_LINES))
        for trial in state.trials[-lines:]:
            table.add_row(
                axis.number(plan, trial.load),
                Text(trial.verdict, style=_STYLES.get(trial.verdict, "dim")),
                f"{trial.seconds:.0f}",
                style="dim",
            )
        table.add_row(*(Text(value) for _, value in fields), style="bold")
        return Group(head, table, Text(self._time(state, progress)))

    def _fields(self, state: SearchState, progress: TrialProgress) -> list[tuple[str, str]]:
        counts, step = progress.counts, progress.step
        p95_s = percentile(counts.response, 0.95)
        return [
            ("load", self._axis(state).number(self._setup.plan, state.asked.load)),
            ("", _doing(state, progress)),
            ("s", f"{max(0.0, progress.now_s - step.start_s):.0f}"),
            ("due/s", due_per_s(self._setup.plan, step)),
            ("answered", f"{counts.frames_ok:,}"),
            ("failed", f"{counts.frames_failed:,}"),
            ("p95", "-" if p95_s is None else f"{p95_s * 1000:,.0f} ms"),
        ]

    def _so_far(self, state: SearchState) -> str:
        """`36 to 41 clients (95 % sure)`, `at least 8 clients`, or that no load failed yet."""
        known = boundary_of(state.trials)
        axis, plan = self._axis(state), self._setup.plan
        if known.high is not None:
            return f"{axis.span(plan, known.low, known.high)} ({known.confidence * 100:g} % sure)"
        carried = [trial.load for trial in state.trials if trial.verdict == "pass"]
        if carried:
            return f"at least {self._words(state, max(carried))}"
        if not state.trials:
            return "unknown"
        most = max(trial.load for trial in state.trials)
        return f"unknown, no load up to {self._words(state, most)} failed"

    def _time(self, state: SearchState, progress: TrialProgress) -> str:
        """`36 s used, about 20 s more`; of a budget, what is left of it."""
        used = f"{progress.now_s:.0f} s used"
        more_s = expected_s(state.trials, self._setup.record.resolution)
        budget_s = self._setup.record.budget_s
        more = "" if more_s is None else f", about {more_s:.0f} s more"
        if budget_s is None:
            return used + more
        left_s = max(0.0, budget_s - progress.now_s)
        if more_s is not None and more_s > left_s:
            more = ""
        return f"{used}{more}, {left_s:.0f} s of the budget left"

    def _axis(self, state: SearchState) -> SearchAxis:
        return state.axis or self._setup.axis

    def _words(self, state: SearchState, load: int) -> str:
        return self._axis(state).words(self._setup.plan, load)


def _doing(state: SearchState, progress: TrialProgress) -> str:
    return "draining" if progress.draining else _PURPOSES[state.asked.purpose]


def expected_s(trials: Sequence[Trial], resolution: float) -> float | None:
    """About how many seconds the search still takes; None as long as no load has failed.

    Each trial halves the interval, more or less; it takes as long as the last three.
    """
    known: Boundary = boundary_of(trials)
    if known.high is None or not known.best:
        return None
    width = max(1, math.floor(resolution * known.best))
    halvings = math.ceil(math.log2(max(1.0, (known.high - known.low) / width)))
    last = [trial.seconds for trial in trials[-3:]]
    return (halvings + _CONFIRMING) * sum(last) / len(last)
