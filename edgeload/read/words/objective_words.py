"""An objective and how it was met, in words. Pure."""

from __future__ import annotations

import math

from edgeload.objectives import Objective
from edgeload.read.analysis.objective_results import ObjectiveResult
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.statistics.format import milliseconds, share
from edgeload.read.words.loads import Loads
from edgeload.read.words.longer_steps import repeat_with

MARKS = {"pass": "✓", "fail": "✗", "undecided": "?"}
STATUSES = {"pass": "met", "fail": "not met", "undecided": "undecided"}


def quantity_name(objective: Objective) -> str:
    """What the objective bounds: `response p95`, `errors`, `answers from the edge`."""
    if objective.quantile is not None:
        return f"{objective.quantity} p{objective.quantile * 100:.6g}"
    names = {"edge": "answers from the edge", "outage": "longest outage"}
    return names.get(objective.quantity, objective.quantity)


def quantity(objective: Objective, value: float | None) -> str:
    """A value of that quantity with its unit."""
    if value is None:
        return "?"
    if objective.quantile is not None:
        return "never answered" if math.isinf(value) else f"{milliseconds(value)} ms"
    return share(value)


def measured_words(result: ObjectiveResult) -> str:
    """`response p95 281 ms (262 ms to 305 ms)`: each limit holds with 95 % confidence."""
    if result.value is None:
        return nothing_measured(result.objective.text)
    limits = (result.low, result.high)
    said = measured(result.objective, result.value, limits, result.never_share)
    if result.overloaded:
        said += ", but only so far: a backlog grew, so times grow with it"
    return said


def nothing_measured(text: str) -> str:
    """Why an objective is not met for which the run has no data."""
    return f"{text} is not met because nothing was measured for it"


def measured(
    objective: Objective,
    value: float | None,
    limits: tuple[float | None, float | None],
    never_share: float | None,
) -> str:
    """The same for a value of the objective's quantity, its limits, and an `ObjectiveResult`'s
    `never_share`.
    """
    name, (low, high) = quantity_name(objective), limits
    if objective.quantity == "outage":
        return _outage(value, low)
    if is_never(objective, value):
        least = f" at least {quantity(objective, low)}" if _is_number(low) else ""
        return f"{name}{least}: {never_words(objective, never_share)}"
    span = f"{quantity(objective, low)} to {quantity(objective, high)}"
    of = " of what was due" if objective.quantity == "throughput" else ""
    return f"{name} {quantity(objective, value)}{of} ({span})"


def is_never(objective: Objective, value: float | None) -> bool:
    """Whether a percentile of times or ages lies among requests that got no answer."""
    return objective.quantile is not None and value is not None and math.isinf(value)


def never_words(objective: Objective, never_share: float | None) -> str:
    """How much was never answered: `17 % of what was due after the warm-up was never answered`."""
    assert objective.quantile is not None
    if objective.quantity == "age":
        above = share(round(1 - objective.quantile, 9))
        return f"for over {above} of the time a camera had no answer yet"
    of = "due" if objective.quantity == "response" else "sent"
    return f"{share(never_share)} of what was {of} after the warm-up was never answered"


def _outage(value: float | None, low: float | None) -> str:
    if not value:
        return "no outage"
    if math.isinf(value):
        return f"longest outage over {seconds_words(low)}: no good answer came after it"
    return f"longest outage {seconds_words(value)} (at least {seconds_words(low)})"


def seconds_words(value: float | None) -> str:
    """A longer time, in seconds."""
    return f"{value:.2f} s" if value is not None and value < 10 else f"{value or 0.0:.1f} s"


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def undecided_words(result: ObjectiveResult) -> str:
    """What an undecided objective needs; empty for a decided one."""
    if result.status != "undecided":
        return ""
    return f"undecided{to_tell(result.step_s_to_tell)}"


def to_tell(step_s: float | None) -> str:
    """`: repeat with --time-between-ramp 20`; empty if no longer step is known to tell."""
    return "" if step_s is None else f": {repeat_with(step_s)}"


def judged_together(summary: RunSummary) -> str:
    """That steps which fell short count for what is judged over the run, and how to judge one load.

    Empty if all such objectives are met, or no load was too large.
    """
    open_ = [r for r in summary.objectives if r.step is None and r.status != "pass" and r.n]
    if not open_ or summary.first_overload is None or len(summary.steps) == 1:
        return ""
    least = min(step.clients for step in summary.steps)
    load = Loads(summary).words(summary.capacity.clients if summary.capacity else least)
    objective = open_[0].objective
    group = f"{objective.group}: " if objective.group else ""
    return (
        "All steps are judged together, also those that fell short. To judge one load: --slo "
        f'"{group}{load}: {objective.condition}".'
    )
