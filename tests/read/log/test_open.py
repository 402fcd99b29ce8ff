"""Logs of the present form: every column read back, damage counted, memory bounded."""

from __future__ import annotations

import tracemalloc
import uuid
from pathlib import Path

import numpy as np
import pytest
import synthetic_log as sl

from edgeload.read.analysis.findings import find
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.columns import OTHER_TEXTS, TEXTS_PER_CLASS
from edgeload.read.log.log_error import LogError
from edgeload.read.log.open import load_log, read_log
from edgeload.read.output.summary_json import summary_json
from edgeload.read.words.finding_words import message
from edgeload.records import Preflight, encode


def _played() -> sl.Played:
    return sl.play(
        sl.plan_of([2, 4], 3, 5.0),
        servers=2,
        service=sl.exponential(0.05),
        outcome=lambda chance, sent_s: "reset" if chance.random() < 0.1 else "ok",
    )


def test_columns_are_the_records(tmp_path: Path) -> None:
    """Every field of every request comes back in its column, in the log's order."""
    played = _played()
    requests = read_log(sl.write(tmp_path / "log", played)).requests
    expected = sorted(played.requests, key=lambda r: r.ts)
    assert len(requests) == len(expected)
    assert requests.client.tolist() == [r.worker_number for r in expected]
    assert requests.number.tolist() == [r.request_number for r in expected]
    assert requests.step.tolist() == [r.step for r in expected]
    assert requests.due_s.tolist() == [r.due_s for r in expected]
    assert requests.sent_s.tolist() == [r.sent_s for r in expected]
    assert requests.done_s.tolist() == [r.done_s for r in expected]
    assert requests.ok.tolist() == [r.success for r in expected]
    assert [requests.outcomes[i] for i in requests.outcome] == [r.outcome for r in expected]
    texts = [requests.errors[i].text if i >= 0 else None for i in requests.error]
    assert texts == [r.error for r in expected]
    assert requests.status.tolist() == [r.status or 0 for r in expected]
    assert requests.bytes.tolist() == [r.bytes for r in expected]


def test_the_notebook_table_has_one_row_per_request(tmp_path: Path) -> None:
    """load_log gives a DataFrame whose times are differences of its instants and whose text is."""
    played = _played()
    table = load_log(sl.write(tmp_path / "log", played))
    assert len(table) == len(played.requests)
    assert np.allclose(table.service_s, table.done_s - table.sent_s)
    assert np.allclose(table.response_s, table.done_s - table.due_s)
    failed = table[~table.ok]
    assert set(failed.outcome) == {"reset"}
    assert set(failed.error) == {"reset: no answer"}
    assert bool(table.error[table.ok].isna().all())
    assert bool(table.from_edge[table.ok].all())


def test_queries_before_the_run_are_in_no_figure(tmp_path: Path) -> None:
    """A log gives the same results with and without `preflight` lines, and none is damage."""
    path = sl.write(tmp_path / "log", _played())

    def results() -> str:
        summary = analyse(read_log(path))
        return summary_json(summary, find(summary))

    without = results()
    header, rest = path.read_bytes().split(b"\n", 1)
    before = [
        Preflight(sl.WALL_S - 1.0, 1, -1.1, -1.0, 503, "http_503", None, "not ready"),
        Preflight(sl.WALL_S - 0.8, 2, -0.9, -0.8, 200, "ok", True, None),
    ]
    path.write_bytes(header + b"\n" + encode(before) + rest)
    assert results() == without


