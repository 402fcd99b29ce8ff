"""One camera group of a log, as a log of its own: what holds for a run holds for each group. Pure.

Due times depend on a group's own values and on a camera's number within it, so a group's part of a
run is a run with clients of one kind.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np

from edgeload.plan import Plan
from edgeload.read.log.columns import Requests, RunLog
from edgeload.read.log.frames import group_indices


def group_log(log: RunLog, index: int) -> RunLog:
    """The log of one group of a mix, by its index: its requests, its cameras numbered from 0.

    What the log says about the generator's processes is left out, because it concerns all groups.
    """
    assert log.plan is not None
    plan, group = log.plan, log.plan.groups[index]
    own_plan = Plan(
        tuple(
            replace(step, clients=plan.cameras_of(index, step), cameras=None) for step in plan.steps
        ),
        (replace(group, cameras=1),),
        plan.seed,
    )
    alone = group.requests_per_frame == 1 or log.parts is None
    return replace(
        log,
        plan=own_plan,
        steps=own_plan.steps,
        requests_per_second=group.requests_per_second,
        requests=_renumbered(log.requests, plan, index),
        parts=None if alone or log.parts is None else _renumbered(log.parts, plan, index),
        missed={kind: count for kind, count in log.missed.items() if kind.group == group.name},
        workers=(),
        cameras=log.cameras and replace(log.cameras, silent=(), failed=()),
        end=msgspec.structs.replace(log.end, counted={}) if log.end else None,
    )


def _renumbered(requests: Requests, plan: Plan, index: int) -> Requests:
    """The rows of a group, each with its camera's number within the group as its client."""
    groups = group_indices(np.arange(plan.max_clients), plan)
    numbers = np.cumsum(groups == index) - 1  # cameras are numbered in the order of the clients
    own = requests.rows(np.asarray(group_indices(requests.client, plan) == index, dtype=np.bool_))
    return replace(own, client=numbers[own.client].astype(own.client.dtype))
