"""What a search for the capacity changes between trials: a load, a number -> a step. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgeload.plain_words import plural
from edgeload.plan import Plan, RampStep
from edgeload.records import SearchOver, SearchRecord

PARTS_OF_RATE = 100
"""A search over the rate counts in hundredths of the rate in the settings."""


@dataclass(frozen=True)
class SearchAxis:
    """The direction of a search through the loads of a plan.

    `group` is the name of the camera group whose cameras are counted, beside so many copies of the
    others as `base` says: one, unless headroom is searched for. The plan of a search over one group
    has it as its `ramp_group`. `clients` are those that send in a search over the rate. A search
    for headroom as a whole has the axes of `axes_of`.
    """

    over: SearchOver
    group: str | None = None
    clients: int = 0
    base: int = 1

    def step(self, plan: Plan, load: int, index: int, start_s: float, end_s: float) -> RampStep:
        """The ramp step that puts `load` on the endpoint; run time in seconds."""
        if self.over == "rate":
            return RampStep(index, self.clients, start_s, end_s, speed=load / PARTS_OF_RATE)
        fixed, copy = plan.layout
        if self.group is None:
            return RampStep(index, len(fixed) + load * len(copy), start_s, end_s)
        cameras = self._cameras(plan, load)
        clients = _clients_for(plan, cameras)
        return RampStep(index, clients, start_s, end_s, cameras)

    def load_of(self, plan: Plan, step: RampStep) -> int:
        """The load of a step that `step` made."""
        if self.over == "rate":
            return round(step.speed * PARTS_OF_RATE)
        if self.group is not None:
            return plan.cameras_of(self._place(plan), step)
        return plan.copies(step)

    def has(self, plan: Plan, step: RampStep) -> bool:
        """Whether a step of the search lies on this axis.

        In a search for headroom: whether no other group differs from the base load.
        """
        if self.group is None:
            return True
        place = self._place(plan)
        return all(
            each == place or plan.cameras_of(each, step) == self.base * group.cameras
            for each, group in enumerate(plan.groups)
        )

    def base_load(self, plan: Plan) -> int:
        """Cameras of the group at the base load of a search for headroom."""
        return self.base * plan.groups[self._place(plan)].cameras

    def _cameras(self, plan: Plan, load: int) -> tuple[int, ...]:
        place = self._place(plan)
        return tuple(
            load if each == place else self.base * group.cameras
            for each, group in enumerate(plan.groups)
        )

    def _place(self, plan: Plan) -> int:
        return next(i for i, group in enumerate(plan.groups) if group.name == self.group)

    def per_load(self, plan: Plan) -> float:
        """Frames that are due per second for each unit of load, of groups that have a rate."""
        if self.over == "rate":
            rates = [plan.group_of(client).rate for client in range(self.clients)]
            return sum(rates) / PARTS_OF_RATE
        if self.group is not None:
            return plan.groups[self._place(plan)].rate
        return sum(plan.groups[index].rate for index in plan.layout[1])

    def number(self, plan: Plan, load: float) -> str:
        """A load as a bare number: `1,014`; of a search over the rate, the rate of each client.

        If the clients have several rates, it is a factor for all of them.
        """
        if self.over != "rate":
            return f"{load:,.0f}"
        step = (one_rate(plan) or 1.0) / PARTS_OF_RATE
        return f"{load * step:,.{max(0, math.ceil(-math.log10(step)))}f}"

    def words(self, plan: Plan, load: float) -> str:
        """`14 clients`, `1 copy`, `9 door cameras`, `19.85 requests/s`, `1.40 times the rates`."""
        if self.over == "rate":
            return f"{self.number(plan, load)} {self._unit_of_rate(plan)}"
        return plural(round(load), self.noun)

    def span(self, plan: Plan, low: float, high: float) -> str:
        """`13 to 15 clients`; one number if both read the same."""
        first, last = self.number(plan, low), self.number(plan, high)
        return self.words(plan, high) if first == last else f"{first} to {self.words(plan, high)}"

    def head(self, plan: Plan) -> str:
        """What a column of loads is called: `clients`, `copies`, `cameras`, `each/s` or `rates`."""
        if self.over == "rate":
            return "each/s" if one_rate(plan) else "rates"
        return "cameras" if self.group is not None else plural(2, self.noun).split(" ")[1]

    @property
    def noun(self) -> str:
        """What is counted, in the singular: `client`, `copy` or `door camera`."""
        if self.group is not None:
            return f"{self.group} camera"
        return "copy" if self.over in ("copies", "headroom") else "client"

    def _unit_of_rate(self, plan: Plan) -> str:
        return "requests/s" if one_rate(plan) else "times the rates of the mix"


def one_rate(plan: Plan) -> float | None:
    """The rate that all clients of a plan have; None if they have several."""
    rates = {group.rate for group in plan.groups}
    return rates.pop() if len(rates) == 1 else None


def axes_of(record: SearchRecord, plan: Plan) -> tuple[SearchAxis, ...]:
    """The axes of a search, one after the other.

    A search for headroom has one for each camera group that is no closed loop.
    """
    if record.over != "headroom":
        return (SearchAxis(record.over, record.group, record.clients),)
    open_groups = (group for group in plan.groups if not group.closed)
    return tuple(SearchAxis("group", group.name, base=record.base) for group in open_groups)


def largest_step(plan: Plan, axes: Sequence[SearchAxis], load: int) -> RampStep:
    """A step with every client that a search up to `load` may have: connections stay open."""
    steps = [axis.step(plan, load, 0, 0.0, 0.0) for axis in axes]
    if len(steps) == 1:
        return steps[0]
    cameras = tuple(
        max(plan.cameras_of(group, step) for step in steps) for group in range(len(plan.groups))
    )
    return replace(steps[0], clients=_clients_for(plan, cameras), cameras=cameras)


def _clients_for(plan: Plan, cameras: Sequence[int]) -> int:
    """Clients of the least whole copies that have so many cameras of each group."""
    fixed, copy = plan.layout
    copies = max(math.ceil(cameras[group] / plan.groups[group].cameras) for group in set(copy))
    return len(fixed) + copies * len(copy)
