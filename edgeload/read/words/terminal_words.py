"""The fixed sentences around a report's tables. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from edgeload.plain_words import plural

TABLE_NOTE = (
    "Counts cover whole steps; rates and times (in ms) leave out the warm-up. Service: from sent "
    "to answered. Response: from due to answered; a missed request or a timeout counts as never "
    "answered. few: too few answers to state that percentile."
)
PAGE_TABLE_NOTE = (
    "Counts cover whole steps; rates and times leave out the warm-up. Service time runs from sent "
    "to answered. Response time runs from due to answered; a missed request or a timeout counts as "
    'never answered. The small figures are 95 % intervals. "few": too few answers to state that '
    "percentile."
)
OBJECTIVES_HEAD = (
    "Objectives (✓ met, ✗ not met, ? undecided; each limit holds with 95 % confidence):"
)
FAILURES_HEAD = "Failures by class and text:"
REPEAT_HEAD = "To repeat:"


def left_out(columns: Sequence[str]) -> str:
    """Which columns a narrow terminal does not show."""
    return f"Not shown for lack of width: {', '.join(columns)}."


def more_texts(count: int) -> str:
    """Where the failure texts are that are not shown."""
    return f"and {plural(count, 'more text')}: see failure_texts in summary.json"