def test_a_line_cut_or_garbled_is_counted_and_the_first_shown(tmp_path: Path) -> None:
    """Three kinds of damage cost only their own lines, and the first is named by its number."""
    path = sl.write(tmp_path / "log", _played())
    whole = read_log(path)
    lines = path.read_bytes().split(b"\n")
    lines[10] = b'{"event":"request","ts":\x1b[31m'
    lines[20] = lines[20][: len(lines[20]) // 2]
    lines.insert(30, b"not json at all")
    path.write_bytes(b"\n".join(lines))
    log = read_log(path)
    assert log.damage.lines == 3
    assert log.damage.first is not None
    assert log.damage.first.number == 11
    assert "\x1b" not in log.damage.first.text
    assert len(whole.requests) - 2 <= len(log.requests) < len(whole.requests)


def test_numbers_that_no_column_or_step_can_hold_are_damage(tmp_path: Path) -> None:
    """A client number over 32 bits and a step outside the plan are damage, not a crash."""
    played = _played()
    played.requests.append(sl.request(2**40, 1, 0, 0.1, 0.1, 0.2))
    played.requests.append(sl.request(1, 999, 7, 0.1, 0.1, 0.2))
    log = read_log(sl.write(tmp_path / "log", played))
    assert log.damage.lines == 2
    assert len(log.requests) == len(played.requests) - 2


def test_distinct_texts_are_bounded(tmp_path: Path) -> None:
    """A failure class keeps at most 50 distinct texts and one entry for all further ones."""
    played = sl.Played(sl.plan_of([1], 10, 100.0))
    for i in range(1, 400):
        at = i / 50
        played.requests.append(
            sl.request(0, i, 0, at, at, at + 0.01, "reset", f"text {chr(19_968 + i)}")
        )
    log = read_log(sl.write(tmp_path / "log", played))
    texts = [error.text for error in log.requests.errors]
    assert len(texts) == TEXTS_PER_CLASS + 1
    assert texts[-1] == OTHER_TEXTS
    others = int((log.requests.error == TEXTS_PER_CLASS).sum())
    assert others == 399 - TEXTS_PER_CLASS


def test_texts_that_differ_in_numbers_and_ids_are_one(tmp_path: Path) -> None:
    """400 failures with a UUID each: one text with its count, and a real one is shown."""
    played = sl.Played(sl.plan_of([1], 10, 100.0))
    said = [f"request {uuid.UUID(int=i << 70)} failed on 10.0.0.{i % 9}:80{i}" for i in range(400)]
    for i, text in enumerate(said, 1):
        played.requests.append(sl.request(0, i, 0, i / 50, i / 50, i / 50, "http_500", text))
    played.requests.append(sl.request(0, 401, 0, 9.0, 9.0, 9.1, "http_500", "the disk is full"))
    played.requests.append(sl.request(0, 402, 0, 9.1, 9.1, 9.2, "http_503", said[5]))
    summary = analyse(read_log(sl.write(tmp_path / "log", played)))
    found = {(t.outcome, t.text): t.count for t in summary.failure_texts}
    assert found == {
        ("http_500", said[0]): 400,
        ("http_500", "the disk is full"): 1,
        ("http_503", said[5]): 1,
    }
    assert said[0] in message(next(f for f in find(summary) if f.code == "failed_http_500"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot read"),
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"hello\nworld\n", "not the log of a load test"),
        (b'{"event":"header","x":1}\n', "header"),
    ],
)
def test_what_is_no_log_is_said_in_one_line(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    """A missing, empty, foreign or headless file is a LogError of one line that names it."""
    path = tmp_path / "some.log"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LogError) as problem:
        read_log(path)
    assert words in str(problem.value)
    assert str(path) in str(problem.value)
    assert "\n" not in str(problem.value)


def test_several_runs_in_one_file_are_refused(tmp_path: Path) -> None:
    """Their requests would add up to a throughput that no endpoint had."""
    one = sl.write(tmp_path / "one", _played()).read_bytes()
    path = tmp_path / "both"
    path.write_bytes(one + b"\n" + one)
    line = len(one.splitlines()) + 2
    with pytest.raises(LogError, match=f"several runs, and the second begins in line {line}:"):
        read_log(path)
    assert b'"event":"header"' in path.read_bytes().splitlines()[line - 1]


def test_a_log_joined_with_one_of_the_older_form_is_refused(tmp_path: Path) -> None:
    """Whichever comes first, its requests are not dropped as damage."""
    one = sl.write(tmp_path / "one", _played()).read_bytes()
    older = b'RAMP 1\n{"ts": 1.0, "latency": 0.1, "success": true, "worker_number": 0}\n'
    path = tmp_path / "both"
    for joined in (one + older, older + one):
        path.write_bytes(joined)
        with pytest.raises(LogError, match="is of the older form: two logs were joined"):
            read_log(path)


def test_a_text_that_quotes_a_log_is_refused(tmp_path: Path) -> None:
    """A whole header in the midst of a text does not make it a log."""
    header = sl.write(tmp_path / "one", _played()).read_bytes().splitlines()[0]
    path = tmp_path / "README.md"
    path.write_bytes(b"# The log\n\nIts first line:\n\n" + header + b"\n\nThat was all.\n")
    with pytest.raises(LogError, match=r"README\.md is not the log of a load test: "):
        read_log(path)


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    """A log of a later format version is not guessed at."""
    path = sl.write(tmp_path / "log", _played())
    path.write_bytes(path.read_bytes().replace(b'"format_version":1', b'"format_version":2', 1))
    with pytest.raises(LogError, match="newer"):
        read_log(path)


def test_memory_per_record_is_that_of_its_columns(tmp_path: Path) -> None:
    """200,000 records cost about their 44 bytes of columns each: no object is kept for one.

    The bound is 44 bytes, an eighth for the growth of the arrays, the old block while one array is
    copied to a larger one, and 8 MB for the chunk of records in flight.
    """
    n = 200_000
    path = tmp_path / "log"
    played = sl.Played(sl.plan_of([1], 100, 2000.0), [sl.request(0, 1, 0, 0.5, 0.5, 0.6)])
    sl.write(path, played, end=None)
    lines = path.read_bytes().split(b"\n")
    line = next(line for line in lines if b'"event":"request"' in line)
    with path.open("ab") as file:
        for _ in range(n // 10_000):
            file.write((line + b"\n") * 10_000)
    tracemalloc.start()
    try:
        log = read_log(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(log.requests) == n + 1
    assert peak < n * (44 * 9 / 8 + 8) + 8 * 2**20
