"""An objective and how it was met, in words. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edgeload.objectives import Objective
from edgeload.plain_words import listed, plural
from edgeload.read.analysis.objective_results import ObjectiveResult, Status
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.statistics.format import milliseconds, share
from edgeload.read.words.longer_steps import repeat_with

MARKS = {"pass": "✓", "fail": "✗", "undecided": "?"}
STATUSES: dict[Status, str] = {"pass": "met", "fail": "not met", "undecided": "undecided"}
WHOLE_RUN = "all steps together"
_SHOWN_LOADS = 4


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
    """`: repeat with --time-between-ramp 20s`; empty if no longer step is known to tell."""
    return "" if step_s is None else f": {repeat_with(step_s)}"


def scope_words(result: ObjectiveResult, *, of_mix: bool, step: str = "step") -> str:
    """What an objective was judged on: `step 3`, or the loads that meet it and those that do not.

    `met up to 38 clients, not at 50`; for a single load just `38 clients`. `step` is what a step is
    called.
    """
    if result.step is not None:
        return f"{step} {result.step + 1}"
    if not result.loads:
        return WHOLE_RUN
    noun = "copy" if of_mix else "client"
    if len(result.loads) == 1:
        return plural(result.loads[0].load, noun)
    loads = [each.load for each in result.loads]
    by = {s: [e.load for e in result.loads if e.status == s] for s in STATUSES}
    met, failed, open_ = by["pass"], by["fail"], by["undecided"]
    if not met:
        if not open_:
            return f"not met at any load from {plural(loads[0], noun)} on"
        return _joined([_at("undecided at", open_, noun), _at("not met at", failed)])
    up_to = met == loads[: len(met)]
    said = f"met up to {plural(met[-1], noun)}" if up_to else _at("met at", met, noun)
    return _joined([said, _at("not at", failed), _at("undecided at", open_)])


def _at(words: str, loads: Sequence[int], noun: str = "") -> str:
    """`not at 45 and 50`; empty for no loads."""
    if not loads:
        return ""
    shown = [f"{load:,}" for load in loads[:_SHOWN_LOADS]]
    if len(loads) > _SHOWN_LOADS:
        shown.append(f"{len(loads) - _SHOWN_LOADS} more")
    unit = f" {plural(1 if list(loads) == [1] else 2, noun).split(' ', 1)[1]}" if noun else ""
    return f"{words} {listed(shown)}{unit}"


def _joined(parts: Sequence[str]) -> str:
    return ", ".join(part for part in parts if part)


def figures_of(result: ObjectiveResult) -> str:
    """What was measured, and of several loads at which."""
    at = f"at {result.load:,}, " if len(result.loads) > 1 and result.load is not None else ""
    return f"{at}{measured_words(result)}"


@dataclass(frozen=True)
class ObjectiveLine:
    """One objective as people read it: its status, its text, what it was judged on, the figures."""

    status: Status
    text: str
    scope: str
    measured: str
    more: str
    """What an undecided one needs; empty for others."""


def objective_lines(summary: RunSummary, *, step: str = "step") -> list[ObjectiveLine]:
    """A line for each objective; one about each step says how many met it, and the worst.

    The capacity that is required comes first.
    """
    of_mix = bool(summary.groups)
    found: dict[Objective, list[ObjectiveResult]] = {}
    for result in summary.objectives:
        found.setdefault(result.objective, []).append(result)
    lines = [_line(group, of_mix=of_mix, step=step) for group in found.values()]
    return [*required_lines(summary), *lines]


def required_lines(summary: RunSummary) -> list[ObjectiveLine]:
    """The verdict on the capacity that is required; nothing if none is."""
    required = summary.required
    if required is None:
        return []
    noun = "copy" if summary.groups else "client"
    served = "no load is" if required.served is None else f"{required.served:,} are"
    refused = f", {required.refused:,} are not" if required.refused is not None else ""
    more = f"undecided: try {plural(required.load, noun)} in a step long enough to tell"
    return [
        ObjectiveLine(
            required.status,
            f"capacity>={required.load:,}",
            plural(2, noun).split(" ", 1)[1],
            f"{served} shown to be served{refused}",
            more if required.status == "undecided" else "",
        )
    ]


def _line(results: Sequence[ObjectiveResult], *, of_mix: bool, step: str) -> ObjectiveLine:
    worst = worst_of(results)
    scope = scope_words(worst, of_mix=of_mix, step=step)
    if len(results) > 1:
        met = sum(result.status == "pass" for result in results)
        scope = f"met in {met} of {plural(len(results), step)}, worst {scope}"
    return ObjectiveLine(
        worst.status,
        worst.objective.text,
        scope,
        figures_of(worst),
        undecided_words(worst),
    )


def worst_of(results: Sequence[ObjectiveResult]) -> ObjectiveResult:
    """The one that is furthest from being met."""

    def badness(result: ObjectiveResult) -> tuple[int, float]:
        value = math.inf if result.value is None else result.value
        sign = -1.0 if result.objective.at_least else 1.0
        return ("pass", "undecided", "fail").index(result.status), sign * value

    return max(results, key=badness)
