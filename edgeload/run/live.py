"""Shows a run while it goes: gives each moment to its history, and the state to the screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from edgeload.objectives import Objective
from edgeload.run.live_history import RunHistory
from edgeload.run.live_layout import Screen, screen_view
from edgeload.run.live_state import LiveState
from edgeload.run.live_words import ended_line, present_line
from edgeload.run.progress_record import run_line, step_end_line
from edgeload.run.progress_screen import ProgressForm, ProgressScreen
from edgeload.run.supervisor import RunProgress


class LiveView:
    """Shows each RunProgress that it is given. Use it as a context manager."""

    def __init__(
        self,
        console: Console,
        form: ProgressForm = "auto",
        objectives: Sequence[Objective] = (),
        warm_up_s: float | None = None,
    ) -> None:
        """`warm_up_s` is the setting: None means the default of each step."""
        self._console = console
        self._screen = ProgressScreen(console, form)
        self._history = RunHistory(objectives, warm_up_s)
        self._step = -1
        self._told = 0

    def __enter__(self) -> LiveView:
        self._screen.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._screen.__exit__(kind, *rest)
        if kind is None:
            self._history.end()
            self._tell_ended()

    def show(self, progress: RunProgress) -> None:
        """Show one moment of the run, or the message that it brings."""
        screen = self._screen
        if progress.message is not None:
            screen.say(progress.message, "bold red")
            return
        if screen.form == "none":
            return
        self._history.take(progress)
        self._tell_ended()
        if progress.step != self._step:
            self._step = progress.step
            screen.show_at_once()
        if screen.is_due(progress.now_s) and (state := self._history.state()):
            self._show(state)

    def _show(self, state: LiveState) -> None:
        screen = self._screen
        if screen.form == "json":
            screen.record(run_line(state))
        elif screen.form == "plain":
            screen.say(present_line(state))
        else:
            options = self._console.options
            size = Screen(options.max_width, options.size.height, options.ascii_only)
            screen.draw(screen_view(state, size))

    def _tell_ended(self) -> None:
        """A line for each step that has ended since the last one."""
        if self._history.ended_steps == self._told or not (state := self._history.state()):
            return
        for row in state.finished[self._told :]:
            if self._screen.form == "json":
                self._screen.record(step_end_line(row, state))
            elif self._screen.form == "plain":
                self._screen.say(ended_line(row, state.plan))
        self._told = self._history.ended_steps
