"""A run's answer in words: how many clients, what limits it, whether to believe it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeload.plain_words import listed, plural, sentence
from edgeload.read.analysis.capacity import CapacityBracket, LoadShortfall
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.statistics.format import milliseconds, number, short
from edgeload.read.words.closed_loop_words import closed_loop_answer
from edgeload.read.words.finding_words import message, step_list
from edgeload.read.words.interference_words import SOME_STEPS_INVALID, interference_headline
from edgeload.read.words.loads import Loads
from edgeload.read.words.longer_steps import repeat_with
from edgeload.read.words.objective_words import to_tell
from edgeload.read.words.outage_words import outage_words

_SHOWN_CHARS = 160
_TOO_SHORT = {"too_short", "undecided"}


def headline(summary: RunSummary) -> str:
    """The answer in the user's unit: clients served, at which rate, how fast."""
    if summary.no_result:
        return _no_result(summary)
    if summary.interference is not None:
        return interference_headline(summary.interference)
    return " ".join(
        [
            *map(outage_words, summary.outages[:1]),
            *_answer(summary),
            *_open_objective(summary),
        ]
    )


# --- no result ------------------------------------------------------------------------------------


def _no_result(summary: RunSummary) -> str:
    sent, planned = summary.totals.sent, summary.totals.planned
    if not sent:
        due = f"{plural(planned, 'request')} were due" if planned else "no request was due"
        return f"NO RESULT: nothing was sent, so nothing was measured; {due}."
    texts = summary.failure_texts
    most = texts[0] if texts else None
    cause = ""
    if most:
        share = "all" if most.count == sent else f"{most.count:,}"
        said = f": {short(most.text, _SHOWN_CHARS)}" if most.text else ""
        cause = f" ({share} failed as {most.outcome}{said})"
    return f"NO RESULT: none of {plural(sent, 'request')} got a correct edge answer{cause}."


# --- the capacity ---------------------------------------------------------------------------------


def _answer(summary: RunSummary) -> Iterator[str]:
    capacity, bracket, loads = summary.capacity, summary.bracket, Loads(summary)
    if all(step.closed for step in summary.steps):
        yield from closed_loop_answer(summary)
        return
    if capacity is None:
        yield _no_capacity(summary)
    else:
        best = next(step for step in summary.steps if step.index == capacity.step)
        least = "" if capacity.limited or bracket.undecided or summary.outages else "at least "
        yield (
            f"This endpoint serves {least}{loads.full(capacity.clients)} "
            f"({number(capacity.requests_per_s)} answers/s, {_felt(best)})"
            f"{_but_not(bracket, loads)}{_within(best)}."
        )
    if bracket.contradicting and bracket.overload:
        yield _contradiction(bracket.contradicting, bracket.overload, loads)
    if capacity or bracket.overload:
        yield from _undecided(bracket.undecided, loads)


def _felt(step: StepSummary) -> str:
    """The p95 of a step; in a mix, of each group."""
    if not step.groups:
        return felt_p95_words(step)
    return ", ".join(f"{part.group} {felt_p95_words(part)}" for part in step.groups)


def _but_not(bracket: CapacityBracket, loads: Loads) -> str:
    """The least load that was not carried, unless a larger one was."""
    if bracket.overload is None or bracket.contradicting:
        return ""
    return f", but not {loads.count(bracket.overload.clients):,}"


def _contradiction(carried: Sequence[int], refused: LoadShortfall, loads: Loads) -> str:
    larger = [clients for clients in carried if clients > refused.clients]
    were = _were([loads.count(each) for each in larger]) if larger else "the same load was"
    said = f"{loads.several(larger)} {were}" if larger else were
    return (
        f"Step {refused.step + 1} ({loads.words(refused.clients)}) was not carried, although "
        f"{said} in another step: load alone may not be the cause. Repeat the run."
    )


def _were(clients: Sequence[int]) -> str:
    return "was" if list(clients) == [1] else "were"


def _undecided(undecided: Sequence[LoadShortfall], loads: Loads) -> Iterator[str]:
    """A sentence for the loads of each reason."""
    for alike, reason in _by_reason(undecided):
        clients = [load.clients for load in alike]
        verb = "is" if [loads.count(each) for each in clients] == [1] else "are"
        yield sentence(f"{loads.several(clients)} {verb} undecided: {reason}")


def _by_reason(loads: Sequence[LoadShortfall]) -> Iterator[tuple[list[LoadShortfall], str]]:
    """Loads by why they are undecided: the backlog, an objective, or whatever else."""
    objective = [load for load in loads if {s.code for s in load.shortfalls} == {"undecided"}]
    backlog = [
        load
        for load in loads
        if load not in objective and {s.code for s in load.shortfalls} <= _TOO_SHORT
    ]
    if backlog:
        yield backlog, _too_short(backlog)
    if objective:
        yield objective, _objective_undecided(objective)
    others: dict[str, list[LoadShortfall]] = {}
    for load in loads:
        if load not in backlog and load not in objective:
            reason = "; ".join(message(shortfall) for shortfall in load.shortfalls)
            others.setdefault(reason, []).append(load)
    for reason, alike in others.items():
        yield alike, reason


