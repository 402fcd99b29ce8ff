"""What a worker process has to know before the run: its clients, and what each group sends.

And what it tells its parent while it runs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

from edgeload.box_records import ModelRecord
from edgeload.edge.location import Target
from edgeload.edge.trust import TlsTrust
from edgeload.plan import Plan
from edgeload.run.picture_answers import Expected
from edgeload.run.picture_file import PictureFile
from edgeload.untrusted_text import hide_in_errors, remember_secret


@dataclass(frozen=True)
class DetectorTask:
    """A detector that is asked."""

    detector_id: str
    confidence_threshold: float | None = None
    """The detector's own, if it is known; every request replaces it by 0."""
    expected: Expected | None = None
    """The answers that the group's pictures got before the run; None: they are not compared."""


@dataclass(frozen=True)
class ChainTask:
    """Further requests that the first answer to a frame leads to: so many at once."""

    detector: DetectorTask
    requests: int


@dataclass(frozen=True)
class GroupTask:
    """What the clients of one camera group send."""

    name: str
    detector: DetectorTask
    pictures: PictureFile
    timeout_s: float
    then: tuple[ChainTask, ...] = ()

    def followers(self) -> tuple[DetectorTask, ...]:
        """The detector of each further request of a frame, in the order of their parts."""
        return tuple(link.detector for link in self.then for _ in range(link.requests))


@dataclass(frozen=True)
class WorkerTask:
    """Everything that a worker has to know before the run; sent to it through its pipe."""

    index: int
    workers: int
    plan: Plan
    run_id: str
    target: Target
    token: str
    trust: TlsTrust
    groups: tuple[GroupTask, ...]
    """Those of the plan, in its order."""
    log_file: Path
    punctual: bool = False
    """Whether it spends CPU on sending as exactly as this machine can."""

    def clients(self) -> range:
        """Numbers of the clients that this worker hosts."""
        return range(self.index, self.plan.max_clients, self.workers)


@dataclass(frozen=True)
class EndpointTask:
    """What tasks of workers that load different endpoints differ in: all that is the endpoint's."""

    url: str
    target: Target
    trust: TlsTrust
    groups: tuple[GroupTask, ...]

    def of(self, task: WorkerTask) -> WorkerTask:
        """The same task for this endpoint."""
        return replace(task, target=self.target, trust=self.trust, groups=self.groups)


def receive_task(pipe: Pipe) -> WorkerTask:
    """What a worker process is told first; from then on it shows the token nowhere.

    Raises EOFError if the parent has gone.
    """
    task: WorkerTask = pipe.recv()
    remember_secret(task.token)
    hide_in_errors()
    return task


MODELS = "models"
"""The first word of a worker that tells which models answer."""


def tell_models(pipe: Pipe, told: Sequence[ModelRecord]) -> None:
    """Tell the parent which models answer, if there is something new."""
    if told:
        with contextlib.suppress(OSError):  # the parent has gone
            pipe.send((MODELS, tuple(told)))


def longest_frame_s(task: WorkerTask) -> float:
    """The longest time that a frame can take: a timeout, and a second one with a chain."""
    return max(group.timeout_s * (2.0 if group.then else 1.0) for group in task.groups)


def mean_picture_bytes(task: WorkerTask) -> dict[str, float]:
    """The mean size of the pictures that a group sends, in bytes, by its name."""
    return {g.name: sum(g.pictures.sizes) / len(g.pictures.sizes) for g in task.groups}
