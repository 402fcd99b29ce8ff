"""A mix in words: which group fails first, and what its copies are. Pure."""

from __future__ import annotations

from edgeload.plain_words import listed
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.statistics.format import number
from edgeload.read.words.felt import felt_p95_words
from edgeload.read.words.loads import Loads, cameras_at


def fails_first(summary: RunSummary) -> str:
    """`: person fails first`, of the least load that was not carried; empty if no group did."""
    overload = summary.first_overload
    shortfalls = overload.shortfalls if overload else ()
    short = (each.group for each in shortfalls if each.severity == "warning")
    groups = [group for group in dict.fromkeys(short) if group]
    if not groups:
        return ""
    return f": {listed(groups)} {'fails' if len(groups) == 1 else 'fail'} first"


def mix_load(summary: RunSummary) -> str:
    """What the capacity of a mix is: its cameras, their times, all frames per second.

    Without a capacity, the cameras of the least load that was not carried. Empty for a run without
    a mix, an interference run, one without such a load, and a search that counts no copies.
    """
    if summary.search is not None and summary.search.axis.over != "copies":
        return ""
    capacity, overload = summary.capacity, summary.first_overload
    index = capacity.step if capacity else overload.step if overload else None
    if not summary.groups or index is None or all(step.closed for step in summary.steps):
        return ""
    step = next(step for step in summary.steps if step.index == index)
    parts = listed([_cameras(summary, part, times=bool(capacity)) for part in step.groups])
    is_ = "is" if step.copies == 1 else "are"
    said = f"{Loads(summary).of_step(step)} {is_} {parts}"
    if summary.headroom is not None:
        said = f"The base load is {parts}"
    if not capacity:
        return f"{said}."
    met = _met(step) if summary.search is None else ""  # each tier has met its own
    return f"{said}: {number(step.rates.throughput_per_s)} frames/s in all.{met}"


def _cameras(summary: RunSummary, part: StepSummary, *, times: bool) -> str:
    """`12 door cameras at 5/s (response p95 56.1 ms)`."""
    plan = summary.log.plan
    assert plan is not None  # a mix has one
    group = next(each for each in plan.groups if each.name == part.group)
    cameras = cameras_at(part.clients, group)
    return f"{cameras} ({felt_p95_words(part)})" if times else cameras


def _met(step: StepSummary) -> str:
    """The objectives, all of which a load that was carried meets."""
    texts = dict.fromkeys(
        f"{part.group}: {condition}" if part.group else condition
        for part in (step, *step.groups)
        for condition in (result.objective.text.split(": ")[-1] for result in part.objectives)
    )
    met = listed(list(texts))
    return f" At this load, {met} {'is' if len(texts) == 1 else 'are'} met." if met else ""
