"""The steps of two sides that had the same load, matched by arrival rate. Pure.

What a load does to an endpoint follows from the requests due per second. Ten clients at 5/s are
another load than ten at 2/s, and the same as twenty-five at 2/s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from edgeload.read.analysis.differences import Side
from edgeload.read.analysis.finding import Evidence, Finding
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary

RATE_TOLERANCE = 0.01
"""Arrival rates that differ by less, as a share, are one load: it is a fifth of the usual margin,
and more than the rounding of a rate such as 3.33/s."""

SideName = Literal["old", "new"]
Found = tuple[RunSummary, StepSummary]


@dataclass(frozen=True)
class Load:
    """A load: requests due per second, and the clients that made them on each side.

    `arrival_per_s` is None if no log says it: such loads are matched by their clients. A side that
    has no step of this load has no clients. Of a mix, it is the load of `group`, or of all groups
    if that is empty; in a closed loop nothing is due by a plan, and `arrival_per_s` is None.
    """

    arrival_per_s: float | None
    old_clients: int | None
    new_clients: int | None
    group: str = ""
    copies: int | None = None
    """Copies of the mix; None for runs without one."""
    cameras: tuple[tuple[str, int], ...] = ()
    """The cameras of each group that send, if these are not all of the copies."""

    @property
    def clients(self) -> int:
        """Clients on the new side, or on the only side that has the load."""
        return self.new_clients or self.old_clients or 0

    @property
    def all_groups(self) -> bool:
        """Whether it is the load of all groups of a mix together."""
        return self.copies is not None and not self.group


@dataclass(frozen=True)
class MatchedLoad:
    """All steps of a load, of all runs of each side; of a camera group, its part of them."""

    load: Load
    old: tuple[Found, ...]
    new: tuple[Found, ...]


@dataclass(frozen=True)
class OneSidedLoad:
    """A load that only one side has. `stopped`: the other side's run ended before it came to it."""

    load: Load
    side: SideName
    stopped: bool


def nominal_rate(run: RunSummary, clients: int) -> float | None:
    """Requests due per second by so many clients; None if the log does not say a client's rate."""
    each = run.log.requests_per_second
    return None if each is None else each * clients


def matched_loads(old: Side, new: Side) -> tuple[MatchedLoad, ...]:
    """The loads that both sides have, the smallest first."""
    return tuple(found for found in _all_loads(old, new) if found.old and found.new)


def one_sided_loads(old: Side, new: Side) -> tuple[OneSidedLoad, ...]:
    """The loads that only one side has, the smallest first."""
    return tuple(
        OneSidedLoad(found.load, "old", _planned(found.load, new))
        if found.old
        else OneSidedLoad(found.load, "new", _planned(found.load, old))
        for found in _all_loads(old, new)
        if not (found.old and found.new)
    )


def why_none_match(old: Side, new: Side) -> tuple[Finding, ...]:
    """Why two sides have no load in common."""
    sides: tuple[tuple[SideName, Side], ...] = (("old", old), ("new", new))
    unknown = [
        name for name, side in sides if all(run.log.requests_per_second is None for run in side)
    ]
    if len(unknown) == 1:
        return (Finding("rate_unknown", "note", numbers={"side": unknown[0]}),)
    numbers: dict[str, Evidence] = {name: tuple(_rates(side)) for name, side in sides}
    found = Finding("no_common_clients" if unknown else "no_common_rate", "note", numbers=numbers)
    return (found,)


def _rates(runs: Side) -> list[float]:
    return sorted({_key(run, step.clients)[1] for run in runs for step in run.steps})


def _key(run: RunSummary, clients: int) -> tuple[bool, float]:
    """What loads are matched by: the arrival rate, or the clients if the rate is unknown."""
    rate = nominal_rate(run, clients)
    return (False, float(clients)) if rate is None else (True, rate)


def _all_loads(old: Side, new: Side) -> Iterator[MatchedLoad]:
    found = [
        (_key(run, step.clients), side, (run, step))
        for side, runs in enumerate((old, new))
        for run in runs
        for step in run.steps
    ]
    ordered = sorted(found, key=lambda each: each[0])
    group: list[tuple[tuple[bool, float], int, Found]] = []
    for each in ordered:
        if group and not _alike(group[0][0], each[0]):
            yield _load(group)
            group = []
        group.append(each)
    if group:
        yield _load(group)


def _alike(key: tuple[bool, float], other: tuple[bool, float]) -> bool:
    tolerance = RATE_TOLERANCE if key[0] else 0.0
    return key[0] == other[0] and abs(other[1] - key[1]) <= tolerance * key[1]


def _load(group: Sequence[tuple[tuple[bool, float], int, Found]]) -> MatchedLoad:
    known, amount = group[0][0]
    old, new = (tuple(found for _, side, found in group if side == wanted) for wanted in (0, 1))
    load = Load(amount if known else None, _clients(old), _clients(new))
    return MatchedLoad(load, old, new)


def _clients(found: Iterable[Found]) -> int | None:
    return min((step.clients for _, step in found), default=None)


def _planned(load: Load, side: Side) -> bool:
    """Whether a side's plan has a load that none of its runs came to."""
    rate = load.arrival_per_s
    key = (False, float(load.clients)) if rate is None else (True, rate)
    return any(_alike(key, _key(run, step.clients)) for run in side for step in run.log.steps)
