"""Rows of a table by group, part by part: what does a row follow in its own group? Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

GroupNumbers = npt.NDArray[np.integer[Any]]
"""A number for each row, from 0 on; -1 stands for none."""
_Column = TypeVar("_Column", npt.NDArray[np.float64], GroupNumbers)

ROWS_AT_ONCE = 1 << 18
"""What is made of so many rows and not kept fits into the processor's caches."""
_SHORT = 1 << 16


def in_parts(count: int) -> Iterator[slice]:
    """All of `count` rows, in order and ROWS_AT_ONCE at a time."""
    for first in range(0, count, ROWS_AT_ONCE):
        yield slice(first, min(count, first + ROWS_AT_ONCE))


@dataclass(frozen=True)
class Grouped:
    """The rows of one part of a table: those of a group one after the other, in their order.

    `order` has their places in the part, `group` the group of each, and `begins` says which of
    them is the first of its group here.
    """

    order: npt.NDArray[np.intp]
    group: GroupNumbers
    begins: npt.NDArray[np.bool_]

    def previous(self, values: _Column, last: _Column) -> _Column:
        """For each row, in this order, the value of its group's row before it.

        `last` has the last value of each group in the parts before this one, and is brought up to
        date; group -1 finds its own at the end. `values` are in this order, too.
        """
        found = np.empty_like(values)
        found[1:] = values[:-1]
        groups = self.group[self.begins]
        found[self.begins] = last[groups]
        last[groups] = values[np.append(self.begins[1:], True)[: len(values)]]
        return found


def grouped(group: GroupNumbers) -> Grouped:
    """The rows of a part, whose groups these are, by group."""
    # numbers of 16 bits are sorted fast; -1 becomes 0 there
    small = group.max(initial=0) < np.iinfo(np.uint16).max
    order = np.argsort(group.astype(np.uint16) + np.uint16(1) if small else group, kind="stable")
    ordered = group[order]
    begins = np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]
    return Grouped(order, ordered, begins)


def close_together(group: GroupNumbers) -> GroupNumbers:
    """The same groups by numbers that leave tables by group no longer than the rows, or short.

    A damaged log may name client 2,000,000,000.
    """
    if group.min(initial=0) >= -1 and group.max(initial=0) < max(len(group), _SHORT):
        return group
    return np.unique(group, return_inverse=True)[1]


def rise_in_groups(group: GroupNumbers, *columns: npt.NDArray[Any]) -> bool:
    """Whether the values of each of these columns never fall within a group, from row to row."""
    group = close_together(group)
    groups = int(group.max(initial=0)) + 2
    lasts = [np.full(groups, column.min(initial=0), column.dtype) for column in columns]
    for part in in_parts(len(group)):
        own = grouped(group[part])
        for column, last in zip(columns, lasts, strict=True):
            values = column[part][own.order]
            if not (values >= own.previous(values, last)).all():
                return False
    return True


def in_half_the_room(places: GroupNumbers) -> GroupNumbers:
    """The same in half the room, if they fit: 2,000 million rows do."""
    return places.astype(np.int32) if len(places) <= np.iinfo(np.int32).max else places
