"""The trials of a search for headroom, for the terminal: a table for each group that is varied."""

from __future__ import annotations

from dataclasses import replace

from rich.console import RenderableType

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.output.trial_table import trial_table
from edgeload.read.output.wrapped import wrapped
from edgeload.read.words.headroom_words import trials_head


def headroom_tables(summary: RunSummary, width: int) -> list[RenderableType]:
    """The tables, and how to read them; nothing for any other run. The base load is in each."""
    found = summary.headroom
    if found is None:
        return []
    parts: list[RenderableType] = []
    note: list[RenderableType] = []
    for search in found.searches:
        of_group = replace(summary, search=search, headroom=None)
        table, *note = trial_table(of_group, width)
        parts += [wrapped(trials_head(search.axis.group or ""), width), table]
    return [*parts, *note]
