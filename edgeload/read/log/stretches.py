"""A stretch of a log -> columns. A large log is read in several stretches, by as many processes.

They are processes of their own, which write their Stretch to stdout, pickled, and the values of its
columns behind that: a fork of a notebook's process, or a spawn, which imports somebody's script
again, would run what is not ours.
"""

from __future__ import annotations

import gc
import pickle
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BufferedIOBase, BufferedReader
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from edgeload.box_records import BoxRecord, ModelChange, ModelGone
from edgeload.child_processes import command, die_with_parent, environment
from edgeload.machine import usable_cores
from edgeload.read.log.header_checks import LONGEST_RUN_S
from edgeload.read.log.table_builder import TableBuilder, Tally
from edgeload.records import (
    AskedAlone,
    End,
    Header,
    MachineSample,
    Missed,
    NodeClock,
    RampStepStart,
    RequestRow,
    Row,
    StepEnd,
    WorkerDied,
    WorkerSample,
)
from edgeload.runlog import DamagedLine, line_starts, read_records
from edgeload.signals import withheld
from edgeload.untrusted_text import printable

_ALONE_BYTES = 64 << 20
_READER = "edgeload.read.log.stretches:write_stretch"


_COUNTED = (
    AskedAlone,
    End,
    MachineSample,
    Missed,
    ModelChange,
    ModelGone,
    NodeClock,
    RampStepStart,
    StepEnd,
    WorkerDied,
    WorkerSample,
)
_MOST_OF_ALL = 1e15


@dataclass
class Stretch:
    """What a stretch of a log says; `lines` counts all of its lines, damaged ones included."""

    table: TableBuilder = field(default_factory=TableBuilder)
    tally: Tally = field(default_factory=Tally)
    lines: int = 0
    header: Header | None = None
    headers: int = 0
    end: End | None = None
    workers: list[WorkerSample] = field(default_factory=list)
    deaths: list[WorkerDied] = field(default_factory=list)
    asked_alone: list[AskedAlone] = field(default_factory=list)
    step_starts: list[RampStepStart] = field(default_factory=list)
    step_ends: list[StepEnd] = field(default_factory=list)
    box: list[BoxRecord] = field(default_factory=list)
    node_clocks: list[NodeClock] = field(default_factory=list)
    machines: list[MachineSample] = field(default_factory=list)
    last_s: float = 0.0

    def add(self, chunk: list[Any]) -> None:
        """Take in records, in file order."""
        requests = [r for r in chunk if type(r) is RequestRow]
        self._add_requests(requests)
        self.tally.retry(requests)
        self.lines += len(chunk)
        if len(requests) == len(chunk):
            return
        others = [
            _believable(r, self.lines - len(chunk) + i)
            for i, r in enumerate(chunk, 1)
            if type(r) is not RequestRow
        ]
        self.tally.miss(r for r in others if isinstance(r, Missed))
        self.tally.damage(r for r in others if isinstance(r, DamagedLine))
        self.workers += [r for r in others if isinstance(r, WorkerSample)]
        self.deaths += [r for r in others if isinstance(r, WorkerDied)]
        self.asked_alone += [r for r in others if isinstance(r, AskedAlone)]
        self.step_starts += [r for r in others if isinstance(r, RampStepStart)]
        self.step_ends += [r for r in others if isinstance(r, StepEnd)]
        self.box += [r for r in others if isinstance(r, BoxRecord)]
        self.node_clocks += [r for r in others if isinstance(r, NodeClock)]
        self.machines += [r for r in others if isinstance(r, MachineSample)]
        headers = [r for r in others if isinstance(r, Header)]
        self.header = self.header or next(iter(headers), None)
        self.headers += len(headers)
        self.end = next((r for r in others if isinstance(r, End)), self.end)
        self.last_s = max(self.last_s, *(_at_s(r) for r in others))

    def _add_requests(self, requests: list[RequestRow]) -> None:
        try:
            self.table.add(requests)
        except OverflowError:
            for i, request in enumerate(requests):
                try:
                    self.table.add([request])
                except OverflowError as problem:
                    text = msgspec.json.encode(request).decode()[:120]
                    self.tally.damage([DamagedLine(self.lines + i + 1, text, str(problem))])

    def extend(self, other: Stretch, values: BufferedIOBase | None = None) -> None:
        """Take in the stretch that follows, and the values of its table (`TableBuilder.extend`)."""
        self.table.extend(other.table, values)
        self.tally.extend(other.tally, self.lines)
        self.lines += other.lines
        self.header = self.header or other.header
        self.headers += other.headers
        self.end = other.end or self.end
        self.workers += other.workers
        self.deaths += other.deaths
        self.asked_alone += other.asked_alone
        self.step_starts += other.step_starts
        self.step_ends += other.step_ends
        self.box += other.box
        self.node_clocks += other.node_clocks
        self.machines += other.machines
        self.last_s = max(self.last_s, other.last_s)


