"""variants.json as typed records, and how they are filled. Pure.

Units are in the names: `_s` seconds, `_per_s` requests per second (of a mix: frames); null is no
data, and for an upper limit that there is none: every load was carried.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from edgeload.read.output.json_numbers import Number, json_number, rounded
from edgeload.variants.contest import Contest, ContestResult
from edgeload.variants.measurement import Outcome
from edgeload.variants.ranking import capacity_estimate, capacity_ratio
from edgeload.variants.variants_file import Variants
from edgeload.variants.variants_words import (
    VariantUnit,
    happened,
    last_failure,
    not_told,
    ranking_headline,
)

VariantVerdict = Literal["first", "not_told", "worse", "dropped", "not_applied", "not_measured"]
Ended = Literal["told", "rounds", "budget", "interrupted"]


class VariantsPart(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A part of variants.json."""


class VariantCapacityRecord(VariantsPart):
    """A capacity with its 95 % interval; `count` are clients, or copies of a mix."""

    per_s: float
    low: float
    high: Number
    count: int | None


class VariantRatioRecord(VariantsPart):
    """The capacity as a multiple of the first's, over the rounds in which both were measured."""

    value: float
    low: Number
    high: Number
    rounds: int


class VariantRecord(VariantsPart):
    """One variant in the ranking; `place` is from 1, null without a capacity."""

    name: str
    place: int | None
    verdict: VariantVerdict
    after_round: int | None
    """The round after which it left the contest."""
    rounds: int
    """In which it has a capacity."""
    capacity: VariantCapacityRecord | None
    ratio: VariantRatioRecord | None
    happened: str
    why: str
    """Why a measurement of it failed, if one did."""


class TurnRecord(VariantsPart):
    """One measurement of one variant; `seconds` with applying and warming up."""

    round: int
    variant: str
    outcome: Outcome
    capacity_per_s: Number
    low: Number
    high: Number
    why: str
    log: str | None
    seconds: float


class RestoredRecord(VariantsPart):
    """How the box was left. `done` is null if nothing was applied."""

    to: str
    done: bool | None
    why: str


class VariantsRecord(VariantsPart):
    """A whole contest."""

    schema_version: Literal[1]
    file: str
    answer: str
    unit: str
    count_of: str
    first: str | None
    ended: Ended
    rounds: int
    most_rounds: int
    seconds: float
    interrupted: str | None
    variants: list[VariantRecord]
    """The best first."""
    measurements: list[TurnRecord]
    """In the order of time."""
    restored: RestoredRecord


def variants_json(result: ContestResult, variants: Variants, file: str, unit: VariantUnit) -> str:
    """The text of variants.json."""
    encoded = msgspec.json.encode(variants_record(result, variants, file, unit))
    return msgspec.json.format(encoded, indent=2).decode() + "\n"


def variants_record(
    result: ContestResult, variants: Variants, file: str, unit: VariantUnit
) -> VariantsRecord:
    """A contest as records."""
    contest = result.contest
    ranked = contest.ranked
    names = [*ranked, *(name for name in contest.names if name not in ranked)]
    restoring = variants.restoring
    return VariantsRecord(
        schema_version=1,
        file=file,
        answer=ranking_headline(contest, unit),
        unit=unit.rate,
        count_of=unit.noun,
        first=ranked[0] if ranked else None,
        ended=_ended(result),
        rounds=len(contest.rounds),
        most_rounds=contest.most_rounds,
        seconds=round(result.seconds, 3),
        interrupted=result.interrupted or None,
        variants=[_variant(contest, name, unit) for name in names],
        measurements=[
            TurnRecord(
                round=turn.round,
                variant=turn.name,
                outcome=turn.measurement.outcome,
                capacity_per_s=json_number(turn.measurement.capacity_per_s),
                low=json_number(turn.measurement.low),
                high=json_number(turn.measurement.high),
                why=turn.measurement.why,
                log=str(turn.measurement.log_file) if turn.measurement.log_file else None,
                seconds=round(turn.seconds, 3),
            )
            for turn in result.turns
        ],
        restored=RestoredRecord(
            to=restoring.name if restoring in variants.variants else restoring.apply,
            done=True if result.restored else False if result.not_restored else None,
            why=result.not_restored,
        ),
    )


def _ended(result: ContestResult) -> Ended:
    if result.interrupted:
        return "interrupted"
    if result.budget_spent:
        return "budget"
    return "told" if result.contest.told else "rounds"


def _variant(contest: Contest, name: str, unit: VariantUnit) -> VariantRecord:
    ranked, departure = contest.ranked, contest.left.get(name)
    estimate = capacity_estimate(contest.rounds, name)
    ratio = capacity_ratio(contest.rounds, name, ranked[0]) if ranked else None
    failure = last_failure(contest, name)
    return VariantRecord(
        name=name,
        place=ranked.index(name) + 1 if name in ranked else None,
        verdict=_verdict(contest, name),
        after_round=departure.after if departure else None,
        rounds=estimate.rounds if estimate else 0,
        capacity=VariantCapacityRecord(
            per_s=rounded(estimate.per_s),
            low=rounded(estimate.low),
            high=json_number(estimate.high),
            count=unit.count(estimate.per_s),
        )
        if estimate
        else None,
        ratio=VariantRatioRecord(
            value=rounded(ratio.value),
            low=json_number(ratio.low),
            high=json_number(ratio.high),
            rounds=ratio.rounds,
        )
        if ratio
        else None,
        happened=happened(contest, name),
        why=failure[1] if failure else "",
    )


def _verdict(contest: Contest, name: str) -> VariantVerdict:
    departure, ranked = contest.left.get(name), contest.ranked
    if departure is not None:
        return departure.why
    if name not in ranked:
        return "not_measured"
    if name == ranked[0]:
        return "first"
    return "not_told" if not_told(contest, name) else "worse"
