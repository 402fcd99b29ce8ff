"""The plan and its camera groups as the log's header records them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from edgeload.plan import Plan
from edgeload.records import GroupRecord, PlanRecord, SearchRecord, StepRecord


def plan_record(
    plan: Plan, groups: Sequence[GroupRecord], search: SearchRecord | None = None
) -> PlanRecord:
    """The record of a plan; `groups` are the records of its groups, in its order.

    `search` says what a search changes from trial to trial, if the run is one.
    """
    only = None if plan.is_mix else plan.groups[0]
    return PlanRecord(
        [
            StepRecord(
                s.clients,
                s.start_s,
                s.end_s,
                list(s.cameras) if s.cameras else None,
                s.round,
                s.speed,
            )
            for s in plan.steps
        ],
        only.requests_per_second if only else None,
        only.arrivals if only else None,
        only.late if only else None,
        plan.seed,
        list(groups),
        plan.ramp_group,
        search,
    )
