"""What the driver of a cluster run and its nodes tell each other. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from edgeload.box_records import ModelRecord
from edgeload.run.counters import Effort
from edgeload.run.tasks import WorkerTask
from edgeload.run.worker_processes import EndedWorker, WorkerKind


@dataclass(frozen=True)
class NodeInfo:
    """A node, as it sees itself."""

    host: str
    usable_cores: int
    own_cores: int
    """How many workers could have a physical core of their own, or all cores if that is one."""
    open_files: int
    """How many files a process may have open."""
    versions: dict[str, str]


@dataclass(frozen=True)
class NodeReady:
    """A node has started its workers, or could not."""

    log: str = ""
    """The path of its log on its own machine."""
    machine: dict[str, Any] = field(default_factory=dict)
    """What it is, and where its workers run (`run.environment.generator_machine`)."""
    problem: str = ""
    """Why it cannot take part; empty: it can."""
    endpoint: bool = False
    """Whether the endpoint is the cause of that."""


@dataclass(frozen=True)
class NodeTask:
    """What one node has to do: its workers have the numbers in `indices`."""

    name: str
    task: WorkerTask
    """That of the first worker of the run. Its pictures and certificates are in files that only the
    driver has: `picture_files` says which of the run's files each group's pictures are in."""
    kind: WorkerKind
    indices: tuple[int, ...]
    picture_files: tuple[int, ...]
    certificates: bytes | None
    lease_s: float
    """Sending ends so long after the last question of the driver."""
    not_pinned: str = ""
    """Why its workers are not to have cores of their own; empty: they are, if there are enough."""


@dataclass(frozen=True)
class NodeQuestion:
    """The driver asks how a node is, once a second. It tells what is new, again until answered."""

    commands: tuple[tuple[int, tuple[object, ...]], ...] = ()
    """Commands for the workers, numbered from 0 in the order in which they hold."""
    ended_heard: int = 0
    """How many ended workers the driver has heard of."""
    models_heard: int = 0


@dataclass(frozen=True)
class NodeState:
    """How a node is."""

    received_ns: int
    """On the node's monotonic clock, like `answered_ns`."""
    answered_ns: int
    obeyed: int
    """So many commands have been passed on to the workers."""
    counts: bytes
    """What its workers have counted together: their blocks added up, packed by zlib."""
    efforts: tuple[Effort, ...]
    running: bool
    ended: tuple[EndedWorker, ...]
    """Those of which the driver has not heard."""
    models: tuple[ModelRecord, ...]
    idle_since_step: int
    """In a search: the last trial of which no worker has anything left to do."""
    log_bytes: int
    """Size of its log, in which all is that was counted."""
    lease_over_s: float | None
    """Run time at which it stopped sending because nobody had asked; None: it did not."""
    began_late_s: float | None = None
    """By so much the start was over when it heard of it, so that it did not begin; None: it did."""
