"""The camera groups of a run with all of their settings, and whether these fit together. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeload.audit_plan import NEW_BEFORE
from edgeload.camera_group import CameraGroup
from edgeload.interference_plan import rounds_of
from edgeload.objectives import Objective, parse_objective
from edgeload.plain_words import listed, listed_numbers, plural
from edgeload.plan import Plan

if TYPE_CHECKING:
    from edgeload.settings.resolved import Settings

MAX_CLIENTS = 1 << 20
"""What a request's id has room for."""
MAX_STEPS = 32_000
"""What the log's columns have room for."""
_ROUNDING = 1e-9
_MOST_LISTED = 12


@dataclass(frozen=True)
class DetectorChoice:
    """Which detector is asked: by its id, or by its name, and its query if it is to be created."""

    id: str | None = None
    name: str | None = None
    query: str | None = None


@dataclass(frozen=True)
class ChainSettings:
    """So many further requests at once to a detector, when the first answer to a frame is in."""

    detector: DetectorChoice
    requests: int


@dataclass(frozen=True)
class PictureChoice:
    """The pictures of a group: `count` versions of a file, in `size` (width, height in pixels).

    Without a size the picture keeps its own. `count` None: the one picture as it is. In a cache
    audit these come again, and as many as `new` more are sent once each.
    """

    path: Path
    size: tuple[int, int] | None
    count: int | None
    new: int = 0


@dataclass(frozen=True)
class GroupSettings:
    """One camera group of a run."""

    load: CameraGroup
    detector: DetectorChoice
    pictures: PictureChoice
    timeout_s: float
    slo: tuple[str, ...] = ()
    """Texts of the objectives of this group alone."""
    then: tuple[ChainSettings, ...] = ()
    file: str = ""
    """The mix file; empty for the group that is made of the settings."""
    lines: tuple[tuple[str, int], ...] = ()
    """Where each of its keys stands in that file; the empty key stands for the group itself."""

    @property
    def is_made(self) -> bool:
        """Whether `edgeload prepare` makes its detector."""
        return "make" in dict(self.lines)

    def where(self, key: str) -> str:
        """Where a setting of the group stands, at the beginning of a message; empty for no mix."""
        return place_in_mix(self.file, dict(self.lines), self.load.name, key) if self.file else ""


def place_in_mix(file: str, lines: Mapping[str, int], group: str, key: str) -> str:
    """`mix.yaml, line 4, group 'door': `, with the line of a key if that has one."""
    return f"{file}, line {lines.get(key, lines.get('', 1))}, group {group!r}: "


def only_group(settings: Settings) -> GroupSettings:
    """The one group of a run without a mix."""
    by_id = settings.detector_id is not None
    return GroupSettings(
        load=CameraGroup(
            requests_per_second=settings.requests_per_second,
            arrivals=settings.arrivals,
            late=settings.late,
        ),
        detector=DetectorChoice(settings.detector_id)
        if by_id
        else DetectorChoice(None, settings.detector_name, settings.detector_query),
        pictures=PictureChoice(
            settings.image_path,
            None,
            None if settings.same_image else settings.image_pool,
            NEW_BEFORE if settings.audit_cache else 0,
        ),
        timeout_s=settings.timeout,
    )


def check_groups(groups: Sequence[GroupSettings], settings: Settings) -> None:
    """Raise ValueError, in one line, if the groups do not fit each other or the ramp."""
    if settings.interference:
        _check_interference(groups, settings)
    names = [group.load.name for group in groups]
    if settings.ramp_group is not None and settings.ramp_group not in names:
        legal = f"must be a group of the mix: {', '.join(names)}"
        raise ValueError(
            f"RAMP_GROUP = {settings.ramp_group!r}: "
            + (legal if settings.mix else "needs a mix, for example --mix examples/mix.yaml")
        )
    for group in groups:
        if not settings.find_capacity:
            _check_period(group, settings)
        _check_closed_loop(group, settings)
        if group.then and settings.client == "sdk":
            raise ValueError(
                f"{group.where('then')}then: the SDK's client sends one request at a time; must "
                "be left out with CLIENT = 'sdk', for example use --client http"
            )
    if not settings.find_capacity:
        _check_ramp(groups, settings)


def _check_ramp(groups: Sequence[GroupSettings], settings: Settings) -> None:
    """Raise ValueError if the groups or the objectives do not fit the ramp."""
    names = [group.load.name for group in groups]
    _check_steps(settings)
    plan = settings.plan()
    if plan.max_clients >= MAX_CLIENTS:
        raise ValueError(
            f"the ramp has up to {plan.max_clients:,} clients; must be fewer than {MAX_CLIENTS:,}, "
            "for example --max-clients 10"
        )
    for index, group in enumerate(groups):
        _check_arrivals(group, index, plan, settings)
    for group in groups:
        for text in group.slo:
            _check_objective(parse_objective(text), f"{group.where('slo')}slo", plan, settings)
    for text in settings.slo:
        objective = parse_objective(text)
        _check_objective(objective, "SLO", plan, settings)
        if objective.tier is not None:
            raise ValueError(
                f"SLO = {text!r}: tiers of objectives need --find-capacity; for example "
                f"{objective.condition}"
            )
        if objective.group is not None and objective.group not in names:
            known = f"its groups are {', '.join(names)}" if settings.mix else "there is no mix"
            raise ValueError(
                f"SLO = {text!r}: no camera group is called {objective.group!r}; {known}; for "
                f"example {objective.condition}"
            )


