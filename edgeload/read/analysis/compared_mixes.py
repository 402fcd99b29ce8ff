"""The loads of two sides that are to be compared; of mixes, camera group by camera group. Pure.

A load of a mix is so many copies of it. A group is the same on both sides if its name, its cameras
in a copy, their rate and arrivals, what they do when late, and the requests of a frame are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from edgeload.camera_group import CameraGroup
from edgeload.read.analysis.compared_loads import (
    Load,
    MatchedLoad,
    OneSidedLoad,
    SideName,
    matched_loads,
    one_sided_loads,
    why_none_match,
)
from edgeload.read.analysis.differences import Side
from edgeload.read.analysis.finding import Evidence, Finding
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.records import ChainRecord, GroupRecord

_Key = tuple[int, tuple[int, ...]]
"""What loads of a mix are matched by: its copies, and the cameras that send of each group."""


@dataclass(frozen=True)
class ComparedLoads:
    """What two sides have in common, and what they have not."""

    matched: tuple[MatchedLoad, ...]
    """Of a mix, each load of all groups together (if these are the same and several), then by
    group."""
    one_sided: tuple[OneSidedLoad, ...]
    groups: tuple[str, ...] = ()
    """Names of all camera groups of two sides that are mixes."""
    unlike: tuple[Finding, ...] = ()
    """One for each group that is not the same in all runs: it is not compared."""
    same_mix: bool = True
    """Whether copies of one side are the same load as copies of the other."""
    why_none: tuple[Finding, ...] = ()
    """Why nothing matches, if nothing does."""


def loads_to_compare(old: Side, new: Side) -> ComparedLoads:
    """All loads that both sides have, and the reasons why others are left out."""
    mixes = [bool(run.groups) for run in chain(old, new)]
    if not any(mixes):
        matched = matched_loads(old, new)
        none = () if matched else why_none_match(old, new)
        return ComparedLoads(matched, one_sided_loads(old, new), why_none=none)
    if not all(mixes):
        return ComparedLoads((), (), same_mix=False, why_none=(_mix_on_one_side(old, new),))
    return _loads_of_mixes(old, new)


def _mix_on_one_side(old: Side, new: Side) -> Finding:
    mixes: dict[SideName, int] = {"old": _mixes(old), "new": _mixes(new)}
    sides = tuple(name for name, count in mixes.items() if count)
    names = dict.fromkeys(name for run in chain(old, new) for name in _records(run))
    return Finding("mix_on_one_side", "note", numbers={"sides": sides, "groups": tuple(names)})


def _mixes(side: Side) -> int:
    return sum(bool(run.groups) for run in side)


def _loads_of_mixes(old: Side, new: Side) -> ComparedLoads:
    names = tuple(dict.fromkeys(name for run in chain(old, new) for name in _records(run)))
    unlike = tuple(found for name in names if (found := _why_unlike(name, old, new)) is not None)
    alike = [name for name in names if name not in {found.group for found in unlike}]
    ramped = {run.log.plan.ramp_group for run in chain(old, new) if run.log.plan}
    same_mix = not unlike and len(ramped) == 1
    keys = [[_keys(run, alike) for run in side] for side in (old, new)]
    everything = sorted({key for side in keys for run in side for key in run.values()})
    matched: list[MatchedLoad] = []
    one_sided: list[OneSidedLoad] = []
    for key in everything:
        places = [
            [(run, at) for run, own in zip(side, each, strict=True) for at in _places(own, key)]
            for side, each in zip((old, new), keys, strict=True)
        ]
        if all(places):
            sending = [name for name, cameras in zip(alike, key[1], strict=True) if cameras]
            whole = [""] if len(sending) > 1 and not unlike else []
            matched += [_part(name, key, *places) for name in (*whole, *sending)]
        else:
            one_sided.append(_one_sided(key, places, old, new, alike))
    return ComparedLoads(
        tuple(matched),
        tuple(one_sided),
        names,
        unlike,
        same_mix,
        () if matched else (unlike or (_no_common_copies(old, new),)),
    )


def _records(run: RunSummary) -> dict[str, GroupRecord]:
    """The camera groups of a mix by name, as its log's header has them, or else its lines."""
    if not run.groups:
        return {}
    if run.log.header is None:
        groups = run.log.plan.groups if run.log.plan else ()
        return {group.name: _record(group) for group in groups}
    return {group.name: group for group in run.log.header.plan.groups}


def _record(group: CameraGroup) -> GroupRecord:
    """A group of which nothing but its load is known."""
    further = group.requests_per_frame - 1
    return GroupRecord(
        group.name,
        group.cameras,
        group.requests_per_second,
        group.arrivals,
        group.late,
        detector_id="",
        timeout_s=0.0,
        then=[ChainRecord(detector_id="", requests=further)] if further else [],
    )