def _too_short(loads: Sequence[LoadShortfall]) -> str:
    """What steps would tell; the least length of all is not enough for most loads."""
    found = [s for load in loads for s in load.shortfalls if s.code == "too_short"]
    known = [s.numbers["step_s"] for s in found if s.numbers["measured"]]
    least = [s.numbers["step_s"] for s in found if not s.numbers["measured"]]
    steps = "the step is" if len(loads) == 1 else "the steps are"
    groups = list(dict.fromkeys(s.group for s in found if s.group))
    said = f"{steps} too short to tell whether the endpoint keeps up"
    if groups:
        said += f" with {listed(groups)}"
    if known:
        return f"{said}: {repeat_with(_longest(known))}"
    if least:
        few = "cameras" if groups else "clients"
        return (
            f"{said}: {repeat_with(_longest(least))} or more, several times as much with few {few} "
            "or near the capacity"
        )
    return said


def _objective_undecided(loads: Sequence[LoadShortfall]) -> str:
    found = [shortfall for load in loads for shortfall in load.shortfalls]
    texts = dict.fromkeys(
        f"{s.group}: {condition}" if s.group else condition
        for s in found
        for condition in [str(s.numbers["objective"]).rpartition(": ")[2]]
    )
    needed = [s.numbers["step_s_to_tell"] for s in found]
    longest = _longest(needed) if all(isinstance(s, float) for s in needed) else None
    have = "has" if len(loads) == 1 else "have"
    the = "the step" if len(loads) == 1 else "the steps"
    return f"{the} {have} too few answers for {listed(list(texts))}{to_tell(longest)}"


def _longest(seconds: Sequence[object]) -> float:
    return max(s for s in seconds if isinstance(s, float | int))


def _within(step: StepSummary) -> str:
    met = dict.fromkeys(
        f"{part.group}: {condition}" if part.group else condition
        for part in (step, *step.groups)
        for condition in (result.objective.text.split(": ")[-1] for result in part.objectives)
    )
    if not met:
        return ""
    return f". At this load, {listed(list(met))} {'is' if len(met) == 1 else 'are'} met"


def _no_capacity(summary: RunSummary) -> str:
    steps, bracket, loads = summary.steps, summary.bracket, Loads(summary)
    if not any(step.window.length_s for step in steps):
        return "The capacity is unknown: the run stopped during the warm-up of its first step."
    if not any(step.valid for step in steps):
        return "The capacity is unknown: every step is INVALID. Repeat the run."
    best = max(steps, key=lambda s: s.rates.throughput_per_s or 0.0)
    most = f"{number(best.rates.throughput_per_s)} answers/s, at {loads.of_step(best)}"
    if not loads.known:
        return (
            "This log does not say how much was due, so the capacity is unknown; the largest "
            f"throughput was {most}."
        )
    if bracket.overload is not None:
        load = loads.full(bracket.overload.clients)
        said = (
            f"This endpoint serves fewer than {load}"
            if bracket.undecided
            else f"No load was carried; the smallest was {load}"
        )
        return f"{said}. The largest throughput was {most}."
    why = "; ".join(reason for _, reason in _by_reason(bracket.undecided))
    return f"The capacity is unknown: {why}. The largest throughput was {most}."


def felt_p95_words(step: StepSummary) -> str:
    """`response p95 61 ms`, or the service time if the log does not know more."""
    name = "response" if step.times.response else "service"
    p95 = step.times.felt.quantile("p95")
    if p95 is None:
        return f"with too few answers for a {name} p95"
    value = "never answered" if p95.never else f"{milliseconds(p95.value)} ms"
    return f"{name} p95 {value}"


# --- undecided objectives -------------------------------------------------------------------------


def _open_objective(summary: RunSummary) -> list[str]:
    """The first undecided objective, if nothing else is told and it is not why."""
    bracket = summary.bracket
    said = {shortfall.code for load in bracket.undecided for shortfall in load.shortfalls}
    told = bracket.carried or bracket.overload or "undecided" in said
    return [] if told else undecided_objectives(summary)[:1]


def undecided_objectives(summary: RunSummary) -> list[str]:
    """A sentence for each objective that the run is too short to decide."""
    return [
        sentence(
            f"{result.objective.text} is undecided"
            f"{'' if result.step is None else f' in step {result.step + 1}'}"
            f"{to_tell(result.step_s_to_tell)}",
            result.objective.group or "",
        )
        for result in summary.objectives
        if result.status == "undecided"
    ]


# --- whether to believe it ------------------------------------------------------------------------


def validity(summary: RunSummary) -> str:
    """VALID, or INVALID with every reason."""
    if summary.valid:
        if not summary.log.knows_due:
            return (
                "VALID as far as a log of the older form can tell: it says nothing about the "
                "generator."
            )
        if not summary.log.workers:
            return (
                "VALID as far as this log can tell: it has no samples of the load generator's "
                "processes, so their CPU use is unknown."
            )
        if summary.no_result:
            return "The load generator was not the cause, and its log is complete (VALID)."
        if summary.interference is not None and summary.interference.invalid_steps:
            return SOME_STEPS_INVALID
        return "VALID: the load generator was never the bottleneck, and its log is complete."
    reasons = "; ".join(
        message(doubt) + (f" ({step_list(doubt.steps)})" if doubt.steps else "")
        for doubt in summary.doubts
    )
    return sentence(f"INVALID: {reasons}")
