"""What a closed loop shows: how much the endpoint answers, with no load to carry. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.statistics.format import milliseconds, number
from edgeload.read.words.loads import Loads

CLOSED_LOOP_LIMIT = (
    "A closed loop has no arrival rate: each camera sends its next frame when it has its answer, "
    "so a slower endpoint gets fewer frames. What cameras with a fixed rate would feel is unknown."
)


def due_words(step: StepSummary) -> str:
    """Frames due per second: `40.0`, `max` in a closed loop, `40+max` of a step with both."""
    if step.closed:
        return "max"
    if not any(part.closed for part in step.groups):
        return number(step.rates.arrival_per_s)
    due = sum(part.rates.arrival_per_s or 0.0 for part in step.groups if not part.closed)
    return f"{due:,.3g}+max"


def closed_loop_answer(summary: RunSummary) -> Iterator[str]:
    """The largest throughput, and the load that got it."""
    best = max(summary.steps, key=lambda step: step.rates.throughput_per_s or 0.0)
    p50 = best.times.service.quantile("p50")
    median = f", median service time {milliseconds(p50.value)} ms" if p50 else ""
    yield (
        f"In a closed loop, {Loads(summary).full(best.clients)} got "
        f"{number(best.rates.throughput_per_s)} answers/s{median}; no load had more."
    )
