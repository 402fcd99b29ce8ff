"""Reads logs of the older form: JSON request lines between plain lines `RAMP <n> [ts=<epoch>]`."""

from __future__ import annotations

import math
import re
import time
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median

import msgspec

from edgeload.failure_classes import SUCCESS, UNCLASSIFIED
from edgeload.plan import RampStep
from edgeload.read.log.columns import LogError, RunLog, TableBuilder, Tally
from edgeload.records import RequestRow
from edgeload.runlog import DamagedLine, read_lines
from edgeload.untrusted_text import printable

_RAMP = re.compile(rb"\s*RAMP\s+(\d+)(?:\s+ts=(\d+(?:\.\d+)?))?\s*")
_SHOWN_CHARS = 120
_ROWS_A_BATCH = 10_000


class _Line(msgspec.Struct):
    """A JSON line of the older form, or of its successor, which adds `ts` and `event`."""

    asctime: str | None = None
    ts: float | None = None
    event: str = "request"
    worker_number: int | None = None
    request_number: int | None = None
    latency: float | None = None
    success: bool | None = None
    error: str | None = None


@dataclass
class _Mark:
    """A `RAMP` line: clients from `at_wall_s` on."""

    clients: int
    at_wall_s: float | None


@dataclass
class _Found:
    """What the lines hold, wall-clock seconds, in the log's order."""

    marks: list[_Mark] = field(default_factory=list)
    client: array[int] = field(default_factory=lambda: array("i"))
    number: array[int] = field(default_factory=lambda: array("i"))
    done_wall_s: array[float] = field(default_factory=lambda: array("d"))
    latency_s: array[float] = field(default_factory=lambda: array("d"))
    errors: dict[int, str] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)


def looks_older(lines: Iterable[bytes]) -> bool:
    """Whether one of a log's first lines is of the older form."""
    decoder = msgspec.json.Decoder(_Line)
    return any(_RAMP.fullmatch(line) or _is_request(decoder, line) for line in lines)


def read(path: Path, name: Path, requests_per_second: float | None) -> RunLog:
    """An older log as a RunLog that is called `name`. Raises LogError if it has no request.

    Such a log says when a request was done and how long it took, so sent = done - latency. When it
    was due it does not say: due times are NaN, and nothing can be known about response time,
    generator lag or requests missed. A request belongs to the step it was sent in.
    """
    found = _find(path)
    if not found.done_wall_s:
        raise LogError(f"the log {name} holds no request")
    first_sent = min(d - t for d, t in zip(found.done_wall_s, found.latency_s, strict=True))
    last_done = max(found.done_wall_s)
    wall_s, steps = _steps(found, first_sent, last_done)
    return RunLog(
        path=name,
        header=None,
        plan=None,
        steps=steps,
        requests_per_second=requests_per_second,
        wall_s=wall_s,
        last_s=last_done - wall_s,
        requests=_table(found, wall_s, steps).columns(),
        missed={},
        workers=(),
        deaths=(),
        end=None,
        damage=found.tally.total,
    )


def _find(path: Path) -> _Found:
    found = _Found()
    decoder = msgspec.json.Decoder(_Line)
    clock = _Asctime()
    for number, lines in read_lines(path):
        for i, line in enumerate(lines):
            if not line.strip():
                continue
            if ramp := _RAMP.fullmatch(line):
                _mark(found, ramp)
                continue
            try:
                _take(found, decoder.decode(line), clock)
            except (msgspec.MsgspecError, ValueError, OverflowError) as problem:
                found.tally.damage(
                    [DamagedLine(number + i, printable(line)[:_SHOWN_CHARS], str(problem))]
                )
    return found


def _mark(found: _Found, ramp: re.Match[bytes]) -> None:
    at = float(ramp[2]) if ramp[2] else None
    if at is None and found.done_wall_s:
        at = found.done_wall_s[-1]  # the line before was written when its request was done
    found.marks.append(_Mark(int(ramp[1]), at))


def _take(found: _Found, line: _Line, clock: _Asctime) -> None:
    """Keep a request line. Raises ValueError if it has no latency or success."""
    if line.event != "request":
        return  # samples of the host's CPU and GPU
    if line.latency is None or line.success is None or not 0 <= line.latency < math.inf:
        raise ValueError("a request without latency or success")
    done_wall_s = line.ts if line.ts is not None else clock.seconds(line.asctime)
    client = line.worker_number or 0
    number = line.request_number or len(found.number) + 1
    if not max(abs(client), abs(number)) < 2**31:
        raise ValueError("worker_number or request_number is out of range")
    if not line.success:
        found.errors[len(found.number)] = line.error or ""
    found.client.append(client)
    found.number.append(number)
    found.done_wall_s.append(done_wall_s)
    found.latency_s.append(line.latency)


def _steps(
    found: _Found, first_sent: float, last_done: float
) -> tuple[float, tuple[RampStep, ...]]:
    """Wall-clock second of run time 0, and the steps in run time.

    The log does not say when the last step was to end. The steps before it were of one length, as
    a rule, so it ends after their median length, or with the last answer if that is earlier.
    """
    marks = found.marks or [_Mark(len(set(found.client)), first_sent)]
    starts = [m.at_wall_s if m.at_wall_s is not None else first_sent for m in marks]
    starts = [max(starts[: i + 1]) for i in range(len(starts))]
    lengths = [b - a for a, b in pairwise(starts)]
    final = min(last_done, starts[-1] + median(lengths)) if lengths else last_done
    ends = [*starts[1:], max(final, starts[-1])]
    return starts[0], tuple(
        RampStep(i, mark.clients, start - starts[0], end - starts[0])
        for i, (mark, start, end) in enumerate(zip(marks, starts, ends, strict=True))
    )


def _table(found: _Found, wall_s: float, steps: tuple[RampStep, ...]) -> TableBuilder:
    table = TableBuilder()
    starts = [step.start_s for step in steps]
    batch: list[RequestRow] = []
    for i, done_wall_s in enumerate(found.done_wall_s):
        done_s = done_wall_s - wall_s
        sent_s = done_s - found.latency_s[i]
        error = found.errors.get(i)
        batch.append(
            RequestRow(
                worker_number=found.client[i],
                request_number=found.number[i],
                error=error,
                step=max(0, bisect_right(starts, sent_s) - 1),
                due_s=math.nan,
                sent_s=sent_s,
                done_s=done_s,
                status=None,
                outcome=SUCCESS if error is None else UNCLASSIFIED,
                from_edge=None,
                bytes=0,
            )
        )
        if len(batch) == _ROWS_A_BATCH:
            table.add(batch)
            batch.clear()
    table.add(batch)
    return table


class _Asctime:
    """Unix seconds of local times, for example `2026-11-23 18:30:01` with or without `,123`."""

    def __init__(self) -> None:
        self._text = ""
        self._second = 0.0

    def seconds(self, text: str | None) -> float:
        """Raises ValueError for a text of another form."""
        if text is None:
            raise ValueError("a request without ts or asctime")
        head, tail = text[:19], text[19:]
        if head != self._text:
            self._second = time.mktime(time.strptime(head, "%Y-%m-%d %H:%M:%S"))
            self._text = head
        if not tail:
            return self._second
        if tail[0] not in ",." or not tail[1:].isdecimal():
            raise ValueError(f"asctime {text[:40]!r} is of no known form")
        return self._second + float(f"0.{tail[1:]}")


def _is_request(decoder: msgspec.json.Decoder[_Line], line: bytes) -> bool:
    try:
        decoded = decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return decoded.latency is not None and decoded.success is not None
