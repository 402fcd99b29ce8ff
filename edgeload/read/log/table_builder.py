"""Records -> columns, while a log is read: rows of requests, and counts of everything else."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from edgeload.camera_group import DEFAULT_GROUP
from edgeload.failure_classes import SUCCESS
from edgeload.read.log.columns import (
    COLUMN_TYPES,
    NO_TEXT,
    OTHER_TEXTS,
    TEXTS_PER_CLASS,
    Damage,
    ErrorText,
    MissedKind,
    Requests,
)
from edgeload.read.log.text_groups import without_ids
from edgeload.records import (
    Missed,
    RequestRow,
)
from edgeload.runlog import DamagedLine


class TableBuilder:
    """Takes records by the chunk into typed arrays: 45 bytes a request, no object kept for one.

    The 32,768th distinct outcome does not fit its column: such a log is damaged (OverflowError).
    """

    def __init__(self) -> None:
        self._columns: tuple[array[Any], ...] = tuple(array(code) for code in COLUMN_TYPES.values())
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
            plain = (("h", 0), ("h", NO_TEXT), ("b", 1), ("h", 200))
            return tuple(array(code, [value]) * n for code, value in plain)
        codes = self._outcomes
        return (
            array("h", [codes.setdefault(name, len(codes)) for name in outcome]),
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
        key = ErrorText(outcome, without_ids(said))
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
            COLUMN_TYPES.items(), self._columns, other._columns, strict=True
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
            for (name, code), column in zip(COLUMN_TYPES.items(), self._columns, strict=True)
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
