"""An engine whose nodes are objects in the test's own process, with clocks that are known to be
wrong, and that can be cut off."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from edgeload.cluster.engine import NodeGone
from edgeload.cluster.node import Node
from edgeload.cluster.node_words import NodeQuestion, NodeState
from edgeload.records import Anchor


class NodeHere:
    """A node whose monotonic clock is `ahead_s` ahead of the driver's."""

    def __init__(self, name: str, ahead_s: float) -> None:
        self.name = name
        self.ahead_s = ahead_s
        self.node = Node()
        self.calls: list[str] = []
        self.cut_off = threading.Event()
        """While set, nothing that is asked arrives."""
        self.begins_s: float | None = None
        """Run time 0 on the real clock, once it is known."""
        self.killed = False
        self.fails_fetches = 0
        """So many further calls of `fetch` fail."""
        self._asking = ThreadPoolExecutor(1)
        self._others = ThreadPoolExecutor(2)

    def call(self, method: str, *arguments: Any, **named: Any) -> Future[Any]:
        self.calls.append(method)
        if self.cut_off.is_set():
            return Future()
        pool = self._asking if method in ("ask", "clock") else self._others
        return pool.submit(self._answered, method, *arguments, **named)

    def _answered(self, method: str, *arguments: Any, **named: Any) -> Any:
        if self.killed:
            raise NodeGone("its process has ended")
        if method == "fetch" and self.fails_fetches:
            self.fails_fetches -= 1
            raise OSError("the network was away")
        if method == "ask":
            arguments = (self._by_own_clock(arguments[0]),)
        said = getattr(self.node, method)(*arguments, **named)
        ahead_ns = round(self.ahead_s * 1e9)
        if method == "clock":
            return said[0] + ahead_ns, said[1] + ahead_ns
        if isinstance(said, NodeState):
            return dataclasses.replace(
                said,
                received_ns=said.received_ns + ahead_ns,
                answered_ns=said.answered_ns + ahead_ns,
            )
        return said

    def _by_own_clock(self, question: NodeQuestion) -> NodeQuestion:
        """The instant of the start by the real clock; the driver gives it by this node's."""

        def real(value: object) -> object:
            if isinstance(value, Anchor):
                self.begins_s = value.monotonic_s - self.ahead_s
                return Anchor(value.wall_s, value.monotonic_s - self.ahead_s)
            return value

        commands = tuple((n, tuple(map(real, command))) for n, command in question.commands)
        return dataclasses.replace(question, commands=commands)

    def kill(self) -> None:
        """As if its machine lost its power."""
        self.killed = True
        self.node._workers.kill()


class EngineHere:
    """Nodes with these errors of their clocks."""

    local = True
    trouble = ""

    def __init__(self, ahead_s: Sequence[float]) -> None:
        self.nodes = tuple(NodeHere(f"node{i}", each) for i, each in enumerate(ahead_s))

    def shared(self, value: Any) -> Any:
        return value
