"""A comparison -> comparison.json, by way of its typed records. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from edgeload.read.analysis.capacity import Capacity
from edgeload.read.analysis.compared_loads import OneSidedLoad, SideName
from edgeload.read.analysis.compared_quantities import ComparedQuantity, QuantityVerdict
from edgeload.read.analysis.compared_searches import (
    CapacityUnit,
    ComparedSearches,
    SearchedCapacity,
)
from edgeload.read.analysis.comparison import Comparison, Verdict
from edgeload.read.analysis.history import History, HistoryChange
from edgeload.read.output.json_numbers import Number, json_number, utc
from edgeload.read.words.comparison_words import comparison_headline
from edgeload.read.words.finding_words import message
from edgeload.read.words.history_words import history_words

COMPARISON_SCHEMA_VERSION = 1


class ComparedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One quantity at one load; seconds, per second, or shares from 0 to 1.

    Shifts are shares of the old value; those of errors, missed and escalated are differences. A
    value of null beside a shift is "never answered". `clients` are those of the new side. The
    capacity has no load; its values are requests due per second. In a mix, a row is of one camera
    group, or of all if `group` is null, and the values of the capacity are copies.
    """

    group: str | None
    copies: int | None
    clients: int | None
    clients_before: int | None
    arrival_rate_per_s: Number
    figure: str
    before: Number
    after: Number
    shift: Number
    limits: tuple[Number, Number]
    p: Number
    word: QuantityVerdict
    why: str | None


class DifferenceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A setting, version or fact that differs between the sides, as texts."""

    name: str
    before: str
    after: str


class CapacitiesRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Clients, or copies of the mix, of each run's capacity; null if it has none."""

    before: list[int | None]
    after: list[int | None]


class SidesRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What both sides are called: by the user, or by the files or folders of their logs."""

    before: str
    after: str


class VerdictOfGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A camera group of a mix, and what all of its loads say together."""

    name: str
    word: Verdict


class OneSidedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A load that only one side has; `stopped`: the other side's run ended before it."""

    side: SideName
    copies: int | None
    clients: int
    arrival_rate_per_s: Number
    stopped: bool


class HistoryChangeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A figure whose level changed; `new` if it began in the newest five runs.

    `group` and `copies` are null without a mix. The capacity of a mix is in copies.
    """

    figure: str
    group: str | None
    copies: int | None
    clients: int | None
    arrival_rate_per_s: Number
    before: Number
    after: Number
    p: Number
    runs: int
    runs_ago: int
    since: str
    new: bool
    word: str


class HistoryRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Changes among the newest runs of the same box and settings, and how many were left out."""

    word: str
    verdict: str
    runs: int
    series: int
    changes: list[HistoryChangeRecord]
    left_out: dict[str, int]


class SearchedCapacityRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The capacity that one search found, with its 95 % limits; null for none, or no limit."""

    capacity: Number
    low: Number
    high: Number


class ComparedTierRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A tier of objectives; `limits` bound the change as a share of the old capacity."""

    name: str | None
    before: list[SearchedCapacityRecord]
    after: list[SearchedCapacityRecord]
    limits: tuple[Number, Number]
    word: QuantityVerdict


class ComparedSearchesRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Searches for the capacity, compared in one unit: clients, copies, requests due per second."""

    unit: CapacityUnit
    tiers: list[ComparedTierRecord]


class ComparisonRecord(msgspec.Struct, frozen=True, kw_only=True):
    """comparison.json; null for no data. `verdict` is `word` in a sentence.

    Whether the logs in `unknown_settings` have the same settings as the others cannot be told.
    `groups` are the camera groups of mixes. Without a mix there are none, and `capacity_copies` is
    null. `searches` is null unless all runs are searches for the capacity; then there are no rows.
    """

    schema_version: int
    word: Verdict
    verdict: str
    margin: float
    sides: SidesRecord
    groups: list[VerdictOfGroup]
    capacity_clients: CapacitiesRecord
    capacity_copies: CapacitiesRecord | None
    invalid_logs: list[str]
    differences: list[DifferenceRecord]
    unknown_settings: list[str]
    deciding: list[ComparedRecord]
    rows: list[ComparedRecord]
    capacity: ComparedRecord | None
    one_sided: list[OneSidedRecord]
    why: list[str]
    history: HistoryRecord | None
    searches: ComparedSearchesRecord | None


def comparison_json(
    comparison: Comparison, history: History | None = None, sides: tuple[str, str] = ("", "")
) -> str:
    """The text of comparison.json; `sides` are the names of both."""
    before, after = comparison.capacities
    mix = comparison.mix
    record = ComparisonRecord(
        schema_version=COMPARISON_SCHEMA_VERSION,
        word=comparison.verdict,
        verdict=comparison_headline(comparison),
        margin=comparison.margin,
        sides=SidesRecord(before=sides[0], after=sides[1]),
        groups=[VerdictOfGroup(name=g.name, word=g.verdict) for g in (mix.groups if mix else ())],
        capacity_clients=CapacitiesRecord(before=_clients(before), after=_clients(after)),
        capacity_copies=CapacitiesRecord(before=list(mix.copies[0]), after=list(mix.copies[1]))
        if mix
        else None,
        invalid_logs=list(comparison.invalid),
        differences=[
            DifferenceRecord(name=d.name, before=d.old, after=d.new) for d in comparison.differences
        ],
        unknown_settings=list(comparison.without_header),
        deciding=[_row(row) for row in comparison.deciding],
        rows=[_row(row) for row in comparison.rows],
        capacity=_row(comparison.capacity) if comparison.capacity else None,
        one_sided=[_one_sided(each) for each in comparison.one_sided],
        why=[message(why) for why in comparison.why],
        searches=_searches(comparison.searches) if comparison.searches else None,
        history=_history(history) if history else None,
    )
    return msgspec.json.format(msgspec.json.encode(record), indent=2).decode() + "\n"


def _searches(compared: ComparedSearches) -> ComparedSearchesRecord:
    return ComparedSearchesRecord(
        unit=compared.unit,
        tiers=[
            ComparedTierRecord(
                name=tier.name or None,
                before=list(map(_searched, tier.old)),
                after=list(map(_searched, tier.new)),
                limits=(json_number(tier.low), json_number(tier.high)),
                word=tier.verdict,
            )
            for tier in compared.tiers
        ],
    )


def _searched(each: SearchedCapacity) -> SearchedCapacityRecord:
    return SearchedCapacityRecord(
        capacity=json_number(each.best), low=json_number(each.low), high=json_number(each.high)
    )


def _clients(side: Sequence[Capacity | None]) -> list[int | None]:
    return [capacity.clients if capacity else None for capacity in side]


def _one_sided(each: OneSidedLoad) -> OneSidedRecord:
    return OneSidedRecord(
        side=each.side,
        copies=each.load.copies,
        clients=each.load.clients,
        arrival_rate_per_s=json_number(each.load.arrival_per_s),
        stopped=each.stopped,
    )


def _history(history: History) -> HistoryRecord:
    return HistoryRecord(
        word=history.verdict,
        verdict=history_words(history),
        runs=history.runs,
        series=history.series,
        changes=[_history_change(change) for change in history.changes],
        left_out={str(why): count for why, count in history.left_out.items()},
    )


def _history_change(change: HistoryChange) -> HistoryChangeRecord:
    return HistoryChangeRecord(
        figure=change.quantity,
        group=change.group or None,
        copies=change.copies,
        clients=change.clients,
        arrival_rate_per_s=json_number(change.arrival_per_s),
        before=json_number(change.point.before),
        after=json_number(change.point.after),
        p=change.point.p,
        runs=change.runs,
        runs_ago=change.runs_ago,
        since=utc(change.started_s),
        new=change.is_new,
        word=change.verdict,
    )


def _row(row: ComparedQuantity) -> ComparedRecord:
    load = row.load
    return ComparedRecord(
        group=load.group or None if load else None,
        copies=load.copies if load else None,
        clients=row.clients,
        clients_before=load.old_clients if load else None,
        arrival_rate_per_s=json_number(load.arrival_per_s) if load else None,
        figure=row.quantity,
        before=json_number(row.old),
        after=json_number(row.new),
        shift=json_number(row.shift),
        limits=(json_number(row.low), json_number(row.high)),
        p=row.p,
        word=row.verdict,
        why=message(row.why) if row.why else None,
    )
