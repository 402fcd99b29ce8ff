"""A run's answer in words: how many clients, what limits it, whether to believe it. Pure."""

from __future__ import annotations

from edgeload.read.analysis.capacity import saturated, shortfalls
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.steps import StepSummary
from edgeload.read.statistics.format import milliseconds, number, plural
from edgeload.read.words.finding_words import step_list


def verdict(summary: RunSummary) -> str:
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
        f"{number(capacity.requests_per_s)} answers/s, {response_words(best)}{_within(best)}."
    )


def _within(step: StepSummary) -> str:
    texts = [judged.objective.text for judged in step.objectives]
    return f", within {', '.join(texts)}" if texts else ""


def _no_capacity(summary: RunSummary) -> str:
    best = max(summary.steps, key=lambda s: s.throughput_per_s or 0.0, default=None)
    if best is None or not best.throughput_per_s:
        return "No capacity: this endpoint answered nothing in any step's window."
    most = f"the most was {number(best.throughput_per_s)} answers/s"
    if summary.log.requests_per_second is None:
        return f"This log does not say how much was due; {most} at {_clients(best)}."
    if any(_only_undecided(step) for step in summary.steps):
        return f"The steps are too short to show that one meets the objectives; {most}."
    return f"No step shows what this endpoint can carry; {most} at {_clients(best)}."


def _only_undecided(step: StepSummary) -> bool:
    return {shortfall.code for shortfall in shortfalls(step)} == {"undecided"}


def _clients(step: StepSummary) -> str:
    return plural(step.clients, "client")


def response_words(step: StepSummary) -> str:
    """`response p95 61 ms`, or the service time where the log does not know more."""
    name = "response" if step.response else "service"
    p95 = (step.response or step.service).quantile("p95")
    if p95 is None:
        return f"too few for a {name} p95"
    return f"{name} p95 {'never' if p95.never else milliseconds(p95.value) + ' ms'}"


def limit(summary: RunSummary) -> str:
    """What keeps the capacity from being larger, in one sentence."""
    broke = summary.broke
    if summary.log.requests_per_second is None:
        return "What limits it is not known: --requests-per-second gives a client's arrival rate."
    if broke is None:
        return "No larger load was tried: the limit is not known."
    why = "; ".join(shortfall.message for shortfall in broke.shortfalls)
    load = plural(broke.clients, "client")
    if broke.by_endpoint:
        return f"The limit shows at {load} (step {broke.step + 1}): {why}."
    if summary.capacity is None:
        return f"What {load} (step {broke.step + 1}) lack to be a capacity: {why}."
    return f"The next step, {load} (step {broke.step + 1}), does not tell: {why}."


def validity(summary: RunSummary) -> str:
    """VALID, or INVALID with every reason."""
    if summary.valid:
        if summary.log.plan is None:
            return "VALID as far as an older log can tell: it holds nothing about the generator."
        return "VALID: the generator kept its plan, and the log is whole."
    reasons = "; ".join(
        reason.doubt.message + (f" ({step_list(reason.steps)})" if reason.steps else "")
        for reason in summary.reasons
    )
    return f"INVALID: {reasons}."


def state(step: StepSummary) -> str:
    """One word for a step: invalid, cut, failing, unsteady, few (answers) or steady."""
    if not step.valid:
        return "invalid"
    if not step.complete:
        return "cut"
    if step.sent and not step.ok:
        return "failing"
    return {True: "steady", False: "unsteady", None: "few"}[step.steadiness.steady]


def throughput_title(summary: RunSummary) -> str:
    """What the plot of throughput over time shows."""
    if not summary.totals.ok:
        return "No request was answered well" + _doubt(summary)
    best = max(summary.steps, key=lambda s: s.throughput_per_s or 0.0)
    most = f"{number(best.throughput_per_s)} answers/s"
    behind = [s for s in summary.steps if saturated(s)]
    if behind:
        first = min(behind, key=lambda s: s.clients)
        return (
            f"At most {most}: from {_clients(first)} on, more is due "
            f"({number(first.arrival_rate_per_s)}/s)" + _doubt(summary)
        )
    if best.arrival_rate_per_s is None:
        return f"At most {most}, at {_clients(best)}" + _doubt(summary)
    if summary.totals.failed:
        return f"At most {most}, and {plural(summary.totals.failed, 'failure')}" + _doubt(summary)
    return f"All that was due was answered, up to {most} at {_clients(best)}" + _doubt(summary)


def times_title(summary: RunSummary) -> str:
    """What the plot of times over time shows."""
    if not summary.totals.ok:
        return "No request was answered well: no times" + _doubt(summary)
    known = [s for s in summary.steps if (s.response or s.service).quantile("p95")]
    if not known:
        return "Times over time: too few answers in any step for a p95" + _doubt(summary)
    first = min(known, key=lambda s: (s.clients, s.index))
    last = max(known, key=lambda s: (s.clients, -s.index))
    text = f"{response_words(first)} at {_clients(first)}"
    if last is not first:
        text += f"; {_p95(last)} at {last.clients:,}"
    return text[0].upper() + text[1:] + _doubt(summary)


def capacity_title(summary: RunSummary) -> str:
    """What the plot against clients shows."""
    capacity = summary.capacity
    if not summary.totals.ok:
        return "No request was answered well" + _doubt(summary)
    if capacity is None:
        return "No step shows what this endpoint can carry" + _doubt(summary)
    least = "Capacity" if capacity.limited else "Capacity at least"
    return (
        f"{least} {plural(capacity.clients, 'client')}: "
        f"{number(capacity.requests_per_s)} answers/s" + _doubt(summary)
    )


def _p95(step: StepSummary) -> str:
    p95 = (step.response or step.service).quantile("p95")
    if p95 is None:
        return "too few"
    return "over 5 % never answered" if p95.never else f"{milliseconds(p95.value)} ms"


def _doubt(summary: RunSummary) -> str:
    return "" if summary.valid else " (run INVALID)"
