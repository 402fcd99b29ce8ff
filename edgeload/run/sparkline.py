"""A row of small bars, one for each value; plain characters where a terminal lacks others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

BLOCKS = "▁▂▃▄▅▆▇█"
PLAIN = ".:-=+*%#"


def bars(values: Sequence[float | None], marks: str, top: float, height: int) -> list[str]:
    """The lines of a chart, the highest first: a bar for each value, from 0 to `top`.

    A value that is known has at least the lowest mark; one that is not has nothing.
    """
    parts = height * len(marks)
    levels = [
        0 if value is None else max(1, round(min(1.0, value / top) * parts)) if top > 0 else 1
        for value in values
    ]
    lines = []
    for row in range(height - 1, -1, -1):
        filled = [min(len(marks), level - row * len(marks)) for level in levels]
        lines.append("".join(marks[part - 1] if part > 0 else " " for part in filled))
    return lines


@dataclass(frozen=True)
class Sparkline:
    """The newest values that fit a width, drawn by rich as bars of one line or several."""

    values: Sequence[float | None]
    width: int
    top: float = 0.0
    """The highest bar stands for this, or for the largest value that is shown, if that is more."""
    height: int = 1

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        shown = list(self.values[-self.width :]) if self.width > 0 else []
        top = max([self.top, *(value for value in shown if value is not None)])
        marks = PLAIN if options.ascii_only else BLOCKS
        for line in bars(shown, marks, top, self.height):
            yield Text(line.ljust(self.width), style="cyan", no_wrap=True, overflow="crop")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(self.width, self.width)
