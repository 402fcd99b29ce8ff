"""Findings about failures by class, and about answers that the edge did not give. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from edgeload.edge_facts import CLOUD_STATUSES
from edgeload.failure_classes import CHANGED_ANSWER, TIMEOUT, http_failure
from edgeload.read.analysis.failures import shown_as
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import indices_of


def failures(summary: RunSummary) -> Iterator[Finding]:
    """Each class of failures; many HTTP statuses of the same hundred together."""
    counts: Counter[str] = Counter()
    for step in summary.steps:
        counts.update(step.counts.failures)
    names = shown_as(counts)
    classes: dict[str, set[str]] = {}
    for one in counts.keys() - {CHANGED_ANSWER}:  # which `changed_answers` finds
        classes.setdefault(names[one], set()).add(one)
    for outcome, own in sorted(classes.items()):
        texts = [text for text in summary.failure_texts if text.outcome in {outcome, *own}]
        steps = [step for step in summary.steps if own & step.counts.failures.keys()]
        sent = sum(step.counts.sent for step in steps)
        yield Finding(
            f"failed_{outcome}",
            "warning",
            indices_of(steps),
            {
                "outcome": outcome,
                "requests": (requests := sum(counts[one] for one in own)),
                "sent": sent,
                "share": requests / max(1, sent),
                "first_s": min((text.first_s for text in texts), default=None),
                "last_s": max((text.last_s for text in texts), default=None),
                "text": texts[0].text if texts else "",
                "is_example": bool(texts) and (len(texts) > 1 or texts[0].is_example),
                "our_fault": outcome == TIMEOUT and all(step.spoiled_by_us for step in steps),
            },
        )


def answered_by_the_cloud(summary: RunSummary) -> Iterator[Finding]:
    """Statuses that an Edge Endpoint never gives itself: its proxy asks the cloud instead."""
    names = {http_failure(status): status for status in CLOUD_STATUSES}
    counts: Counter[int] = Counter()
    for step in summary.steps:
        for name, count in step.counts.failures.items():
            if name in names:
                counts[names[name]] += count
    if counts:
        yield Finding(
            "answered_by_the_cloud",
            "warning",
            indices_of(s for s in summary.steps if s.counts.failures.keys() & names.keys()),
            {"requests": counts.total(), "statuses": {str(k): counts[k] for k in sorted(counts)}},
        )


def repeated_answers(summary: RunSummary) -> Iterator[Finding]:
    """Answers with the id of an earlier one: somebody gave an answer of before once more."""
    counts: Counter[int] = Counter()
    for sample in summary.log.workers:
        counts.update(sample.repeated_ids)
    if not counts:
        return
    steps = [step for step in summary.steps if step.index in counts]
    answers = sum(step.counts.ok for step in steps)
    yield Finding(
        "repeated_answers",
        "warning",
        indices_of(steps),
        {"repeated": counts.total(), "answers": max(answers, counts.total())},
    )
