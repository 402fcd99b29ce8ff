"""What the driver makes of a node that answers late, or never, on a clock of the test's own."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from edgeload.cluster.engine import NodeGone
from edgeload.cluster.node_link import NodeLink, NodeShare
from edgeload.cluster.node_words import NodeQuestion, NodeState
from edgeload.run.worker_processes import EndedWorker


class Handle:
    """A node that answers when the test says so."""

    name = "a"

    def __init__(self) -> None:
        self.asked: list[tuple[NodeQuestion, Future[Any]]] = []

    def call(self, method: str, *arguments: Any, **_: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.asked.append((arguments[0], future))
        return future

    def answer(self, which: int = -1, **changed: Any) -> None:
        """Answer a question; all commands of it are obeyed."""
        question, future = self.asked[which]
        values: dict[str, Any] = {
            "received_ns": 0,
            "answered_ns": 0,
            "obeyed": 1 + max((n for n, _ in question.commands), default=-1),
            "counts": b"",
            "efforts": (),
            "running": True,
            "ended": (),
            "models": (),
            "idle_since_step": -1,
            "log_bytes": 0,
            "lease_over_s": None,
        }
        future.set_result(NodeState(**{**values, **changed}))


class Clock:
    """Seconds that pass when the test says so."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def link_and_node(lease_s: float = 5.0) -> tuple[NodeLink, Handle, Clock]:
    handle, clock = Handle(), Clock()
    share = NodeShare((0, 2), (3, 2))
    return NodeLink(handle, share, lease_s, lambda _: None, clock), handle, clock


def test_a_silent_node_is_suspect_and_then_lost() -> None:
    """After 3 s without an answer, and 3 s after its lease is over; its workers are dead then."""
    link, node, clock = link_and_node(lease_s=5.0)
    link.tell("begin")
    said = {}
    for tenth in range(1, 100):
        clock.now_s = 100.0 + tenth / 10
        link.ask_if_due()
        for text in link.hear():
            said[text] = tenth / 10
    assert said == {
        "node a does not answer: it may be lost": 3.1,
        "node a (2 workers with 5 clients) is lost: it has not answered for 8 s": 8.1,
    }
    assert len(node.asked) > 5
    ended = link.take_ended()
    assert [(w.index, w.clients, w.exit_code, w.node) for w in ended] == [
        (0, 3, None, "a"),
        (2, 2, None, "a"),
    ]
    assert link.silent
    assert not link.running


def test_a_suspect_that_answers_is_none_any_more() -> None:
    """Nothing is lost by a pause that is shorter than the lease."""
    link, node, clock = link_and_node()
    link.tell("begin")
    clock.now_s += 4.0
    assert link.hear() == ["node a does not answer: it may be lost"]
    node.answer()
    assert link.hear() == ["node a answers again"]
    assert not link.lost
    assert not link.take_ended()


def test_a_lost_node_stays_lost_but_may_bring_its_records() -> None:
    """Its workers count as dead, whatever it says later; what it has is known again."""
    link, node, clock = link_and_node()
    link.tell("begin")
    clock.now_s += 9.0
    link.hear()
    assert link.lost
    assert len(link.take_ended()) == 2
    late = EndedWorker(0, 4711, 3, 0, node="a")
    node.answer(running=False, ended=(late,), log_bytes=77)
    assert link.hear() == ["node a answers again, and stays lost"]
    assert link.lost
    assert not link.silent
    assert not link.take_ended()
    assert link.log_bytes == 77


def test_a_command_is_told_until_it_has_come() -> None:
    """A question that is lost takes no command with it; one that came is not told again."""
    link, node, clock = link_and_node()
    link.tell("begin", 1)
    node.asked[0][1].set_exception(OSError("the network was away"))
    link.hear()
    clock.now_s += 1.0
    link.ask_if_due()
    link.tell("stop", 2)
    assert [command for _, command in node.asked[-1][0].commands] == [("begin", 1), ("stop", 2)]
    node.answer()
    link.hear()
    clock.now_s += 1.0
    link.ask_if_due()
    assert node.asked[-1][0].commands == ()


def test_an_end_that_is_told_twice_is_heard_once() -> None:
    """Two questions were on their way, and both answers tell of the same worker."""
    link, node, clock = link_and_node()
    died = EndedWorker(2, 4711, 2, -9, node="a")
    link.tell("begin")
    clock.now_s += 1.0
    link.ask_if_due()
    node.answer(0, ended=(died,))
    node.answer(1, ended=(died,))
    link.hear()
    assert link.take_ended() == [died]
    assert link.take_ended() == []


def test_a_node_whose_process_has_ended_is_lost_at_once() -> None:
    """No lease has to be waited for, and it is asked no more."""
    link, node, clock = link_and_node()
    link.tell("begin")
    node.asked[0][1].set_exception(NodeGone("its process has ended"))
    assert link.hear() == ["node a (2 workers with 5 clients) is lost: its process has ended"]
    clock.now_s += 1.0
    link.ask_if_due()
    assert len(node.asked) == 1


def test_a_node_whose_records_are_lost_after_its_work_is_lost_too() -> None:
    """All of its workers had ended well; then it was cut off, and what they measured with it."""
    link, node, clock = link_and_node()
    link.tell("begin")
    done = tuple(EndedWorker(index, 4711, 2, 0, node="a") for index in (0, 2))
    node.answer(running=False, ended=done, log_bytes=77)
    link.hear()
    assert link.take_ended() == list(done)
    clock.now_s += 1.0
    link.ask_if_due()
    clock.now_s += 9.0
    link.hear()
    assert [(worker.index, bool(worker.lost)) for worker in link.take_ended()] == [
        (0, True),
        (2, True),
    ]


def test_a_node_that_has_stopped_by_itself_is_lost() -> None:
    """Nobody had asked it for as long as the lease: what it did not send is missing."""
    link, node, _ = link_and_node(lease_s=5.0)
    link.tell("begin")
    node.answer(lease_over_s=12.3)
    assert link.hear() == [
        "node a (2 workers with 5 clients) is lost: it stopped sending at 12.3 s, because nobody "
        "had asked it for 5 s"
    ]


def test_a_slow_start_makes_no_node_silent() -> None:
    """Nobody asked it while its workers started: its silence counts from the start command on."""
    link, _, clock = link_and_node(lease_s=5.0)
    clock.now_s += 60.0
    link.tell("begin")
    assert link.hear() == []
    assert not link.lost
