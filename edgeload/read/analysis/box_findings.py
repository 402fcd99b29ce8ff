"""Findings about how the box is configured, from what it said before the run. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from edgeload.edge_facts import NOTICEABLE_AUDIT_RATE
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.records import WorkerSample


def audited(summary: RunSummary) -> Iterator[Finding]:
    """So many answers were also sent to the cloud that the figures contain it.

    An edge-only detector is not audited, whatever the rate (edge endpoint contract, section 3).
    """
    said = _said_by_box(summary)
    rate = _number(said.get("confident_audit_rate"))
    if said.get("edge_only") is True or rate is None or rate < NOTICEABLE_AUDIT_RATE:
        return
    answers = summary.totals.ok
    numbers = {"audit_rate": rate, "answers": answers, "audited": round(rate * answers)}
    yield Finding("audited", "warning", numbers=numbers)


def below_own_threshold(summary: RunSummary) -> Iterator[Finding]:
    """Answers with which a user's own cameras would have involved the cloud.

    Our requests send a threshold of 0, so the edge answers each of them itself. A camera sends the
    detector's own. Below it the cloud answers, or gets the picture afterwards if the edge always
    answers, unless the detector is edge-only.
    """
    said = _said_by_box(summary)
    if said.get("edge_only") is not False or not summary.totals.ok:
        return
    last: dict[int, WorkerSample] = {sample.worker: sample for sample in summary.log.workers}
    below = sum(sample.below_threshold for sample in last.values())
    known = below + sum(sample.confident for sample in last.values())
    if known and not below:
        return
    numbers = {
        "threshold": _number(said.get("confidence_threshold")),
        "below": below,
        "known": known,
        "share": below / known if known else None,
        "always_edge": said.get("always_edge") is True,
    }
    yield Finding("below_own_threshold", "note", numbers=numbers)


def box_changed(summary: RunSummary) -> Iterator[Finding]:
    """Something about the box was another after the run than before it.

    A new model is no news in a run that waited for one, nor if its roll-out is told by itself.
    """
    changes = summary.box.changes if summary.box else ()
    told = {rollout.detector_id.lower() for rollout in summary.rollouts}
    waited = summary.rollouts_wanted is not None
    changes = tuple(
        each
        for each in changes
        if each.what != "deploy_time" or not (waited or each.detector_id.lower() in told)
    )
    if changes:
        listed = tuple((each.what, each.about, each.before, each.after) for each in changes)
        yield Finding("box_changed", "warning", numbers={"changes": listed})


def other_detectors(summary: RunSummary) -> Iterator[Finding]:
    """Detectors beside those of the run, whose pods share the box."""
    others = summary.box.others if summary.box else ()
    if others and not _said_by_box(summary).get("embedded"):
        yield Finding("other_detectors", "note", numbers={"detectors": others})


def no_cloud_set(summary: RunSummary) -> Iterator[Finding]:
    """The box had another configuration than its own: SET_NO_CLOUD."""
    changed = _said_by_box(summary).get("no_cloud_set")
    if isinstance(changed, list) and changed:
        yield Finding("no_cloud_set", "note", numbers={"detectors": len(changed)})


def _said_by_box(summary: RunSummary) -> dict[str, object]:
    header = summary.log.header
    return header.endpoint if header else {}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)
