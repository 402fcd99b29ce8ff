"""Puts each worker process on a core of its own, and everything else of ours on the others.

What cannot be pinned is not: then everything runs wherever the system puts it, and the log says so.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator
from pathlib import Path

import psutil

from edgeload.core_plan import CorePlan, NotPinned

PINNED = "each worker on a physical core of its own"
_ENDED = (ProcessLookupError, FileNotFoundError)
"""What the system says of a process that has ended meanwhile."""


class Pinning:
    """What a plan says, done. Call `restore` at the end, whatever happens."""

    def __init__(self, plan: CorePlan | NotPinned) -> None:
        self._plan = plan
        self._workers: list[int] = []
        self._confined: list[int] = []

    @property
    def words(self) -> str:
        """Whether workers are pinned; if not, why: a text for the log."""
        return f"none: {self._plan.why}" if isinstance(self._plan, NotPinned) else PINNED

    @property
    def worker_cpus(self) -> list[str] | None:
        """The CPUs of each worker, `3` or `3+7` for two threads of a core; None: not pinned."""
        if isinstance(self._plan, NotPinned):
            return None
        return ["+".join(map(str, cpus)) for cpus in self._plan.workers]

    @property
    def cpus(self) -> frozenset[int] | None:
        """The CPUs of all workers; None: not pinned."""
        if isinstance(self._plan, NotPinned):
            return None
        return frozenset(cpu for cpus in self._plan.workers for cpu in cpus)

    def pin(self, pid: int) -> None:
        """Pin the next worker process, which has just been started."""
        if isinstance(self._plan, NotPinned):
            return
        cpus = self._plan.workers[len(self._workers)]
        self._workers.append(pid)
        try:
            _put(pid, cpus)
        except _ENDED:  # as its parent will see
            return
        except OSError as problem:
            self._give_up(problem)

    def confine_rest(self) -> None:
        """Keep this process and its other children off the cores of the workers."""
        if isinstance(self._plan, NotPinned):
            return
        for pid in _own_processes(self._workers):
            self._confined.append(pid)
            try:
                _put(pid, self._plan.rest)
            except _ENDED:
                continue
            except OSError as problem:
                self._give_up(problem)
                return

    def restore(self) -> None:
        """Let all that lives on run everywhere again."""
        plan = self._plan
        if isinstance(plan, NotPinned):
            return
        everywhere = {*plan.rest, *(self.cpus or ())}
        for pid in {*self._workers, *self._confined, *_own_processes(self._workers)}:
            with contextlib.suppress(OSError):
                _put(pid, everywhere)
        self._workers, self._confined = [], []

    def _give_up(self, problem: OSError) -> None:
        why = problem.strerror or str(problem)
        self.restore()
        self._plan = NotPinned(f"the system refused it ({why})")


def _own_processes(but: Collection[int]) -> Iterator[int]:
    """This process and what has come from it, without some."""
    yield os.getpid()
    for child in psutil.Process().children(recursive=True):
        if child.pid not in but:
            yield child.pid


def _put(pid: int, cpus: Collection[int]) -> None:
    """Let all threads of a process run on these CPUs only. Raises OSError."""
    for thread in (int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()):
        os.sched_setaffinity(thread, cpus)
