"""What keeps a capacity from being larger: the ceiling, and what a load fell short of. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from edgeload.plain_words import plural, sentence
from edgeload.read.analysis.capacity import Ceiling, LoadShortfall
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.queueing_detector import QueueingDetector
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.statistics.format import interval, milliseconds, number
from edgeload.read.words.audit_words import audit_method
from edgeload.read.words.closed_loop_words import CLOSED_LOOP_LIMIT
from edgeload.read.words.finding_words import message
from edgeload.read.words.headroom_words import headroom_text
from edgeload.read.words.interference_words import interference_method
from edgeload.read.words.limit_words import limit_sentences
from edgeload.read.words.loads import Loads
from edgeload.read.words.search_limits import answered_in_overload
from edgeload.read.words.search_words import search_sentences
from edgeload.read.words.undecided_loads import undecided_loads

ON_THE_ENDPOINT = "on the endpoint"
"""Where requests queue, if nothing else is known."""
_NOTHING_SERVED = "What the endpoint can serve is unknown."
_LARGEST_TRIED = "This is the largest load that was tried"


def limit(summary: RunSummary) -> str:
    """What keeps the capacity from being larger: the ceiling, and what the load fell short of.

    Of an interference run or a cache audit, which has no capacity: how it was made. Of a mix, also
    why larger or smaller loads are undecided, which its headline leaves out. Of a search: how sure
    its answer is. Of a search for headroom: a line for each group.
    """
    if summary.no_result:
        return _NOTHING_SERVED
    if made := _how_it_was_made(summary):
        return made
    if summary.search is not None:
        found = list(answered_in_overload(summary)) or _ceiling_sentences(summary)
        return search_sentences(summary, [*found, *limit_sentences(summary.limit)])
    if summary.headroom is not None:
        return headroom_text(summary.headroom)
    if summary.rollouts_wanted is not None and summary.bracket.overload is None:
        return ""  # it looked for no limit, and met none
    closed = all(step.closed for step in summary.steps)
    return CLOSED_LOOP_LIMIT if closed else _of_ramp(summary)


def _of_ramp(summary: RunSummary) -> str:
    bracket = summary.bracket
    if not Loads(summary).known:
        return "What limits it is unknown: give a client's arrival rate with --requests-per-second."
    if not any(step.valid for step in summary.steps):
        if summary.limit is not None and summary.limit.resource == "generator":
            return "The load generator limited this run: what limits the endpoint is unknown."
        return "What limits the endpoint is unknown."
    if bracket.overload is None:
        return " ".join(_no_limit(summary))
    load = f"{Loads(summary).words(bracket.overload.clients)} (step {bracket.overload.step + 1})"
    said = set(_ceilings(summary))
    why = (
        "; ".join(_by_group(bracket.overload, said=said)) if not said else _beside(bracket.overload)
    )
    short_of = [sentence(f"{load} fell short: {why}")] if why else []
    short_of += _slow_by_themselves(summary)
    unknown = undecided_loads(bracket.undecided, Loads(summary)) if summary.groups else ()
    which = limit_sentences(summary.limit)
    return " ".join([*_ceiling_sentences(summary), *short_of, *which, *unknown])


def _slow_by_themselves(summary: RunSummary) -> Iterator[str]:
    """The least load beyond misses bounds on time only, although its backlog does not grow."""
    overload, ceiling = summary.bracket.overload, summary.bracket.ceiling
    if overload is None or ceiling is None or ceiling.step == overload.step:
        return
    short = [each for each in overload.shortfalls if each.severity == "warning"]
    step = next(step for step in summary.steps if step.index == overload.step)
    if step.overloaded or not short or any(each.code != "objective" for each in short):
        return
    yield (
        f"{Loads(summary).words(overload.clients)} miss the objective although requests hardly "
        "queue there: single answers are too slow for it, and this limit does not explain that."
    )


def _beside(overload: LoadShortfall) -> str:
    """What the endpoint fell short of beside its ceiling, which explains the rest.

    The objectives that are not met stand in a list of their own.
    """
    explained = ("backlog_grows", "objective")
    others = [each for each in overload.shortfalls if each.code not in explained]
    return "; ".join(_by_group(replace(overload, shortfalls=tuple(others)), said=set()))


def _ceiling_sentences(summary: RunSummary) -> list[str]:
    queueing = {group.group: group.queueing for group in summary.groups}
    ceilings = _ceilings(summary).items()
    place = ON_THE_ENDPOINT
    if summary.limit is not None and summary.limit.resource == "network":
        place = "on their way to the endpoint"
    return [ceiling_words(each, name, queueing.get(name), place) for name, each in ceilings]


def _how_it_was_made(summary: RunSummary) -> str:
    """How a run was made that is no ramp; empty for a ramp."""
    if summary.interference is not None:
        return interference_method(summary.interference)
    return audit_method(summary.audit) if summary.audit is not None else ""


def _no_limit(summary: RunSummary) -> Iterator[str]:
    bracket = summary.bracket
    open_ = bracket.carried is None or bracket.undecided
    this = "No load is known to be too large" if open_ else _LARGEST_TRIED
    yield f"{this}, so the limit is unknown."
    if summary.groups and bracket.carried:
        yield from undecided_loads(bracket.undecided, Loads(summary))


def _by_group(overload: LoadShortfall, *, said: set[str]) -> Iterator[str]:
    """What the endpoint fell short of, for each camera group of a mix.

    `said`: the groups whose ceiling has been named, so that their backlog grew is no news.
    """
    for group in dict.fromkeys(shortfall.group for shortfall in overload.shortfalls):
        own = [shortfall for shortfall in overload.shortfalls if shortfall.group == group]
        reasons = "; ".join(reasons_of(own, said=group in said))
        if reasons:
            yield f"{group}: {reasons}" if group else reasons


def reasons_of(shortfalls: Sequence[Finding], *, said: bool) -> Iterator[str]:
    """What the endpoint fell short of; one objective for several scopes is named once.

    An outage is the reason of everything else.
    """
    down = [shortfall for shortfall in shortfalls if shortfall.code == "down"]
    quantities = set()
    for shortfall in down or shortfalls:
        if shortfall.severity != "warning" or (said and shortfall.code == "backlog_grows"):
            continue
        about = shortfall.about.rpartition(": ")[2] or shortfall.code
        if about not in quantities:
            yield message(replace(shortfall, group=""))
        quantities.add(about)


def _ceilings(summary: RunSummary) -> dict[str, Ceiling]:
    """The ceiling of the run, or that of each group of a mix that fell short first, by its name."""
    if summary.bracket.ceiling:
        return {"": summary.bracket.ceiling}
    overload = summary.bracket.overload
    grew = {s.group for s in overload.shortfalls if s.code == "backlog_grows"} if overload else ()
    found = ((group.steps[0].group, group.bracket.ceiling) for group in summary.groups)
    return {name: ceiling for name, ceiling in found if ceiling and name in grew}


def ceiling_words(
    ceiling: Ceiling,
    group: str = "",
    detector: QueueingDetector | None = None,
    place: str = ON_THE_ENDPOINT,
) -> str:
    """The ceiling, and where requests wait; `group` is the name of the group it is about.

    `detector` is the one of its chain that is the limit, if that is known, and `place` is where the
    requests queue.
    """
    span = interval(ceiling.low, ceiling.high)
    unit, noun = ("frames", f"{group} camera") if group else ("answers", "client")
    most = f"{number(ceiling.per_s)} {unit}/s" + (f" ({span})" if span else "")
    who = "camera" if group else "client"
    at = plural(ceiling.clients, noun)
    if ceiling.of_the_clients:
        return (
            f"{at} got at most {most}, limited by the {who}s themselves: an answer "
            f"takes {milliseconds(ceiling.full_s)} ms at any load, and a {who} sends nothing "
            f"while it waits. The endpoint may carry more: use more {who}s at a lower rate each."
        )
    if ceiling.of_the_clients is None:
        return (
            f"{at} got {most} and always waited for an answer. Whether they queue on the endpoint, "
            "or only wait for their own answers, is unknown: run a much smaller load as well."
        )
    whose = f"The limit of {group}" if group else "Its limit"
    if place != ON_THE_ENDPOINT:
        whose = "The network's limit" + (f" for {group}" if group else "")
    if detector is not None:
        return (
            f"{whose} is about {most}, because of detector {detector.name}: at "
            f"{number(detector.per_s)} requests/s, its median service time rose from "
            f"{milliseconds(detector.light_s)} ms at {plural(ceiling.light_clients, noun)} to "
            f"{milliseconds(detector.full_s)} ms at {ceiling.clients:,}, so requests queue there."
        )
    light, full = f" at {plural(ceiling.light_clients, noun)}", f" at {ceiling.clients:,}"
    if ceiling.light_clients == ceiling.clients:  # a search over the rate of the same clients
        light, full = "", " with the rate"
    return (
        f"{whose} is about {most}: median service time rose from "
        f"{milliseconds(ceiling.light_s)} ms{light} to {milliseconds(ceiling.full_s)} ms{full}, so "
        f"requests queue {place}."
        + ("" if place == ON_THE_ENDPOINT else " The endpoint's own limit was not reached.")
    )
