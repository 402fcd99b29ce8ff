"""One node as the driver sees it: asks it once a second, and notices when it does not answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from edgeload.box_records import ModelRecord
from edgeload.cluster.clock_look import ClockLook, best, look_of
from edgeload.cluster.engine import NodeGone, NodeHandle
from edgeload.cluster.node_words import NodeQuestion, NodeState
from edgeload.plain_words import plural
from edgeload.run.counters import Effort
from edgeload.run.worker_processes import EndedWorker

ASK_NODE_EVERY_S = 0.9
"""It is looked four times a second whether so long has gone by: so it is asked once a second."""
SUSPECT_AFTER_S = 3.0
"""A node that has not answered for so long may be lost."""
FIRST_PINGS = 40
_LOOKS_KEPT = 10
_MOST_UNANSWERED = 10


@dataclass(frozen=True)
class NodeShare:
    """The workers of one node, and how many clients each of them hosts."""

    indices: tuple[int, ...]
    clients: tuple[int, ...]

    def __str__(self) -> str:
        workers = plural(len(self.indices), "worker")
        if not any(self.clients):  # in a search, they depend on the trial
            return workers
        return f"{workers} with {plural(sum(self.clients), 'client')}"


def compared_clocks(
    handle: NodeHandle, times: int = FIRST_PINGS, limit_s: float = 10.0
) -> ClockLook:
    """The best of so many looks at a node's clock. Raises what the calls raise."""
    looks = []
    for _ in range(times):
        sent_ns = time.monotonic_ns()
        received_ns, answered_ns = handle.call("clock").result(limit_s)
        looks.append(look_of(sent_ns, received_ns, answered_ns, time.monotonic_ns()))
    return best(looks)


