"""An objective and how it was met, in words. Pure."""

from __future__ import annotations

import math

from edgeload.objectives import Objective
from edgeload.read.analysis.objective_results import Judged
from edgeload.read.statistics.format import milliseconds, share

MARKS = {"pass": "✓", "fail": "✗", "undecided": "?"}


def figure_name(objective: Objective) -> str:
    """What the objective bounds: `response p95`, `errors`, `answers from the edge`."""
    if objective.share is not None:
        return f"{objective.figure} p{objective.share * 100:.6g}"
    return {"edge": "answers from the edge", "throughput": "throughput"}.get(
        objective.figure, objective.figure
    )


def figure(objective: Objective, value: float | None) -> str:
    """A value of that figure with its unit."""
    if value is None:
        return "?"
    if objective.is_time:
        return "never" if math.isinf(value) else f"{milliseconds(value)} ms"
    return share(value)


def measured_words(judged: Judged) -> str:
    """`response p95 281 ms (262 ms to 305 ms)`: the limits hold with 95 % confidence each."""
    objective = judged.objective
    name = figure_name(objective)
    if judged.value is None:
        return f"{name}: no data"
    span = f"{figure(objective, judged.low)} to {figure(objective, judged.high)}"
    of = " of what was due" if objective.figure == "throughput" else ""
    return f"{name} {figure(objective, judged.value)}{of} ({span})"


def breach_words(judged: Judged) -> str:
    """Why a step did not meet an objective, or is not known to have met it."""
    if judged.verdict == "fail":
        return f"{measured_words(judged)} breaks {judged.objective.text}"
    return f"{measured_words(judged)} leaves {judged.objective.text} {more_words(judged)}"


def more_words(judged: Judged) -> str:
    """What an undecided objective takes; empty for a decided one."""
    if judged.verdict != "undecided":
        return ""
    if judged.more_s is None:
        return "undecided" if judged.value is not None else "undecided, as nothing was measured"
    return f"undecided: run {_time(judged.more_s)} more of this load"


def _time(seconds: float) -> str:
    return f"{math.ceil(seconds)} s" if seconds < 600 else f"{math.ceil(seconds / 60)} min"
