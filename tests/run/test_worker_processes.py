"""What people are told about a worker that has ended, before the run or in it."""

from __future__ import annotations

import multiprocessing
import os

import pytest

from edgeload.box_records import ModelGone
from edgeload.edge.location import Unreachable
from edgeload.run.tasks import tell_models
from edgeload.run.worker_processes import (
    EndedWorker,
    Member,
    WorkerProcesses,
    WorkersFailed,
    lead_for_s,
)
from edgeload.signals import StopSignals


@pytest.mark.parametrize(
    ("worker", "notice"),
    [
        (
            EndedWorker(0, 4711, 1, -9),
            "worker 0 (process 4711, 1 client) died 3.2 s into the run: killed by SIGKILL; its "
            "unsent requests count as missed",
        ),
        (
            EndedWorker(5, 4711, 2, -9, was_frozen=True),
            "worker 5 (process 4711, 2 clients) did not end: it stood still and was killed 3.2 s "
            "into the run; what it had not written down is lost, and counts as missed",
        ),
        (
            EndedWorker(3, 4711, 12, 1),
            "worker 3 (process 4711, 12 clients) died 3.2 s into the run: exit code 1; its unsent "
            "requests count as missed",
        ),
    ],
)
def test_the_notice_names_the_worker_and_how_it_died(worker: EndedWorker, notice: str) -> None:
    """By its number, its process and its signal or exit code, and with the right plural."""
    assert worker.death_notice(3.21) == notice


class _Ended:
    """A process that has ended."""

    pid, exitcode = 4711, 1

    def join(self, timeout_s: float) -> None:
        """Nothing to wait for."""


class _Running:
    """A process that goes on."""

    def __init__(self) -> None:
        self.sentinel, self._end = os.pipe()


@pytest.mark.parametrize("task_was_read", [True, False])
def test_a_worker_that_ends_before_the_run_is_named(task_was_read: bool) -> None:
    """Whether or not it had read its task, which decides how the end of its pipe looks to us."""
    ours, theirs = multiprocessing.Pipe()
    ours.send("task")
    if task_was_read:
        theirs.recv()
    theirs.close()
    workers = WorkerProcesses([Member(4, 1, _Ended(), ours, None)])
    said = r"worker 4 \(process 4711\) could not start: exit code 1"
    with pytest.raises(WorkersFailed, match=said):
        workers.await_ready()
    ours.close()


def test_what_a_worker_tells_of_models_is_kept_until_somebody_asks() -> None:
    """Once each, beside what it says otherwise."""
    ours, theirs = multiprocessing.Pipe()
    member = Member(0, 1, _Running(), ours, None)
    workers = WorkerProcesses([member])
    gone = ModelGone(0.0, 3.0, 0, "det_d", "mlb_a")
    tell_models(theirs, [])
    tell_models(theirs, [gone])
    theirs.send(("idle", 4))
    with StopSignals() as stop:
        for _ in range(2):
            assert workers.wait_for(1.0, stop) == []
    assert member.idle_since_step == 4
    assert workers.models_told() == [gone]
    assert workers.models_told() == []
    ours.close()
    tell_models(theirs, [gone])  # the parent has gone: nothing happens


def test_a_worker_that_names_the_endpoint_as_the_cause() -> None:
    """The SDK refuses the endpoint: that is no fault of this machine."""
    ours, theirs = multiprocessing.Pipe()
    theirs.send("no such host")
    workers = WorkerProcesses([Member(2, 1, _Ended(), ours, None)])
    with pytest.raises(Unreachable, match="worker 2: no such host"):
        workers.await_ready()


def test_few_clients_do_not_let_a_run_wait() -> None:
    """A worker has 2 ms for each of its connections, and the run begins after 0.75 s at the latest.

    A client of the first step connects half a second before its first request at the earliest.
    """
    leads = [lead_for_s(clients) for clients in (1, 50, 300, 10_000)]
    assert leads == sorted(leads)
    assert leads[0] < 0.25
    assert leads[1] - leads[0] == pytest.approx(49 * 0.002)
    assert leads[2:] == [0.75, 0.75]
