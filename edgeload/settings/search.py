"""The settings of a search for the capacity: what it changes, how far, what does not fit. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from edgeload.objectives import parse_objective
from edgeload.plan import LEAST_CUT_S, Plan, least_step_s
from edgeload.records import SearchRecord
from edgeload.search_axis import PARTS_OF_RATE, SearchAxis
from edgeload.settings.groups import GroupSettings

if TYPE_CHECKING:
    from edgeload.settings.resolved import Settings

MOST_LOADS = 1000
"""The largest load of a search, if nobody says more."""
RESOLUTION = 0.05
"""The search ends when its interval is as narrow as this share of the capacity, or one load."""
_MOST_OF_RATE = 100 * PARTS_OF_RATE
_OF_A_RAMP = (
    "custom_ramp",
    "step_size",
    "time_between_ramp",
    "interference",
    "interference_rounds",
)
_NEEDS_MIX = "needs a mix, for example --mix examples/mix.yaml"
NOT_TYPED = ("custom_ramp", "step_size", "time_between_ramp")
"""Settings that a search does not use, so the command that repeats it leaves them out."""
ONLY_A_SEARCH = ("search", "budget")
"""Settings that nothing else uses."""


def ramp_of_a_search(values: Mapping[str, object]) -> dict[str, object]:
    """What takes the place of the ramp in config.py, which is meant for other runs."""
    over = str(values.get("search") or "").strip()
    return {
        "max_clients": 1 if over in ("rate", "headroom") else MOST_LOADS,
        "step_size": 1,
        "custom_ramp": None,
        "time_between_ramp": 3600.0,
    }


def typed_in_vain(options: Mapping[str, object]) -> str | None:
    """The line that refuses an option that a search does not use; None: there is none."""
    for name in _OF_A_RAMP:
        if options.get(name) not in (None, False):
            option = "--" + name.replace("_", "-")
            return (
                f"{name.upper()} = {options[name]!r}: must be left out with --find-capacity, which "
                f"decides itself which loads it tries and for how long; for example --budget 5m "
                f"instead of {option}"
            )
    return None


def typed_without_a_search(options: Mapping[str, object]) -> str | None:
    """The line that refuses an option that only a search uses; None: there is none."""
    for name, example in zip(ONLY_A_SEARCH, ("rate", "5m"), strict=True):
        value = options.get(name)
        if str(value or "").strip() not in ("", "auto"):
            return (
                f"{name.upper()} = {value!r}: needs --find-capacity, for example "
                f"--find-capacity --{name} {example}"
            )
    return None


def axis_of(settings: Settings) -> SearchAxis:
    """What the search changes from trial to trial."""
    over, _, group = settings.search.partition(":")
    if over == "auto" and settings.ramp_group is not None:
        return SearchAxis("group", settings.ramp_group)
    if over == "auto":
        return SearchAxis("copies" if settings.mix else "clients")
    if over == "group":
        return SearchAxis("group", group)
    if over == "rate":
        cameras = sum(group.load.cameras for group in settings.groups())
        return SearchAxis("rate", clients=settings.max_clients * cameras)
    if over == "headroom":
        return SearchAxis("headroom", base=settings.max_clients)
    return SearchAxis("copies" if over == "copies" else "clients")


def search_plan(settings: Settings) -> Plan:
    """The plan of a search: it has no steps yet."""
    loads = tuple(group.load for group in settings.groups())
    return Plan((), loads, settings.seed, axis_of(settings).group)


def search_record(settings: Settings, most: int | None = None) -> SearchRecord:
    """What the log says about the search; `most` is the largest load if that is not the setting."""
    axis = axis_of(settings)
    by_rate = axis.over == "rate"
    if most is None:
        most = _MOST_OF_RATE if by_rate else settings.max_clients
        most = _most_cameras(settings) if axis.over == "headroom" else most
    return SearchRecord(
        over=axis.over,
        most=most,
        resolution=RESOLUTION,
        start=PARTS_OF_RATE if by_rate else 1,
        group=axis.group,
        clients=axis.clients,
        budget_s=settings.budget,
        base=axis.base,
    )


def _most_cameras(settings: Settings) -> int:
    """The most cameras of one group in a search for headroom."""
    cameras = max(group.load.cameras for group in settings.groups())
    return max(MOST_LOADS, 2 * settings.max_clients * cameras)


def check_search(groups: Sequence[GroupSettings], settings: Settings) -> None:
    """Raise ValueError, in one line, if the search cannot be made as the settings say."""
    names = [group.load.name for group in groups]
    over, _, name = settings.search.partition(":")
    legal = f"must be a group of the mix: {', '.join(names)}"
    if over == "group" and (not settings.mix or name not in names):
        needs = legal if settings.mix else _NEEDS_MIX
        raise ValueError(f"SEARCH = {settings.search!r}: {needs}")
    if over == "headroom":
        _check_headroom(groups, settings)
    if over in ("copies", "clients") and (over == "copies") != bool(settings.mix):
        other = "copies" if settings.mix else "clients"
        has = "a mix is counted in copies" if settings.mix else "without a mix, clients are counted"
        raise ValueError(f"SEARCH = {settings.search!r}: {has}; for example --search {other}")
    if settings.client == "sdk":
        raise ValueError(
            "CLIENT = 'sdk': the search keeps its workers and connections from trial to trial, "
            "which the SDK's client cannot; must be http with --find-capacity"
        )
    if settings.prometheus_port is not None:
        raise ValueError(
            f"PROMETHEUS_PORT = {settings.prometheus_port}: a search does not serve live counters; "
            "must be empty with --find-capacity, for example --prometheus-port ''"
        )
    closed = [group for group in groups if group.load.closed]
    if closed and over != "headroom":
        raise ValueError(
            f"{closed[0].where('requests_per_second')}requests_per_second = 'max': a closed loop "
            "has no load to search for; must be a number with --find-capacity, for example 2"
        )
    _check_budget(groups, settings)
    for text in (*settings.slo, *(text for group in groups for text in group.slo)):
        objective = parse_objective(text)
        if objective.load is not None or objective.each_step:
            raise ValueError(
                f"SLO = {text!r}: every load of a search is judged; must not name a load or a step "
                f"with --find-capacity, for example {objective.text.rpartition(': ')[2]}"
            )


def _check_budget(groups: Sequence[GroupSettings], settings: Settings) -> None:
    """Raise ValueError if the budget has no room for one trial."""
    slowest_s = max(group.load.period_s for group in groups if not group.load.closed)
    least_s = least_step_s(LEAST_CUT_S if settings.warmup is None else settings.warmup, slowest_s)
    if settings.budget is not None and settings.budget < least_s:
        raise ValueError(
            f"BUDGET = {settings.budget:g}: the shortest trial that tells anything takes "
            f"{least_s:.1f} s with this rate and warm-up, and a search makes about ten; must be "
            f"more than that, for example --budget {math.ceil(10 * least_s)}s"
        )


def _check_headroom(groups: Sequence[GroupSettings], settings: Settings) -> None:
    """Raise ValueError if there is no group whose headroom could be searched for."""
    if not settings.mix:
        raise ValueError(f"SEARCH = 'headroom': {_NEEDS_MIX}")
    if settings.ramp_group is not None:
        raise ValueError(
            f"RAMP_GROUP = {settings.ramp_group!r}: must be empty with --search headroom, which "
            "varies one group after the other; for example --ramp-group ''"
        )
    if all(group.load.closed for group in groups):
        raise ValueError(
            f"{groups[0].where('requests_per_second')}requests_per_second = 'max': closed loops "
            "have no headroom; at least one group must have a number with --search headroom, for "
            "example 2"
        )
