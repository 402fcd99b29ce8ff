"""What the texts of failures cost who reads a log: a bounded memory and time, whatever they are."""

from __future__ import annotations

import json
import random
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest
import synthetic_log as sl

from edgeload.read.analysis.failures import failure_texts
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.columns import (
    MOST_OUTCOMES,
    NO_TEXT,
    OTHER_TEXTS,
    TEXTS_PER_CLASS,
    ErrorText,
)
from edgeload.read.log.kept_texts import LONGEST_TEXT_CHARS
from edgeload.read.log.older_rows import older_rows
from edgeload.read.log.open import read_log
from edgeload.read.log.stretches import Stretch, read_stretch
from edgeload.read.log.table_builder import TableBuilder
from edgeload.read.log.text_groups import without_ids
from edgeload.read.words.finding_words import message
from edgeload.read.words.headline import headline
from edgeload.records import RequestRow
from edgeload.runlog import line_starts


def word(number: int) -> str:
    """A text that is like no other, also without numbers and ids."""
    return f"word {chr(0x4E00 + number)}"


def log_of(path: Path, failures: list[tuple[str, str]]) -> Path:
    """A log of today's form with these failures, class and text, and no success."""
    played = sl.Played(sl.plan_of([1], 10, len(failures) / 10 + 1))
    for i, (outcome, text) in enumerate(failures, 1):
        at = i * 9 / len(failures)
        played.requests.append(sl.request(0, i, 0, at, at, at, outcome, text))
    return sl.write(path, played)


def older_log_of(path: Path, failures: list[tuple[str, str]]) -> Path:
    """The same in the older form, which has the text alone."""
    lines = ["RAMP 1"]
    for i, (_, text) in enumerate(failures, 1):
        line = {"worker_number": 0, "request_number": i, "latency": 0.1, "success": False}
        lines.append(json.dumps({"asctime": "2026-11-23 18:30:01,000", **line, "error": text}))
    path.write_text("\n".join(lines))
    return path


def by_row(table: TableBuilder) -> list[ErrorText | None]:
    """The class and the text that each row counts as; None for a success."""
    columns = table.columns()
    return [None if code == NO_TEXT else columns.errors[code] for code in columns.error]


def request(text: str | None, sent_bytes: int = 1, outcome: str = "reset") -> RequestRow:
    """A failure with a text, or a success."""
    name = "ok" if text is None else outcome
    return RequestRow(0, 1, text, 0, 0.0, 0.0, 0.1, None, name, None, sent_bytes)


@pytest.mark.parametrize("parts", [2, 3, 7, 40])
def test_many_readers_find_the_texts_that_one_finds(tmp_path: Path, parts: int) -> None:
    """Row by row the same, though each part knows texts that others have no room for."""
    chance = random.Random(26)
    words = chance.choices(range(120), [1 / (i + 1) for i in range(120)], k=3000)
    path = log_of(
        tmp_path / "log", [(chance.choice(["http_500", "reset"]), word(n)) for n in words]
    )
    whole = read_stretch(path)
    starts = [*line_starts(path, parts), path.stat().st_size]
    first, *rest = [read_stretch(path, a, b) for a, b in pairwise(starts)]
    for more in rest:
        first.extend(more)
    assert by_row(first.table) == by_row(whole.table)
    others = [each for each in by_row(whole.table) if each and each.text == OTHER_TEXTS]
    assert len(others) > 100


def test_a_row_that_is_damaged_says_nothing_about_others() -> None:
    """A number of it is out of range: its chunk is added again, row by row, without a trace."""
    late, early = TableBuilder(), TableBuilder()
    late.add([request(word(n)) for n in range(TEXTS_PER_CLASS)])
    with pytest.raises(OverflowError):
        late.add([request("known to the other"), request(None, 2**40)])
    late.add([request(None)])
    early.add([request("known to the other")])
    early.extend(late)
    assert by_row(early)[-1] is None


def test_texts_without_end_do_not_fill_the_memory() -> None:
    """What is kept of a text that is like no other is a few bytes, however long it is."""
    table = TableBuilder()
    long = "x " * 50_000
    tracemalloc.start()
    for start in range(0, 600, 100):
        table.add([request(word(n) + long) for n in range(start, start + 100)])
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(table) == 600
    assert kept < 15e6  # of 120 MB


def test_classes_without_end_do_not_fill_the_memory() -> None:
    """A line with one more class than there can be is damaged, and its class is forgotten."""
    whole = Stretch()
    whole.add([request("no", outcome=f"class {n}") for n in range(3 * MOST_OUTCOMES)])
    assert len(whole.table.columns().outcomes) == MOST_OUTCOMES
    assert len(whole.table) == MOST_OUTCOMES - 1
    assert whole.tally.damaged == 2 * MOST_OUTCOMES + 1


def test_every_status_with_many_texts_has_room(tmp_path: Path) -> None:
    """40,000 kinds of failures fit: no line counts as damaged."""
    failures = [(f"http_{100 + n % 800}", word(n // 800)) for n in range(40_000)]
    log = read_log(log_of(tmp_path / "log", failures))
    assert log.damage.lines == 0
    assert sum(text.count for text in failure_texts(log.requests)) == len(failures)


def test_an_older_log_keeps_few_of_many_texts(tmp_path: Path) -> None:
    """Its rows share the texts that are kept: those of one class, and one for all others."""
    said = [("http_500", f"(500) {word(n)}") for n in range(1000)]
    path = older_log_of(tmp_path / "log", said)
    kept = {id(text) for text in older_rows(path, path).failures.values()}
    assert len(kept) == TEXTS_PER_CLASS + 1
    found = {(t.outcome, t.text): t.count for t in analyse(read_log(path)).failure_texts}
    assert found == {**dict.fromkeys(said[:50], 1), ("http_500", OTHER_TEXTS): 950}


@pytest.mark.parametrize("text", ["z" * 400_000, "a_" * 200_000, "z." * 200_000, "é" * 400_000])
def test_a_long_text_takes_no_long_time(text: str) -> None:
    """A word of any length is looked at once; quadratic patterns would take minutes.

    A number at the end of the word makes the whole word one.
    """
    without_ids(text)
    assert without_ids(f"{text}1") == "#"
    TableBuilder().add([request(text[:LONGEST_TEXT_CHARS] * 50)])


def test_a_text_with_a_number_is_called_an_example(tmp_path: Path) -> None:
    """In headline and finding, from a log of either form; a text without one is quoted as it is."""
    numbered = [("http_500", f"(500) pod {n} is gone") for n in range(60)]
    for write in (log_of, older_log_of):
        summary = analyse(read_log(write(tmp_path / write.__name__, numbered)))
        assert [text.count for text in summary.failure_texts] == [60]
        failed = next(f for f in find(summary) if f.code == "failed_http_500")
        for said in (headline(summary), message(failed)):
            assert ": for example (500) pod 0 is gone" in said
    same = analyse(read_log(log_of(tmp_path / "same", [("http_500", "the disk is full")] * 9)))
    assert "failed as http_500: the disk is full" in headline(same)
