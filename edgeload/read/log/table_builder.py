"""Records -> columns, while a log is read: rows of requests, and counts of everything else."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from io import BufferedIOBase
from typing import IO, Any

import numpy as np

from edgeload.camera_group import DEFAULT_GROUP
from edgeload.failure_classes import SUCCESS
from edgeload.read.log.columns import (
    COLUMN_TYPES,
    MOST_OUTCOMES,
    NO_TEXT,
    Damage,
    MissedKind,
    Requests,
)
from edgeload.read.log.growing_column import ColumnValues, GrowingColumn
from edgeload.read.log.kept_texts import KeptTexts
from edgeload.records import (
    Missed,
    RequestRow,
)
from edgeload.runlog import DamagedLine

_PART = "part"
_PLAIN_ANSWER = SUCCESS, True, 200
_PLAIN = ("h", 0), ("i", NO_TEXT), ("b", 1), ("h", 200)
"""Outcome, error, from_edge and status of that."""


class TableBuilder:
    """Takes records by the chunk into typed columns: at most 49 bytes a request, no object for one.

    A log with more distinct outcomes than MOST_OUTCOMES is damaged (OverflowError).
    """

    def __init__(self) -> None:
        codes = COLUMN_TYPES | {_PART: "h"}
        self._columns = {name: GrowingColumn(code) for name, code in codes.items()}
        self._outcomes = {SUCCESS: 0}
        self._texts = KeptTexts()

    def __len__(self) -> int:
        return len(self._columns[_PART])

    def add(self, requests: list[RequestRow]) -> None:
        """Append one row per request; none of them if a number is out of range.

        Raises OverflowError for a number that no column can hold.
        """
        try:
            new = self._rows(requests)
        except OverflowError:
            self._texts.forget_from(len(self))
            raise
        for column, values in zip(self._columns.values(), new, strict=True):
            column.extend(values)

    def _rows(self, requests: list[RequestRow]) -> tuple[array[Any] | ColumnValues, ...]:
        """The new values of each column, in the order of the columns."""
        return (
            array("i", [r.worker_number for r in requests]),
            array("i", [r.request_number for r in requests]),
            array("h", [r.step for r in requests]),
            array("d", [r.due_s for r in requests]),
            array("d", [r.sent_s for r in requests]),
            array("d", [r.done_s for r in requests]),
            *self._codes(requests),
            array("i", [r.bytes for r in requests]),
            array("h", [r.part for r in requests]),
        )

    def _codes(self, requests: list[RequestRow]) -> tuple[array[Any] | ColumnValues, ...]:
        """Columns outcome, error, from_edge and status.

        Nearly all are edge answers of status 200, and only the others are looked at one by one.
        """
        n = len(requests)
        outcome = [r.outcome for r in requests]
        from_edge = [r.from_edge for r in requests]
        status = [r.status for r in requests]
        if outcome.count(SUCCESS) == from_edge.count(True) == status.count(200) == n:
            return tuple(np.broadcast_to(np.array(value, code), n) for code, value in _PLAIN)
        columns = tuple(array(code, [value]) * n for code, value in _PLAIN)
        for i, said in enumerate(zip(outcome, from_edge, status, strict=True)):
            if said != _PLAIN_ANSWER:
                codes = self._outcome_code(said[0]), self._error_code(requests[i], len(self) + i)
                edge = -1 if said[1] is None else int(said[1])
                for column, value in zip(columns, (*codes, edge, said[2] or 0), strict=True):
                    column[i] = value
        return columns

    def _outcome_code(self, name: str) -> int:
        code = self._outcomes.get(name)
        if code is None:
            if len(self._outcomes) == MOST_OUTCOMES:
                raise OverflowError(f"more than {MOST_OUTCOMES:,} different outcomes")
            code = self._outcomes[name] = len(self._outcomes)
        return code

    def _error_code(self, request: RequestRow, row: int) -> int:
        if request.outcome == SUCCESS:
            return NO_TEXT
        return self._texts.code(request.outcome, request.error, row)

    def extend(self, other: TableBuilder, values: BufferedIOBase | None = None) -> None:
        """Append another's rows, its codes put into ours. Raises OverflowError as `add` does.

        Of one out of a pickle, `values` has what `save_values` wrote. Raises EOFError if that is
        not whole; then this table is not, either.
        """
        outcomes = np.array([self._outcome_code(name) for name in other._outcomes], np.int16)
        for name, column in self._columns.items():
            parts = other._columns[name].parts(values)
            if name == "outcome" and len(outcomes) > 1:
                parts = (outcomes[part] for part in parts)
            elif name == "error" and other._texts.texts:
                whole = np.concatenate([part.copy() for part in parts])
                parts = iter([self._texts.extend(other._texts, whole)])
            for part in parts:
                column.extend(part)

    def columns(self) -> Requests:
        """The rows so far, as views of the columns: nothing is copied."""
        views = {name: column.view() for name, column in self._columns.items()}
        part = views.pop(_PART)
        only_first = not any(part.strides) and not part[:1].any()
        return Requests(
            **views,
            outcomes=tuple(self._outcomes),
            errors=self._texts.texts,
            part=None if only_first else part,
        )

    def save_values(self, file: IO[bytes]) -> None:
        """Write what a pickle of this table leaves out: the values of its columns."""
        for column in self._columns.values():
            column.save_to(file)


class Tally:
    """Counts what a log holds beside its requests, while it is read."""

    def __init__(self) -> None:
        self.missed: Counter[MissedKind] = Counter()
        self.retried: Counter[int] = Counter()
        self.damaged = 0
        self.first_damage: DamagedLine | None = None

    def miss(self, records: Iterable[Missed]) -> None:
        """Count `missed` lines by kind."""
        self.missed.update(
            [MissedKind(r.step, r.reason, r.group or DEFAULT_GROUP) for r in records]
        )

    def retry(self, requests: Iterable[RequestRow]) -> None:
        """Count requests that were sent again by step."""
        self.retried.update([r.step for r in requests if r.retried])

    def damage(self, lines: Iterable[DamagedLine]) -> None:
        """Count damaged lines and keep the first."""
        for line in lines:
            self.damaged += 1
            self.first_damage = self.first_damage or line

    def extend(self, other: Tally, lines_before: int) -> None:
        """Add what was counted in the lines that follow the first `lines_before`."""
        self.missed.update(other.missed)
        self.retried.update(other.retried)
        self.damaged += other.damaged
        first = other.first_damage
        if self.first_damage is None and first is not None:
            self.first_damage = replace(first, number=first.number + lines_before)

    @property
    def total(self) -> Damage:
        """The damage so far."""
        return Damage(self.damaged, self.first_damage)
