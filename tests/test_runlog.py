"""Laws of the shared log: whole lines from many processes, read back, damage counted."""

from __future__ import annotations

import datetime
import logging
import multiprocessing
import os
import re
import signal
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from edgeload.records import Anchor, Missed, Record, Request, RequestRow, WallClock, encode
from edgeload.runlog import DamagedLine, LogWriter, create_log, read_records

context = multiprocessing.get_context("forkserver")


def request(client: int, number: int, error: str | None = None) -> Request:
    return Request(
        "2026-11-23 18:30:01,123", 1.5, client, number, 0.05, error is None, error,
        0, 0.1, 0.1, 0.15, 200, "ok", True, 20_000,
    )  # fmt: skip


def write_many(path: Path, client: int, batches: int, batch: int) -> None:
    log = LogWriter(path)
    for n in range(batches):
        log.append([request(client, n * batch + i + 1, "x" * 150) for i in range(batch)])


def all_records(path: Path) -> list[Any]:
    return [record for chunk in read_records(path) for record in chunk]


def test_many_processes_append_whole_lines(tmp_path: Path) -> None:
    """Four processes write 4,000 lines each in batches: every line is whole, none is missing."""
    path = tmp_path / "log"
    create_log(path)
    workers = [context.Process(target=write_many, args=(path, c, 40, 100)) for c in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    records = [msgspec.json.decode(line, type=Request) for line in path.read_bytes().splitlines()]
    seen = sorted((r.worker_number, r.request_number) for r in records)
    assert seen == [(c, n) for c in range(4) for n in range(1, 4001)]


def write_forever(path: Path, client: int, both_have_begun: Any) -> None:
    log = LogWriter(path)
    log.append([request(client, 0)])
    both_have_begun.wait()
    for n in range(1_000_000):
        log.append([request(client, n + 1, "y" * 180)] * 50)


def test_a_killed_writer_damages_no_line_but_its_own_last(tmp_path: Path) -> None:
    """SIGKILL may cut its write at a page's end; those who write on lose nothing by it."""
    path = tmp_path / "log"
    create_log(path)
    begun = context.Barrier(2)
    workers = [
        context.Process(target=write_forever, args=(path, c, begun), daemon=True) for c in range(2)
    ]
    for worker in workers:
        worker.start()
    while path.stat().st_size < 2_000_000:
        workers[0].join(0.01)
    for worker in workers:
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
        worker.join()
    log = LogWriter(path)
    log.end_torn_line()
    log.append([request(7, n + 1) for n in range(100)])
    records = all_records(path)
    assert sum(isinstance(record, DamagedLine) for record in records) <= 2
    whole = [record for record in records if isinstance(record, Request)]
    assert {record.worker_number for record in whole} == {0, 1, 7}
    assert [r.request_number for r in whole if r.worker_number == 7] == list(range(1, 101))


def test_a_cut_line_is_ended_when_its_writer_has_died(tmp_path: Path) -> None:
    """So the cut costs one line, and the line after it is whole. A whole line is left alone."""
    path = tmp_path / "log"
    path.write_bytes(encode([request(0, 1), request(0, 2)])[:-20])
    log = LogWriter(path)
    for _ in range(2):
        log.end_torn_line()
    log.append([request(1, 1)])
    first, cut, last = all_records(path)
    assert (first, last) == (request(0, 1), request(1, 1))
    assert isinstance(cut, DamagedLine)
    assert b"" not in path.read_bytes().splitlines()


def test_a_line_that_another_writer_is_at_is_left_alone(tmp_path: Path) -> None:
    """A part of its write may be visible: no append may end that line, or an empty one follows."""
    path = tmp_path / "log"
    whole = encode([request(0, 1), request(0, 2)])
    path.write_bytes(whole[:-20])
    LogWriter(path).append([request(1, 1)])
    assert path.read_bytes() == whole[:-20] + encode([request(1, 1)])


def test_a_record_behind_a_torn_line_is_not_lost(tmp_path: Path) -> None:
    """Others write on before the death is noticed: only the dead writer's own line is damaged."""
    path = tmp_path / "log"
    path.write_bytes(encode([request(0, 1), request(0, 2)])[:-20] + encode([request(1, 1)]))
    first, cut, last = all_records(path)
    assert (first, last) == (request(0, 1), request(1, 1))
    assert isinstance(cut, DamagedLine)
    assert cut.number == 2


def test_records_survive_the_way_through_the_log(tmp_path: Path) -> None:
    """Written and read back they are equal, also with texts that need escapes."""
    path = tmp_path / "log"
    records = [request(1, 2, 'quote " newline \n snow \u2603'), Missed(1.0, 3, 4, 0, 2.5, "late")]
    log = LogWriter(path)
    log.append(records)
    log.append([])
    assert all_records(path) == records
    assert path.read_bytes().count(b"\n") == 2


def test_a_new_log_replaces_the_old(tmp_path: Path) -> None:
    """Each run overwrites the file, and makes its folder."""
    path = tmp_path / "new" / "log"
    for _ in range(2):
        create_log(path)
        LogWriter(path).append([request(0, 1)])
    assert len(all_records(path)) == 1


def test_damage_is_given_in_its_place(tmp_path: Path) -> None:
    """A line that is no record comes back as such, with its number; the others are unharmed."""
    path = tmp_path / "log"
    good = encode([request(0, 1)])
    path.write_bytes(
        good + b'{"event":"request","ts":\x1b[31m\n' + good + b"\xff\xfe\n" + good[:40]
    )
    records = all_records(path)
    assert [type(r).__name__ for r in records] == [
        "Request", "DamagedLine", "Request", "DamagedLine", "DamagedLine",
    ]  # fmt: skip
    damaged = [r for r in records if isinstance(r, DamagedLine)]
    assert [d.number for d in damaged] == [2, 4, 5]
    assert all(d.text.isprintable() and d.problem for d in damaged)


@pytest.mark.parametrize("lines", [1, 20_000])
def test_chunks_hide_no_line(tmp_path: Path, lines: int) -> None:
    """A log of several chunks, or with no newline at its end, is read in full and in order."""
    path = tmp_path / "log"
    path.write_bytes(encode([request(0, n + 1) for n in range(lines)])[:-1])
    assert [r.request_number for r in all_records(path)] == list(range(1, lines + 1))


def test_the_wall_clock_labels_are_those_of_logging() -> None:
    """`asctime` is what Python's logging would write for the same instant; `labels` are the two.

    Also if the same millisecond is asked for again, as busy clients do.
    """
    anchor = Anchor(wall_s=1_795_000_000.25, monotonic_s=100.0)
    clock = WallClock(anchor)
    for run_s in (0.0002, 0.0012, 0.7499, 0.7502, 3600.5004):
        ts = clock.ts(run_s)
        both = [WallClock(anchor).labels(run_s), clock.labels(run_s), clock.labels(run_s + 1e-5)]
        assert both == [(ts, clock.asctime(ts))] * 3
        record = logging.makeLogRecord({"created": ts, "msecs": float(round(ts % 1 * 1000))})
        assert clock.asctime(ts) == logging.Formatter("%(asctime)s").format(record)
        assert datetime.datetime.fromtimestamp(ts).second == int(clock.asctime(ts)[17:19])


def test_request_lines_have_the_keys_that_readers_rely_on() -> None:
    """The documented keys, in the documented order."""
    assert list(msgspec.json.decode(encode([request(0, 1)]))) == [
        "event", "asctime", "ts", "worker_number", "request_number", "latency", "success",
        "error", "step", "due_s", "sent_s", "done_s", "status", "outcome", "from_edge", "bytes",
    ]  # fmt: skip


def test_a_row_is_a_part_of_a_request() -> None:
    """What the analysis decodes has the names and types of what is written."""
    whole = {field.name: field.type for field in msgspec.structs.fields(Request)}
    part = {field.name: field.type for field in msgspec.structs.fields(RequestRow)}
    assert part.items() <= whole.items()
    assert RequestRow.__struct_config__.tag == Request.__struct_config__.tag


def test_the_page_lists_every_kind_of_line() -> None:
    """docs/log.md has a row for each type of record, and no other."""
    page = (Path(__file__).parents[1] / "docs" / "log.md").read_text()
    listed = re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE)
    kinds = {str(kind.__struct_config__.tag) for kind in get_args(Record)}
    assert sorted(set(listed) & kinds) == sorted(kinds)
