"""A log as columns: one row per request sent, a few bytes each, and what else the log says."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edgeload.camera_group import DEFAULT_GROUP
from edgeload.failure_classes import SUCCESS
from edgeload.host.samples import HostSample
from edgeload.plan import Plan, RampStep
from edgeload.read.statistics.windows import Floats
from edgeload.records import (
    AskedAlone,
    End,
    Header,
    Missed,
    RequestRow,
    WorkerDied,
    WorkerSample,
)
from edgeload.runlog import DamagedLine

TEXTS_PER_CLASS = 50
OTHER_TEXTS = "(further texts)"
NO_TEXT = -1
_WITH_DIGIT = re.compile(r"[\w.:+-]*\d[\w.:+-]*\b")

# Type codes of the columns, for `array` and numpy alike.
_TYPES = {
    "client": "i",
    "number": "i",
    "step": "h",
    "due_s": "d",
    "sent_s": "d",
    "done_s": "d",
    "outcome": "b",
    "error": "h",
    "from_edge": "b",
    "status": "h",
    "bytes": "i",
}

Ints = npt.NDArray[np.integer[Any]]
Bools = npt.NDArray[np.bool_]


class LogError(ValueError):
    """A log that cannot be read at all; the message is one line for the user."""


class ErrorText(NamedTuple):
    """A failure's class and one of its texts, as `Requests.error` refers to them.

    Texts of a class that differ only in numbers and ids count as the first of them.
    """

    outcome: str
    text: str


@lru_cache(maxsize=4096)
def without_numbers(text: str) -> str:
    """The text with a # for each word that holds a digit: numbers, times, addresses and ids.

    >>> without_numbers("request 3f2a-77 to 10.0.0.7:8000 failed after 1.5e-3 s")
    'request # to # failed after # s'
    """
    return _WITH_DIGIT.sub("#", text)


@dataclass(frozen=True)
class Requests:
    """Requests that were sent, or frames (see `frames`), by columns of one length, in the log's
    order.

    Instants are seconds of run time. Codes: `outcome` indexes `outcomes` (0 is "ok"), `error`
    indexes `errors` (-1 is none), `from_edge` is 1, 0 or -1 (not said), `status` is 0 for none.
    `due_s` is NaN throughout for a log that does not say it (see `RunLog.plan`); `sent_s` is NaN
    if such a log does not say how long an answer took. `part` is None if each row is a frame, or
    the first request of one: no group asked for further answers about its frames.
    """

    client: Ints
    number: Ints
    step: Ints
    due_s: Floats
    sent_s: Floats
    done_s: Floats
    outcome: Ints
    error: Ints
    from_edge: Ints
    status: Ints
    bytes: Ints
    outcomes: tuple[str, ...]
    errors: tuple[ErrorText, ...]
    part: Ints | None = None

    def __len__(self) -> int:
        return len(self.sent_s)

    @property
    def ok(self) -> Bools:
        """Which requests were answered as they should be."""
        return np.asarray(self.outcome == 0, dtype=np.bool_)

    def having(self, outcome: str) -> Bools:
        """Which requests ended in that outcome."""
        return np.asarray(self.outcome == self.code(outcome), dtype=np.bool_)

    def code(self, outcome: str) -> int:
        """The code of an outcome in `outcome`; -1, which no request has, if none ended in it."""
        return self.outcomes.index(outcome) if outcome in self.outcomes else -1

    def rows(self, which: Bools | npt.NDArray[np.intp]) -> Requests:
        """The requests that a mask keeps, or those with these row numbers, in their order."""
        kept = {name: getattr(self, name)[which] for name in _TYPES}
        return replace(self, **kept, part=None if self.part is None else self.part[which])


class MissedKind(NamedTuple):
    """What missed frames are counted by: their step, the reason, and the name of their group."""

    step: int
    reason: str
    group: str = DEFAULT_GROUP


def frame_keys(requests: Requests) -> npt.NDArray[np.int64]:
    """One number for each frame: that of its client, and its own within that."""
    return (requests.client.astype(np.int64) << 32) + requests.number.astype(np.int64)


@dataclass(frozen=True)
class Damage:
    """Lines of the log that could not be read: how many, and the first."""

    lines: int
    first: DamagedLine | None


@dataclass(frozen=True)
class ClockJump:
    """From this line on, the clock had been set: by less than 0 s if it was set back.

    Forward it may also be that the generator stood still.
    """

    line: int
    seconds: float


@dataclass(frozen=True)
class Repairs:
    """What a log of the older form did not say as it should, and how it was read all the same.

    `instants_unit` and `latencies_unit` name a unit that is not the second. Requests without an
    instant are taken to have ended with the line before; successes without a latency have no
    service time.
    """

    jumps: tuple[ClockJump, ...] = ()
    instants_unit: str | None = None
    latencies_unit: str | None = None
    without_instant: int = 0
    without_latency: int = 0


@dataclass(frozen=True)
class RunLog:
    """All that a log says. `header` and `plan` are None for a log of the older form.

    `wall_s` is the Unix time of run time 0; `last_s` the last instant the log knows, in run time.
    `missed` counts the `missed` lines by kind: requests *known* to be never sent.
    `requests_per_second` is a client's arrival rate; None if neither the log nor the user says it.
    `requests` has one row per frame. `parts` has one per request of a log in which frames need
    several; it is None if a frame is one request: use `sent_requests`.
    """

    path: Path
    header: Header | None
    plan: Plan | None
    steps: tuple[RampStep, ...]
    requests_per_second: float | None
    wall_s: float
    last_s: float
    requests: Requests
    missed: dict[MissedKind, int]
    workers: tuple[WorkerSample, ...]
    deaths: tuple[WorkerDied, ...]
    end: End | None
    damage: Damage
    repairs: Repairs = Repairs()
    host: tuple[HostSample, ...] = ()
    """Samples of the endpoint's host in the log itself: some logs of the older form have them."""
    asked_alone: tuple[AskedAlone, ...] = ()
    """What pictures got before the run, if its answers were compared with that."""
    parts: Requests | None = None

    @cached_property
    def frame_of_part(self) -> Ints:
        """For each row of `sent_requests`, the row of its frame in `requests`."""
        if self.parts is None:
            return np.arange(len(self.requests))
        frames, parts = frame_keys(self.requests), frame_keys(self.parts)
        order = np.argsort(frames)
        return np.asarray(order[np.searchsorted(frames[order], parts)])

    @property
    def sent_requests(self) -> Requests:
        """Every request that was sent, one row each, be it a whole frame or a part of one."""
        return self.requests if self.parts is None else self.parts

    @property
    def knows_due(self) -> bool:
        """Whether the log says when requests were due; one of the older form does not."""
        return self.plan is not None

    @property
    def at_s(self) -> Floats:
        """When each request fell due; when it was sent, if the log does not say more."""
        return self.requests.due_s if self.knows_due else self.requests.sent_s

    @property
    def settings(self) -> dict[str, Any]:
        """The run's resolved settings; empty if the log does not say them."""
        return self.header.settings if self.header else {}


