"""Remembers the ids of the last answers, to find one that was given before. Pure.

A cache or a proxy that replays answers makes a fast endpoint of any: only the ids tell, because an
Edge Endpoint gives every image query one of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

MOST_IDS = 1 << 13
"""In each of two generations; so many and at most twice as many answers are remembered."""


class RecentIds:
    """Ids of the last `MOST_IDS` answers at least, as hashes of 8 bytes, whatever their length."""

    __slots__ = ("_before", "_now")

    def __init__(self) -> None:
        self._now: set[int] = set()
        self._before: set[int] = set()

    def is_known(self, query_id: str) -> bool:
        """Whether an answer had this id before; from now on one had."""
        key = hash(query_id)
        now = self._now
        if key in now:
            return True
        now.add(key)
        known = key in self._before
        if len(now) >= MOST_IDS:
            self._before, self._now = now, set()
        return known

    def are_new(self, query_ids: Sequence[str]) -> bool:
        """Whether no answer had one of these ids before, and each stands there once.

        If so, they are remembered; if not, nothing has changed, and `is_known` tells of each.
        """
        keys = set(map(hash, query_ids))
        known = self._now.isdisjoint(keys) and self._before.isdisjoint(keys)
        if len(keys) < len(query_ids) or not known:
            return False
        self._now |= keys
        if len(self._now) >= MOST_IDS:
            self._before, self._now = self._now, set()
        return True
