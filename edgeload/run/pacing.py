"""Which request of one client is next, and which it has missed. Pure: instants come in."""

from __future__ import annotations

from collections.abc import Iterator

from edgeload.plan import Due, Plan
from edgeload.records import MissedReason


class Schedule:
    """One client's walk through its planned requests, in order, none left out.

    Every request of the plan leaves here once: through `take`, and is sent; or in the list of
    `free_at` or `stop_at`, and is missed. A client that is idle when a request falls due sends it,
    however late our own process wakes: that is generator lag, not a missed request.
    """

    __slots__ = ("_dues", "_skip", "_step_ends", "next")

    def __init__(self, plan: Plan, client: int) -> None:
        self._dues: Iterator[Due] = plan.client_dues(client)
        self._step_ends = [step.end_s for step in plan.steps]
        self._skip = plan.late == "skip"
        self.next: Due | None = next(self._dues, None)

    def take(self) -> Due:
        """The next request, to be sent now. Only while `next` is not None."""
        due = self.next
        assert due is not None
        self.next = next(self._dues, None)
        return due

    def free_at(self, now_s: float) -> list[tuple[Due, MissedReason]]:
        """The client is free again: what it can no longer send, by the late policy."""
        missed: list[tuple[Due, MissedReason]] = []
        while self.next is not None and self.next.due_s < now_s:
            if now_s >= self._step_ends[self.next.step]:
                missed.append((self.take(), "late"))
            elif self._skip:
                missed.append((self.take(), "skipped"))
            else:
                break
        return missed

    def stop_at(self, stop_s: float) -> list[tuple[Due, MissedReason]]:
        """Nothing more is sent: what was due before `stop_s` is missed, the rest was never due."""
        missed: list[tuple[Due, MissedReason]] = []
        while self.next is not None and self.next.due_s < stop_s:
            late = self._step_ends[self.next.step] <= stop_s
            missed.append((self.take(), "late" if late else "stopped"))
        self.next = None
        return missed
