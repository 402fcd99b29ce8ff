"""What a search for the capacity changes between trials: a load, a number -> a step. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgeload.plan import Plan, RampStep
from edgeload.records import SearchOver

PARTS_OF_RATE = 100
"""A search over the rate counts in hundredths of the rate in the settings."""


@dataclass(frozen=True)
class SearchAxis:
    """The direction of a search through the loads of a plan.

    `group` is the name of the camera group whose cameras are counted. The plan of such a search has
    it as its `ramp_group`. `clients` are those that send in a search over the rate.
    """

    over: SearchOver
    group: str | None = None
    clients: int = 0

    def step(self, plan: Plan, load: int, index: int, start_s: float, end_s: float) -> RampStep:
        """The ramp step that puts `load` on the endpoint; run time in seconds."""
        if self.over == "rate":
            return RampStep(index, self.clients, start_s, end_s, speed=load / PARTS_OF_RATE)
        fixed, copy = plan.layout
        if self.over != "group":
            return RampStep(index, len(fixed) + load * len(copy), start_s, end_s)
        place = self._place(plan)
        copies = math.ceil(load / plan.groups[place].cameras)
        cameras = tuple(
            load if each == place else group.cameras for each, group in enumerate(plan.groups)
        )
        return RampStep(index, len(fixed) + copies * len(copy), start_s, end_s, cameras)

    def load_of(self, plan: Plan, step: RampStep) -> int:
        """The load of a step that `step` made."""
        if self.over == "rate":
            return round(step.speed * PARTS_OF_RATE)
        if self.over == "group":
            return plan.cameras_of(self._place(plan), step)
        return plan.copies(step)

    def _place(self, plan: Plan) -> int:
        return next(i for i, group in enumerate(plan.groups) if group.name == self.group)

    def per_load(self, plan: Plan) -> float:
        """Frames that are due per second for each unit of load, of groups that have a rate."""
        if self.over == "rate":
            rates = [plan.group_of(client).rate for client in range(self.clients)]
            return sum(rates) / PARTS_OF_RATE
        if self.over == "group":
            return plan.groups[self._place(plan)].rate
        return sum(plan.groups[index].rate for index in plan.layout[1])
