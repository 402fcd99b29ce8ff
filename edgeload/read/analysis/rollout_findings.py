"""Findings about models that changed during a run. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.run_summary import RunSummary


def model_changes(summary: RunSummary) -> Iterator[Finding]:
    """Each roll-out, with what it cost: the figures of its steps are those of two models.

    In a run that waited for roll-outs they are its answer, and nothing to be warned of.
    """
    wanted = summary.rollouts_wanted is not None
    for number, rollout in enumerate(summary.rollouts):
        turn = rollout.turn
        yield Finding(
            "model_changed",
            "note" if wanted else "warning",
            rollout.steps,
            {
                "detector": rollout.detector_name or rollout.detector_id,
                "before": turn.old.model,
                "after": turn.new.model,
                "at_s": turn.at_s,
                "wall_s": summary.log.wall_s + turn.at_s,
                "both_s": turn.over_s - turn.at_s if turn.over else None,
                "over": turn.over,
                "withdrawn": turn.withdrawn,
                "going_on_before": turn.going_on_before,
                **asdict(rollout.cost),
                "wanted": wanted,
            },
            about=str(number),
        )


def missing_rollouts(summary: RunSummary) -> Iterator[Finding]:
    """A run that waited for roll-outs ended before it had seen so many."""
    missing, wanted = summary.rollouts_missing, summary.rollouts_wanted
    if missing and wanted:
        numbers = {
            "wanted": wanted,
            "seen": wanted - missing,
            "ended_s": summary.ended_s,
            "named": bool(summary.models.spans),
        }
        yield Finding("rollouts_missing", "warning", numbers=numbers)


def unclear_models(summary: RunSummary) -> Iterator[Finding]:
    """Answers that named another model again and again, so that nobody can tell roll-outs."""
    if summary.models.unclear:
        yield Finding("models_unclear", "warning", numbers={"detectors": summary.models.unclear})
