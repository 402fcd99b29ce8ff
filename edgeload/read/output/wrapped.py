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


def wrapped(
    words: str, width: int, *, indent: str = "", hanging: str = "", style: str = ""
) -> Text:
    """Lines of at most `width`, those after the first also behind `hanging`.

    Rich's own wrapping leaves spaces at their ends.
    """
    lines = textwrap.fill(
        words,
        width,
        initial_indent=indent,
        subsequent_indent=indent + hanging,
        break_on_hyphens=False,  # an option such as --step-size stays in one piece
    )
    return Text(lines, style=style)


def files_written(files: Sequence[Path]) -> list[Text]:
    """The files of each folder on one line, the first with the folder, so that it can be opened.

    A page is a link, in a terminal that knows links.
    """
    folders: dict[Path, list[Path]] = {}
    for path in files:
        folders.setdefault(path.parent, []).append(path)
    lines = []
    for first, *others in folders.values():
        line = Text(str(first))
        if first.suffix == ".html":
            line.stylize(f"link {first.absolute().as_uri()}")
        lines.append(line.append("".join(f" {path.name}" for path in others)))
    return [Text("\n").join(lines)] if lines else []


def print_parts(console: Console, parts: Iterable[RenderableType]) -> None:
    """Each part with an empty line behind it."""
    before, console.width = console.width, WIDTH
    try:
        for part in parts:
            console.print(part, soft_wrap=isinstance(part, Text))
            console.print()
    finally:
        console.width = before
