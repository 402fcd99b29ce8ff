"""A camera whose frames need several answers: the first one, then others at once, in parallel.

An example is a detector of objects, followed by one classifier for each object that it found.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgeload.failure_classes import SUCCESS
from edgeload.plan import Due
from edgeload.records import MissedReason
from edgeload.run.client import Host, HttpClient
from edgeload.run.pacing import Schedule
from edgeload.run.request_template import RequestTemplate


class _OneFrame:
    """The schedule of a follower: the frame that its camera gives it."""

    __slots__ = ("next",)

    def __init__(self) -> None:
        self.next: Due | None = None

    def take(self) -> Due:
        due, self.next = self.next, None
        assert due is not None
        return due

    def free_at(self, now_s: float, *, answered: bool) -> list[tuple[Due, MissedReason]]:
        return []

    def stop_at(self, stop_s: float) -> list[tuple[Due, MissedReason]]:
        return []


class _Follower(HttpClient):
    """One of the further requests of a camera's frames, on a connection of its own."""

    __slots__ = ("_camera",)

    def __init__(
        self, camera: ChainClient, template: RequestTemplate, host: Host, part: int
    ) -> None:
        super().__init__(camera.number, _OneFrame(), template, host, part)
        self._camera = camera

    def _ended(self, due: Due, outcome: str, done_s: float, *, answered: bool) -> None:
        self._camera.follower_ended(due, outcome, done_s, answered=answered)


class ChainClient(HttpClient):
    """A camera with its followers, each of which has a connection of its own.

    The frame is done when all of its requests have ended. If the first one fails, the others are
    not sent: the frame has failed. A frame that was begun is finished, even if the run is stopped.
    """

    __slots__ = ("_failures", "_followers", "_pending", "_reached")

    def __init__(
        self,
        number: int,
        schedule: Schedule,
        template: RequestTemplate,
        followers: Sequence[RequestTemplate],
        host: Host,
    ) -> None:
        super().__init__(number, schedule, template, host)
        self._followers = [
            _Follower(self, each, host, part) for part, each in enumerate(followers, 1)
        ]
        self._pending = 0
        self._failures = 0
        self._reached = True

    @property
    def busy(self) -> bool:
        """Whether a request of its frame is in flight."""
        return self.in_flight != 0 or self._pending > 0

    def open_ahead(self) -> None:
        """Connect, and let the followers connect, before a frame is due."""
        super().open_ahead()
        for follower in self._followers:
            follower.open_ahead()

    def abort(self) -> None:
        """End all requests in flight and record them as aborted."""
        if self.in_flight:
            super().abort()
        for follower in self._followers:
            if follower.in_flight:
                follower.abort()

    def close(self) -> None:
        """Close the connections of a camera that has nothing in flight."""
        super().close()
        for follower in self._followers:
            follower.close()

    def _ended(self, due: Due, outcome: str, done_s: float, *, answered: bool) -> None:
        """The first request has ended: send the others, or give the frame up."""
        if outcome != SUCCESS:
            super()._ended(due, outcome, done_s, answered=answered)
            return
        self._pending = len(self._followers)
        self._failures, self._reached = 0, True
        for follower in self._followers:
            follower.schedule.next = due
            follower.begin()

    def follower_ended(self, due: Due, outcome: str, now_s: float, *, answered: bool) -> None:
        """One of the further requests has ended."""
        self._pending -= 1
        self._reached = self._reached and answered
        self._failures += outcome != SUCCESS
        if not self._pending:
            recorder, group = self._host.recorder, self._template.group
            if self._failures:
                recorder.frame_failed(group, self._failures)
            else:
                recorder.frame(group, now_s - due.due_s)
            super()._ended(due, outcome, now_s, answered=self._reached)
