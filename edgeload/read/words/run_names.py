"""What the user calls a run and its box, and noted about it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from edgeload.kept_runs import log_label
from edgeload.plain_words import plural
from edgeload.read.analysis.differences import Side
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.statistics.format import short

_LONGEST_NAME = 60
_LONGEST_NOTE = 300


def run_words(summary: RunSummary) -> str:
    """`4-workers on NUC 12`, or what there is of it; empty if the user named neither."""
    name, box = run_name(summary), _said(summary, "box_label", _LONGEST_NAME)
    return f"{name} on {box}" if name and box else name or box


def run_name(summary: RunSummary) -> str:
    """NAME; empty if the run has none."""
    return _said(summary, "name", _LONGEST_NAME)


def notes_words(summary: RunSummary) -> str:
    """NOTES; empty if the run has none."""
    return _said(summary, "notes", _LONGEST_NOTE)


def named_line(summary: RunSummary) -> str:
    """`Run: 4-workers on NUC 12: after the update`; empty if the user said nothing."""
    said = [text for text in (run_words(summary), notes_words(summary)) if text]
    return ": ".join(["Run", *said]) if said else ""


def side_names(old: Side, new: Side) -> tuple[str, str]:
    """What both sides of a comparison are called: by NAME if all of their runs have one.

    Otherwise by the log's file, or its folder if it is a kept run's.
    """
    named = all(run_name(run) for run in chain(old, new))
    return _side(old, named=named), _side(new, named=named)


def sides_line(old: str, new: str) -> str:
    """Which side is which, below the verdict of a comparison."""
    return f"Before: {old}. After: {new}."


def _side(runs: Sequence[RunSummary], *, named: bool) -> str:
    texts = dict.fromkeys(
        run_words(run) if named else short(log_label(run.log.path), _LONGEST_NAME) for run in runs
    )
    said = ", ".join(texts)
    return said if len(texts) == len(runs) else f"{said} ({plural(len(runs), 'run')})"


def _said(summary: RunSummary, setting: str, most: int) -> str:
    header = summary.log.header
    text = header.settings.get(setting) if header else None
    return short(text, most) if isinstance(text, str) else ""
