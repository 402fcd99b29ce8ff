"""Which frame of a client is next in a run whose steps are decided as it goes. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from edgeload.plan import Due, Plan, RampStep
from edgeload.run.pacing import ClientSchedule, ClosedLoopSchedule, Schedule


class StepwiseSchedule(Schedule, Protocol):
    """A schedule that is given its steps one at a time."""

    def begin(self, step: RampStep) -> None:
        """The client's frames in this step are next. Those of the step before must be over."""

    def end(self, end_s: float) -> None:
        """The present step ends at `end_s`, earlier than planned: nothing is due from then on."""


def trial_schedule_of(plan: Plan, client: int) -> StepwiseSchedule:
    """The schedule of one client, as its group wants it; the steps in `plan` do not count."""
    if plan.group_of(client).closed:
        return ClosedTrialSchedule(plan, client)
    return TrialSchedule(plan, client)


class TrialSchedule(ClientSchedule):
    """The schedule of one client that is given its steps one at a time.

    Its frames are numbered on from step to step, those of an ended step as if it had been planned
    with that end. So the plan of all steps, once they are known, gives the same numbers again.
    """

    __slots__ = ("_client", "_end_s", "_numbered", "_plan")

    def __init__(self, plan: Plan, client: int) -> None:
        """`plan` is that of the run; the steps in it do not count."""
        self._plan, self._client = plan, client
        self._late = plan.group_of(client).late
        self._end_s = float("inf")
        self._numbered = 0
        self._dues = iter(())
        self._step_ends = {}
        self.next = self._following = None

    def begin(self, step: RampStep) -> None:
        """See StepwiseSchedule."""
        assert self.next is None
        self._end_s = step.end_s
        self._step_ends = {step.index: step.end_s}
        self._dues = self._frames(step)
        self.next = next(self._dues, None)
        self._following = next(self._dues, None)

    def end(self, end_s: float) -> None:
        """See StepwiseSchedule."""
        self._end_s = end_s
        self._step_ends = dict.fromkeys(self._step_ends, end_s)
        if self._following is not None and self._following.due_s >= end_s:
            self._following = None
            self._numbered -= 1
        if self.next is not None and self.next.due_s >= end_s:
            self.next = None
            self._numbered -= 1

    def _frames(self, step: RampStep) -> Iterator[Due]:
        for due_s in self._plan.step_dues(self._client, step):
            if due_s >= self._end_s:
                return
            self._numbered += 1
            yield Due(self._numbered, step.index, due_s)


class ClosedTrialSchedule(ClosedLoopSchedule):
    """A camera in a closed loop, beside the groups that a search varies."""

    __slots__ = ("_client", "_plan")

    def __init__(self, plan: Plan, client: int) -> None:
        """`plan` is that of the run; the steps in it do not count."""
        super().__init__(replace(plan, steps=()), client)
        self._plan, self._client = plan, client

    def begin(self, step: RampStep) -> None:
        """See StepwiseSchedule."""
        assert self.next is None
        self._step = step if self._plan.sends_in(self._client, step) else None
        self._set_next(step.start_s)

    def end(self, end_s: float) -> None:
        """See StepwiseSchedule. A frame that was taken is in flight, and was due before."""
        if self._step is not None:
            self._step = replace(self._step, end_s=end_s)
        if self.next is not None and self.next.due_s >= end_s:
            self.next = None
            self._number -= 1