def _believable(record: Any, line: int) -> Any:
    """The record; or the damage, if a number of it is one that no run can have written."""
    for name in record.__struct_fields__ if isinstance(record, _COUNTED) else ():
        value = getattr(record, name)
        most = LONGEST_RUN_S if name.endswith("_s") else _MOST_OF_ALL
        values = value.values() if isinstance(value, dict) else (value,)
        for each in values:
            if isinstance(each, int | float) and not abs(each) <= most:
                return DamagedLine(
                    line, printable(msgspec.json.encode(record)), f"{name} is {str(each)[:25]}"
                )
    return record


def _at_s(record: Row | DamagedLine) -> float:
    if isinstance(record, RampStepStart | StepEnd | WorkerSample | WorkerDied | End):
        return record.at_s
    return 0.0


def read_whole(path: Path, processes: int | None = None) -> Stretch:
    """All of a log: a small one in this process, a large one in `processes` side by side.

    None stands for one process per usable core.
    """
    size = path.stat().st_size
    processes = processes or usable_cores()
    if size < _ALONE_BYTES or processes < 2:
        return read_stretch(path)
    starts = [*line_starts(path, processes), size]
    try:
        return _read_side_by_side(path, [span for span in pairwise(starts) if span[0] < span[1]])
    except EOFError:  # one of them was killed while it handed over what it had read
        return read_stretch(path)


def read_stretch(path: Path, start: int = 0, end: int | None = None) -> Stretch:
    """The lines between two offsets, at both of which a line begins (None: the log's end)."""
    stretch = Stretch()
    for chunk in read_records(path, msgspec.json.Decoder(Row), start, end):
        stretch.add(chunk)
    return stretch


def _read_side_by_side(path: Path, spans: list[tuple[int, int]]) -> Stretch:
    """The stretches, joined. What a process has not read to its end, this one reads itself.

    They hand over what they have read through pipes: files would fill as much memory again. Raises
    EOFError if one does not hand over all.
    """
    whole = Stretch()
    with ExitStack() as stack:
        readers = []
        for start, end in spans:
            with withheld():
                reader = subprocess.Popen(
                    command(_READER, str(path), str(start), str(end)),
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=environment(),
                )
            readers.append(stack.enter_context(reader))
            stack.callback(reader.kill)
        for span, reader in zip(spans, readers, strict=True):
            assert isinstance(reader.stdout, BufferedReader)
            try:
                stretch: Stretch = pickle.load(reader.stdout)
            except (EOFError, pickle.UnpicklingError):
                whole.extend(read_stretch(path, *span))
            else:
                whole.extend(stretch, reader.stdout)
                del stretch
    return whole


def write_stretch() -> None:
    """What a process of ours does: one stretch, pickled, to stdout."""
    die_with_parent()
    gc.disable()  # it ends soon, and what it makes refers to nothing
    path, start, end = sys.argv[1:]
    stretch = read_stretch(Path(path), int(start), int(end))
    pickle.dump(stretch, sys.stdout.buffer, protocol=5)
    stretch.table.save_values(sys.stdout.buffer)
