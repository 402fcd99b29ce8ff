"""The live view of a run for a terminal of any size: narrow in one column, wide in two. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from edgeload.plain_words import plural
from edgeload.run.live_state import LiveState, LiveStep
from edgeload.run.live_tables import (
    first_that_fits,
    group_table,
    objective_table,
    run_bars,
    step_table,
    trend_table,
    trends,
)
from edgeload.run.live_words import alarm_words, box_words, failure_words, generator_words
from edgeload.run.objectives_so_far import SoFar
from edgeload.run.sparkline import Sparkline

WIDE_FROM = 120
_WIDE_LINES = 28
_LABEL = 11
_ECHO = 2
"""Columns that the last line leaves free: `^C`, which a terminal echoes, must not fold it."""
_MOST_CLASSES = 8
_LEAST_CHART_LINES, _CHART_LINES = 3, 8


@dataclass(frozen=True)
class Screen:
    """What a terminal has room for."""

    width: int
    height: int
    ascii_only: bool = False


def screen_view(state: LiveState, screen: Screen) -> RenderableType:
    """The view for this terminal: never wider than it, and a line less than its height."""
    lines = max(1, screen.height - 1)
    if screen.width >= WIDE_FROM and lines >= _WIDE_LINES:
        return _wide(state, screen, lines)
    return _narrow(state, screen, lines)


@dataclass
class _Room:
    """Lines that are left."""

    lines: int

    def take(self, wanted: int, least: int = 1) -> int:
        """As many of the lines that are wanted as there are; none if that is less than `least`."""
        got = min(wanted, self.lines)
        got = got if got >= least else 0
        self.lines -= got
        return got


def _narrow(state: LiveState, screen: Screen, lines: int) -> RenderableType:
    """What matters most gets its lines first; the steps that are over get those that remain."""
    room, width, plain = _Room(lines), screen.width, screen.ascii_only
    bars, present = room.take(2, least=2), room.take(2, least=2)
    alarm = room.take(1 if alarm_words(state) else 0)
    failures = room.take(1 if state.failures else 0)
    generator = room.take(1)
    box = room.take(1 if box_words(state.box) else 0)
    objectives = room.take(min(len(state.objectives), 3))
    groups = room.take(len(state.groups)) if present else 0
    few_trends = room.take(3)
    objectives += room.take(len(state.objectives) - objectives)
    over = _over(state)
    steps = present and room.take(len(over) + (2 if groups else 0))
    blocks: list[list[RenderableType]] = [
        [run_bars(state, width, plain)] if bars else [],
        [_steps(state, steps - 2 if groups else steps, width)] if steps > 2 or not groups else [],
        [_groups(state, groups, width, plain)] if groups else [],
        [trend_table(trends(state)[:few_trends], width, plain)] if few_trends else [],
        [_alarm(state, width, plain)] if alarm else [],
        [_labelled("failures", failure_words(state.failures), "bold red", screen)]
        if failures
        else [],
        _objectives(state.objectives, objectives, width, plain),
        [
            *([_labelled("generator", *_generator(state), screen)] if generator else []),
            *([_labelled("box", [box_words(state.box)], "", screen)] if box else []),
        ],
    ]
    return Group(*_spaced(blocks if present else blocks[:1], room))


def _spaced(blocks: Sequence[Sequence[RenderableType]], room: _Room) -> list[RenderableType]:
    """One below the other, with a line between them as long as there are any to spare."""
    parts: list[RenderableType] = []
    for block in filter(None, blocks):
        if parts and room.take(1):
            parts.append(Text())
        parts += block
    return parts


def _wide(state: LiveState, screen: Screen, lines: int) -> RenderableType:
    """The tables on the left, what they mean on the right, and the bars over both."""
    left = (screen.width - 1) * 9 // 16
    right = screen.width - 1 - left - _ECHO
    columns = Table.grid(padding=(0, 1, 0, 0))
    columns.add_column(width=left, no_wrap=True)
    columns.add_column(width=right, no_wrap=True)
    below = lines - 2
    columns.add_row(
        Group(*_tables(state, below, left, screen.ascii_only)),
        Group(*_panels(state, below, right, screen.ascii_only)),
    )
    return Group(run_bars(state, screen.width, screen.ascii_only), columns)


def _tables(state: LiveState, lines: int, width: int, plain: bool) -> list[RenderableType]:
    """The steps, and the groups of a mix."""
    room, over = _Room(lines), _over(state)
    frame, inside = 2, width - 4
    parts: list[RenderableType] = []
    if state.groups:
        groups = room.take(len(state.groups) + frame + 2) - frame - 2
        parts.append(_panel("groups", _groups(state, groups, inside, plain), width))
    steps = room.take(len(over) + frame + 2, least=frame + 2) - frame - 2
    if steps >= 0:
        parts.insert(0, _panel("steps", _steps(state, steps, inside), width))
    return parts + _charts(state, room, width)


def _charts(state: LiveState, room: _Room, width: int) -> list[RenderableType]:
    """Throughput and response time over the last seconds, if there are lines to spare."""
    parts: list[RenderableType] = []
    for trend in trends(state)[:2]:
        known = [value for value in trend.values[-(width - 4) :] if value is not None]
        top = max([trend.top, *known])
        lines = room.take(_CHART_LINES + 2, least=_LEAST_CHART_LINES + 2) - 2 if top else 0
        if lines > 0:
            title = f"{trend.name}, a bar per second, up to {trend.unit(top)}"
            parts.append(_panel(title, Sparkline(trend.values, width - 4, top, lines), width))
    return parts


def _panels(state: LiveState, lines: int, width: int, plain: bool) -> list[RenderableType]:
    """What was answered lately, what fails, the objectives, and our own machine."""
    room, frame, inside = _Room(lines), 2, width - 4
    alarm = room.take(1 if alarm_words(state) else 0)
    few_trends = room.take(3 + frame) - frame
    generator = room.take(1 + frame)
    box = generator and room.take(1 if box_words(state.box) else 0)
    classes = room.take(min(_MOST_CLASSES, max(1, len(state.failures))) + frame) - frame
    wanted = len(state.objectives)
    objectives = room.take(wanted + frame, least=1 + frame) - frame if wanted else 0
    parts: list[RenderableType] = [
        _panel("the last seconds", trend_table(trends(state)[:few_trends], inside, plain), width)
    ]
    if alarm:
        parts.append(_alarm(state, width, plain))
    rows = shown_failures(state.failures, classes)
    parts.append(_panel("failures so far", _failures(rows, inside), width))
    if objectives > 0:
        shown = _objectives(state.objectives, objectives, inside, plain)
        parts.append(_panel("objectives, in this step so far", Group(*shown), width))
    if generator:
        words, style = _generator(state)
        said = [Text(first_that_fits(words, inside, plain), style=style, no_wrap=True)]
        said += [Text(f"the box: {box_words(state.box)}", no_wrap=True)] if box else []
        title = "our own machine, and the box" if box else "our own machine"
        parts.append(_panel(title, Group(*said), width))
    return parts


def shown_failures(failures: dict[str, int], rows: int) -> list[tuple[str, int]]:
    """The most frequent classes; if there are too many, the last row has the others together."""
    named = list(failures.items())
    if len(named) <= rows:
        return named
    return [*named[: rows - 1], ("others", sum(count for _, count in named[rows - 1 :]))]


def _failures(rows: Sequence[tuple[str, int]], width: int) -> RenderableType:
    if not rows:
        return Text("none", style="green")
    most = max(count for _, count in rows)
    names, numbers = (max(len(str(row[i])) for row in rows) + 1 for i in (0, 1))
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    table.add_column(no_wrap=True)
    for name, count in rows:
        room = max(4, width - names - numbers - 4)
        bar = ProgressBar(most, count, room, complete_style="red", finished_style="red")
        table.add_row(Text(name, style="bold red"), f"{count:,}", bar)
    return table


def _over(state: LiveState) -> list[LiveStep]:
    """The steps that are over, without the last, which stays the present one."""
    return [row for row in state.finished if row.step.index != state.present.step.index]


def _steps(state: LiveState, over: int, width: int) -> RenderableType:
    """The newest of the steps that are over, and the present one."""
    rows = _over(state)
    return step_table([*rows[len(rows) - max(0, over) :], state.present], state, width)


def _groups(state: LiveState, shown: int, width: int, plain: bool) -> RenderableType:
    return group_table(
        [*state.groups[:shown], state.total], len(state.groups) - shown, width, plain
    )


def _objectives(
    found: Sequence[SoFar], lines: int, width: int, plain: bool
) -> list[RenderableType]:
    """A line each, those that are not met first; the last one counts what has no line."""
    if lines <= 0:
        return []
    ordered = sorted(found, key=lambda each: ("not met", "undecided", "met").index(each.state))
    if len(ordered) <= lines:
        return [objective_table(ordered, width, plain)]
    rest = plural(len(ordered) - lines + 1, "more objective")
    said = Text(first_that_fits([f"and {rest}"], width, plain), style="dim", no_wrap=True)
    shown = ordered[: lines - 1]
    return [*([objective_table(shown, width, plain)] if shown else []), said]


def _generator(state: LiveState) -> tuple[list[str], str]:
    doubt = state.generator.in_doubt
    return generator_words(state.generator), "bold red" if doubt else ""


def _alarm(state: LiveState, width: int, plain: bool) -> Text:
    said = first_that_fits(alarm_words(state), width, plain)
    return Text(said, style="bold yellow", no_wrap=True)


def _labelled(label: str, words: Sequence[str], style: str, screen: Screen) -> Text:
    """A name, and as much as there is room for."""
    said = first_that_fits(words, screen.width - _LABEL - _ECHO, screen.ascii_only)
    text = Text(label.ljust(_LABEL), style="dim", no_wrap=True)
    return text.append(said, style=style or "not dim")


def _panel(title: str, content: RenderableType, width: int) -> Panel:
    return Panel(content, title=title, title_align="left", width=width, border_style="dim")
