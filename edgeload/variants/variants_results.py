"""The result of a contest: printed, and written to variants.json and variants.txt."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from edgeload import exit_codes
from edgeload.private_files import written_together
from edgeload.read.log.log_error import LogError
from edgeload.read.output.wrapped import WIDTH, print_parts, width_of, wrapped
from edgeload.read.statistics.format import short
from edgeload.settings import Settings
from edgeload.variants import variants_words as words
from edgeload.variants.contest import ContestResult
from edgeload.variants.variants_file import Variants
from edgeload.variants.variants_record import variants_json

_STYLES = {"first": "bold green", "worse": "", "not told apart from the first": "yellow"}
_LONGEST_REASON = 300


def write_contest(
    result: ContestResult, variants: Variants, settings: Settings, folder: Path, console: Console
) -> None:
    """Write both files into OUTPUT_DIR (made if missing) and print the ranking.

    `folder` has the logs of all measurements, and keeps the same files. Raises LogError, in one
    line, if the disk refuses.
    """
    unit, output_dir = words.load_unit(settings), settings.output_dir
    paths = [output_dir / "variants.json", output_dir / "variants.txt"]
    plain = Console(file=io.StringIO(), width=WIDTH)
    _print(plain, result, settings, unit, folder, paths)
    assert isinstance(plain.file, io.StringIO)
    texts = [variants_json(result, variants, str(settings.variants), unit), plain.file.getvalue()]
    for place in (output_dir, folder):
        try:
            with written_together(place) as unfinished:
                for path, text in zip(paths, texts, strict=True):
                    (unfinished / path.name).write_text(text, encoding="utf-8")
        except OSError as problem:
            raise LogError(f"cannot write results to {place}: {problem.strerror}") from problem
    _print(console, result, settings, unit, folder, paths)


def contest_exit_code(result: ContestResult) -> int:
    """The exit code of a program that carried out this contest.

    A box that was not restored may not be ready for what comes next. With nothing measured, it is
    INVALID if our own machine was the reason each time.
    """
    if result.not_restored:
        return exit_codes.UNREACHABLE
    if result.interrupted:
        return exit_codes.INTERRUPTED
    if result.contest.ranked:
        return exit_codes.OK
    outcomes = {turn.measurement.outcome for turn in result.turns}
    return exit_codes.INVALID if outcomes == {"invalid"} else exit_codes.NO_RESULT


def _print(
    console: Console,
    result: ContestResult,
    settings: Settings,
    unit: words.VariantUnit,
    folder: Path,
    paths: list[Path],
) -> None:
    """The answer, the table, how it ended, and the files."""
    width, contest = width_of(console), result.contest
    style = "bold" if contest.ranked else "bold red"
    answer = [wrapped(words.ranking_headline(contest, unit), width, style=style)]
    ended = words.ended_because(contest, spent=result.budget_spent, interrupted=result.interrupted)
    if ended:
        answer.append(wrapped(ended, width))
    logs = Text("\n".join([*map(str, paths), f"{folder}/ (a log of each measurement)"]))
    print_parts(
        console,
        (
            Text("\n").join(answer),
            _table(result, width),
            *(
                wrapped(short(text, _LONGEST_REASON), width, style="yellow")
                for text in words.reasons(contest)
            ),
            wrapped(words.NOTE, width, style="dim"),
            logs,
        ),
    )


def _table(result: ContestResult, width: int) -> RenderableType:
    """A row for each variant, the best first. Fits 80 columns: long texts go over several lines."""
    contest = result.contest
    ranked = contest.ranked
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    if width < WIDTH:
        table.width = width
    for head in words.HEADS:
        last, first = head == words.HEADS[-1], head == words.HEADS[0]
        table.add_column(
            head,
            justify="left" if last or first else "right",
            no_wrap=not (last or first),
            overflow="fold",
            max_width=max(12, width // 4) if first else None,
        )
    for name in [*ranked, *(name for name in contest.names if name not in ranked)]:
        *cells, happened = words.ranking_row(contest, name)
        style = _STYLES.get(happened, "" if name in ranked else "red")
        table.add_row(*cells, Text(happened, style=style))
    return table
