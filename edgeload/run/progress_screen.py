"""Where progress is shown, on stderr: a view that redraws, lines of text, lines of JSON, or none.

What stands there is up to `live` for a ramp, and to `search.view` for a search.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from rich.console import Console, RenderableType
from rich.live import Live

from edgeload.message_lines import MessageLines
from edgeload.run.progress_record import MessageLine, ProgressLine

ProgressForm = Literal["auto", "plain", "json", "none"]
"""`auto`: a view that redraws in a terminal, lines of text in a pipe or a terminal that cannot."""

_EVERY_S = {"redrawn": 0.95, "plain": 5.0, "json": 1.0}
"""So often something is shown; a supervisor offers a moment about each 0.25 s."""


def progress_console(form: ProgressForm) -> Console:
    """Standard error for this form of progress: lines are never for a terminal."""
    return Console(stderr=True, force_terminal=False if form in ("plain", "json") else None)


class ProgressScreen:
    """Shows what it is given in the form that is wanted. Use it as a context manager."""

    def __init__(self, console: Console, form: ProgressForm = "auto") -> None:
        self._console = console
        redraws = console.is_terminal and not console.is_dumb_terminal
        self.form: Literal["redrawn", "plain", "json", "none"] = (
            ("redrawn" if redraws else "plain") if form == "auto" else form
        )
        self._live = self._new_live()
        self._size = console.size
        self._due_s = float("-inf")

    def __enter__(self) -> ProgressScreen:
        if self.form == "redrawn":
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.form == "redrawn":
            self._live.stop()

    def _new_live(self) -> Live:
        return Live(console=self._console, auto_refresh=False, transient=True)

    def say(self, text: str, style: str = "") -> None:
        """A message: a terminal wraps it; a program that reads a pipe gets one line."""
        if self.form == "json":
            self.record(MessageLine(text))
            return
        wrap = self._console.is_terminal
        self._console.print(text, style=style, highlight=False, markup=False, soft_wrap=not wrap)

    def draw(self, view: RenderableType) -> None:
        """Redraw the view. After a resize the screen is cleared: old lines may have been folded."""
        if self._console.size != self._size:
            self._size = self._console.size
            self._live.stop()
            self._console.clear()
            self._live = self._new_live()
            self._live.start()
        self._live.update(view, refresh=True)

    def record(self, record: ProgressLine) -> None:
        """A line of JSON."""
        line, file = msgspec.json.encode(record).decode(), self._console.file
        if isinstance(file, MessageLines):
            file.write_line(line)
        else:
            file.write(f"{line}\n")

    def is_due(self, now_s: float) -> bool:
        """Whether it is time for the next view or line, at this run time; never with `none`."""
        if now_s < self._due_s or self.form == "none":
            return False
        self._due_s = now_s + _EVERY_S[self.form]
        return True

    def show_at_once(self) -> None:
        """Something new begins: the next view or line is due."""
        self._due_s = float("-inf")
