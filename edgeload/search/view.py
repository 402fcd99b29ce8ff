"""Shows a search while it goes, on stderr: one view that redraws in a terminal, lines in a pipe."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from edgeload.read.statistics.boundary import Boundary, Trial, TrialVerdict, boundary_of
from edgeload.run.announcement import due_per_s
from edgeload.run.counters import percentile
from edgeload.run.live_tables import Bar, LiveColumn, first_that_fits, fitted, progress_bars
from edgeload.run.live_words import failure_words
from edgeload.run.progress_record import TrialEndLine, TrialProgressLine, ms_or_none
from edgeload.run.progress_screen import ProgressForm, ProgressScreen
from edgeload.run.trials import TrialProgress
from edgeload.search.driver import SearchSetup, SearchState
from edgeload.search_axis import SearchAxis

_PURPOSES = {
    "double": "going up",
    "bracket": "closing in",
    "confirm": "confirming",
}
_OTHER_LINES = 10
"""Lines of the terminal that are not for trials which are over."""
_MOST_TRIALS = 40
_RANKS = {"load": 0, "": 1, "p95": 2, "s": 4, "due/s": 5}
"""Columns of a low rank stay where the terminal is narrow."""
_STYLES = {"pass": "green", "fail": "yellow", "invalid": "bold red"}
_CONFIRMING = 2
"""Trials after the interval has become narrow: at the answer, and one step above."""


class SearchView:
    """Shows each SearchState and TrialProgress that it is given. Use it as a context manager."""

    def __init__(self, console: Console, setup: SearchSetup, form: ProgressForm = "auto") -> None:
        self._console = console
        self._setup = setup
        self._screen = ProgressScreen(console, form)
        self._state: SearchState | None = None

    def __enter__(self) -> SearchView:
        self._screen.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._screen.__exit__(*exception)

    def begins(self, state: SearchState) -> None:
        """A trial begins, and the one before is over."""
        self.ends(state.before)
        self._state = state
        self._screen.show_at_once()

    def ends(self, verdict: TrialVerdict | None) -> None:
        """The trial that was shown is over; a line says what became of it."""
        state, self._state = self._state, None
        if state is None:
            return
        number, load = state.step.index + 1, state.asked.load
        if self._screen.form == "json":
            self._screen.record(TrialEndLine(number, load, verdict))
        elif self._screen.form == "plain":
            said = verdict or "did not count"
            self._screen.say(f"trial {number}, {self._words(state, load)}: {said}")

    def show(self, progress: TrialProgress) -> None:
        """Show one moment of the trial, or the message that it brings."""
        screen, state = self._screen, self._state
        if progress.message is not None:
            screen.say(progress.message, "bold red")
        elif state is None or not screen.is_due(progress.now_s):
            return
        elif screen.form == "redrawn":
            screen.draw(self._view(state, progress))
        elif screen.form == "json":
            screen.record(self._record(state, progress))
        else:
            screen.say(self._line(state, progress))

    def _record(self, state: SearchState, progress: TrialProgress) -> TrialProgressLine:
        counts, step, known = progress.counts, progress.step, boundary_of(state.trials)
        return TrialProgressLine(
            at_s=round(progress.now_s, 3),
            trial=step.index + 1,
            load=state.asked.load,
            purpose=state.asked.purpose,
            trial_at_s=round(progress.now_s - step.start_s, 3),
            draining=progress.draining,
            answered=counts.frames_ok,
            failed=counts.frames_failed,
            failures=counts.failures,
            response_p95_ms=ms_or_none(percentile(counts.response, 0.95)),
            tier=state.tier,
            group=self._axis(state).group,
            low=None if known.high is None else known.low,
            high=known.high,
        )

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
        """The interval, the progress, the last trials and the present one, and what fails."""
        options = self._console.options
        width, plain = options.max_width, options.ascii_only
        tier = f" of {state.tier}" if state.tier else ""
        head = Text(f"Capacity{tier} so far: ", no_wrap=True, overflow="crop")
        head.append(self._so_far(state), style="bold")
        lines = max(1, min(_MOST_TRIALS, options.size.height - _OTHER_LINES))
        parts: list[RenderableType] = [
            head,
            progress_bars(self._bars(state, progress), width, plain),
            self._trials(state, progress, state.trials[-lines:], width),
        ]
        if failures := progress.counts.failures:
            words = [f"failures: {text}" for text in failure_words(failures)]
            said = first_that_fits(words, width, plain)
            parts.append(Text(said, style="bold red", no_wrap=True))
        return Group(*parts, Text(self._time(state, progress), no_wrap=True, overflow="crop"))

    def _bars(self, state: SearchState, progress: TrialProgress) -> list[Bar]:
        """How far the trial is at most, and the search, by its budget or as far as one can tell."""
        step, now_s = progress.step, progress.now_s
        left_s = max(0.0, step.end_s - now_s)
        label = f"trial {step.index + 1}, {self._words(state, state.asked.load)}"
        doing = "draining" if progress.draining else f"at most {left_s:.0f} s"
        bars = [Bar(label, now_s - step.start_s, step.duration_s, doing)]
        more_s = expected_s(state.trials, self._setup.record.resolution)
        budget_s = self._setup.record.budget_s
        all_s = budget_s if more_s is None else min(now_s + more_s, budget_s or math.inf)
        if all_s is not None:
            most = "at most" if more_s is None else "about"
            rest = f"{most} {max(0.0, all_s - now_s):.0f} s"
            bars.insert(0, Bar("search", now_s, all_s, rest))
        return bars

    def _trials(
        self,
        state: SearchState,
        progress: TrialProgress,
        over: Sequence[Trial],
        width: int,
    ) -> Table:
        """A row for each trial that is over, and one for the present one."""
        axis, plan = self._axis(state), self._setup.plan
        before: dict[str, list[str]] = {
            "load": [axis.number(plan, trial.load) for trial in over],
            "": [trial.verdict for trial in over],
            "s": [f"{trial.seconds:.0f}" for trial in over],
        }
        columns = []
        for name, value in self._fields(state, progress):
            head = {"load": axis.head(plan), "": "state"}.get(name, name)
            justify: Literal["left", "right"] = "right" if name else "left"
            cells = [*before.get(name, [""] * len(over)), value]
            columns.append(LiveColumn(head, cells, _RANKS.get(name, 3), justify))
        styles = [f"dim {_STYLES.get(trial.verdict, '')}".strip() for trial in over]
        return fitted(columns, width, [*styles, "bold"])

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
        used = f"{max(0.0, progress.now_s):.0f} s used"
        more_s = expected_s(state.trials, self._setup.record.resolution)
        budget_s = self._setup.record.budget_s
        more = "" if more_s is None else f", about {more_s:.0f} s more"
        if budget_s is None:
            return used + more
        left_s = max(0.0, budget_s - max(0.0, progress.now_s))
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
