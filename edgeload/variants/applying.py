"""Applies variants: lets the keeper run the user's commands, or asks the person at the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from edgeload.keeper import KeeperAnswer, KeeperTask, ended_words
from edgeload.keeper_process import KeeperEnded, KeeperProcess
from edgeload.untrusted_text import remember_secret
from edgeload.variants.variants_file import VariantSpec

PYTHON = "EDGELOAD_PYTHON"
"""Variable of the environment of all commands: the Python that runs the load test."""
_READY_AGAIN_AFTER_S = 1.0


class NotApplied(Exception):
    """A variant was not applied, or the box was not restored; the text says why."""


class NotReady(Exception):
    """The box was not ready in time; the text says why."""


class KeeperGone(NotApplied):
    """The keeper has ended, so that nothing more can be applied or restored."""


class Applier:
    """Applies variants, and restores the box. Use it as a context manager.

    The box is restored by `restore`, or by the keeper when this process ends without that. Both
    only if something was applied, or might have been.
    """

    def __init__(
        self,
        restoring: VariantSpec,
        folder: Path,
        environment: Mapping[str, str],
        *,
        token: str,
        ask: Callable[[str], object],
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        """Commands run in `folder` with this environment, but never with the API token,
        which is not shown either if a command prints it.

        `ask` gets a sentence for the person at the terminal, and returns once that person has done
        what it says.
        """
        self._restoring = restoring
        self._keeper = KeeperProcess(folder, {**environment, PYTHON: sys.executable})
        self._token = token
        remember_secret(token)
        self._ask, self._pause = ask, pause
        self._owed = False

    def __enter__(self) -> Applier:
        self._keeper.__enter__()
        self._tell(KeeperTask(secret=self._token))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._keeper.__exit__(kind, problem, trace)  # it restores now, if that is still owed

    @property
    def owes(self) -> bool:
        """Whether the box may have another configuration than it is to be left with."""
        return self._owed

    def apply(self, variant: VariantSpec) -> None:
        """Apply a variant. Raises NotApplied."""
        if not self._owed:
            self._owe()
        if variant.asks:
            self._ask(f"Apply the variant {variant.name!r} to the box")
            return
        answer = self._run(variant.apply, variant.apply_timeout_s)
        if answer.code != 0:
            raise NotApplied(self._words(answer, "apply_timeout_s"))

    def await_ready(self, variant: VariantSpec) -> None:
        """Run the variant's own command, if it has one, until it succeeds. Raises NotReady."""
        if variant.ready is None:
            return
        until_s = time.monotonic() + variant.ready_timeout_s
        while True:
            left_s = max(0.1, until_s - time.monotonic())
            answer = self._run(variant.ready, left_s)
            if answer.code == 0:
                return
            if time.monotonic() >= until_s:
                raise NotReady(
                    f"its command `ready` did not succeed within {variant.ready_timeout_s:g} s "
                    f"({self._words(answer, 'ready_timeout_s')})"
                )
            self._pause(_READY_AGAIN_AFTER_S)

    def restore(self) -> None:
        """Leave the box as it is to be left, if anything was applied. Raises NotApplied."""
        if not self._owed:
            return
        restoring = self._restoring
        if restoring.asks:
            self._ask(f"Restore the box: apply the variant {restoring.name!r}")
        else:
            answer = self._run(restoring.apply, restoring.apply_timeout_s)
            if answer.code != 0:
                self._tell(KeeperTask(restored=True))  # it would fail once more
                self._owed = False
                raise NotApplied(self._words(answer, "apply_timeout_s"))
        self._tell(KeeperTask(restored=True))
        self._owed = False

    def _owe(self) -> None:
        """Let the keeper know how to restore, before anything is changed."""
        restoring = self._restoring
        if restoring.asks:
            what = f"apply the variant {restoring.name!r} by hand"
            self._tell(KeeperTask(by_hand=what))
        else:
            timeout_s = restoring.apply_timeout_s
            self._tell(KeeperTask(restore=restoring.apply, timeout_s=timeout_s))
        self._owed = True

    def _run(self, command: str, timeout_s: float) -> KeeperAnswer:
        """Run a command to its end. It is ended if anything is raised meanwhile."""
        try:
            return self._keeper.run(command, timeout_s)
        except KeeperEnded:
            raise self._gone() from None

    def _tell(self, task: KeeperTask) -> None:
        try:
            self._keeper.tell(task)
        except KeeperEnded:
            raise self._gone() from None

    def _gone(self) -> KeeperGone:
        how = self._restoring
        by_hand = f"apply {how.name!r}" if how.asks else f"run {how.apply}"
        return KeeperGone(
            "the process that runs the commands of --variants has ended, so the box may not be "
            f"restored; restore it by hand: {by_hand}"
        )

    def _words(self, answer: KeeperAnswer, timeout_key: str) -> str:
        """How a command failed."""
        words = ended_words(answer)
        return words + (f"; {timeout_key} waits longer" if answer.code is None else "")
