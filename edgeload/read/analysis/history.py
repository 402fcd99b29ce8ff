"""Earlier runs and new ones in order of time -> figures whose level changed, and when. Pure.

A history has the runs of one box, one setting and one mix; versions and the generator's machine may
change. Each figure at each load, of a mix that of each camera group, is a series with one value for
each run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from edgeload.read.analysis.compared_mixes import same_load_facts
from edgeload.read.analysis.compared_quantities import SHARE_MARGIN
from edgeload.read.analysis.differences import endpoint_facts, measured_settings
from edgeload.read.log.summaries import PastGroup, PastRun, PastStep, PastTimes
from edgeload.read.statistics.change_point import (
    FALSE_ALARMS,
    LEAST_RUNS,
    ChangePoint,
    last_change,
)
from edgeload.read.statistics.windows import Floats

HISTORY_RUNS = 30
"""So many of the newest runs are looked at."""
NEWEST_RUNS = 5
"""A change is news if it began in so few of the newest runs; older ones have been seen before."""

LeftOut = Literal["other_settings", "invalid", "later", "unreadable"]
HistoryVerdict = Literal["worse", "better", "no change", "too few runs"]

_NEVER = 10.0  # times the slowest known value of a series


@dataclass(frozen=True)
class HistoryChange:
    """A figure whose level changed: `point.at` counts from the first run of the series.

    `runs_ago` of the series' newest runs have the new level, and the first of them began at
    `started_s`, Unix time. `arrival_per_s` and `clients` are None for the capacity. Of a mix, the
    figure is that of `group` at so many `copies`, and the capacity is in copies. `noun` is what a
    search for the capacity counted; empty without one.
    """

    quantity: str
    arrival_per_s: float | None
    clients: int | None
    point: ChangePoint
    runs: int
    runs_ago: int
    started_s: float
    verdict: Literal["worse", "better"]
    group: str = ""
    copies: int | None = None
    of_mix: bool = False
    noun: str = ""

    @property
    def is_new(self) -> bool:
        """Whether the change began in the newest runs."""
        return self.runs_ago <= NEWEST_RUNS


@dataclass(frozen=True)
class History:
    """What the runs say together. `changes` has the newest ones first.

    `runs` were looked at, the new ones among them, in `series` series that scatter at all.
    """

    verdict: HistoryVerdict
    runs: int
    series: int
    changes: tuple[HistoryChange, ...]
    left_out: Mapping[LeftOut, int]


@dataclass(frozen=True)
class _Series:
    quantity: str
    arrival_per_s: float | None
    clients: int | None
    values: Floats
    started_s: Sequence[float]
    group: str = ""
    copies: int | None = None
    of_mix: bool = False
    noun: str = ""


def history_of(
    earlier: Sequence[PastRun], new: Sequence[PastRun], margin: float, *, unreadable: int = 0
) -> History:
    """The changes of level among the newest 30 runs that end with the new ones.

    A change of less than half of `margin` is left alone. With many series, each may raise as much
    smaller a share of the false alarms (Bonferroni).
    """
    runs, left_out = _chosen(earlier, new)
    if unreadable:
        left_out["unreadable"] = unreadable
    series = [each for each in _all_series(runs[-HISTORY_RUNS:]) if len(each.values) >= LEAST_RUNS]
    tested = [each for each in series if each.values.max() > each.values.min()]
    found = [_change(each, FALSE_ALARMS / len(tested), margin) for each in tested]
    changes = sorted((c for c in found if c), key=lambda c: (c.runs_ago, c.point.p))
    return History(
        verdict=_verdict(changes) if series else "too few runs",
        runs=min(len(runs), HISTORY_RUNS),
        series=len(tested),
        changes=tuple(changes),
        left_out=left_out,
    )


def _verdict(changes: Sequence[HistoryChange]) -> HistoryVerdict:
    words = {change.verdict for change in changes if change.is_new}
    if "worse" in words:
        return "worse"
    return "better" if words else "no change"


def _chosen(
    earlier: Sequence[PastRun], new: Sequence[PastRun]
) -> tuple[list[PastRun], Counter[LeftOut]]:
    """The runs like the last new one (box, settings, mix), in order of time, each once."""
    left_out: Counter[LeftOut] = Counter()
    last = max(new, key=lambda run: run.started_s)
    known = {run.identity for run in new}
    chosen = [run for run in new if run.valid]
    left_out["invalid"] += len(new) - len(chosen)
    for run in earlier:
        if run.identity in known:
            continue
        known.add(run.identity)
        why = _why_left_out(run, last)
        if why:
            left_out[why] += 1
        else:
            chosen.append(run)
    chosen.sort(key=lambda run: run.started_s)
    return chosen, +left_out


def _why_left_out(run: PastRun, last: PastRun) -> LeftOut | None:
    if not _same_box(run, last):
        return "other_settings"
    if run.started_s > last.started_s:
        return "later"
    return None if run.valid else "invalid"


def _same_box(run: PastRun, last: PastRun) -> bool:
    """Same endpoint and settings; a setting that a version did not have yet does not count."""
    if run.settings is None or last.settings is None:
        return False
    return (
        _agree(measured_settings(run.settings), measured_settings(last.settings))
        and _agree(endpoint_facts(run.endpoint or {}), endpoint_facts(last.endpoint or {}))
        and _mix_facts(run) == _mix_facts(last)
    )


def _mix_facts(run: PastRun) -> dict[str, dict[str, Any]] | None:
    """What must be the same of the camera groups of two runs; None without a mix.

    The bytes of the pictures differ with the version that encoded them.
    """
    if run.mix is None:
        return None
    return {
        name: {
            **same_load_facts(group),
            "detectors": [group.detector_id, *(link.detector_id for link in group.then)],
            "timeout_s": group.timeout_s,
            "pictures": [group.images.get(fact) for fact in ("name", "width", "height", "count")],
        }
        for name, group in run.mix.items()
    }


def _agree(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one[name] == other[name] for name in one.keys() & other.keys())


@dataclass(frozen=True)
class _Load:
    """What the series of a load have in common: clients, or the copies of a group of a mix."""

    clients: int
    group: str = ""
    copies: int | None = None


_Part = PastStep | PastGroup


def _all_series(runs: Sequence[PastRun]) -> Iterator[_Series]:
    """Each figure at each load, over the runs that have it."""
    parts = [dict(_usable_parts(run)) for run in runs]
    loads = dict.fromkeys(load for own in parts for load in own)
    for load in sorted(loads, key=lambda load: (load.copies or load.clients, load.clients)):
        usable = [(run, own[load]) for run, own in zip(runs, parts, strict=True) if load in own]
        for quantity in ("throughput", "errors", "p50", "p95"):
            yield _series(quantity, load, usable)
    of_mix = any(run.mix is not None for run in runs)
    searched = [run.searched.noun for run in runs if run.searched]
    found = [(run, carried) for run in runs if (carried := _carried(run, of_mix)) is not None]
    yield _Series(
        "capacity",
        None,
        None,
        np.array([carried for _, carried in found], dtype=np.float64),
        [run.started_s for run, _ in found],
        of_mix=of_mix,
        noun=searched[-1] if searched else "",
    )


def _carried(run: PastRun, of_mix: bool) -> float | None:
    """The capacity of a run: of a search in what it counted, else in copies or clients."""
    if run.searched is not None:
        return run.searched.value
    return run.capacity_copies if of_mix else run.capacity_clients


def _usable_parts(run: PastRun) -> Iterator[tuple[_Load, _Part]]:
    """The first step of each load; of a mix, the parts that its groups are."""
    first: dict[_Load, tuple[PastStep, _Part]] = {}
    for step in run.steps:
        for load, part in _parts(run, step):
            first.setdefault(load, (step, part))
    return ((load, part) for load, (step, part) in first.items() if step.valid and step.complete)


def _parts(run: PastRun, step: PastStep) -> Iterator[tuple[_Load, _Part]]:
    """A step, or its groups; of one in which not all cameras of the copies send, nothing."""
    if run.mix is None:
        yield _Load(step.clients), step
    elif all(group.cameras == _cameras(run, step, group.name) for group in step.groups):
        for group in step.groups:
            yield _Load(group.cameras, group.name, step.copies), group


def _cameras(run: PastRun, step: PastStep, name: str) -> int | None:
    """The cameras of a group in all copies of a step."""
    if run.mix is None or name not in run.mix:
        return None
    ramped = (run.settings or {}).get("ramp_group") in (None, name)
    return run.mix[name].cameras * (step.copies or 0 if ramped else 1)


def _series(quantity: str, load: _Load, parts: Sequence[tuple[PastRun, _Part]]) -> _Series:
    known = [(run, value) for run, part in parts if (value := _value(quantity, part)) is not None]
    values = np.array([value for _, value in known])
    finite = values[np.isfinite(values)]
    values = np.minimum(values, _NEVER * finite.max() if len(finite) else 1.0)
    return _Series(
        _felt_name(quantity, parts),
        _due_per_s(load, parts[-1][0]),
        load.clients,
        values,
        [run.started_s for run, _ in known],
        load.group,
        load.copies,
        of_mix=load.copies is not None,
    )


def _due_per_s(load: _Load, run: PastRun) -> float | None:
    """What a load has due per second by the plan; None in a closed loop."""
    each = run.mix[load.group].requests_per_second if run.mix else run.requests_per_second
    return None if each is None else each * load.clients


def _value(quantity: str, part: _Part) -> float | None:
    """A figure of a step; infinity for a time that is never. None: the step does not have it."""
    if quantity == "throughput":
        return part.throughput_per_s
    if quantity == "errors":
        return part.failed / part.sent if part.sent else None
    times = _response(part) or part.service_time_s
    value: float | None = getattr(times, quantity)
    return float("inf") if quantity in times.never else value


def _response(part: _Part) -> PastTimes | None:
    """Response times, unless it is not known when requests were due, or nothing was by a plan."""
    closed = isinstance(part, PastGroup) and part.closed_loop
    return None if closed else part.response_time_s


def _felt_name(quantity: str, parts: Sequence[tuple[PastRun, _Part]]) -> str:
    if quantity not in ("p50", "p95"):
        return quantity
    is_response = all(_response(part) is not None for _, part in parts)
    return f"{'response' if is_response else 'service'} {quantity}"


def _change(series: _Series, level: float, margin: float) -> HistoryChange | None:
    point = last_change(series.values, level)
    if point is None:
        return None
    least = SHARE_MARGIN if series.quantity == "errors" else margin / 2 * abs(point.before)
    grew = point.after - point.before
    if abs(grew) < least:
        return None
    more_is_better = series.quantity in ("throughput", "capacity")
    return HistoryChange(
        quantity=series.quantity,
        arrival_per_s=series.arrival_per_s,
        clients=series.clients,
        point=point,
        runs=len(series.values),
        runs_ago=len(series.values) - point.at,
        started_s=series.started_s[point.at],
        verdict="better" if (grew > 0) == more_is_better else "worse",
        group=series.group,
        copies=series.copies,
        of_mix=series.of_mix,
        noun=series.noun,
    )
