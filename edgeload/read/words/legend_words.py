"""What the signs in a chart mean: hollow points, dashed curves, crosses, shades. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from edgeload.plain_words import listed, plural
from edgeload.read.statistics.format import share
from edgeload.time_words import duration

STATES = {
    "left out": "no camera of this group sent",
    "invalid": "INVALID",
    "not carried": "load not carried",
    "cut": "stopped early",
    "failing": "every request failed",
    "not due": "no request was due",
    "closed loop": "a closed loop has no load to carry",
    "undecided": "undecided whether the load is carried",
}
"""Why a step does not show that its load is carried, by its state (see `StepSummary.state`)."""

SHORT_STATES = {**STATES, "undecided": "undecided"}

NOT_CARRIED_STEP = "load not carried"
LEAST_NOT_CARRIED = "least load not carried"
INVALID_STEP = "INVALID step"
CROSS = "never answered: failed or missed"
CROSS_OF_A_CURVE = "never answered from here on"
WHISKER = "95 % interval"
TIME_OF_STEPS = "time since the first step began"
COPIES = "copies"
"""Label of an axis: copies of the mix, or of the group that alone is ramped."""
CROSS_OF_AN_AGE = "a camera had no answer yet"
AGE_LABEL = "age of the newest answer (now less due), ms"
BOX_HEADING = "The box beside the load"
TIMES_OF_GROUPS_TITLE = "Response and service times of each camera group, on one scale"
CURVES_OF_GROUPS_TITLE = "How the times of each camera group spread, step by step"
CURVES_BESIDE_TITLE = "How the times of each camera group spread, alone and beside others"
FAILURES_OF_GROUPS_TITLE = "Failures of each camera group"
_MOST_LOADS = 4


def new_model_words(detectors: Sequence[str]) -> str:
    """The sense of the lines where a new model began to answer; a name for each of them."""
    names = list(dict.fromkeys(detectors))
    if len(names) > _MOST_LOADS:
        return "a new model began to answer"
    return f"a new model of {listed(names)} began to answer"


def hollow_words(why: str) -> str:
    """The sense of hollow points that all are hollow for one reason."""
    return f"hollow: {why}"


def hollow_at_words(loads: Sequence[int], why: str, side: str = "", noun: str = "client") -> str:
    """The sense of the hollow points at some loads, if others are hollow for other reasons."""
    named = ", ".join(f"{load:,}" for load in loads[:_MOST_LOADS])
    if len(loads) == 1:
        named = plural(loads[0], noun)
    elif len(loads) > _MOST_LOADS:
        named += f" and {plural(len(loads) - _MOST_LOADS, 'more load')}"
    else:
        named += f" {plural(2, noun).split()[1]}"
    return f"hollow at {named}{side and f' ({side})'}: {why}"


def heat_words(width_s: float) -> str:
    """What a colour of the heat map stands for."""
    return f"share of the requests due in {duration(width_s)}"


def unanswered_words(kind: str) -> str:
    """What never came, as far as the log knows it."""
    return "missed or timed out" if kind == "response" else "timed out"


def unanswered_title(kind: str, most: float, width_s: float) -> str:
    """The title of the chart below the heat map, by the largest share in any window."""
    were = "were " if kind == "response" else ""
    due = f"the requests due in {duration(width_s)}"
    return f"At most {share(most)} of {due} {were}{unanswered_words(kind)}"
