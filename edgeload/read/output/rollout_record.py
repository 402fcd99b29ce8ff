"""The models of a run and their roll-outs, as records of summary.json. Pure."""

from __future__ import annotations

from edgeload.read.analysis.rollouts import Rollout
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.output.box_schema import ModelRecordOfRun, RolloutRecord
from edgeload.read.output.json_numbers import json_number, rounded, utc


def model_records(summary: RunSummary) -> list[ModelRecordOfRun]:
    """Each model that answered, in order of their first answers."""
    return [
        ModelRecordOfRun(
            detector_id=span.detector_id,
            model=span.model,
            first_s=rounded(span.first_s),
            last_s=rounded(span.last_s),
            ongoing=span.ongoing,
        )
        for span in summary.models.spans
    ]


def rollout_records(summary: RunSummary) -> list[RolloutRecord]:
    """Each roll-out, in order of time."""
    return [_record(rollout, summary.log.wall_s) for rollout in summary.rollouts]


def _record(rollout: Rollout, wall_s: float) -> RolloutRecord:
    turn, cost = rollout.turn, rollout.cost
    return RolloutRecord(
        detector_id=rollout.detector_id,
        before=turn.old.model,
        after=turn.new.model,
        at_s=rounded(turn.at_s),
        at=utc(wall_s + turn.at_s),
        both_until_s=json_number(turn.both_until_s),
        over=turn.over,
        withdrawn=turn.withdrawn,
        going_on_before=turn.going_on_before,
        steps=list(rollout.steps),
        start_s=rounded(cost.start_s),
        end_s=rounded(cost.end_s),
        requests=cost.requests,
        failed=cost.failed,
        never_sent=cost.never_sent,
        more_lost=cost.more_lost,
        slow_s=json_number(cost.slow_s),
        worse_s=json_number(cost.worse_s),
        p95_before_s=json_number(cost.p95_before_s),
        p95_slow_s=json_number(cost.p95_slow_s),
        p95_limit_s=json_number(cost.p95_limit_s),
        unknown=cost.unknown,
    )
