"""The fixed sentences around a report's tables. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edgeload.plain_words import listed, plural

_TABLE_NOTE = (
    "Times in ms: service from sent, response from due to answered, which is what a camera feels. "
    "Counts are of whole steps; rates and times leave out the warm-up."
)
_MIX_TABLE_NOTE = (
    "Times in ms: service from sent to answered, of each request; response from due until a frame "
    "has all its answers, which is what a camera feels. Counts are of frames and whole steps; "
    "rates and times leave out the warm-up."
)
AGE_NOTE = "Age: how old a camera's newest answer is, counted from when its frame was due."
_MARKS = {
    "few": "few: too few answers to tell",
    "never": "never: failed or missed",
    "-": "-: no data",
    "max": "max: as many as were answered",
    "carried": "carried: the endpoint kept up",
    "not carried": "not carried: it did not, failed too often, was down, or missed an objective",
    "undecided": "undecided: the step is too short",
    "failing": "failing: no request succeeded",
    "not due": "not due: nothing fell due",
    "left out": "left out: the step measures other groups",
    "closed loop": "closed loop: cameras sent as fast as answers came; there is no load to carry",
    "cut": "cut: the run stopped before the step's end",
    "invalid": "invalid: see INVALID above",
}
NO_INTERVAL = "no interval"
_PAGE_NOTE = (
    "Counts cover whole steps; rates and times leave out the warm-up. Service time runs from sent "
    "to answered. Response time runs from due to answered; a failed or missed request counts as "
    "never answered. The small figures are 95 % intervals. Edge: which share of the answers the "
    "edge itself gave."
)
_MIX_NOTE = 'The rows of the groups add up to the row "all" above them: cameras, rates and counts.'
_PAGE_MARKS = {
    "goodput": "Goodput, of whom objectives bound a time: answers that the edge itself gave within "
    "all of these bounds, per second.",
    "age p95": AGE_NOTE,
    "few": '"few": too few answers to state that percentile.',
    "never": '"never": it falls among requests that were never answered.',
    NO_INTERVAL: f'"{NO_INTERVAL}": too few answers that are independent of each other, because '
    "neighbouring requests waited for the same backlog.",
    "max": '"max": a closed loop sends its next frame as soon as it has an answer, so as many are '
    "due as are answered.",
    "left out": '"left out": an interference run measures other groups in this step.',
    "-": '"-": no data.',
}
ALL_GROUPS = "all"
"""Stands for the total of a step of a mix."""
DETECTORS_TITLE = "Requests by detector, with service times in ms"
DETECTORS_HEAD = f"{DETECTORS_TITLE}:"
TEXTS_NOTE = "Texts that differ only in numbers and ids count as one, and the first is the example."
FAILURES_HEAD = "Failures by class and text, with the first and last second of the run:"
REPEAT_HEAD = "To repeat:"


def table_note(shown: Iterable[str], *, of_mix: bool = False) -> str:
    """How to read the table; only the words that stand in its cells are explained."""
    cells = set(shown)
    marks = [meaning for mark, meaning in _MARKS.items() if mark in cells]
    note = _MIX_TABLE_NOTE if of_mix else _TABLE_NOTE
    return " ".join([note, *(f"{'; '.join(marks)}." for _ in marks[:1])])


def page_note(shown: Iterable[str], *, of_mix: bool) -> str:
    """How to read the page's table of steps; of its heads and marks only those that are `shown`."""
    found = set(shown)
    marks = [meaning for mark, meaning in _PAGE_MARKS.items() if mark in found]
    return " ".join([*([_MIX_NOTE] if of_mix else []), _PAGE_NOTE, *marks])


def measured_against(url: str, embedded: str | None) -> str:
    """What was tested; a simulator is called one."""
    if embedded is None:
        return f"Measured against {url}."
    return f"Measured against the {embedded}: it says nothing about a real box."


def left_out(columns: Sequence[str]) -> str:
    """Which columns a narrow terminal does not show."""
    return f"A wider terminal also shows {listed(list(columns))}."


def more_texts(count: int) -> str:
    """Where the failure texts are that are not shown."""
    return f"and {plural(count, 'more text')}: see failure_texts in summary.json"
