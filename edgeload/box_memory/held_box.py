"""The box while its memory is measured: which of our detectors it has, and its own ones kept.

Its configuration is saved to a file before the first change, and put back at the end, also after a
signal. If our process is killed, that file is there to restore it from.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from edgeload.box_memory.gentle_load import GentleLoad
from edgeload.box_records import BoxResources
from edgeload.edge.box_resources import NoResources, ask_resources
from edgeload.edge.edge_config import (
    READINESS_CACHED_S,
    KeptConfig,
    agrees,
    await_detectors,
    configured_ids,
    keep_config,
    put_edge_config,
    read_edge_config,
    with_preset,
    without_detectors,
)
from edgeload.edge.location import Unreachable
from edgeload.edge.trust import TlsTrust
from edgeload.run.preflight_queries import Sender
from edgeload.signals import StopSignals

SAVED_BEFORE = "edge-config.json"
LOADED_WITHIN_S = 600.0
"""For the models of detectors that were just added."""
_OWN_PAUSE_S = 0.25


class HeldBox:
    """A box whose configuration we change: see `held_box`."""

    def __init__(
        self,
        url: str,
        trust: TlsTrust,
        ids: Sequence[str],
        senders: Sequence[Sender],
        file: Path,
        *,
        settled_s: float = READINESS_CACHED_S,
        loaded_within_s: float = LOADED_WITHIN_S,
    ) -> None:
        """`senders` ask the detectors with these `ids`, in this order; `file` keeps what was."""
        self._url = url
        self._trust = trust
        self._ids = list(ids)
        self._senders = senders
        self._file = file
        self._settled_s = settled_s
        self._loaded_within_s = loaded_within_s
        self._before = read_edge_config(url, trust)
        self._without = without_detectors(self._before, ids)
        self._put: list[dict[str, Any]] = [self._before]
        """What the box may have by now, the oldest first."""

    def figures(self) -> BoxResources | NoResources:
        """See MeasuredBox."""
        return ask_resources(self._url, self._trust)

    def configure(self, detectors: int, poll: Callable[[], None]) -> bool:
        """See MeasuredBox."""
        ours = self._ids[:detectors]
        wanted = with_preset(self._without, ours, "no_cloud") if ours else self._without
        if agrees(wanted, self._put[-1]):
            return False
        new = set(ours) - set(configured_ids(self._put[-1]))
        keep_config(self._file, KeptConfig(self._url, time.time(), self._before, wanted))
        self._put.append(wanted)
        put_edge_config(self._url, wanted, self._trust)

        def pause(seconds: float) -> None:
            poll()
            time.sleep(seconds)

        await_detectors(
            self._url,
            [each for each in ours if each in new],
            self._trust,
            timeout_s=self._loaded_within_s,
            settled_s=self._settled_s,
            pause=pause,
        )
        return True

    def asked(self, detectors: int) -> GentleLoad:
        """See MeasuredBox."""
        return GentleLoad(self._senders[:detectors])

    def put_back(self) -> bool:
        """Put the configuration back; False: it was never changed.

        What somebody else has configured meanwhile stays. Raises Unreachable.
        """
        if len(self._put) == 1:
            return False
        now = read_edge_config(self._url, self._trust)
        if agrees(self._before, now):
            return True
        if not any(agrees(put, now) for put in self._put[-2:]):
            raise Unreachable(
                f"somebody else has changed the configuration of {self._url} since, so it stays as "
                f"it is now; {self._file} has the one from before"
            )
        put_edge_config(self._url, self._before, self._trust)
        return True


@contextlib.contextmanager
def held_box(box: HeldBox, say: Callable[[str], object]) -> Iterator[list[str]]:
    """While entered, the box may be changed; afterwards it has its own configuration again.

    The list that is yielded says why not, if so. A signal that comes while it is put back waits.
    """
    problems: list[str] = []
    try:
        yield problems
    finally:
        with StopSignals():  # the first one has nothing more to stop
            try:
                if box.put_back():
                    say("The box has its own configuration again.")
            except Unreachable as problem:
                problems.append(str(problem))