def _check_steps(settings: Settings) -> None:
    """Raise ValueError, before a plan is made, if the ramp has more steps than a log can have."""
    most = f"must be at most {MAX_STEPS:,} steps"
    if settings.custom_ramp is not None:
        if len(settings.custom_ramp) > MAX_STEPS:
            raise ValueError(
                f"CUSTOM_RAMP has {len(settings.custom_ramp):,} steps; {most}, for example 1,5,20"
            )
        return
    steps = math.ceil(settings.max_clients / settings.step_size)
    if steps > MAX_STEPS:
        raise ValueError(
            f"STEP_SIZE = {settings.step_size}: makes {steps:,} steps up to MAX_CLIENTS "
            f"({settings.max_clients}); {most}, for example --step-size "
            f"{math.ceil(settings.max_clients / 10)}"
        )


def _check_interference(groups: Sequence[GroupSettings], settings: Settings) -> None:
    """Raise ValueError if nobody can interfere, or if the ramp is one."""
    if len(groups) < 2:
        has = "the mix has only one" if settings.mix else "there is no mix"
        raise ValueError(
            f"INTERFERENCE = True: needs a mix of at least two groups, and {has}; for example "
            "--mix examples/mix.yaml"
        )
    if settings.ramp_group is not None:
        raise ValueError(
            f"RAMP_GROUP = {settings.ramp_group!r}: must be empty with --interference, which has "
            "as many copies of every group, for example --ramp-group ''"
        )
    ramp = settings.custom_ramp or ()
    if len(set(ramp)) > 1:
        raise ValueError(
            f"CUSTOM_RAMP = {','.join(map(str, ramp))}: must be one number of copies with "
            f"--interference, for example --custom-ramp {max(ramp)}"
        )
    plan = settings.plan()
    if len(plan.steps) > MAX_STEPS:
        rounds = rounds_of(plan)
        fewer = max(3, MAX_STEPS * rounds // len(plan.steps))
        raise ValueError(
            f"INTERFERENCE_ROUNDS = {rounds}: {len(groups)} groups make {len(plan.steps):,} steps; "
            f"must be at most {MAX_STEPS:,}, for example --interference-rounds {fewer}, or fewer "
            "groups"
        )


_NOT_IN_A_CLOSED_LOOP = ("throughput", "missed")


def _check_closed_loop(group: GroupSettings, settings: Settings) -> None:
    """A closed loop has no arrival rate: nothing can be missed, and no share of it be answered."""
    if not group.load.closed:
        return
    legal = "a closed loop has no arrival rate; must be another objective, for example errors<1%"
    for text in group.slo:
        if parse_objective(text).quantity in _NOT_IN_A_CLOSED_LOOP:
            raise ValueError(f"{group.where('slo')}slo = {text!r}: {legal}")
    for text in settings.slo:
        objective = parse_objective(text)
        about = objective.group in (None, group.load.name)
        if about and objective.quantity in _NOT_IN_A_CLOSED_LOOP:
            raise ValueError(f"SLO = {text!r}: group {group.load.name!r} is a closed loop: {legal}")


def _check_period(group: GroupSettings, settings: Settings) -> None:
    period_s, step_s = group.load.period_s, settings.time_between_ramp
    if step_s < period_s * (1.0 - _ROUNDING):
        rate = group.load.rate
        whose = "a client" if not group.file else "a camera"
        key = "REQUESTS_PER_SECOND" if not group.file else "requests_per_second"
        raise ValueError(
            f"{group.where('requests_per_second')}TIME_BETWEEN_RAMP = {step_s:g}: must be at least "
            f"the period of {whose}, {period_s:.6g} s with {key} = {rate:g}, for example "
            f"{math.ceil(10 * period_s)}"
        )


def _check_arrivals(group: GroupSettings, index: int, plan: Plan, settings: Settings) -> None:
    """By chance, no frame of a group may be due in a step."""
    empty = next((step for step in plan.steps if not plan.anything_due(step, index)), None)
    if empty is not None:
        arrivals, rate = "arrivals", "requests_per_second"
        if not group.file:
            arrivals, rate = arrivals.upper(), rate.upper()
        raise ValueError(
            f"{group.where('arrivals')}{arrivals} = {group.load.arrivals!r}: no request is due in "
            f"step {empty.index + 1}; use a larger TIME_BETWEEN_RAMP "
            f"({settings.time_between_ramp:g}), {rate} ({group.load.rate:g}), or "
            f"another SEED, for example {settings.seed + 1}"
        )


def _check_objective(objective: Objective, name: str, plan: Plan, settings: Settings) -> None:
    """Its load must be one of the ramp: clients, or with a mix copies. `name` is the setting's."""
    if objective.load is None:
        return
    loads = sorted({plan.copies(step) for step in plan.steps})
    one, many = ("copy", "copies") if settings.mix else ("client", "clients")
    wrong_unit = objective.counts_clients == bool(settings.mix)
    if wrong_unit or objective.load not in loads:
        unit = one if loads[0] == 1 else many
        problem = (
            f"the ramp counts {many}"
            if wrong_unit
            else f"no step of the ramp has {plural(objective.load, one)}"
        )
        raise ValueError(
            f"{name} = {objective.text!r}: {problem}; must be one of its loads "
            f"({_some_of(loads)}), for example {loads[0]} {unit}: "
            f"{objective.text.rpartition(': ')[2]}"
        )


def _some_of(loads: Sequence[int]) -> str:
    """`1, 5 and 20`; of many, the first and the last."""
    texts = list(map(str, loads))
    return listed(texts) if len(texts) <= _MOST_LISTED else listed_numbers(loads)
