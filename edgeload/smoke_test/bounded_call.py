"""Calls something for a limited time, whatever it does: what hangs is left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")


class OutOfTime(Exception):
    """A call has not ended in time; the text says how long it had."""


class BoundedCall(Generic[_T]):
    """A call in a thread of its own, which has begun.

    The thread cannot be stopped. It is a daemon: it keeps no program from ending.
    """

    def __init__(self, call: Callable[[], _T]) -> None:
        self._call = call
        self._result: list[_T] = []
        self._problem: Exception | None = None
        self._began_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result.append(self._call())
        except Exception as problem:  # it belongs to whoever waits for the result
            self._problem = problem

    def result(self, until_s: float) -> _T:
        """What it returns, or raises, up to an instant of the monotonic clock. Raises OutOfTime."""
        self._thread.join(max(0.0, until_s - time.monotonic()))
        if self._problem is not None:
            raise self._problem
        if not self._result:
            raise OutOfTime(f"no answer within {max(0.0, until_s - self._began_s):.1f} s")
        return self._result[0]


def all_within(calls: Sequence[Callable[[], Any]], until_s: float) -> list[Any]:
    """The results of calls that are made at the same time; an Exception for one that raised it."""
    begun = [BoundedCall(call) for call in calls]
    results: list[Any] = []
    for each in begun:
        try:
            results.append(each.result(until_s))
        except Exception as problem:
            results.append(problem)
    return results
