"""How many boxes are needed, as records of summary.json. Pure."""

from __future__ import annotations

from edgeload.read.analysis.box_plan import BoxNeed, BoxPlan
from edgeload.read.output.json_numbers import json_number
from edgeload.read.output.search_schema import BoxNeedRecord, BoxPlanRecord, WantedRecord
from edgeload.wanted_cameras import WantedCameras


def box_plan_record(plan: BoxPlan) -> BoxPlanRecord:
    """The plan with the same cameras at other rates."""
    return BoxPlanRecord(
        wanted=[_wanted(each) for each in plan.wanted],
        reserve_share=round(plan.reserve, 6),
        tier=plan.tier or None,
        measured_requests_per_s=json_number(plan.measured_rate),
        need=_need(plan.need) if plan.need else None,
        rates=[_need(each) for each in plan.rates],
    )


def _wanted(wanted: WantedCameras) -> WantedRecord:
    return WantedRecord(
        group=wanted.group or None,
        cameras=wanted.cameras,
        requests_per_s=json_number(wanted.rate or None),
    )


def _need(need: BoxNeed) -> BoxNeedRecord:
    each = need.each
    return BoxNeedRecord(
        requests_per_s=None if need.wanted[0].group else json_number(need.wanted[0].rate),
        boxes=need.likely.boxes,
        boxes_low=need.fewest.boxes,
        boxes_high=need.most.boxes,
        boxes_with_reserve=need.with_reserve.boxes,
        cameras_per_box=each.likely if each else None,
        cameras_per_box_low=each.low if each else None,
        cameras_per_box_high=each.high if each else None,
        fullest_box=list(need.likely.cameras) if need.likely.cameras else None,
        basis=need.basis,
        doubts=list(need.doubts),
        too_fast=need.too_fast,
    )
