"""Shows how a search would go, without sending anything: what it counts, from where to where."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from rich import box
from rich.console import Console
from rich.table import Table

from edgeload.plain_words import plural
from edgeload.plan import Plan
from edgeload.records import SearchRecord
from edgeload.run.announcement import copy_table, due_per_s, search_goal
from edgeload.run.preflight import largest_load
from edgeload.run.session import worker_count
from edgeload.search.driver import least_trial_s
from edgeload.search.strategy import SearchOptions
from edgeload.search_axis import SearchAxis, axes_of
from edgeload.settings import Settings
from edgeload.settings.search import axis_of, search_record

_SHOWN_LOADS = 8
_USUAL_TRIALS = (10, 20)
"""Most searches for one capacity make so many trials."""


def print_outline(
    settings: Settings,
    image_bytes: Mapping[str, float],
    console: Console,
    detectors: Mapping[str, str],
) -> None:
    """Print what the search looks for, how long trials are, when it ends, and its first loads.

    `image_bytes` is the size of one picture in bytes, and `detectors` are those in words, both by
    the group's name.
    """
    plan, axis = settings.plan(), axis_of(settings)
    most = largest_load(settings, plan, worker_count(settings, plan))
    record = search_record(settings, most)
    for line in _sentences(settings, plan, axis, record):
        console.print(line, highlight=False, markup=False, soft_wrap=not console.is_terminal)
    if plan.is_mix:
        for line in ("", "All groups once:", *copy_table(plan, detectors)):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print()
    console.print("The first loads, while none of them fails:", highlight=False)
    for each in axes_of(record, plan):
        start = record.start
        if record.over == "headroom":
            start = each.base_load(plan)
            console.print(f"{each.group}:", highlight=False, markup=False)
        console.print(_first_loads(plan, each, start, record.most, image_bytes))


def _sentences(
    settings: Settings, plan: Plan, axis: SearchAxis, record: SearchRecord
) -> Iterator[str]:
    yield f"Search for {search_goal(settings)}. Nothing was sent."
    first, most = (axis.words(plan, load) for load in (record.start, record.most))
    if axis.over == "headroom":
        first, most = f"{plural(axis.base, 'copy')} of the mix", f"{record.most:,} cameras"
    by_whom = "" if axis.over in ("rate", "headroom") else " (--max-clients)"
    what = "each group in turn" if axis.over == "headroom" else ""
    yield (
        f"It begins at {first} and doubles {what + ' ' if what else ''}until a load fails, up to "
        f"{most} at most{by_whom}; then it closes in from both sides."
    )
    least_s = least_trial_s(plan, settings.warmup)
    longest_s = SearchOptions(least_s).longest_s
    yield (
        f"A trial takes {least_s:g} s to {longest_s:g} s: it ends as soon as its verdict is "
        "certain. Queues drain before the next one."
    )
    narrow = "" if axis.over == "rate" else ", or one load,"
    budget = (
        "It has no limit of time: --budget 5m sets one."
        if settings.budget is None
        else f"It takes {settings.budget:g} s at most (--budget)."
    )
    yield (
        "It ends when the interval of the capacity is as narrow as "
        f"{record.resolution * 100:g} % of it{narrow} with 95 % confidence. {budget}"
    )
    if axis.over != "headroom":
        yield _how_far(settings.budget, plan, axis, record, least_s)


def _how_far(
    budget_s: float | None, plan: Plan, axis: SearchAxis, record: SearchRecord, least_s: float
) -> str:
    """How long a search usually takes, and how far it comes in its budget while no load fails."""
    trial_s = least_s + SearchOptions(least_s).gap_s
    least, most = (math.ceil(trial_s * trials / 60) for trials in _USUAL_TRIALS)
    span = f"{least}" if least == most else f"{least} to {most}"
    usual = f"A whole search usually takes {span} min."
    if budget_s is None or budget_s > trial_s * _USUAL_TRIALS[1]:
        return usual
    trials = max(1, int(budget_s / trial_s))
    load = min(record.most, record.start * 2 ** (trials - 1))
    return (
        f"That is enough for about {plural(trials, 'trial')}: up to {axis.words(plan, load)} if "
        f"none fails. {usual}"
    )


def _first_loads(
    plan: Plan, axis: SearchAxis, load: int, most: int, image_bytes: Mapping[str, float]
) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    chains = any(group.requests_per_frame > 1 for group in plan.groups)
    heads = [axis.head(plan), "due/s", *(["requests/s"] if chains else []), "MB/s of pictures"]
    for name in heads:
        table.add_column(name, justify="right")
    for _ in range(_SHOWN_LOADS):
        load = min(load, most)
        step = axis.step(plan, load, 0, 0.0, 1.0)
        frames = [plan.arrival_rate(step, index) or 0.0 for index in range(len(plan.groups))]
        requests = [n * g.requests_per_frame for n, g in zip(frames, plan.groups, strict=True)]
        bytes_per_s = sum(
            n * image_bytes[group.name] for n, group in zip(requests, plan.groups, strict=True)
        )
        table.add_row(
            axis.number(plan, load),
            due_per_s(plan, replace(step, end_s=1.0)),
            *([f"{sum(requests):,.6g}"] if chains else []),
            f"{bytes_per_s / 1e6:.3g}",
        )
        if load == most:
            break
        load *= 2
    return table
