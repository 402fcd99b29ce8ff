"""Prints what was measured, and writes memory.json, memory.txt and memory.png."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from edgeload.box_memory.memory_figure import MEMORY_PNG, memory_picture
from edgeload.box_memory.memory_record import memory_json
from edgeload.box_memory.memory_words import (
    STATE_NAMES,
    MemoryReport,
    gib,
    memory_headline,
    memory_sentences,
)
from edgeload.private_files import written_together
from edgeload.read.output.wrapped import WIDTH, files_written, print_parts, width_of, wrapped
from edgeload.untrusted_text import printable

MEMORY_JSON, MEMORY_TEXT = "memory.json", "memory.txt"


def write_memory(report: MemoryReport, folder: Path, console: Console) -> None:
    """Write the files into a folder (made if missing), and print the result.

    It is printed also if the disk refuses the files. A picture that cannot be drawn is left out,
    and one line says why. Raises OSError.
    """
    try:
        names = _write_texts(report, folder)
    except OSError:
        _print(console, report, ())
        raise
    drawn = _draw(report, folder)
    _print(console, report, [folder / name for name in (*names, *drawn)])


def _write_texts(report: MemoryReport, folder: Path) -> tuple[str, ...]:
    """The names of the files. Raises OSError."""
    plain = Console(file=io.StringIO(), width=WIDTH)
    _print(plain, report, ())
    assert isinstance(plain.file, io.StringIO)
    with written_together(folder) as unfinished:
        (unfinished / MEMORY_JSON).write_text(memory_json(report), encoding="utf-8")
        (unfinished / MEMORY_TEXT).write_text(plain.file.getvalue(), encoding="utf-8")
    return MEMORY_JSON, MEMORY_TEXT


def _draw(report: MemoryReport, folder: Path) -> list[str]:
    """The names of the pictures. Raises nothing, whatever the library that draws does."""
    try:
        from edgeload.read.output.png import write  # noqa: PLC0415  (matplotlib is slow to import)

        with written_together(folder) as unfinished:
            return [path.name for path in write([memory_picture(report)], unfinished)]
    except Exception as problem:
        why = printable(str(problem)) or type(problem).__name__
        print(f"{MEMORY_PNG} could not be drawn, and is left out: {why}", file=sys.stderr)
        return []


def _print(console: Console, report: MemoryReport, files: Iterable[Path]) -> None:
    width = width_of(console)
    said = "\n".join(wrapped(text, width, hanging="  ").plain for text in memory_sentences(report))
    parts: list[RenderableType] = [
        wrapped(memory_headline(report), width, style="bold"),
        _table(report),
        Text(said),
        *files_written(list(files)),
    ]
    print_parts(console, parts)


def _table(report: MemoryReport) -> Table:
    """A row for each reading; in brackets what our detectors take by the box's own account."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("detectors", justify="right")
    table.add_column("")
    for head in ("RAM", "of ours", "VRAM", "of ours", "answers"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("newest")
    for reading in report.readings:
        newest = report.names[reading.detectors - 1] if reading.detectors else ""
        table.add_row(
            str(reading.detectors),
            STATE_NAMES[reading.state],
            gib(reading.used("ram")),
            gib(reading.own("ram")),
            gib(reading.used("vram")),
            gib(reading.own("vram")),
            f"{reading.answers}/{reading.queries}" if reading.queries else "",
            Text(newest if reading.state == "idle" else ""),
        )
    return table
