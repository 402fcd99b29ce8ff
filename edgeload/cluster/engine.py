"""What a cluster run needs of an engine that carries its calls to other machines.

One engine is in use, Ray (`ray_engine`). The tests have another one, whose nodes are in their own
process, so that all but the carrying is tested without a cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from edgeload.run.worker_processes import WorkersFailed


class ClusterError(WorkersFailed):
    """The cluster cannot be used; the text is one line that says why and what to do."""


class NodeGone(Exception):
    """The node's process has ended for good; the text says how. Any other error may pass."""


def last_line(error: BaseException) -> str:
    """What an error of the engine says at its end: before that come traces of several machines."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()


class NodeHandle(Protocol):
    """One node, from the driver."""

    @property
    def name(self) -> str:
        """What people call its machine."""

    def call(self, method: str, *arguments: Any, **named: Any) -> Future[Any]:
        """Call a method of its `Node`.

        The future may fail with NodeGone, or with anything else, which may pass. Calls of `ask` are
        carried out one after the other in the order in which they were made, whatever else goes on.
        """


class Engine(Protocol):
    """Nodes that are reserved for one run, each on another machine unless `local`."""

    @property
    def nodes(self) -> Sequence[NodeHandle]:
        """All that are reserved."""

    @property
    def local(self) -> bool:
        """Whether they are all on this machine."""

    @property
    def trouble(self) -> str:
        """Why no run can go on, whatever the nodes say; empty: it can."""

    def shared(self, value: Any) -> Any:
        """The value, to be passed to calls of many nodes."""
