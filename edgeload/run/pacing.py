"""Which frame of a client is next, and which frames it has missed. Pure: no clock here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Protocol

from edgeload.plan import Due, Plan, RampStep
from edgeload.records import MissedReason

AFTER_A_FAILURE_S = 0.1
"""A camera in a closed loop waits so long after a failure: an endpoint that refuses at once would
otherwise be asked thousands of times a second."""


class Schedule(Protocol):
    """One client's way through its frames, in order."""

    next: Due | None
    """The frame to be sent next; None if there is none any more."""

    def take(self) -> Due:
        """Remove and return the next frame, which is sent now; `next` must not be None."""

    def free_at(self, now_s: float, *, answered: bool) -> list[tuple[Due, MissedReason]]:
        """The client became free at `now_s`: the frames that it can no longer send, with reasons.

        `answered`: whether its last frame got an answer.
        """

    def stop_at(self, stop_s: float) -> list[tuple[Due, MissedReason]]:
        """Nothing is sent from `stop_s` on: the frames due before are missed, later ones void."""


def schedule_of(plan: Plan, client: int) -> Schedule:
    """The schedule of one client, as its group wants it."""
    if plan.group_of(client).closed:
        return ClosedLoopSchedule(plan, client)
    return ClientSchedule(plan, client)


class ClientSchedule:
    """The schedule of a client whose frames are planned.

    Every planned frame leaves the schedule exactly once. `take` returns a frame to be sent;
    `free_at` and `stop_at` return missed ones. A client that is idle when a frame falls due sends
    it even if our own process wakes late: that is generator lag and not a missed frame.
    """

    __slots__ = ("_dues", "_following", "_late", "_step_ends", "next")

    def __init__(self, plan: Plan, client: int) -> None:
        self._dues: Iterator[Due] = plan.client_dues(client)
        self._step_ends: Mapping[int, float] = plan.step_ends
        self._late = plan.group_of(client).late
        self.next: Due | None = next(self._dues, None)
        self._following: Due | None = next(self._dues, None)

    def take(self) -> Due:
        """See Schedule."""
        due = self.next
        assert due is not None
        self.next = self._following
        self._following = next(self._dues, None)
        return due

    def free_at(self, now_s: float, *, answered: bool = True) -> list[tuple[Due, MissedReason]]:
        """See Schedule. The group's setting LATE decides what happens to overdue frames of the
        present step: "queue" still sends them, "skip" drops them, "latest" keeps the newest.
        """
        missed: list[tuple[Due, MissedReason]] = []
        while (due := self.next) is not None and due.due_s < now_s:
            if now_s >= self._step_ends[due.step]:
                missed.append((self.take(), "late"))
            elif self._late == "queue" or (self._late == "latest" and self._is_newest(now_s)):
                break
            else:
                missed.append((self.take(), "skipped"))
        return missed

    def _is_newest(self, now_s: float) -> bool:
        """Whether the next frame is the newest that is due, and gives way to no other."""
        newer = self._following
        return newer is None or newer.due_s > now_s

    def stop_at(self, stop_s: float) -> list[tuple[Due, MissedReason]]:
        """See Schedule."""
        missed: list[tuple[Due, MissedReason]] = []
        while self.next is not None and self.next.due_s < stop_s:
            late = self._step_ends[self.next.step] <= stop_s
            missed.append((self.take(), "late" if late else "stopped"))
        self.next = None
        return missed


class ClosedLoopSchedule:
    """The schedule of a client that sends its next frame as soon as it has its answer.

    A frame is due at the instant at which the client became free, so none is ever missed.
    """

    __slots__ = ("_number", "_step", "_steps", "next")

    def __init__(self, plan: Plan, client: int) -> None:
        self._steps: Iterator[RampStep] = plan.steps_of(client)
        self._step: RampStep | None = next(self._steps, None)
        self._number = 0
        self.next: Due | None = None
        self._set_next(-math.inf)

    def _set_next(self, at_s: float) -> None:
        while self._step is not None and at_s >= self._step.end_s:
            self._step = next(self._steps, None)
        if self._step is None:
            self.next = None
            return
        self._number += 1
        self.next = Due(self._number, self._step.index, max(at_s, self._step.start_s))

    def take(self) -> Due:
        """See Schedule. What comes next is known when the client is free again.

        Until then `next` is the frame that was taken, so that the client does not count as done.
        """
        assert self.next is not None
        return self.next

    def free_at(self, now_s: float, *, answered: bool = True) -> list[tuple[Due, MissedReason]]:
        """See Schedule."""
        self._set_next(now_s if answered else now_s + AFTER_A_FAILURE_S)
        return []

    def stop_at(self, stop_s: float) -> list[tuple[Due, MissedReason]]:
        """See Schedule."""
        self._step = self.next = None
        return []
