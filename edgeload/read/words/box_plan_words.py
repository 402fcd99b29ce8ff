"""How many boxes are needed, in words: the answer, what it rests on, and a table's cells. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from edgeload.plain_words import listed, plural, sentence
from edgeload.read.analysis.box_plan import BoxCount, BoxDoubt, BoxNeed, BoxPlan
from edgeload.read.statistics.format import milliseconds, number
from edgeload.wanted_cameras import WantedCameras

BOX_PLAN_TITLE = "Boxes for these cameras"
BOX_PLAN_HEADS = ("each/s", "cameras per box", "boxes", "with reserve", "basis")
_BASES = {"measured": "measured", "carries_over": "calculated", "estimate": "estimate"}


def box_plan_sentences(plan: BoxPlan) -> list[str]:
    """The answer, and what it rests on if that is more than a measured capacity."""
    need = plan.need
    load = _load(plan.wanted)
    if need is None:
        return [f"How many boxes {load} need is unknown, because the capacity is."]
    tier = f" with the objectives of {plan.tier}" if plan.tier else ""
    if need.too_fast:
        return [_too_fast(load, plan.answer_s)]
    if need.likely.boxes is None:
        return [f"A box like this one does not carry its part of {load}{tier}, however small."]
    return [
        f"{load} need {_boxes(need)} like this one{_each(need)}{tier}; {_with_reserve(plan)}.",
        *_basis(plan, need),
    ]


def _load(wanted: Iterable[WantedCameras]) -> str:
    """`120 cameras at 2/s`; of a mix `40 door at 10/s and 9 person at 2/s`."""
    return listed(
        [
            f"{each.cameras:,} {each.group}{_at(each)}"
            if each.group
            else f"{plural(each.cameras, 'camera')}{_at(each)}"
            for each in wanted
        ]
    )


def _at(wanted: WantedCameras) -> str:
    if wanted.rate is None:
        return ""
    return f" at {wanted.rate:.4g}/s" if wanted.rate else " in a closed loop"


def _boxes(need: BoxNeed) -> str:
    """`9 boxes (8 to 10)`."""
    most = "at most " if "at_least" in need.doubts else ""
    about = "about " if need.basis == "estimate" and not most else ""
    limits = _limits(need.fewest, need.most)
    return f"{most}{about}{plural(need.likely.boxes or 0, 'box')}{f' ({limits})' if limits else ''}"


def _limits(fewest: BoxCount, most: BoxCount) -> str:
    """`8 to 10`; empty if both are one number, or if one of them is not known."""
    if fewest.boxes is None or most.boxes is None or fewest.boxes == most.boxes:
        return ""
    return f"{fewest.boxes:,} to {most.boxes:,}"


def _each(need: BoxNeed) -> str:
    """`, of 14 cameras each (13 to 15)`; of a mix, the cameras of the fullest box."""
    if need.each is not None:
        limits = _per_box(need)
        return f", which carry {limits} cameras each"
    parts = zip(need.wanted, need.likely.cameras or (), strict=True)
    return f", of at most {listed([f'{count:,} {each.group}' for each, count in parts])} each"


def _per_box(need: BoxNeed) -> str:
    """`14 (13 to 15)`."""
    each = need.each
    assert each is not None
    high = each.high
    limits = "" if high is None or high == each.low else f" ({each.low:,} to {high:,})"
    return f"{each.likely:,}{limits}"


def _with_reserve(plan: BoxPlan) -> str:
    need, percent = plan.need, f"{100 * plan.reserve:.3g} %"
    assert need is not None
    boxes = need.with_reserve.boxes
    if boxes is None:
        return f"a box that keeps {percent} free carries none of them"
    return f"with {percent} reserve {boxes:,}"


def _too_fast(load: str, answer_s: float | None) -> str:
    most = number(1.0 / answer_s if answer_s else None)
    return (
        f"No number of boxes serves {load}: a camera sends its next frame when it has its answer, "
        f"which takes {milliseconds(answer_s)} ms even with little load, so it sends at most "
        f"{most}/s."
    )


def _basis(plan: BoxPlan, need: BoxNeed) -> Iterator[str]:
    if need.basis == "carries_over":
        yield (
            f"That is calculated from {_rate(plan.measured_rate)}, the measured rate: the limit is "
            "a number of answers per second, at any rate."
        )
    texts = list(_doubts(plan, need.doubts))
    if texts:
        yield sentence(f"this is an estimate: {'; '.join(texts)}")


def _doubts(plan: BoxPlan, doubts: Iterable[BoxDoubt]) -> Iterator[str]:
    at = f"at {_rate(plan.measured_rate)}"
    texts: dict[BoxDoubt, str] = {
        "at_least": "no load failed, so a box may carry more",
        "objective": f"{plan.binding} is the limit {at}, and may be met at other loads of another "
        "rate",
        "clients": f"the clients themselves were the limit {at}",
        "other_limit": f"answers per second are not known to be the limit {at}",
        "more_cameras": "no trial had so many cameras",
        "frontier": "several groups have more than their base load, and what lies between the "
        "measured loads is taken as a straight line",
    }
    return (texts[each] for each in doubts)


def _rate(rate: float | None) -> str:
    return "an unknown rate" if rate is None else f"{rate:.4g}/s"


# --- the table ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BoxPlanRow:
    """A row for one rate: cells for BOX_PLAN_HEADS; `asked`: the rate that was asked for."""

    cells: tuple[str, ...]
    asked: bool


def box_plan_rows(plan: BoxPlan) -> list[BoxPlanRow]:
    """The same cameras at several rates; none for a mix, or if the capacity is unknown."""
    asked = plan.wanted[0].rate
    return [BoxPlanRow(_cells(need), need.wanted[0].rate == asked) for need in plan.rates]


def _cells(need: BoxNeed) -> tuple[str, ...]:
    rate = f"{need.wanted[0].rate or 0:.4g}"
    if need.too_fast or need.each is None:
        return rate, "-", "-", "-", "too fast for a camera"
    limits = _limits(need.fewest, need.most)
    boxes = "-" if need.likely.boxes is None else f"{need.likely.boxes:,}"
    reserved = need.with_reserve.boxes
    return (
        rate,
        _per_box(need),
        f"{boxes} ({limits})" if limits else boxes,
        "-" if reserved is None else f"{reserved:,}",
        _BASES[need.basis],
    )


def box_plan_note(plan: BoxPlan) -> str:
    """What the words in the last column mean, as far as they stand there."""
    bases = {need.basis for need in plan.rates if not need.too_fast}
    doubts = [each for need in plan.rates for each in need.doubts]
    parts = []
    if "carries_over" in bases:
        parts.append(
            "calculated from the measured rate: the limit is a number of answers per second, "
            "at any rate"
        )
    if "estimate" in bases:
        parts.append(f"estimate: {'; '.join(_doubts(plan, dict.fromkeys(doubts)))}")
    parts.append(
        f"with reserve: each box has at most {100 - 100 * plan.reserve:.3g} % of the lower limit"
    )
    return " ".join(map(sentence, parts))
