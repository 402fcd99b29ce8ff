"""Asks detectors one after the other at a bounded rate, until it is told to end.

At most one query is on its way at any time, so the load is light whatever the box is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from edgeload.failure_classes import SUCCESS
from edgeload.run.preflight_queries import Sender

QUERIES_PER_S = 5.0
"""Of all detectors together, at most."""
_ENDS_WITHIN_S = 15.0


class GentleLoad:
    """A thread that asks all detectors in turn. Use it as a context manager. See AnswerCounts."""

    def __init__(self, senders: Sequence[Sender], per_s: float = QUERIES_PER_S) -> None:
        self._senders = senders
        self._pause_s = 1.0 / per_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self.good = [0] * len(senders)
        self.asked = [0] * len(senders)

    def __enter__(self) -> GentleLoad:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(_ENDS_WITHIN_S)

    def _ask(self) -> None:
        while not self._over.is_set():
            for place, sender in enumerate(self._senders):
                began_s = time.monotonic()
                reply = sender.send(sum(self.asked) + 1)
                self.asked[place] += 1
                self.good[place] += reply.result.outcome == SUCCESS
                left_s = self._pause_s - (time.monotonic() - began_s)
                if self._over.wait(max(0.0, left_s)):
                    return
