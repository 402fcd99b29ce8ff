"""The answer of a search for cards of the page: one for each tier, one for each group. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from edgeload.plain_words import plural
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.search_result import (
    SearchResult,
    TierCapacity,
    weightiest_first,
)
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.words.felt import felt_p95_words
from edgeload.read.words.loads import cameras_at
from edgeload.read.words.search_loads import SearchLoads
from edgeload.read.words.trial_words import in_brief
from edgeload.time_words import duration

CardVerdict = Literal["carried", "undecided", "fails", "first"]
"""Of a camera group, "first": it binds; "fails": it falls short of the same load as well."""

_VERDICTS: dict[str, CardVerdict] = {
    "found": "carried",
    "wide": "carried",
    "at_least": "carried",
    "none": "fails",
    "unknown": "undecided",
}
_KINDS = {
    "cliff": "a cliff: it gets much worse at once",
    "slope": "a slope: it gets worse little by little",
}
_NOT_REACHED = "not reached: no load that was tried failed"


@dataclass(frozen=True)
class SearchCard:
    """A card: whose answer it is (empty without tiers), the answer, and named facts behind it."""

    name: str
    verdict: CardVerdict
    said: str
    facts: tuple[tuple[str, str], ...]


def tier_cards(summary: RunSummary) -> list[SearchCard]:
    """A card for each tier of a search; without tiers, one."""
    search = summary.search
    if search is None or not search.trials:
        return []
    loads = SearchLoads(summary)
    return [
        SearchCard(
            tier.tier.name,
            _verdict(tier),
            _answer(tier, loads),
            tuple(_facts(summary, search, tier, loads)),
        )
        for tier in search.tiers
    ]


def search_group_cards(summary: RunSummary) -> list[SearchCard]:
    """A card for each camera group of a mix: what it is at the capacity, and whether it binds."""
    search, plan = summary.search, summary.log.plan
    if search is None or plan is None or not summary.groups:
        return []
    at = search.tiers[0].at
    found = []
    for place, group in enumerate(plan.groups):
        short = _short_of(search, group.name)
        binds = search.tiers[0].binding
        first = binds is not None and binds.group == group.name
        step = None if at is None else at.groups[place]
        carried: CardVerdict = "carried" if step and not step.shortfalls else "undecided"
        found.append(
            SearchCard(
                group.name,
                "first" if first else "fails" if short else carried,
                _said(short, first, at is not None),
                ()
                if step is None
                else (("load", cameras_at(step.clients, group)), ("times", _times(step))),
            )
        )
    return found


def _verdict(tier: TierCapacity) -> CardVerdict:
    """A capacity counts as carried if the trial that shows it passed."""
    verdict = _VERDICTS[tier.answer]
    return "undecided" if verdict == "carried" and not tier.shown_carried else verdict


def _times(step: StepSummary) -> str:
    return felt_p95_words(step).removeprefix("with ")


def _said(short: Finding | None, first: bool, known: bool) -> str:
    if short is not None:
        why = in_brief(short).removeprefix(f"{short.group}: ")
        return f"fails {'first' if first else 'as well'}: {why}"
    return "does not fail first" if known else "unknown"


def _short_of(search: SearchResult, group: str) -> Finding | None:
    """What the first load beyond the capacity fell short of in a group, the weightiest reason."""
    beyond = search.tiers[0].beyond
    reasons = weightiest_first(beyond.shortfalls if beyond else ())
    return next((each for each in reasons if each.group == group), None)


def _answer(tier: TierCapacity, loads: SearchLoads) -> str:
    best = tier.boundary.best
    if tier.answer == "none":
        return "no load is shown to be carried"
    if tier.answer == "unknown" or best is None:
        return "unknown: no trial shows that its load is carried"
    return f"{'at least ' if tier.answer == 'at_least' else ''}{loads.full(best)}"


def _facts(
    summary: RunSummary, search: SearchResult, tier: TierCapacity, loads: SearchLoads
) -> Iterator[tuple[str, str]]:
    known = tier.boundary
    if known.high is not None and tier.answer != "none":
        span = loads.span(known.low, known.high)
        wider = ", wider than asked for" if tier.answer == "wide" else ""
        yield "interval", f"{span}, at {known.confidence:.0%} confidence{wider}".replace("%", " %")
    if tier.at is not None and tier.at_load is not None and not summary.groups:
        yield "times", f"{_times(tier.at)} at {loads.words(tier.at_load)}"
    if tier.beyond_load is not None:
        binding = tier.binding
        why = f" ({in_brief(binding)})" if binding else ""
        yield "beyond", f"{loads.words(tier.beyond_load)} not carried{why}"
    elif tier.answer == "at_least":
        yield "limit", _NOT_REACHED
    if tier.kind in _KINDS:
        yield "beyond it", _KINDS[tier.kind]
    asked = [objective.text for objective in tier.tier.objectives]
    yield "objectives", ", ".join(asked) or "the endpoint keeps up, and answers without failures"
    counted = len(tier.trials)
    broken = len(search.trials) - counted
    more = f", and {broken} in which the endpoint broke" if broken else ""
    yield "found by", f"{plural(counted, 'trial')}{more}, in {duration(round(search.seconds))}"
