"""What to do next with what a run has shown, in one sentence. Pure."""

from __future__ import annotations

import math

from edgeload.plain_words import plural
from edgeload.read.analysis.capacity import LoadShortfall
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.words.finding_words import advice
from edgeload.read.words.limit_words import limit_advice
from edgeload.read.words.loads import Loads
from edgeload.read.words.longer_steps import repeat_with

_MENDED_FIRST = ("network", "cloud")
"""What lies before the endpoint: its own limit is not known as long as this is one."""
_SEARCH = "--find-capacity"
_LIKELY_NARROW = 0.1
"""Loads that are no further apart tell the capacity well enough."""
_LOADS_BETWEEN = 4


def next_step(summary: RunSummary) -> str:
    """The most useful next command, or what has to be mended first.

    Empty for a kind of run that says itself what would tell more: a search, one for headroom, an
    interference run, a cache audit, a soak, and one that waits for roll-outs.
    """
    if not summary.valid:
        return f"Next: {_lower(advice(summary.doubts[0]))}"
    if summary.no_result:
        return "Next: mend what the failures below name; edgeload has measured nothing yet."
    of_its_own = summary.searches or summary.interference or summary.audit
    if of_its_own or summary.rollouts_wanted is not None or not summary.log.knows_due:
        return ""
    if all(step.closed for step in summary.steps):
        return ""
    if summary.log.is_soak:  # it looks for no limit, and its own finding says what to do
        return _mended_first(summary)
    following = _of_ramp(summary)
    if summary.endpoints:  # no search looks for the capacity of several
        for offer in (f", or let {_SEARCH} choose the steps", f", or {_SEARCH}"):
            following = following.replace(offer, "")
    return _mended_first(summary) or following


def _mended_first(summary: RunSummary) -> str:
    """What lies before the endpoint, or fails at any load; empty if nothing of that is known."""
    if summary.limit is not None and summary.limit.resource in _MENDED_FIRST:
        return f"Next: {_lower(limit_advice(summary.limit) or '')}"
    overload = summary.bracket.overload
    if summary.capacity is None and overload and _fails(overload):
        load = Loads(summary).words(overload.clients)
        return (
            f"Next: find out why requests fail at {load} already: see the warnings below, and the "
            "endpoint's own log."
        )
    return ""


def _of_ramp(summary: RunSummary) -> str:
    copies = {step.clients: step.copies for step in summary.steps}
    bracket = summary.bracket
    served = copies[bracket.carried.clients] if bracket.carried else None
    refused = copies[bracket.overload.clients] if bracket.overload else None
    noun = "copy" if summary.groups else "client"
    if summary.interrupted:
        return "Next: repeat the run to its end."
    unknown = served is None and bracket.undecided  # smaller loads were tried, for too short
    if refused is not None and not unknown and (served or 0) + 1 < refused:
        return _between(served or 0, _likely(summary, served or 0, refused), noun)
    if bracket.undecided:
        seconds = _seconds_to_tell(summary.steps)
        longer = repeat_with(seconds) if seconds else "repeat with longer steps"
        return f"Next: {longer}, or let {_SEARCH} choose the steps."
    if refused is None and served is not None:
        more = ",".join(f"{served * factor}" for factor in (2, 4, 8))
        return f"Next: try larger loads, for example --custom-ramp {more}, or {_SEARCH}."
    if refused == 1:
        return f"Next: a lower rate of each {noun}: one is too much at this rate."
    return "Next: change one thing, and pass this log as --baseline when you read the next run's."


def _fails(overload: LoadShortfall) -> bool:
    """Whether answers were bad or missing, which a smaller load would not mend."""
    return bool({each.code for each in overload.shortfalls} & {"failures", "down", "not_edge"})


def _likely(summary: RunSummary, served: int, refused: int) -> int:
    """The least load that is known to be too much, or that the ceiling says is."""
    ceiling, rate = summary.bracket.ceiling, summary.log.requests_per_second
    if summary.groups or ceiling is None or not rate or ceiling.of_the_clients:
        return refused
    return max(served + 2, min(refused, math.floor(ceiling.high / rate) + 1))


def _between(served: int, refused: int, noun: str) -> str:
    """How to narrow the range down, if it is worth the while."""
    gap = refused - served
    if served and gap <= max(1, _LIKELY_NARROW * refused):
        return (
            "Next: change one thing, and pass this log as --baseline when you read the next run's; "
            f"{_SEARCH} narrows the capacity down further."
        )
    parts = min(_LOADS_BETWEEN + 1, gap)
    loads = sorted({served + round(gap * part / parts) for part in range(1, parts)})
    ramp = ",".join(str(load) for load in loads)
    return (
        f"Next: find the limit between {served:,} and {plural(refused, noun)}: --custom-ramp "
        f"{ramp}, or {_SEARCH}."
    )


def _seconds_to_tell(steps: tuple[StepSummary, ...]) -> float | None:
    """The longest step that a shortfall asks for."""
    asked = [
        shortfall.numbers.get("step_s") or shortfall.numbers.get("step_s_to_tell")
        for step in steps
        for shortfall in step.shortfalls
        if shortfall.code in ("too_short", "undecided")
    ]
    return max((seconds for seconds in asked if isinstance(seconds, float | int)), default=None)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
