"""Findings about what the answers said, compared with those before the load. Pure.

Without --check-answers a log has nothing to compare with, and there is no finding: nobody knows
whether the answers were right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgeload.failure_classes import BY_ANOTHER_MODEL, CHANGED_ANSWER
from edgeload.read.analysis.finding import Evidence, Finding
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import indices_of
from edgeload.read.log.columns import OTHER_TEXTS


def changed_answers(summary: RunSummary) -> Iterator[Finding]:
    """Answers that were not those of the same pictures before the load, and where they begin."""
    counts = _counts(summary)
    steps = [step for step in summary.steps if counts[step.index].changed]
    if not steps:
        return
    texts = [text for text in summary.failure_texts if text.outcome == CHANGED_ANSWER]
    fewest, most = (which(steps, key=lambda step: counts[step.index].share) for which in (min, max))
    calm = [
        step
        for step in summary.steps
        if step.clients < min(s.clients for s in steps) and counts[step.index].answers
    ]
    requests = sum(counts[step.index].changed for step in steps)
    answers = sum(counts[step.index].answers for step in steps)
    other_model = sum(text.count for text in texts if BY_ANOTHER_MODEL in text.text)
    yield Finding(
        "failed_changed_answer",
        "warning",
        indices_of(steps),
        {
            "outcome": CHANGED_ANSWER,
            "requests": requests,
            "answers": answers,
            "share": requests / answers,
            "least_share": counts[fewest.index].share,
            "least_step": fewest.index,
            "most_share": counts[most.index].share,
            "most_step": most.index,
            "unchanged_below": sum(counts[step.index].answers for step in calm),
            "unchanged_clients": max((step.clients for step in calm), default=None),
            "by_another_model": (
                None if any(text.text == OTHER_TEXTS for text in texts) else other_model
            ),
            **_by_detector(summary),
            "first_s": min((text.first_s for text in texts), default=None),
            "last_s": max((text.last_s for text in texts), default=None),
            "text": texts[0].text if texts else "",
        },
    )


def unstable_answers(summary: RunSummary) -> Iterator[Finding]:
    """Pictures that got two different answers without any load; `group` is empty without a mix."""
    plan = summary.log.plan
    for asked in summary.log.asked_alone:
        if asked.unstable:
            yield Finding(
                "unstable_answers",
                "warning",
                numbers={
                    "unstable": asked.unstable,
                    "pictures": asked.pictures,
                    "detector_id": asked.detector_id,
                    "group": asked.group if plan is not None and plan.is_mix else "",
                },
                about=f"{asked.group} {asked.detector_id}",
            )


def uncompared_answers(summary: RunSummary) -> Iterator[Finding]:
    """Answers came, but none of them to a picture whose answer before the run was certain."""
    asked = summary.log.asked_alone
    if asked and summary.totals.ok and not _compared(summary):
        numbers = {"answers": summary.totals.ok, "pictures": sum(one.pictures for one in asked)}
        yield Finding("answers_not_compared", "warning", numbers=numbers)


def same_answers(summary: RunSummary) -> Iterator[Finding]:
    """All answers that were compared were the same as before the load."""
    compared, asked = _compared(summary), summary.log.asked_alone
    if not compared or any(count.changed for count in _counts(summary).values()):
        return
    hidden = bool(asked) and all(len(one.answers) == 1 and one.pictures > 1 for one in asked)
    numbers = {
        "answers": compared,
        "pictures": sum(one.pictures - one.unstable for one in asked),
        "all_alike": hidden,
    }
    yield Finding("answers_unchanged", "note", numbers=numbers)


@dataclass(frozen=True)
class _Answers:
    """Answers of the edge to the requests of a step, and how many of them had changed."""

    answers: int
    changed: int

    @property
    def share(self) -> float:
        return self.changed / self.answers


def _counts(summary: RunSummary) -> dict[int, _Answers]:
    """By the step's index. A frame with a chain has several answers, each of which may change."""
    requests = summary.log.sent_requests
    changed = requests.having(CHANGED_ANSWER)
    answered = requests.ok | changed
    found = {}
    for step in summary.steps:
        own = requests.step == step.index
        found[step.index] = _Answers(
            int(np.count_nonzero(own & answered)), int(np.count_nonzero(own & changed))
        )
    return found


def _by_detector(summary: RunSummary) -> dict[str, Evidence]:
    """Of a camera group with a chain: how many answers of each detector had changed."""
    requests, header = summary.log.sent_requests, summary.log.header
    groups = header.plan.groups if header else []
    group = next((each for each in groups if each.name == summary.group), None)
    if group is None or requests.part is None:
        return {}
    names = [group.detector_name or group.detector_id]
    for link in group.then:
        names += [link.detector_name or link.detector_id] * link.requests
    changed: Counter[str] = Counter()
    for part in requests.part[requests.having(CHANGED_ANSWER)].tolist():
        changed[names[part] if part < len(names) else "?"] += 1
    return {"by_detector": dict(changed)}


def _compared(summary: RunSummary) -> int:
    """Each worker's last sample has its count."""
    last: dict[int, int] = {}
    for sample in summary.log.workers:
        last[sample.worker] = max(last.get(sample.worker, 0), sample.compared)
    return sum(last.values())
