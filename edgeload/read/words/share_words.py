"""Bad requests that limit a capacity, or leave it open, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from edgeload.objectives import parse_objective
from edgeload.plain_words import plural
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.open_shares import LoadShare
from edgeload.read.analysis.search_result import SearchResult, TierCapacity
from edgeload.read.statistics.format import share
from edgeload.read.statistics.share_boundary import ShareCount
from edgeload.read.words.search_loads import SearchLoads
from edgeload.time_words import duration

_OF_CODES = {"failures": ("request", "failed"), "not_edge": ("answer", "came from the cloud")}
_OF_QUANTITIES = {
    "errors": ("request", "failed"),
    "missed": ("request", "was missed"),
    "edge": ("answer", "came from the cloud"),
}


def share_in_brief(count: ShareCount) -> str:
    """`3.4 % failed`."""
    return f"{share(count.bad / count.of)} {_words(count)[1]}"


def least_load_fails(found: LoadShare, loads: SearchLoads) -> str:
    """`Even 1 client fails: 8 of 240 requests failed (3.3 %, 1.7 % to 6.0 %); at most 1 % may.`"""
    return (
        f"Even {loads.words(found.load)}{loads.whose} fails: {_counted(found.count)}; "
        f"{_allowed(found.count)}."
    )


def by_share_alone(found: SearchResult) -> Finding | None:
    """Why not even the least load is carried, if that is because of bad requests in every tier."""
    bindings = [tier.binding for tier in found.tiers if tier.by_share]
    known = [each for each in bindings if each and each.code in _OF_CODES]
    return known[0] if len(known) == len(found.tiers) else None


def left_open_by_shares(tier: TierCapacity, loads: SearchLoads) -> Iterator[str]:
    """That too few requests were counted to tell, and what would; nothing if that is not why."""
    found = tier.by_share
    if found is None or tier.answer in ("none", "found"):
        return
    count = found.count
    name = "Answers from the cloud" if _words(count)[0] == "answer" else "Bad requests"
    name = "Failures" if _words(count)[1] == "failed" else name
    yield (
        f"{name} leave it open: at {loads.words(found.load)}, {_counted(count)}; {_allowed(count)}."
    )
    low, high = count.limits
    if not low <= count.bound <= high or not count.bound:
        return
    if found.extra_seconds_needed is None:
        yield "That is too close to tell by longer trials."
    else:
        more = f"{duration(round(found.extra_seconds_needed))}"
        yield f"About {more} more of that load would tell whether it is carried."


def _words(count: ShareCount) -> tuple[str, str]:
    if count.what in _OF_CODES:
        return _OF_CODES[count.what]
    return _OF_QUANTITIES[parse_objective(count.what).quantity]


def _counted(count: ShareCount) -> str:
    noun, verb = _words(count)
    low, high = count.limits
    bad = f"{count.bad:,}" if count.bad else "none"
    whose = f" of {count.group}" if count.group else ""
    said = f"{bad} of {plural(count.of, noun)}{whose} {verb}"
    if not count.bad:
        return f"{said} (up to {share(high)})"
    return f"{said} ({share(count.bad / count.of)}, {share(low)} to {share(high)})"


def _allowed(count: ShareCount) -> str:
    return f"at most {share(count.bound)} may" if count.bound else "none may"
