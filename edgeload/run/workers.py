"""What drives a run sees of its worker processes, on this machine or on the nodes of a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from edgeload.box_records import ModelRecord
from edgeload.plan import Plan
from edgeload.records import Anchor, ClusterRecord
from edgeload.run.counters import Effort, LiveCounts
from edgeload.run.pinning import Pinning
from edgeload.run.tasks import EndpointTask, WorkerTask
from edgeload.run.worker_processes import EndedWorker, WorkerKind
from edgeload.signals import StopSignals


class RunWorkers(Protocol):
    """The workers of one run. `WorkerProcesses` says what each of these means on one machine."""

    @property
    def lead_s(self) -> float:
        """From the start command to run time 0, so that all workers know it and have connected."""

    @property
    def pinning(self) -> Pinning | None:
        """Where they run on this machine; None: they are on others."""

    def start(self, task: WorkerTask, kind: WorkerKind) -> None:
        """Start `task.workers` processes."""

    def await_ready(self) -> None:
        """Return when all are ready."""

    def begin(self, anchor: Anchor) -> None:
        """Let all begin: they send from the anchor's instant on."""

    def tell(self, *message: object) -> None:
        """Send a command to all that run."""

    @property
    def running(self) -> bool:
        """Whether anything is still to come: a worker runs, or its records are not here yet."""

    @property
    def dead(self) -> int:
        """How many have ended too early."""

    def counts(self) -> LiveCounts:
        """What all of them together have counted until now."""

    def group_counts(self) -> tuple[LiveCounts, tuple[LiveCounts, ...]]:
        """The same, and what they have counted for each camera group."""

    def efforts(self) -> tuple[Effort, ...]:
        """What each of them has last said about its CPU time."""

    def wait_for(self, timeout_s: float, stop: StopSignals) -> list[EndedWorker]:
        """Wait until something happens or the time is over; returns ended workers."""

    def models_told(self) -> list[ModelRecord]:
        """What they have told of the models that answer, since the last call."""

    def idle_since(self, step: int) -> bool:
        """In a search: whether none has anything left to do for this trial."""

    def news(self) -> list[str]:
        """What else has happened since the last call, in words."""

    @property
    def trouble(self) -> str:
        """Why the run cannot go on, beside the workers; empty: it can."""

    @property
    def log_refused(self) -> str | None:
        """Why the records that came cannot be written to the log any more; None while they can."""

    def kill(self) -> None:
        """Kill all that run."""

    def close(self) -> None:
        """Leave no process behind."""


class Cluster(Protocol):
    """Several machines that make the load of one run together."""

    def worker_count(self, plan: Plan) -> int:
        """Number of worker processes of a run, on all nodes together."""

    @property
    def open_files(self) -> int:
        """How many files a process may have open on the node that allows the fewest."""

    def workers(self, endpoints: Sequence[EndpointTask] = ()) -> RunWorkers:
        """Those of one run; none has been started. `endpoints` are those of a target map."""

    def record(self) -> ClusterRecord:
        """What the log says about it."""