def same_load_facts(group: GroupRecord) -> dict[str, Evidence]:
    """What must be the same of two groups, so that as many copies of both are the same load."""
    return {
        "cameras": group.cameras,
        "requests_per_second": group.requests_per_second,
        "arrivals": group.arrivals,
        "late": group.late,
        "then": tuple(link.requests for link in group.then),
    }


def _why_unlike(name: str, old: Side, new: Side) -> Finding | None:
    """Why a group cannot be compared: a side lacks it, or its load is not the same."""
    found = [[_records(run).get(name) for run in side] for side in (old, new)]
    lacking: list[Evidence] = [
        side for side, own in zip(("old", "new"), found, strict=True) if None in own
    ]
    if lacking:
        in_some = any(any(own) for own in found if None in own)
        numbers: dict[str, Evidence] = {"sides": tuple(lacking), "in_some_runs": in_some}
        return Finding("group_missing", "note", numbers=numbers, group=name)
    facts = [[same_load_facts(group) for group in side if group] for side in found]
    differing = {
        fact: tuple(_each_once(own[fact] for own in side) for side in facts)
        for fact in facts[0][0]
        if len(set(_each_once(own[fact] for side in facts for own in side))) > 1
    }
    if not differing:
        return None
    return Finding("group_differs", "note", numbers={"facts": differing}, group=name)


def _each_once(values: Iterable[Evidence]) -> tuple[Evidence, ...]:
    found: list[Evidence] = []
    for value in values:
        if value not in found:
            found.append(value)
    return tuple(found)


def _keys(run: RunSummary, alike: Sequence[str]) -> dict[int, _Key]:
    """The load of each step that began, by its place in the run."""
    return {place: _key(run, step.index, alike) for place, step in enumerate(run.steps)}


def _key(run: RunSummary, step: int, alike: Sequence[str]) -> _Key:
    plan = run.log.plan
    assert plan is not None
    cameras = {
        group.name: plan.cameras_of(index, plan.steps[step])
        for index, group in enumerate(plan.groups)
    }
    return plan.copies(plan.steps[step]), tuple(cameras[name] for name in alike)


def _places(own: Mapping[int, _Key], key: _Key) -> Iterator[int]:
    return (place for place, each in own.items() if each == key)


_Place = tuple[RunSummary, int]


def _part(name: str, key: _Key, old: Sequence[_Place], new: Sequence[_Place]) -> MatchedLoad:
    """The part of a load that a group is; all of it if the name is empty."""
    sides = [tuple((_run(run, name), _run(run, name).steps[at]) for run, at in side)
             for side in (old, new)]  # fmt: skip
    before, after = (side[0][1].clients for side in sides)
    due_per_s, cameras = _due_per_s(*old[0], name), _chosen_cameras(*old[0])
    return MatchedLoad(Load(due_per_s, before, after, name, key[0], cameras), *sides)


def _run(run: RunSummary, group: str) -> RunSummary:
    """A run, or a group of it as a run of its own."""
    return next(own for own in run.groups if own.group == group) if group else run


def _due_per_s(run: RunSummary, place: int, group: str) -> float | None:
    """What a part of a load has due per second by the plan; None in a closed loop."""
    plan = run.log.plan
    assert plan is not None
    names = [each.name for each in plan.groups]
    step = plan.steps[run.steps[place].index]
    return plan.arrival_rate(step, names.index(group) if group else None)


def _chosen_cameras(run: RunSummary, place: int) -> tuple[tuple[str, int], ...]:
    """The cameras that send in a step, if it names them."""
    step = run.steps[place]
    plan = run.log.plan
    if plan is None or plan.steps[step.index].cameras is None:
        return ()
    return tuple((part.group, part.clients) for part in step.groups if part.clients)


def _one_sided(
    key: _Key, places: Sequence[Sequence[_Place]], old: Side, new: Side, alike: Sequence[str]
) -> OneSidedLoad:
    side, other = (0, new) if places[0] else (1, old)
    run, at = places[side][0]
    before, after = (run.steps[at].clients if own else None for own in places)
    due_per_s, cameras = _due_per_s(run, at, ""), _chosen_cameras(run, at)
    load = Load(due_per_s, before, after, "", key[0], cameras)
    planned = any(_key(run, step.index, alike) == key for run in other for step in run.log.steps)
    return OneSidedLoad(load, "new" if side else "old", planned)


def _no_common_copies(old: Side, new: Side) -> Finding:
    numbers: dict[str, Evidence] = {}
    for name, side in (("old", old), ("new", new)):
        numbers[name] = tuple(sorted({step.copies for run in side for step in run.steps}))
        plans = [run.log.plan for run in side if run.log.plan]
        numbers[f"{name}_ramp_group"] = plans[0].ramp_group
    return Finding("no_common_copies", "note", numbers=numbers)
