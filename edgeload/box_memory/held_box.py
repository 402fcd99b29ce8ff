"""The box while its memory is measured: which of our detectors it has, and its own ones kept.

Its configuration is saved to a file before the first change, and put back at the end, also after a
signal, and by the keeper if our process is killed. The file is there for `--restore-edge-config`.
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
from edgeload.edge.open_put import noted_open
from edgeload.edge.putting_back import LOADED_WITHIN_S, ChangedMeanwhile, put_back
from edgeload.edge.trust import TlsTrust
from edgeload.edge.unlisted_models import refuse_unlisted
from edgeload.keeper import KeeperTask
from edgeload.keeper_process import KeeperProcess
from edgeload.run.preflight_queries import Sender
from edgeload.run.restoring import NotRestored, restore


class NotSaved(Exception):
    """What the box is about to get cannot be saved, so it does not get it; the text is one line."""


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
        sleep: Callable[[float], object] = time.sleep,
        say: Callable[[str], object] = lambda text: None,
    ) -> None:
        """`senders` ask the detectors with these `ids`, in this order; `file` keeps what was."""
        self._url = url
        self._trust = trust
        self._ids = list(ids)
        self._senders = senders
        self._file = file
        self._settled_s = settled_s
        self._loaded_within_s = loaded_within_s
        self._sleep = sleep
        self._before = read_edge_config(url, trust)
        refuse_unlisted(url, configured_ids(self._before), trust, pause=sleep, say=say)
        self._without = without_detectors(self._before, ids)
        self._put: list[dict[str, Any]] = [self._before]
        """What the box may have by now, the oldest first."""
        self._put_open = False

    def figures(self) -> BoxResources | NoResources:
        """See MeasuredBox."""
        return ask_resources(self._url, self._trust)

    def configure(self, detectors: int, poll: Callable[[], None]) -> bool:
        """See MeasuredBox. Raises NotSaved, ChangedMeanwhile if the box has not what we put."""
        ours = self._ids[:detectors]
        wanted = with_preset(self._without, ours, "no_cloud") if ours else self._without
        if agrees(wanted, self._put[-1]):
            return False
        self._check_unchanged()
        new = set(ours) - set(configured_ids(self._put[-1]))
        self._put.append(wanted)
        with noted_open(self._note_open):
            put_edge_config(self._url, wanted, self._trust)

        def pause(seconds: float) -> None:
            poll()
            self._sleep(seconds)

        await_detectors(
            self._url,
            [each for each in ours if each in new],
            self._trust,
            timeout_s=self._loaded_within_s,
            settled_s=self._settled_s,
            pause=pause,
        )
        return True

    def _check_unchanged(self) -> None:
        """Whoever has configured the box meanwhile would lose that by our next change."""
        if not agrees(self._put[-1], read_edge_config(self._url, self._trust)):
            raise ChangedMeanwhile(
                f"Stopped, because somebody else has changed the configuration of {self._url} "
                "meanwhile; nothing of that was overwritten"
            )

    def _note_open(self, put_open: bool) -> None:
        """Raises NotSaved before a PUT: whoever restores the box has to know what it may have."""
        self._put_open = put_open
        try:
            self.save()
        except OSError as problem:
            if put_open:
                self._put.pop()
                self._put_open = False
            raise NotSaved(
                f"Stopped, because the box's configuration cannot be saved to {self._file} "
                f"({problem.strerror or problem})"
            ) from problem

    def asked(self, detectors: int) -> GentleLoad:
        """See MeasuredBox."""
        return GentleLoad(self._senders[:detectors])

    def put_back(
        self, *, try_for_s: float, pause: Callable[[float], object], say: Callable[[str], object]
    ) -> bool:
        """Put the configuration back; False: the box has it already, or we have changed nothing.

        What somebody else has configured meanwhile stays. Raises Unreachable, ChangedMeanwhile.
        """
        if len(self._put) == 1:
            return False
        return put_back(
            self._kept(),
            self._url,
            self._trust,
            file=self._file,
            try_for_s=try_for_s,
            pause=pause,
            say=say,
        )

    def save(self) -> None:
        """Write the file, so that the box can be restored by others, too. Raises OSError."""
        keep_config(self._file, self._kept())

    def _kept(self) -> KeptConfig:
        *earlier, last = self._put
        put_before = earlier[-1] if earlier else None
        return KeptConfig(
            self._url, time.time(), self._before, last, put_before, put_open=self._put_open
        )


@contextlib.contextmanager
def held_box(
    box: HeldBox, owed: KeeperTask | None, say: Callable[[str], object]
) -> Iterator[list[NotRestored]]:
    """While entered, the box may be changed; afterwards it has its own configuration again.

    The list that is yielded says why not, if so. A signal that comes while it is put back waits.
    `owed` is what the keeper does if this process is killed, with the file that `save` has written.
    """
    problems: list[NotRestored] = []
    with contextlib.ExitStack() as stack:
        keeper = stack.enter_context(KeeperProcess(Path("/"))) if owed else None
        if keeper and owed:
            keeper.tell(owed)
        try:
            yield problems
        finally:
            try:
                restore(box.put_back, keeper, say)
            except NotRestored as problem:
                problems.append(problem)
            except OSError as problem:  # for example a certificate that is gone
                problems.append(NotRestored(str(problem)))
