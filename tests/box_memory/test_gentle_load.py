"""The load of a measurement: one query at a time, all detectors in turn, at a bounded rate."""

from __future__ import annotations

import threading
import time

from edgeload.box_memory.gentle_load import GentleLoad
from edgeload.failure_classes import SUCCESS, TIMEOUT
from edgeload.run.preflight_queries import QueryReply
from edgeload.run.wire import RequestResult


class Sender:
    """Notes when it was asked, and whether somebody else was being asked."""

    busy = threading.Lock()

    def __init__(self, outcome: str, enough: threading.Event) -> None:
        self.asked_s: list[float] = []
        self._outcome = outcome
        self._enough = enough

    def send(self, number: int, picture: int | None = None) -> QueryReply:
        """See preflight_queries.Sender."""
        assert self.busy.acquire(blocking=False), "two queries at once"
        self.asked_s.append(time.monotonic())
        if len(self.asked_s) == 4:
            self._enough.set()
        self.busy.release()
        return QueryReply(200, RequestResult(self._outcome, True, None))


def test_all_are_asked_in_turn_at_a_bounded_rate() -> None:
    """Answers are counted for each, good ones apart; afterwards nobody is asked any more."""
    enough = threading.Event()
    good, bad = Sender(SUCCESS, enough), Sender(TIMEOUT, threading.Event())
    with GentleLoad([bad, good], per_s=50.0) as load:
        assert enough.wait(5.0)
    assert abs(len(good.asked_s) - len(bad.asked_s)) <= 1
    assert load.good == [0, len(good.asked_s)]
    assert load.asked == [len(bad.asked_s), len(good.asked_s)]
    both = sorted(good.asked_s + bad.asked_s)
    assert both[7] - both[0] >= 7 * 0.019
