"""Puts a box's configuration back when a run has ended; what fails is left to the keeper."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Protocol

from edgeload.edge.location import Unreachable
from edgeload.edge.putting_back import KEEPER_TRIES_S, ChangedMeanwhile, StillLoading
from edgeload.keeper import KeeperTask
from edgeload.keeper_process import KeeperEnded, KeeperProcess
from edgeload.signals import Stopped, StopSignals

TRY_FOR_S = 60.0
"""A box that restarts answers again within a minute."""


class PutBack(Protocol):
    """Puts the configuration back, as `putting_back.put_back` does; False: there was no need."""

    def __call__(
        self, *, try_for_s: float, pause: Callable[[float], object], say: Callable[[str], object]
    ) -> bool:
        """Raises as `put_back` does; what `pause` raises goes through."""
        ...


class NotRestored(Exception):
    """The box has not its own configuration again; the text says why, without a full stop.

    `for_good`: it will not get it, because somebody else has changed it.
    """

    def __init__(self, why: str, *, for_good: bool = False) -> None:
        super().__init__(why)
        self.for_good = for_good


def restore(put_back: PutBack, keeper: KeeperProcess | None, say: Callable[[str], object]) -> None:
    """Put the configuration back; a signal only ends the waiting for a box that does not answer.

    If it is not put back then, the keeper goes on trying when it is left. Raises NotRestored.
    """
    with StopSignals() as signals:

        def pause(seconds: float) -> None:
            if signals.wait(seconds):
                raise Stopped(signals.last)

        try:
            if put_back(try_for_s=TRY_FOR_S, pause=pause, say=say):
                say("The box has its own configuration again.")
        except (ChangedMeanwhile, StillLoading) as problem:
            _nothing_owed(keeper)
            changed = isinstance(problem, ChangedMeanwhile)
            raise NotRestored(str(problem), for_good=changed) from problem
        except Unreachable as problem:
            raise NotRestored(f"{problem}{_left_to(keeper)}") from problem
        except Stopped as stopped:
            why = f"{stopped} came before it was"
            raise NotRestored(f"{why}{_left_to(keeper)}") from stopped
        _nothing_owed(keeper)


def _nothing_owed(keeper: KeeperProcess | None) -> None:
    if keeper is not None:
        with contextlib.suppress(KeeperEnded):
            keeper.tell(KeeperTask(restored=True))


def _left_to(keeper: KeeperProcess | None) -> str:
    """Leave it to the keeper, and say so."""
    if keeper is None:
        return ""
    keeper.let_go()
    return f"; a process of its own goes on trying for {KEEPER_TRIES_S / 60.0:.0f} min"
