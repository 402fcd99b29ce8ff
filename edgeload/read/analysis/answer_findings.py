"""Findings about what the answers said, compared with those before the load. Pure.

Without --check-answers a log has nothing to compare with, and there is no finding: nobody knows
whether the answers were right.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgeload.failure_classes import BY_ANOTHER_MODEL, CHANGED_ANSWER
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary, indices_of
from edgeload.read.log.columns import OTHER_TEXTS


def changed_answers(summary: RunSummary) -> Iterator[Finding]:
    """Answers that were not those of the same pictures before the load, and where they begin."""
    steps = [step for step in summary.steps if _changed(step)]
    if not steps:
        return
    texts = [text for text in summary.failure_texts if text.outcome == CHANGED_ANSWER]
    fewest, most = (which(steps, key=_changed_share) for which in (min, max))
    calm = [
        step
        for step in summary.steps
        if step.clients < min(s.clients for s in steps) and _answers(step)
    ]
    requests, answers = sum(map(_changed, steps)), sum(map(_answers, steps))
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
            "least_share": _changed_share(fewest),
            "least_step": fewest.index,
            "most_share": _changed_share(most),
            "most_step": most.index,
            "unchanged_below": sum(map(_answers, calm)),
            "unchanged_clients": max((step.clients for step in calm), default=None),
            "by_another_model": (
                None if any(text.text == OTHER_TEXTS for text in texts) else other_model
            ),
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
    if not compared or any(map(_changed, summary.steps)):
        return
    hidden = bool(asked) and all(len(one.answers) == 1 and one.pictures > 1 for one in asked)
    numbers = {
        "answers": compared,
        "pictures": sum(one.pictures - one.unstable for one in asked),
        "all_alike": hidden,
    }
    yield Finding("answers_unchanged", "note", numbers=numbers)


def _changed(step: StepSummary) -> int:
    return step.counts.failures.get(CHANGED_ANSWER, 0)


def _answers(step: StepSummary) -> int:
    """Answers of the edge to questions of a step, changed or not."""
    return step.counts.ok + _changed(step)


def _changed_share(step: StepSummary) -> float:
    return _changed(step) / _answers(step)


def _compared(summary: RunSummary) -> int:
    """Each worker's last sample has its count."""
    last: dict[int, int] = {}
    for sample in summary.log.workers:
        last[sample.worker] = max(last.get(sample.worker, 0), sample.compared)
    return sum(last.values())
