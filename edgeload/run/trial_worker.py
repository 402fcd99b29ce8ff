"""A worker process of a search: the same loop, which is given its steps one at a time.

Commands of the parent, beside those that every worker knows: `("step", RampStep)` begins a trial,
`("end_step", run time)` ends it earlier than planned, and `("finish",)` ends the worker. When no
client has anything to send or in flight any more, and all of that is in the log, the worker says
`("idle", index of the step)`. Connections stay open from one trial to the next.
"""

from __future__ import annotations

import heapq
from multiprocessing.connection import Connection as Pipe
from typing import Any

from edgeload.plan import RampStep
from edgeload.run.client import HttpClient
from edgeload.run.counters import WorkerCounters
from edgeload.run.pacing import Schedule
from edgeload.run.tasks import WorkerTask
from edgeload.run.trial_schedule import StepwiseSchedule, trial_schedule_of
from edgeload.run.worker import Worker, serve


class TrialWorker(Worker):
    """A worker whose plan has no steps: it makes clients when a step first needs them."""

    def __init__(self, task: WorkerTask, counts: WorkerCounters, pipe: Pipe) -> None:
        super().__init__(task, counts, pipe)
        self._schedules: list[StepwiseSchedule] = []
        self._step: RampStep | None = None
        self._finished = False

    def _schedule(self, number: int) -> Schedule:
        schedule = trial_schedule_of(self._task.plan, number)
        self._schedules.append(schedule)
        return schedule

    def _goes_on(self) -> bool:
        if self._step is not None and self._left == 0:
            self.recorder.flush()
            self._pipe.send(("idle", self._step.index))
            self._step = None
        return not self._finished

    def _dismiss(self, client: HttpClient) -> None:
        """The client has nothing more to send in this step; its connection stays."""
        self._left -= 1

    def _obey(self, message: tuple[Any, ...]) -> None:
        if message[0] == "step":
            self._begin(message[1])
        elif message[0] == "end_step":
            self._end(message[1])
        elif message[0] == "finish":
            self._finish()
        else:
            super()._obey(message)

    def _begin(self, step: RampStep) -> None:
        hosted = range(self._task.index, step.clients, self._task.workers)
        for number in hosted[len(self._clients) :]:
            self._clients.append(self._client(number))
        self._step = step
        sending = self._clients[: len(hosted)]
        for schedule in self._schedules[: len(hosted)]:
            schedule.begin(step)
        self._left = len(sending)
        self._await_first_dues(sending)

    def _end(self, end_s: float) -> None:
        """Clients that wait for a frame that is not due any more have nothing left to send."""
        for client, schedule in zip(self._clients, self._schedules, strict=True):
            waits = schedule.next is not None and not client.busy
            schedule.end(end_s)
            if waits and schedule.next is None:
                self._dismiss(client)
        self._wake = [each for each in self._wake if each[2].schedule.next is not None]
        heapq.heapify(self._wake)

    def _finish(self) -> None:
        for client in self._clients:
            client.close()
        self._finished = True


def trial_worker_main(pipe: Pipe, shared_counts: Any) -> None:
    """Entry of a worker process of a search."""
    serve(TrialWorker, pipe, shared_counts)
