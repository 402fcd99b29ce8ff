"""Which request of a client is next, and which requests it has missed. Pure: no clock here."""

from __future__ import annotations

from collections.abc import Iterator

from edgeload.plan import Due, Plan
from edgeload.records import MissedReason


class ClientSchedule:
    """One client's way through its planned requests, in order and without gaps.

    Every planned request leaves the schedule exactly once. `take` returns a request to be sent;
    `free_at` and `stop_at` return missed ones. A client that is idle when a request falls due
    sends it even if our own process wakes late: that is generator lag and not a missed request.
    """

    __slots__ = ("_dues", "_skip", "_step_ends", "next")

    def __init__(self, plan: Plan, client: int) -> None:
        self._dues: Iterator[Due] = plan.client_dues(client)
        self._step_ends = [step.end_s for step in plan.steps]
        self._skip = plan.late == "skip"
        self.next: Due | None = next(self._dues, None)

    def take(self) -> Due:
        """Remove and return the next request, which is sent now; `next` must not be None."""
        due = self.next
        assert due is not None
        self.next = next(self._dues, None)
        return due

    def free_at(self, now_s: float) -> list[tuple[Due, MissedReason]]:
        """The client became free at `now_s`: the requests that it can no longer send, with reasons.

        The setting LATE decides: "queue" still sends overdue requests of the present step, "skip"
        drops them.
        """
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
        """Nothing is sent from `stop_s` on: the requests due before are missed, later ones void."""
        missed: list[tuple[Due, MissedReason]] = []
        while self.next is not None and self.next.due_s < stop_s:
            late = self._step_ends[self.next.step] <= stop_s
            missed.append((self.take(), "late" if late else "stopped"))
        self.next = None
        return missed
