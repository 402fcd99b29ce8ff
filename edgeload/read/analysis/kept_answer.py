"""What a kept run found, and whether to believe it, from its summary. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from edgeload.kept_runs import KeptName
from edgeload.read.log.kept_list import KeptEntry, KeptSummary

KeptVerdict = Literal["running", "no results", "INVALID", "NO RESULT", "VALID"]
"""The worst first. "no results": a killed run, or one whose results could not be written."""
_WORST_FIRST: tuple[KeptVerdict, ...] = get_args(KeptVerdict)


@dataclass(frozen=True)
class KeptCount:
    """A capacity, in what it is counted in: "client", "copy", "camera" or "request/s".

    `low` and `high` are those of a search; it has no `high` if no load failed.
    """

    value: float
    noun: str
    limited: bool
    per_s: float | None
    searched: bool
    low: float | None
    high: float | None


@dataclass(frozen=True)
class KeptAnswer:
    """A kept run, or all runs of a series: `capacities` are those that were found.

    `other` is what was measured if it was no capacity, for example "cache audit: no cache".
    """

    folder: str
    called: KeptName
    box_label: str
    notes: str
    runs: int
    verdict: KeptVerdict
    capacities: tuple[KeptCount, ...]
    other: str
    problems: tuple[str, ...]
    log_bytes: int
    all_bytes: int


def kept_answer(entry: KeptEntry) -> KeptAnswer:
    """What the summaries of a kept run or series say."""
    known = [summary for summary in entry.summaries if summary is not None]
    last = known[-1] if known else None
    verdict = min(map(_verdict, entry.summaries), key=_WORST_FIRST.index)
    return KeptAnswer(
        folder=entry.folder.name,
        called=entry.called,
        box_label=(last.box_label if last else None) or "",
        notes=(last.notes if last else None) or "",
        runs=len(entry.summaries),
        verdict="running" if entry.running else verdict,
        capacities=tuple(count for summary in known if (count := _count(summary))),
        other=_other(last) if last else "",
        problems=entry.problems,
        log_bytes=entry.log_bytes,
        all_bytes=entry.all_bytes,
    )


def _verdict(summary: KeptSummary | None) -> KeptVerdict:
    if summary is None:
        return "no results"
    if summary.validity.verdict == "INVALID":
        return "INVALID"
    return "NO RESULT" if summary.no_result else "VALID"


def _other(summary: KeptSummary) -> str:
    if summary.cache_audit is not None:
        return f"cache audit: {summary.cache_audit.verdict}"
    if summary.interference is not None:
        return "interference"
    return "headroom" if summary.headroom is not None else ""


def _count(summary: KeptSummary) -> KeptCount | None:
    found, search = summary.capacity, summary.search
    if found is None:
        return None
    over = search.over if search else "copies" if summary.mix else "clients"
    group = (search.group if search else None) or ""
    value, noun = {
        "group": (found.cameras.get(group, 0), "camera"),
        "rate": (found.requests_per_s or 0.0, "request/s"),
        "copies": (found.copies, "copy"),
    }.get(over, (found.clients, "client"))
    return KeptCount(
        value,
        noun,
        found.limited,
        found.requests_per_s,
        search is not None,
        found.low,
        found.high,
    )
