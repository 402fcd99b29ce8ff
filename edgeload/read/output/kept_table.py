"""The kept runs as a table in the terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from edgeload.read.analysis.kept_answer import KeptAnswer, KeptVerdict
from edgeload.read.output.wrapped import print_parts, width_of, wrapped
from edgeload.read.statistics.format import short
from edgeload.read.words.kept_words import answer_words, how_to_remove, size_words

_STYLES: dict[KeptVerdict, str] = {
    "running": "cyan",
    "VALID": "green",
    "INVALID": "bold red",
    "NO RESULT": "bold red",
    "no results": "yellow",
}
_LONGEST_PROBLEM = 300


class KeptRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A kept run or series in the JSON of `edgeload list`; `folder` is what commands take.

    `answer` is in words; the figures are in the folder's summary.json.
    """

    folder: str
    time: str
    name: str | None
    box_label: str | None
    notes: str | None
    runs: int
    answer: str
    verdict: KeptVerdict
    log_bytes: int
    bytes: int


def kept_json(answers: Sequence[KeptAnswer]) -> str:
    """All of them as a list in JSON."""
    records = list(map(_record, answers))
    return msgspec.json.format(msgspec.json.encode(records), indent=2).decode()


def print_kept(console: Console, answers: Sequence[KeptAnswer], output_dir: str) -> None:
    """A row for each run, the newest first; what is broken; what all of them take.

    On 80 columns, a long name, box or answer goes over several lines.
    """
    width = width_of(console)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for head in ("time (UTC)", "name", "box", "answer", "verdict"):
        table.add_column(head, overflow="fold", no_wrap=head in ("time (UTC)", "verdict"))
    table.add_column("log", justify="right", no_wrap=True)
    for record in map(_record, answers):
        table.add_row(
            record.time,
            Text(short(record.name or "", 60)),
            Text(short(record.box_label or "", 60)),
            record.answer,
            Text(record.verdict, style=_STYLES[record.verdict]),
            size_words(record.log_bytes),
        )
    if console.measure(table).maximum >= width:  # which it is at most
        table.width = width
    problems = [problem for kept in answers for problem in kept.problems]
    said = [wrapped(short(text, _LONGEST_PROBLEM), width, style="yellow") for text in problems]
    remove = wrapped(how_to_remove(answers, output_dir), width, style="dim")
    print_parts(console, (table, *said, remove))


def _record(kept: KeptAnswer) -> KeptRecord:
    called = kept.called
    return KeptRecord(
        folder=kept.folder,
        time=called.time + (f".{called.number}" if called.number > 1 else ""),
        name=called.name or None,
        box_label=kept.box_label or None,
        notes=kept.notes or None,
        runs=kept.runs,
        answer=answer_words(kept),
        verdict=kept.verdict,
        log_bytes=kept.log_bytes,
        bytes=kept.all_bytes,
    )
