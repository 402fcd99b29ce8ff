"""The time that a camera feels, in words. Pure."""

from __future__ import annotations

from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.statistics.format import milliseconds


def felt_p95_words(step: StepSummary) -> str:
    """`response p95 61 ms`, or the service time if the log does not know more."""
    name = "response" if step.times.response else "service"
    p95 = step.times.felt.quantile("p95")
    if p95 is None:
        return f"with too few answers for a {name} p95"
    value = "never answered" if p95.never else f"{milliseconds(p95.value)} ms"
    return f"{name} p95 {value}"
