"""A run and the cameras that are wanted -> how many boxes like this one they need. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgeload.read.analysis.box_plan import (
    PLANNED_RATES,
    Basis,
    BoxCount,
    BoxDoubt,
    BoxNeed,
    BoxPlan,
    Fits,
    RateCapacity,
    boxes_for,
    copies_fit,
    headroom_fits,
)
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.log.log_error import LogError
from edgeload.search_axis import PARTS_OF_RATE
from edgeload.wanted_cameras import WantedCameras, not_told_by, parse_wanted

_KNOWN = ("found", "wide", "at_least")
_OF_CLIENTS = ("client_unserved",)
_NO_LIMIT = 1 << 40


def with_box_plan(
    summary: RunSummary, wanted: Sequence[WantedCameras] | None, reserve: float | None
) -> RunSummary:
    """The summary with the boxes for these cameras, by default those in the settings of the log.

    `reserve` is the share of a box that is kept free; None: the setting. Raises LogError, in one
    line, if the run cannot tell.
    """
    text = summary.log.settings.get("plan_for")
    if wanted is None and text:
        wanted = parse_wanted(str(text))
    if wanted is None:
        return summary
    if reserve is None:
        reserve = float(summary.log.settings.get("reserve", 20.0)) / 100.0
    return replace(summary, box_plan=box_plan_of(summary, tuple(wanted), reserve))


def box_plan_of(summary: RunSummary, wanted: tuple[WantedCameras, ...], reserve: float) -> BoxPlan:
    """How many boxes are needed. Raises LogError, in one line, if the run cannot tell."""
    plan = summary.log.plan
    if plan is None or not summary.log.knows_due:
        raise LogError(
            f"{summary.log.path}: --plan needs a log that says what was due, which one of the "
            "older form does not"
        )
    if summary.interference is not None:
        raise LogError(f"{summary.log.path}: --plan: an interference run measures no capacity")
    if summary.endpoints:
        raise LogError(
            f"{summary.log.path}: --plan needs the capacity of one box, and the nodes of this run "
            "loaded several endpoints together"
        )
    problem = not_told_by(wanted, plan.groups, plan.is_mix, _over(summary))
    if problem:
        texts = ",".join(each.text for each in wanted)
        raise LogError(f"{summary.log.path}: --plan {texts}: {problem}")
    return _of_mix(summary, wanted, reserve) if plan.is_mix else _of_one(summary, wanted, reserve)


def _over(summary: RunSummary) -> str:
    if summary.headroom is not None:
        return "headroom"
    if summary.search is not None:
        return summary.search.axis.over
    return "group" if summary.log.plan and summary.log.plan.ramp_group else "copies"


# --- cameras of one kind --------------------------------------------------------------------------


def _of_one(summary: RunSummary, wanted: tuple[WantedCameras, ...], reserve: float) -> BoxPlan:
    (asked,) = wanted
    found = rate_capacity(summary)
    rate = found.rate if found else summary.log.requests_per_second
    asked_rate = asked.rate or rate
    asked = replace(asked, rate=asked_rate)
    rates = sorted({*PLANNED_RATES, *(each for each in (asked_rate, rate) if each)})
    return BoxPlan(
        wanted=(asked,),
        reserve=reserve,
        need=found.need(asked.cameras, asked_rate, reserve) if found and asked_rate else None,
        rates=tuple(found.need(asked.cameras, each, reserve) for each in rates) if found else (),
        measured_rate=rate,
        answer_s=_answer_s(summary),
        tier=_tier(summary),
        binding=_binding_text(_binding(summary)),
    )


def rate_capacity(summary: RunSummary) -> RateCapacity | None:
    """What one box carries of the cameras of a run without a mix; None: that is unknown."""
    rate = summary.log.requests_per_second
    if not rate:
        return None
    limits = _limits(summary)
    if limits is None:
        return None
    best, low, high = limits
    beyond = None if high is None else high + 1
    if summary.search is not None and summary.search.axis.over == "rate":
        clients = summary.search.axis.clients
        parts = (best / PARTS_OF_RATE, low / PARTS_OF_RATE)
        rate, best, low = rate * parts[0], clients, clients * parts[1] / parts[0]
        if beyond is not None:
            beyond = clients * beyond / PARTS_OF_RATE / parts[0]
    return RateCapacity(
        rate=rate,
        cameras=best,
        low=low,
        beyond=beyond,
        doubts=_doubts(summary, high is not None),
        most_tried=max((step.clients for step in summary.steps), default=0),
        answer_s=_answer_s(summary),
    )


_Limits = tuple[float, float, float | None]
"""The largest load that is carried, and the limits of that: None is no limit."""


def _limits(summary: RunSummary) -> _Limits | None:
    """In what the run counts: clients or copies; in a search over the rate, parts of the rate."""
    if summary.search is not None:
        tier = summary.search.tiers[0]
        boundary = tier.boundary
        if tier.answer not in _KNOWN or not boundary.best:
            return None
        return boundary.best, min(boundary.low, boundary.best), boundary.high
    carried, overload = summary.capacity, summary.first_overload
    if carried is None:
        return None
    copies = {step.index: step.copies for step in summary.steps}
    best = copies[carried.step]
    return best, best, None if overload is None else max(copies[overload.step] - 1, best)


def _doubts(summary: RunSummary, limited: bool) -> tuple[BoxDoubt, ...]:
    if not limited:
        return ("at_least",)
    binding, ceiling = _binding(summary), summary.bracket.ceiling
    if ceiling is not None and ceiling.of_the_clients:
        return ("clients",)
    if binding is None or binding.code == "backlog_grows":
        return () if binding is not None else ("other_limit",)
    if binding.code == "objective":
        return ("objective",)
    return ("clients",) if binding.code in _OF_CLIENTS else ("other_limit",)


def _binding(summary: RunSummary) -> Finding | None:
    """What the least load beyond the capacity fell short of."""
    if summary.search is not None:
        return summary.search.tiers[0].binding
    overload = summary.first_overload
    reasons = overload.shortfalls if overload else ()
    return next((each for each in reasons if each.severity == "warning"), None)


def _binding_text(binding: Finding | None) -> str | None:
    if binding is None or binding.code != "objective":
        return None
    return str(binding.numbers["objective"])


def _tier(summary: RunSummary) -> str:
    if summary.headroom is not None:
        return summary.headroom.tiers[0].tier.name
    return summary.search.tiers[0].tier.name if summary.search else ""


def _answer_s(summary: RunSummary) -> float | None:
    """The shortest median time of a frame at any load: a camera cannot send faster than that."""
    medians = [step.times.frame.quantile("p50") for step in summary.steps]
    known = [each.value for each in medians if each is not None and not each.never]
    return min(known, default=None)


# --- a mix ----------------------------------------------------------------------------------------


def _of_mix(summary: RunSummary, wanted: tuple[WantedCameras, ...], reserve: float) -> BoxPlan:
    plan = summary.log.plan
    assert plan is not None
    by_name = {each.group: each for each in wanted}
    ordered = tuple(
        replace(by_name[group.name], rate=0.0 if group.closed else group.rate)
        for group in plan.groups
    )
    need = _by_headroom if summary.headroom is not None else _by_copies
    return BoxPlan(
        wanted=ordered,
        reserve=reserve,
        need=need(summary, ordered, reserve),
        rates=(),
        measured_rate=None,
        answer_s=None,
        tier=_tier(summary),
        binding=None,
    )


def _by_copies(
    summary: RunSummary, wanted: tuple[WantedCameras, ...], reserve: float
) -> BoxNeed | None:
    limits, plan = _limits(summary), summary.log.plan
    assert plan is not None
    if limits is None:
        return None
    best, low, high = limits
    mix = [group.cameras for group in plan.groups]
    doubts: tuple[BoxDoubt, ...] = () if high is not None else ("at_least",)
    return _need(
        wanted,
        (
            copies_fit(mix, best),
            None if high is None else copies_fit(mix, high),
            copies_fit(mix, low),
            copies_fit(mix, low, 1.0 - reserve),
        ),
        doubts,
    )


def _by_headroom(
    summary: RunSummary, wanted: tuple[WantedCameras, ...], reserve: float
) -> BoxNeed | None:
    found = summary.headroom
    assert found is not None
    tier = found.tiers[0]
    if not tier.carried:
        return None
    groups = {group.group: group for group in tier.groups}
    base = [cameras for _, cameras in found.cameras]
    known = [groups.get(name) for name, _ in found.cameras]  # a closed loop has no headroom
    more = [(each.more or 0) if each else 0 for each in known]
    low = [max(each.low, 0) if each else 0 for each in known]
    high = [each.high if each else 0 for each in known]
    open_ = any(group.high is None for group in tier.groups)
    need = _need(
        wanted,
        (
            headroom_fits(base, more),
            None if open_ else headroom_fits(base, high),
            headroom_fits(base, low),
            headroom_fits(base, low, 1.0 - reserve),
        ),
        ("at_least",) if open_ else (),
    )
    above = sum(c > b for c, b in zip(need.likely.cameras or (), base, strict=False))
    if above < 2:  # no more than a load that was measured
        return need
    return replace(need, basis="estimate", doubts=(*need.doubts, "frontier"))


def _need(
    wanted: tuple[WantedCameras, ...],
    fits: tuple[Fits, Fits | None, Fits, Fits],
    doubts: tuple[BoxDoubt, ...],
) -> BoxNeed:
    cameras = [each.cameras for each in wanted]
    likely, fewest, most, reserved = (
        BoxCount(None, None) if each is None else boxes_for(cameras, each) for each in fits
    )
    basis: Basis = "estimate" if doubts else "measured"
    return BoxNeed(wanted, likely, fewest, most, reserved, basis, doubts)
