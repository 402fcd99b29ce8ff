"""A log read in stretches is the log read whole."""

from __future__ import annotations

import io
import pickle
import random
from collections.abc import Iterable
from io import BufferedIOBase
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest
import synthetic_log as sl
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeload.box_records import BoxResources, Usage
from edgeload.read.log import stretches as part
from edgeload.read.log.open import read_log
from edgeload.read.log.stretches import Stretch, read_stretch, read_whole
from edgeload.read.log.table_builder import TableBuilder
from edgeload.records import AskedAlone, encode
from edgeload.runlog import line_starts


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3,000 requests of several outcomes, missed ones, a death, and three damaged lines."""
    played = sl.play(
        sl.plan_of([20, 60], 12, 3.0),
        servers=4,
        service=sl.exponential(0.05),
        outcome=lambda chance, sent_s: chance.choice(["ok"] * 8 + ["reset", "http_503"]),
    )
    played.requests = [
        r if r.outcome == "ok" else msgspec.structs.replace(r, error=f"worker {i}: {r.outcome}")
        for i, r in enumerate(played.requests)
    ]
    path = tmp_path_factory.mktemp("log") / "load.log"
    sl.write(path, played, deaths=[sl.death(1, 5.0)])
    lines = path.read_bytes().splitlines(keepends=True)
    chance = random.Random(1)
    for at in (400, 1200, len(lines) - 10):
        lines[at] = lines[at][: chance.randrange(5, 50)] + b"\n"
    alone = AskedAlone(sl.WALL_S, "cameras", "det_x", 2, 1, {"YES": 1}, ["m"], -2.0, -1.0)
    lines[1:1] = [encode([alone]), encode([alone])]
    for at in (900, 300):  # what the box says stands between the requests
        lines.insert(at, encode([BoxResources(sl.WALL_S, float(at), 0.1, Usage(50.0))]))
    path.write_bytes(b"".join(lines))
    return path


def same(one: Stretch, other: Stretch) -> None:
    a, b = one.table.columns(), other.table.columns()
    assert [a.outcomes[i] for i in a.outcome] == [b.outcomes[i] for i in b.outcome]
    texts = [[None if i < 0 else r.errors[i] for i in r.error] for r in (a, b)]
    assert texts[0] == texts[1]
    for name in ("client", "number", "step", "due_s", "sent_s", "done_s", "from_edge", "status"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert one.tally.missed == other.tally.missed
    assert one.tally.total == other.tally.total
    assert (one.lines, one.header, one.end) == (other.lines, other.header, other.end)
    assert (one.asked_alone, one.box) == (other.asked_alone, other.box)
    assert (one.workers, one.deaths, one.last_s) == (other.workers, other.deaths, other.last_s)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 50])
def test_stretches_add_up_to_the_whole(log: Path, count: int) -> None:
    """Columns, codes, counts and the number of the first damaged line, wherever it is cut."""
    whole = read_stretch(log)
    assert whole.tally.damaged == 3
    assert len(whole.asked_alone) == 2
    assert [record.at_s for record in whole.box] == [300.0, 900.0]
    assert whole.lines == len(log.read_bytes().splitlines())
    size = log.stat().st_size
    first, *rest = [read_stretch(log, a, b) for a, b in pairwise([*line_starts(log, count), size])]
    for more in rest:
        first.extend(more)
    same(first, whole)


def _handed_over(stretches: Iterable[Stretch]) -> Stretch:
    """All of them, as processes of ours hand them over."""
    whole = Stretch()
    for stretch in stretches:
        file = io.BytesIO()
        pickle.dump(stretch, file, protocol=5)
        stretch.table.save_values(file)
        file.seek(0)
        whole.extend(pickle.load(file), file)
    return whole


@given(
    cut=st.floats(0.0, 1.0),
    torn=st.lists(st.floats(0.0, 1.0), max_size=4),
    width=st.integers(0, 99),
)
@settings(max_examples=20, deadline=None)
def test_two_processes_report_the_same_damage(
    log: Path, cut: float, torn: list[float], width: int
) -> None:
    """A log with bytes missing anywhere, newlines among them, whose second part begins anywhere."""
    data = bytearray(log.read_bytes())
    for place in sorted(torn, reverse=True):
        at = int(place * (len(data) - width))
        del data[at : at + width]
    path = log.with_name("torn.log")
    path.write_bytes(data)
    with path.open("rb") as file:
        file.seek(int(cut * len(data)))
        file.readline()
        middle = file.tell()
    parts = (read_stretch(path, a, b) for a, b in ((0, middle), (middle, len(data))))
    same(_handed_over(parts), read_stretch(path))


def test_processes_side_by_side_read_the_same(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of them, as for a large log; and the whole way to the run's log."""
    monkeypatch.setattr(part, "_ALONE_BYTES", 0)
    same(read_whole(log, 3), read_stretch(log))
    assert len(read_log(log).requests) == len(read_stretch(log).table)


def test_one_that_is_killed_as_it_hands_over_loses_nothing(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came until then is no part of the log that is read instead, in this process."""
    monkeypatch.setattr(part, "_ALONE_BYTES", 0)
    added = TableBuilder.extend

    def cut_short(table: TableBuilder, other: TableBuilder, values: BufferedIOBase | None) -> None:
        assert values is not None
        added(table, other, io.BytesIO(values.read()[:-1]) if len(table) else values)

    monkeypatch.setattr(TableBuilder, "extend", cut_short)
    same(read_whole(log, 2), read_stretch(log))


def test_a_log_of_few_lines_is_cut_between_them(tmp_path: Path) -> None:
    """More stretches than lines: some are empty, none is lost or doubled."""
    path = tmp_path / "few"
    path.write_bytes(b"a\nbbbbbbbbbbbbbbbbbbbb\nc")
    starts = [*line_starts(path, 9), path.stat().st_size]
    pieces = [path.read_bytes()[a:b] for a, b in pairwise(starts) if a < b]
    assert b"".join(pieces) == path.read_bytes()
    assert len(pieces) > 1
    assert all(piece.endswith(b"\n") for piece in pieces[:-1])
