"""One camera group of a log, as a log of its own: what holds for a run holds for each group. Pure.

Due times depend on a group's own values and on a camera's number within it, so a group's part of a
run is a run with clients of one kind.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np

from edgeload.plan import Plan, RampStep
from edgeload.read.log.columns import Ints, RunLog


def group_log(log: RunLog, index: int) -> RunLog:
    """The log of one group of a mix, by its index: its requests, its cameras numbered from 0.

    What the log says about the generator's processes is left out, because it concerns all groups.
    """
    assert log.plan is not None
    plan, group = log.plan, log.plan.groups[index]
    groups, numbers = places(plan)
    client = log.requests.client
    known = (client >= 0) & (client < len(groups))
    own = np.zeros(len(client), dtype=np.bool_)
    own[known] = groups[client[known]] == index
    requests = log.requests.rows(own)
    own_plan = Plan(
        tuple(
            RampStep(step.index, plan.cameras_of(index, step), step.start_s, step.end_s)
            for step in plan.steps
        ),
        (replace(group, cameras=1),),
        plan.seed,
    )
    return replace(
        log,
        plan=own_plan,
        steps=own_plan.steps,
        requests_per_second=group.requests_per_second,
        requests=replace(requests, client=numbers[requests.client].astype(client.dtype)),
        missed={key: count for key, count in log.missed.items() if key.group == group.name},
        workers=(),
        end=msgspec.structs.replace(log.end, counted={}) if log.end else None,
    )


def places(plan: Plan) -> tuple[Ints, Ints]:
    """For each client of a plan the index of its group, and its number within that group."""
    fixed, copy = plan.layout
    copies = -(-(plan.max_clients - len(fixed)) // len(copy))
    groups = np.array([*fixed, *copy * copies][: plan.max_clients], dtype=np.int64)
    numbers = np.zeros_like(groups)
    for index in range(len(plan.groups)):
        own = groups == index
        numbers[own] = np.arange(int(own.sum()))
    return groups, numbers
