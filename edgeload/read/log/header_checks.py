"""What a header may say: values that a run can have had. Pure.

A damaged header still decodes if a digit of it changed. Taken at its word, a rate of 1e300 or a
billion clients would use all memory and time there is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from edgeload.plan import Plan, RampStep
from edgeload.records import GroupRecord, Header, PlanRecord, SearchRecord

LONGEST_RUN_S = 1e8
"""Three years: no run lasts longer."""
_EARLIEST_S = -1.0
"""The first trial of a search may begin a moment before the instant that the run counts from."""
_MOST_CLIENTS = 1_000_000
_MOST_STEPS = 2**15 - 1
_MOST_GROUPS = 10_000
_MOST_PER_FRAME = 10_000
_MOST_PLANNED = 2e8
_RATES = (1e-6, 1e6)
_SPEEDS = (1e-6, 1e6)
_LATEST_WALL_S = 1e11  # the year 5138
_MOST_OF_ALL = 1e15
_NUMBERS = ("warmup", "timeout", "image_pool", "reserve", "max_clients")
_TEXTS = ("plan_for", "client", "ramp_group", "slo_undecided", "name", "notes", "box_label")


def header_problem(header: Header) -> str | None:
    """The first value that no run can have had, and what it is; None: there is none."""
    return next(_header_problems(header), None)


def plan_problem(plan: Plan) -> str | None:
    """The same for the plan that follows from a header whose values are legal one by one."""
    return next(_plan_problems(plan), None)


def step_problem(step: RampStep) -> str | None:
    """The same for one step, whose end may be its start if it was cut short."""
    return next(_step_problems(step), None)


def _header_problems(header: Header) -> Iterator[str]:
    yield from _outside("workers", header.workers, 1, _MOST_CLIENTS)
    yield from _outside("anchor.wall_s", header.anchor.wall_s, 0, _LATEST_WALL_S)
    yield from _outside("anchor.monotonic_s", header.anchor.monotonic_s, -_MOST_OF_ALL, 1e12)
    yield from _record_problems(header.plan)
    for name in _NUMBERS:
        value = header.settings.get(name)
        if value is not None:
            yield from _outside(f"settings.{name}", value, 0, 1e9)
    for name in _TEXTS:
        yield from _no_text(f"settings.{name}", header.settings.get(name))
    slo = header.settings.get("slo")
    if slo is not None and not isinstance(slo, list):
        yield f"settings.slo is {_shown(slo)}"
    if "url" in header.endpoint and header.endpoint["url"] is None:
        yield "endpoint.url is None"
    for name in ("url", "embedded", "detector_id", "detector_name"):
        yield from _no_text(f"endpoint.{name}", header.endpoint.get(name))


def _record_problems(record: PlanRecord) -> Iterator[str]:
    if len(record.steps) > _MOST_STEPS:
        yield f"plan.steps has {len(record.steps):,} members"
    if len(record.groups) > _MOST_GROUPS:
        yield f"plan.groups has {len(record.groups):,} members"
    yield from _outside("plan.seed", record.seed, -_MOST_OF_ALL, 2.0**64)
    if record.requests_per_second is not None:
        yield from _outside("plan.requests_per_second", record.requests_per_second, *_RATES)
    for group in record.groups:
        yield from _group_problems(group)
    cameras = sum(group.cameras for group in record.groups)
    yield from _outside("the number of cameras in plan.groups", cameras, 0, _MOST_CLIENTS)
    names = {group.name for group in record.groups}
    if record.ramp_group is not None and record.ramp_group not in names:
        yield f"plan.ramp_group is {_shown(record.ramp_group)}"
    if record.search is not None:
        yield from _search_problems(record.search, names)


def _group_problems(group: GroupRecord) -> Iterator[str]:
    where = f"plan.groups {_shown(group.name)}"
    yield from _outside(f"{where}: cameras", group.cameras, 1, _MOST_CLIENTS)
    yield from _outside(f"{where}: timeout_s", group.timeout_s, 0, LONGEST_RUN_S)
    if group.requests_per_second is not None:
        yield from _outside(f"{where}: requests_per_second", group.requests_per_second, *_RATES)
    for link in group.then:
        yield from _outside(f"{where}: then.requests", link.requests, 1, _MOST_PER_FRAME)
    thresholds = [group.confidence_threshold, *(link.confidence_threshold for link in group.then)]
    for threshold in thresholds:
        if threshold is not None:
            yield from _outside(f"{where}: confidence_threshold", threshold, 0, 1)


def _search_problems(search: SearchRecord, names: set[str]) -> Iterator[str]:
    yield from _outside("plan.search.most", search.most, 1, 1e12)
    yield from _outside("plan.search.start", search.start, 1, 1e12)
    yield from _outside("plan.search.resolution", search.resolution, 1e-9, 1)
    yield from _outside("plan.search.clients", search.clients, 0, _MOST_CLIENTS)
    yield from _outside("plan.search.base", search.base, 1, _MOST_CLIENTS)
    if search.budget_s is not None:
        yield from _outside("plan.search.budget_s", search.budget_s, 0, LONGEST_RUN_S)
    if (search.over == "group" or search.group is not None) and search.group not in names:
        yield f"plan.search.group is {_shown(search.group)}"


def _plan_problems(plan: Plan) -> Iterator[str]:
    planned, before_s = 0.0, _EARLIEST_S
    fixed, copy = plan.layout
    if not copy:
        yield "plan.groups has no cameras to ramp"
    for step in plan.steps:
        where = f"plan.steps[{step.index}]"
        for problem in _step_problems(step):
            yield f"{where}: {problem}"
        if step.start_s < before_s - 1e-3:
            yield f"{where}: start_s is {step.start_s:g}, before the end of the step before"
        before_s = step.end_s
        if step.cameras is None:
            if step.clients and (
                step.clients < len(fixed) or (step.clients - len(fixed)) % len(copy)
            ):
                yield f"{where}: clients is {step.clients}, which is no number of whole copies"
        elif len(step.cameras) != len(plan.groups):
            yield f"{where}: cameras has {len(step.cameras)} members"
        rates = (
            plan.cameras_of(i, step) * group.requests_per_frame * (group.requests_per_second or 0.0)
            for i, group in enumerate(plan.groups)
        )
        planned += sum(rates) * step.speed * step.duration_s
        if planned > _MOST_PLANNED:
            yield f"it plans {planned:.3g} requests"


def _step_problems(step: RampStep) -> Iterator[str]:
    yield from _outside("clients", step.clients, 0, _MOST_CLIENTS)
    yield from _outside("start_s", step.start_s, _EARLIEST_S, LONGEST_RUN_S)
    yield from _outside("end_s", step.end_s, step.start_s, LONGEST_RUN_S)
    yield from _outside("speed", step.speed, *_SPEEDS)
    for cameras in step.cameras or ():
        yield from _outside("cameras", cameras, 0, _MOST_CLIENTS)
    if step.round is not None:
        yield from _outside("round", step.round, 0, _MOST_STEPS)


def _outside(name: str, value: Any, least: float, most: float) -> Iterator[str]:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and math.isfinite(value) and least <= value <= most):
        yield f"{name} is {_shown(value)}"


def _no_text(name: str, value: Any) -> Iterator[str]:
    if not isinstance(value, str | None):
        yield f"{name} is {_shown(value)}"


def _shown(value: Any) -> str:
    if isinstance(value, int) and value.bit_length() > 64:
        return "a number of more than 20 digits"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
