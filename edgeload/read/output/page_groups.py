"""What the page says about each camera group of a mix: its answer, settings and failures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from edgeload.plain_words import listed
from edgeload.read.analysis.failures import FailureText
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.words.beside_words import BesideAnswer, beside_answers
from edgeload.read.words.group_words import GroupAnswer, group_answers
from edgeload.read.words.headroom_words import HeadroomLine, headroom_lines
from edgeload.read.words.search_cards import search_group_cards
from edgeload.records import GroupRecord

# A mix file can set these for each group; in the settings of its run they are mere defaults.
_OF_A_GROUP = frozenset(
    {
        *("detector_id", "detector_name", "detector_query", "requests_per_second", "arrivals"),
        *("late", "timeout", "image_path", "image_pool", "same_image"),
    }
)
_OF_A_RAMP = frozenset(
    {"custom_ramp", "step_size", "time_between_ramp", "interference", "interference_rounds"}
)
_MARKS = {
    **dict.fromkeys(("first", "fails", "invalid", "slowed"), "✗"),
    **dict.fromkeys(("carried", "same"), "✓"),
    "undecided": "?",
}
_FITS = {True: "carried", False: "fails", None: "undecided"}


@dataclass(frozen=True)
class GroupCard:
    """A group's answer: its verdict, the same in words, and named facts behind it."""

    group: str
    verdict: str
    said: str
    facts: tuple[tuple[str, str], ...]

    @property
    def mark(self) -> str:
        """A sign for the verdict; empty for none."""
        return _MARKS.get(self.verdict, "")


@dataclass(frozen=True)
class FailureRow:
    """A text of failures, and the group whose requests failed so; empty without a mix."""

    group: str
    failure: FailureText


def group_cards(summary: RunSummary) -> list[GroupCard]:
    """A card for each group, in the plan's order; none for a run without a mix."""
    detectors = {record.name: _detectors(record) for record in _records(summary)}
    if summary.search is not None:
        return [
            GroupCard(card.name, card.verdict, card.said, (*card.facts, *detectors[card.name]))
            for card in search_group_cards(summary)
        ]
    if summary.interference is not None:
        return [
            GroupCard(
                *(answer.group, answer.verdict, answer.said),
                (*_besides(answer), *detectors.get(answer.group, ())),
            )
            for answer in beside_answers(summary.interference)
        ]
    if summary.headroom is not None:
        return [
            GroupCard(line.group, _FITS[line.fits], _named(line), tuple(_of_headroom(line)))
            for line in headroom_lines(summary.headroom)
        ]
    return [
        GroupCard(
            *(answer.group, answer.verdict, answer.said),
            (*_limits(answer), *detectors.get(answer.group, ())),
        )
        for answer in group_answers(summary)
    ]


def _named(line: HeadroomLine) -> str:
    return f"{line.tier}: {line.said}" if line.tier else line.said


def _of_headroom(line: HeadroomLine) -> Iterator[tuple[str, str]]:
    if line.load:
        yield "in all", line.load
    if line.limit:
        yield "limit", line.limit


def _limits(answer: GroupAnswer) -> Iterator[tuple[str, str]]:
    yield "load", answer.load
    yield "times", answer.times
    yield "limit", answer.limit


def _besides(answer: BesideAnswer) -> Iterator[tuple[str, str]]:
    yield "load", answer.load
    yield "alone", answer.alone
    yield "beside", answer.beside


def failure_rows(summary: RunSummary) -> list[FailureRow]:
    """The texts of failures, the most frequent first; in a mix, those of each group."""
    parts = summary.groups or (summary,)
    rows = [FailureRow(part.group, text) for part in parts for text in part.failure_texts]
    return sorted(rows, key=lambda row: -row.failure.count) if summary.groups else rows


def group_sections(summary: RunSummary) -> dict[str, dict[str, Any]]:
    """The settings of each group as the log's header has them, under a heading each."""
    if not summary.groups:
        return {}
    return {f"Camera group {record.name}": _settings(record) for record in _records(summary)}


def of_all_groups(summary: RunSummary, settings: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Settings of a run, or facts about it; of a mix, without what each group has of its own.

    Of a search, without the ramp that it does not make.
    """
    if settings is None:
        return None
    left_out = _OF_A_GROUP if summary.groups else frozenset[str]()
    left_out |= _OF_A_RAMP if summary.search is not None else frozenset[str]()
    return {name: value for name, value in settings.items() if name not in left_out}


def _records(summary: RunSummary) -> list[GroupRecord]:
    header = summary.log.header
    return header.plan.groups if header and summary.groups else []


def _detectors(record: GroupRecord) -> Iterator[tuple[str, str]]:
    """The detector that a frame asks, and those that it asks further requests."""
    first = _detector(record.detector_name, record.detector_id)
    more = [f"{c.requests} x {_detector(c.detector_name, c.detector_id)}" for c in record.then]
    if more:
        yield "detectors", f"{first}, then {listed(more)}"
    else:
        yield "detector", first


def _detector(name: str | None, detector_id: str) -> str:
    return f"{name} ({detector_id})" if name else detector_id


def _settings(record: GroupRecord) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(record)
    del values["name"]
    if record.requests_per_second is None:
        values["requests_per_second"] = "max (a closed loop)"
    return values
