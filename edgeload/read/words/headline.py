"""A run's answer in words: how many clients, what limits it, whether to believe it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeload.plain_words import listed, plural, sentence
from edgeload.read.analysis.capacity import Capacity, CapacityBracket, LoadShortfall
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.statistics.format import number, short
from edgeload.read.words.audit_words import audit_headline
from edgeload.read.words.closed_loop_words import closed_loop_answer
from edgeload.read.words.endpoint_words import who_serves
from edgeload.read.words.felt import felt_p95_words
from edgeload.read.words.finding_words import message, steps_of
from edgeload.read.words.headroom_words import headroom_headline
from edgeload.read.words.interference_words import interference_headline, some_steps_invalid
from edgeload.read.words.loads import Loads
from edgeload.read.words.mix_words import fails_first
from edgeload.read.words.objective_words import to_tell
from edgeload.read.words.outage_words import outage_words
from edgeload.read.words.rollout_words import rollouts_headline
from edgeload.read.words.search_words import search_headline
from edgeload.read.words.undecided_loads import by_reason, undecided_loads

_SHOWN_CHARS = 160


def headline(summary: RunSummary) -> str:
    """The answer in the user's unit: clients served, at which rate, how fast.

    Of a mix: copies served, and which group fails first; `mix_load` says what these copies are. Of
    a search, a line for each tier of objectives. Of a run that waited for roll-outs, their cost.
    """
    if summary.no_result:
        return _no_result(summary)
    if summary.interference is not None:
        return interference_headline(summary.interference)
    if summary.search is not None:
        return search_headline(summary)
    if summary.headroom is not None:
        return headroom_headline(summary, summary.headroom)
    if summary.audit is not None:
        return audit_headline(summary.audit)
    waited = summary.rollouts_wanted is not None
    return " ".join(
        [
            *map(outage_words, summary.outages[:1]),
            *([rollouts_headline(summary)] if waited else _answer(summary)),
            *_open_objective(summary),
        ]
    )


# --- no result ------------------------------------------------------------------------------------


def _no_result(summary: RunSummary) -> str:
    sent, planned = summary.totals.sent, summary.totals.planned
    noun = "frame" if summary.groups else "request"
    if not sent:
        due = f"{plural(planned, noun)} were due" if planned else f"no {noun} was due"
        end = summary.log.end
        if end is not None and end.counted.get("sent"):
            return f"NO RESULT: no record of a request came into the log; {due}."
        return f"NO RESULT: nothing was sent, so nothing was measured; {due}."
    texts = summary.failure_texts
    most = texts[0] if texts else None
    cause = ""
    if most:
        share = "all" if most.count == sent else f"{most.count:,}"
        example = "for example " if most.is_example else ""
        said = f": {example}{short(most.text, _SHOWN_CHARS)}" if most.text else ""
        cause = f" ({share} failed as {most.outcome}{said})"
    return f"NO RESULT: none of {plural(sent, noun)} got a correct edge answer{cause}."


# --- the capacity ---------------------------------------------------------------------------------


def _answer(summary: RunSummary) -> Iterator[str]:
    capacity, bracket, loads = summary.capacity, summary.bracket, Loads(summary)
    if all(step.closed for step in summary.steps):
        yield from closed_loop_answer(summary)
        return
    if capacity is None:
        yield _no_capacity(summary)
    else:
        least = "" if capacity.limited or bracket.undecided or summary.outages else "at least "
        but_not = _but_not(bracket, loads)
        yield f"{who_serves(summary.endpoints)} {least}{_served(summary, capacity, but_not)}."
    if bracket.contradicting and bracket.overload:
        yield _contradiction(bracket.contradicting, bracket.overload, loads)
    if capacity or bracket.overload:
        yield from _undecided(summary)


def _served(summary: RunSummary, capacity: Capacity, but_not: str) -> str:
    """`38 clients at 2 requests/s each (…), but not 50`; of a mix only its copies."""
    loads = Loads(summary)
    if summary.groups:
        return f"{loads.of_mix_at(capacity.clients)}{but_not}{fails_first(summary)}"
    best = next(step for step in summary.steps if step.index == capacity.step)
    return (
        f"{loads.full(capacity.clients)} ({number(capacity.requests_per_s)} answers/s, "
        f"{felt_p95_words(best)}){but_not}{_within(best)}"
    )


def _undecided(summary: RunSummary) -> Iterator[str]:
    """Loads that could be the capacity as well; of a mix, `limit` says why it is not known."""
    undecided, loads = summary.bracket.undecided, Loads(summary)
    if not summary.groups:
        yield from undecided_loads(undecided, loads)
    elif undecided:
        clients = [load.clients for load in undecided]
        verb = "is" if [loads.count(each) for each in clients] == [1] else "are"
        yield f"{loads.several(clients)} {verb} undecided."


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


def _within(step: StepSummary) -> str:
    met = dict.fromkeys(result.objective.text.split(": ")[-1] for result in step.objectives)
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
    unit = "frames" if summary.groups else "answers"
    most = f"{number(best.rates.throughput_per_s)} {unit}/s, at {loads.of_step(best)}"
    if not loads.known:
        return (
            "This log does not say how much was due, so the capacity is unknown; the largest "
            f"throughput was {most}."
        )
    if bracket.overload is None:
        why = "; ".join(reason for _, reason in by_reason(bracket.undecided))
        unknown = f"unknown: {why}" if why else "not known yet"  # in a report of a run that goes on
        return f"The capacity is {unknown}. The largest throughput was {most}."
    load = bracket.overload.clients
    full = loads.of_mix_at(load) if summary.groups else loads.full(load)
    said = (
        f"{who_serves(summary.endpoints)} fewer than {full}"
        if bracket.undecided
        else f"No load was carried; the smallest was {full}"
    )
    if summary.groups:  # what an overloaded endpoint answers is no capacity
        return f"{said}{fails_first(summary)}."
    return f"{said}. The largest throughput was {most}."


# --- undecided objectives -------------------------------------------------------------------------


def _open_objective(summary: RunSummary) -> list[str]:
    """The first undecided objective, if nothing else is told and it is not why."""
    bracket = summary.bracket
    said = {shortfall.code for load in bracket.undecided for shortfall in load.shortfalls}
    told = bracket.carried or bracket.overload or "undecided" in said
    return [] if told else undecided_objectives(summary)[:1]


def undecided_objectives(summary: RunSummary) -> list[str]:
    """A sentence for each objective that the run is too short to decide.

    None in a search: it decides itself how long a trial is, and says what would tell more.
    """
    if summary.search is not None or summary.headroom is not None:
        return []
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
        if unknown := _not_in_the_log(summary):
            return unknown
        if summary.no_result:
            return "The load generator was not the cause, and its log is complete (VALID)."
        if summary.interference is not None and summary.interference.invalid_steps:
            return some_steps_invalid(summary.interference, len(summary.steps))
        repeated = summary.search and any(trial.repeated for trial in summary.search.trials)
        was = "not the bottleneck in any trial that counts" if repeated else "never the bottleneck"
        return f"VALID: the load generator was {was}, and its log is complete."
    reasons = "; ".join(
        message(doubt) + (f" ({steps_of(doubt)})" if doubt.steps else "")
        for doubt in summary.doubts
    )
    return sentence(f"INVALID: {reasons}")


def _not_in_the_log(summary: RunSummary) -> str | None:
    """What keeps a log in which no fault of ours is found from clearing us; None if nothing does.

    In an overload each client waits for an answer before it sends again. So nothing is sent late,
    even where we do not come to read the answers.
    """
    if not summary.log.knows_due:
        return (
            "VALID as far as a log of the older form can tell: it says nothing about the generator."
        )
    if not summary.log.workers:
        return (
            "VALID as far as this log can tell: it has no samples of the load generator's "
            "processes, so their CPU use is unknown."
        )
    if any(step.fell_short and step.generator.core_wait_s is None for step in summary.steps):
        return (
            "VALID as far as this log can tell: it does not say for how long the load generator "
            "waited for a core, and in an overload nothing else shows that."
        )
    return None
