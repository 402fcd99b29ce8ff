"""Which steps are drawn as doubtful, and the entries of the legend that say why. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from edgeload.palette import PALE, PALETTE
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.figures.chart import Hollow, Key, Line, Mark, Shade, Span, Values
from edgeload.read.words.legend_words import (
    CROSS,
    INVALID_STEP,
    NOT_CARRIED_STEP,
    SHORT_STATES,
    STATES,
    hollow_at_words,
    hollow_words,
)

NOT_CARRIED_SHADE = Shade(NOT_CARRIED_STEP, PALE["vermilion"])
INVALID_SHADE = Shade(INVALID_STEP, PALE["grey"], "x")

_SAMPLES: Mapping[str, Literal["fill", "hatch", "cross-hatch"]] = {
    "": "fill",
    "/": "hatch",
    "x": "cross-hatch",
}
CROSS_KEY = Key("cross", PALETTE["grey"], CROSS)


def doubt_of(step: StepSummary) -> str:
    """Why a step's points are hollow and its curve is dashed; empty if its load was carried."""
    return STATES.get(step.state, "")


def short_doubt_of(step: StepSummary) -> str:
    """The same in few words, for the name of a curve."""
    return SHORT_STATES.get(step.state, "")


def doubt_shade(step: StepSummary) -> Shade | None:
    """The ground of a step whose load was not carried, or that is INVALID, over time."""
    shades = {"not carried": NOT_CARRIED_SHADE, "failing": NOT_CARRIED_SHADE}
    return {**shades, "invalid": INVALID_SHADE}.get(step.state)


def hollow_points(steps: Sequence[StepSummary | None], values: Values) -> tuple[Hollow, ...]:
    """The hollow ones among the points of steps. A step without a value has no point."""
    return tuple(
        Hollow(place, doubt_of(step))
        for place, (step, value) in enumerate(zip(steps, values, strict=True))
        if step is not None and value is not None and doubt_of(step)
    )


def hollow_keys(
    lines: Iterable[tuple[Line, Mapping[int, int]]], *, of_sides: bool = False, noun: str = "client"
) -> tuple[Key, ...]:
    """An entry for each reason why a point of the lines is hollow; none if no point is.

    Each line comes with the load at each of its places, counted in `noun`. If there are several
    reasons, each entry names the loads of its points, and with `of_sides` the line.
    """
    found: dict[tuple[str, str], set[int]] = {}
    for line, loads in lines:
        for point in line.hollow:
            side = line.label if of_sides else ""
            found.setdefault((point.why, side), set()).add(loads[point.place])
    if len({why for why, _ in found}) == 1:
        texts = [hollow_words(next(iter(found))[0])]
    else:
        texts = [hollow_at_words(sorted(loads), *key, noun) for key, loads in found.items()]
    return tuple(Key("hollow", PALETTE["grey"], text) for text in texts)


def cross_keys(lines: Iterable[Line], key: Key = CROSS_KEY) -> tuple[Key, ...]:
    """The entry for crosses, if there are any."""
    return (key,) if any(line.crosses for line in lines) else ()


def mark_keys(marks: Iterable[Mark]) -> tuple[Key, ...]:
    """An entry for each upright mark; the level ones have their names beside them."""
    return tuple(
        Key(_sample_of(mark), mark.colour, mark.label) for mark in marks if mark.x is not None
    )


def _sample_of(mark: Mark) -> Literal["mark", "bound", "fill"]:
    return "fill" if mark.until is not None else "bound" if mark.open else "mark"


def shade_keys(spans: Iterable[Span]) -> tuple[Key, ...]:
    """An entry for each kind of ground that a step has."""
    shades = dict.fromkeys(span.shade for span in spans if span.shade is not None)
    return tuple(Key(_SAMPLES[shade.hatch], shade.colour, shade.label) for shade in shades)