class NodeLink:
    """The driver's end. `on_answer` is called from other threads when something has come."""

    def __init__(
        self,
        handle: NodeHandle,
        share: NodeShare,
        lease_s: float,
        on_answer: Callable[[NodeLink], None],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._handle = handle
        self._share = share
        self._lost_after_s = lease_s + SUSPECT_AFTER_S
        self._on_answer = on_answer
        self._now_s = now_s
        self._commands: list[tuple[object, ...]] = []
        self._obeyed = 0
        self._lock = threading.RLock()
        self._unanswered: dict[Future[NodeState], tuple[int, NodeQuestion]] = {}
        self._ended_heard = self._ended_told = self._models_told = 0
        self._asked_s = float("-inf")
        self._answered_s = now_s()
        self._looks: list[ClockLook] = []
        self.counts = b""
        self.efforts: tuple[Effort, ...] = ()
        self.running = True
        """Whether a worker runs there, as far as is known."""
        self.idle_since_step = -1
        self.log_bytes = 0
        self.suspect = False
        self.lost = ""
        """Why the node counts as lost, from then on and for good; empty: it does not."""
        self.silent = False
        """Whether it is lost and does not answer at present; what it has may come later."""
        self.gone = False
        """Whether its process is known to have ended."""
        self.ended: list[EndedWorker] = []
        self._models: list[ModelRecord] = []
        self.began_with: ClockLook

    @property
    def name(self) -> str:
        """What people call its machine."""
        return self._handle.name

    @property
    def share(self) -> NodeShare:
        """Its workers."""
        return self._share

    def ping(self, times: int = FIRST_PINGS) -> ClockLook:
        """Compare the clocks before the run. Raises what the calls raise."""
        self.began_with = compared_clocks(self._handle, times, self._lost_after_s)
        self._answered_s = self._now_s()
        return self.began_with

    def clock_now(self) -> ClockLook | None:
        """The best of the latest looks during the run."""
        return best(self._looks) if self._looks else None

    def take_ended(self) -> list[EndedWorker]:
        """Its workers that have ended since the last call."""
        told, self._ended_told = self._ended_told, len(self.ended)
        return self.ended[told:]

    def take_models(self) -> list[ModelRecord]:
        """What its workers have told of the models that answer, since the last call."""
        told, self._models_told = self._models_told, len(self._models)
        return self._models[told:]

    def close(self, *, keep_log: bool) -> Future[Any]:
        """Let it end its workers; the path of its log there, if it is kept."""
        return self._handle.call("close", keep_log=keep_log)

    def tell(self, *command: object) -> None:
        """Send a command to its workers, at once and until it is known to have come."""
        with self._lock:
            if not self._commands:
                self._answered_s = self._now_s()  # until now, nobody has asked
            self._commands.append(command)
            self._ask()

    def ask_if_due(self, every_s: float = ASK_NODE_EVERY_S) -> None:
        """Ask how it is, if it was not asked for so long. Any thread may do so."""
        with self._lock:
            due = self._now_s() - self._asked_s >= every_s
            waiting = sum(not future.done() for future in self._unanswered)
            if due and waiting < _MOST_UNANSWERED:
                self._ask()

    def _ask(self) -> None:
        if self.gone:
            return
        new = tuple(enumerate(self._commands))[self._obeyed :]
        question = NodeQuestion(new, self._ended_heard, len(self._models))
        self._asked_s = self._now_s()
        sent_ns = time.monotonic_ns()
        future: Future[Any] = self._handle.call("ask", question)
        self._unanswered[future] = (sent_ns, question)
        future.add_done_callback(lambda _: self._on_answer(self))

    def hear(self) -> list[str]:
        """Take in the answers that have come; what has happened, in words."""
        with self._lock:
            return self._heard()

    def _heard(self) -> list[str]:
        said: list[str] = []
        for future, (sent_ns, question) in list(self._unanswered.items()):
            if not future.done():
                continue
            del self._unanswered[future]
            try:
                answer = future.result()
            except NodeGone as gone:
                self.gone, self.running = True, False
                said += self._lose(str(gone), self._answered_s)
            except Exception:  # the engine's: if it lasts, the node is lost
                continue
            else:
                said += self._take(answer, question, sent_ns)
        return [*said, *self._doubt()]

    def _take(self, answer: NodeState, question: NodeQuestion, sent_ns: int) -> list[str]:
        seen = look_of(sent_ns, answer.received_ns, answer.answered_ns, time.monotonic_ns())
        self._looks = [*self._looks[1 - _LOOKS_KEPT :], seen]
        heard_s, self._answered_s = self._answered_s, self._now_s()
        self._obeyed = max(self._obeyed, answer.obeyed)
        self.counts, self.efforts = answer.counts, answer.efforts
        self.idle_since_step = max(self.idle_since_step, answer.idle_since_step)
        self.log_bytes = max(self.log_bytes, answer.log_bytes)
        self._models += answer.models[len(self._models) - question.models_heard :]
        new = answer.ended[self._ended_heard - question.ended_heard :]
        self._ended_heard += len(new)
        was_silent = self.suspect or self.silent
        self.running, self.silent, self.suspect = answer.running, False, False
        said = []
        if was_silent:
            lost = ", and stays lost" if self.lost else ""
            said.append(f"node {self.name} answers again{lost}")
        if answer.began_late_s is not None:
            said += self._lose(
                f"it heard of the start {answer.began_late_s:.1f} s too late, and did not begin",
                heard_s,
            )
        if answer.lease_over_s is not None:
            said += self._lose(
                f"it stopped sending at {answer.lease_over_s:.1f} s, because nobody had asked it "
                f"for {self._lost_after_s - SUSPECT_AFTER_S:g} s",
                heard_s,
            )
        if not self.lost:
            self.ended += new
        return said

    def _doubt(self) -> list[str]:
        silent_s = self._now_s() - self._answered_s
        if self.gone or self.silent or not self._unanswered:
            return []
        if silent_s > self._lost_after_s:
            self.silent, self.running = True, False
            why = f"it has not answered for {silent_s:.0f} s"
            return self._lose(why, self._answered_s)
        if silent_s > SUSPECT_AFTER_S and not self.suspect:
            self.suspect = True
            return [f"node {self.name} does not answer: it may be lost"]
        return []

    def _lose(self, why: str, heard_s: float) -> list[str]:
        """The node is lost: its workers count as dead, whatever is heard of them later.

        What it did after it was last heard is not known.

        If all of them had ended as they should, their records are lost at the least.
        """
        if self.lost:
            return []
        self.lost = why
        ended = {worker.index for worker in self.ended}
        if len(ended) == len(self._share.indices):
            ended = set()
        self.ended += [
            EndedWorker(index, 0, clients, None, node=self.name, lost=why, heard_s=heard_s)
            for index, clients in zip(self._share.indices, self._share.clients, strict=True)
            if index not in ended
        ]
        return [f"node {self.name} ({self._share}) is lost: {why}"]