class TableBuilder:
    """Takes records by the chunk into typed arrays: 44 bytes a request, no object kept for one.

    The 128th distinct outcome does not fit its column: such a log is damaged (OverflowError).
    """

    def __init__(self) -> None:
        self._columns: tuple[array[Any], ...] = tuple(array(code) for code in _TYPES.values())
        self._outcomes = {SUCCESS: 0}
        self._errors: dict[ErrorText, int] = {}
        self._groups: dict[ErrorText, int] = {}
        self._texts_of: Counter[str] = Counter()
        self._parts: array[int] | None = None  # only if a frame has several requests

    def __len__(self) -> int:
        return len(self._columns[0])

    def add(self, requests: list[RequestRow]) -> None:
        """Append one row per request; none of them if a number is out of range.

        Raises OverflowError for a number that no column can hold.
        """
        new: tuple[array[Any], ...] = (
            array("i", [r.worker_number for r in requests]),
            array("i", [r.request_number for r in requests]),
            array("h", [r.step for r in requests]),
            array("d", [r.due_s for r in requests]),
            array("d", [r.sent_s for r in requests]),
            array("d", [r.done_s for r in requests]),
            *self._codes(requests),
            array("i", [r.bytes for r in requests]),
        )
        parts = array("h", [r.part for r in requests])
        self._add_parts(parts if any(parts) else None, len(requests))
        for column, values in zip(self._columns, new, strict=True):
            column.extend(values)

    def _add_parts(self, parts: array[int] | None, count: int) -> None:
        """Before the other columns of `count` more rows; None stands for first requests alone."""
        if self._parts is None and parts is None:
            return
        if self._parts is None:
            self._parts = array("h", [0]) * len(self)
        self._parts.extend(array("h", [0]) * count if parts is None else parts)

    def _codes(self, requests: list[RequestRow]) -> tuple[array[Any], ...]:
        """Columns outcome, error, from_edge and status.

        Most chunks hold nothing but edge answers of status 200; those need no look at each row.
        """
        n = len(requests)
        outcome = [r.outcome for r in requests]
        from_edge = [r.from_edge for r in requests]
        status = [r.status for r in requests]
        if outcome.count(SUCCESS) == from_edge.count(True) == status.count(200) == n:
            plain = (("b", 0), ("h", NO_TEXT), ("b", 1), ("h", 200))
            return tuple(array(code, [value]) * n for code, value in plain)
        codes = self._outcomes
        return (
            array("b", [codes.setdefault(name, len(codes)) for name in outcome]),
            array("h", [self._error_code(r) for r in requests]),
            array("b", [-1 if said is None else int(said) for said in from_edge]),
            array("h", [number or 0 for number in status]),
        )

    def _error_code(self, request: RequestRow) -> int:
        if request.outcome == SUCCESS:
            return NO_TEXT
        return self._text_code(request.outcome, request.error)

    def _text_code(self, outcome: str, text: str | None) -> int:
        """The code of a text, which is that of the first one that differs in numbers and ids."""
        said = text or ""
        key = ErrorText(outcome, without_numbers(said))
        code = self._groups.get(key)
        if code is None:
            if self._texts_of[outcome] >= TEXTS_PER_CLASS:
                said = OTHER_TEXTS
            self._texts_of[outcome] += 1
            code = self._errors.setdefault(ErrorText(outcome, said), len(self._errors))
            if said is not OTHER_TEXTS:
                self._groups[key] = code
        return code

    def extend(self, other: TableBuilder) -> None:
        """Append another's rows, its codes put into ours. Raises OverflowError as `add` does."""
        self._add_parts(other._parts, len(other))
        codes = self._outcomes
        renamed = {
            "outcome": [codes.setdefault(name, len(codes)) for name in other._outcomes],
            "error": [self._text_code(*key) for key in other._errors],
        }
        for (name, code), column, more in zip(
            _TYPES.items(), self._columns, other._columns, strict=True
        ):
            if name in renamed and len(more):
                table = array(code, [*renamed[name], NO_TEXT])  # NO_TEXT, -1, finds itself
                column.frombytes(np.frombuffer(table, code)[np.frombuffer(more, code)].tobytes())
            else:
                column.extend(more)

    def columns(self) -> Requests:
        """The rows so far, as views of the arrays: nothing is copied."""
        views = {
            name: np.frombuffer(column, code)
            for (name, code), column in zip(_TYPES.items(), self._columns, strict=True)
        }
        return Requests(
            **views,
            outcomes=tuple(self._outcomes),
            errors=tuple(self._errors),
            part=None if self._parts is None else np.frombuffer(self._parts, "h"),
        )


class Tally:
    """Counts what a log holds beside its requests, while it is read."""

    def __init__(self) -> None:
        self.missed: Counter[MissedKind] = Counter()
        self.damaged = 0
        self.first_damage: DamagedLine | None = None

    def miss(self, records: Iterable[Missed]) -> None:
        """Count `missed` lines by kind."""
        self.missed.update(
            [MissedKind(r.step, r.reason, r.group or DEFAULT_GROUP) for r in records]
        )

    def damage(self, lines: Iterable[DamagedLine]) -> None:
        """Count damaged lines and keep the first."""
        for line in lines:
            self.damaged += 1
            self.first_damage = self.first_damage or line

    def extend(self, other: Tally, lines_before: int) -> None:
        """Add what was counted in the lines that follow the first `lines_before`."""
        self.missed.update(other.missed)
        self.damaged += other.damaged
        first = other.first_damage
        if self.first_damage is None and first is not None:
            self.first_damage = replace(first, number=first.number + lines_before)

    @property
    def total(self) -> Damage:
        """The damage so far."""
        return Damage(self.damaged, self.first_damage)
