"""A run's answer in words: how many clients, what limits it, whether to believe it. Pure."""

from __future__ import annotations

from edgeload.plain_words import plural, sentence
from edgeload.read.analysis.capacity import Overload, shortfalls
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.statistics.format import milliseconds, number
from edgeload.read.words.finding_words import message, step_list


def headline(summary: RunSummary) -> str:
    """The answer in the user's unit: clients served, at which rate, how fast."""
    capacity = summary.capacity
    if capacity is None:
        return _no_capacity(summary)
    least = "" if capacity.limited else "at least "
    best = next(step for step in summary.steps if step.index == capacity.step)
    rate = summary.log.requests_per_second
    each = f" at {rate:.4g} requests/s each" if rate else ""
    return (
        f"This endpoint serves {least}{plural(capacity.clients, 'client')}{each}: "
        f"{number(capacity.requests_per_s)} answers/s, {felt_p95_words(best)}{_within(best)}."
    )


def _within(step: StepSummary) -> str:
    met = dict.fromkeys(result.objective.text.split(": ")[-1] for result in step.objectives)
    if not met:
        return ""
    return f". At this load, {' and '.join(met)} {'is' if len(met) == 1 else 'are'} met"


def _no_capacity(summary: RunSummary) -> str:
    best = max(summary.steps, key=lambda s: s.rates.throughput_per_s or 0.0, default=None)
    if summary.totals.ok and not any(step.window.length_s for step in summary.steps):
        return "No capacity was found: the run stopped during the warm-up of its first step."
    if best is None or not best.rates.throughput_per_s:
        return "No capacity was found: no request succeeded."
    if not any(step.valid for step in summary.steps):
        return "The capacity is unknown: every step is INVALID. Repeat the run."
    most = f"{number(best.rates.throughput_per_s)} answers/s"
    if summary.log.requests_per_second is None:
        return (
            "This log does not say how much was due, so the capacity is unknown; the largest "
            f"throughput was {most}, at {clients_of(best)}."
        )
    if any(_only_undecided(step) for step in summary.steps):
        return (
            "The capacity is unknown: the steps are too short to show that one of them meets the "
            f"objectives. The largest throughput was {most}."
        )
    return (
        "No capacity was found: even the smallest load fell short. The largest throughput was "
        f"{most}, at {clients_of(best)}, which is not a capacity."
    )


def _only_undecided(step: StepSummary) -> bool:
    return {shortfall.code for shortfall in shortfalls(step)} == {"undecided"}


def clients_of(step: StepSummary) -> str:
    """`20 clients`."""
    return plural(step.clients, "client")


def felt_p95_words(step: StepSummary) -> str:
    """`response p95 61 ms`, or the service time if the log does not know more."""
    name = "response" if step.times.response else "service"
    p95 = step.times.felt.quantile("p95")
    if p95 is None:
        return f"with too few answers for a {name} p95"
    value = "never answered" if p95.never else f"{milliseconds(p95.value)} ms"
    return f"{name} p95 {value}"


def limit(summary: RunSummary) -> str:
    """What keeps the capacity from being larger, in one sentence."""
    overload = summary.first_overload
    if summary.log.requests_per_second is None:
        return "What limits it is unknown: give a client's arrival rate with --requests-per-second."
    if not any(step.valid for step in summary.steps):
        return "What limits the endpoint is unknown."
    if overload is None:
        return "This is the largest load that was tried, so the limit is unknown."
    why = _why(overload)
    load = f"{plural(overload.clients, 'client')} (step {overload.step + 1})"
    if summary.capacity is None:
        return f"{load} fell short: {why}."
    if overload.by_endpoint:
        return f"The endpoint did not keep up with {load}: {why}."
    return f"The next larger load, {load}, is inconclusive: {why}."


def _why(overload: Overload) -> str:
    return "; ".join(message(shortfall) for shortfall in overload.shortfalls)


def validity(summary: RunSummary) -> str:
    """VALID, or INVALID with every reason."""
    if summary.valid:
        if not summary.log.knows_due:
            return (
                "VALID as far as a log of the older form can tell: it says nothing about the "
                "generator."
            )
        return "VALID: the load generator was never the bottleneck, and its log is complete."
    reasons = "; ".join(
        message(doubt) + (f" ({step_list(doubt.steps)})" if doubt.steps else "")
        for doubt in summary.doubts
    )
    return sentence(f"INVALID: {reasons}")
