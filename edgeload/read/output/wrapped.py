"""How reports are laid out on a terminal or a pipe: width, wrapping, one part after another."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console, RenderableType
from rich.text import Text

WIDTH = 100


def width_of(console: Console) -> int:
    """Columns to fill: those of the terminal, at most 100; exactly 100 on a pipe."""
    return min(console.width, WIDTH) if console.is_terminal else WIDTH


def wrapped(words: str, width: int, *, indent: str = "", style: str = "") -> Text:
    """Lines of at most `width`; rich's own wrapping leaves spaces at their ends."""
    lines = textwrap.fill(
        words,
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,  # an option such as --step-size stays in one piece
    )
    return Text(lines, style=style)


def files_written(files: Sequence[Path]) -> list[Text]:
    """The files of each folder on one line, the first with the folder, so that it can be opened."""
    folders: dict[Path, list[str]] = {}
    for path in files:
        names = folders.setdefault(path.parent, [])
        names.append(path.name if names else str(path))
    return [Text("\n".join(" ".join(names) for names in folders.values()))] if folders else []


def print_parts(console: Console, parts: Iterable[RenderableType]) -> None:
    """Each part with an empty line behind it."""
    before, console.width = console.width, WIDTH
    try:
        for part in parts:
            console.print(part, soft_wrap=isinstance(part, Text))
            console.print()
    finally:
        console.width = before
