"""What the page says about a search: the cards of its answer, and the table of its trials."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.search_result import SearchTrial
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.output.json_numbers import json_number
from edgeload.read.output.page_groups import GroupCard
from edgeload.read.output.page_steps import Cell, Column, StepRow, raw_value, time_cell
from edgeload.read.output.summary_json import step_values
from edgeload.read.words.search_cards import tier_cards
from edgeload.read.words.search_loads import SearchLoads
from edgeload.read.words.search_titles import TRIAL_SIGNS
from edgeload.read.words.trial_words import TrialRow, trial_rows


def search_cards(summary: RunSummary) -> list[GroupCard]:
    """A card for each tier of a search; none for other runs."""
    return [
        GroupCard(card.name, card.verdict, card.said, card.facts) for card in tier_cards(summary)
    ]


def search_columns(summary: RunSummary) -> tuple[Column, ...]:
    """A verdict for each tier; in a mix, a p95 for each camera group."""
    assert summary.search is not None
    tiers = [tier.tier.name or "verdict" for tier in summary.search.tiers]
    groups = [f"{group.group} p95" for group in summary.groups] or ["response p95"]
    return (
        Column("index", "trial"),
        Column("load", SearchLoads(summary).head),
        *(Column(f"verdict.{n}", name, text=True) for n, name in enumerate(tiers)),
        *(Column(f"p95.{n}", name, "ms") for n, name in enumerate(groups)),
        Column("due_per_s", "due", "/s"),
        Column("throughput_per_s", "done", "/s"),
        Column("failed", "failed"),
        Column("reason", "reason", text=True),
        Column("seconds", "time", "s"),
    )


def search_rows(summary: RunSummary) -> list[StepRow]:
    """A row for each trial, in order of time."""
    assert summary.search is not None
    steps, loads = {step.index: step for step in summary.steps}, SearchLoads(summary)
    return [
        StepRow("", "", tuple(_cells(trial, steps[trial.step], row, loads.per_s(trial.load))))
        for trial, row in zip(summary.search.trials, trial_rows(summary), strict=True)
    ]


def trial_choices(summary: RunSummary) -> list[dict[str, Any]]:
    """The trials that the figures over time can be zoomed to."""
    assert summary.search is not None
    loads = SearchLoads(summary)
    return [
        {
            "name": f"trial {trial.step + 1}: {loads.words(trial.load)}",
            "start_s": max(0.0, trial.start_s),
            "end_s": trial.end_s,
        }
        for trial in summary.search.trials
    ]


def _cells(
    trial: SearchTrial, step: StepSummary, row: TrialRow, due_per_s: float
) -> Iterator[Cell]:
    yield Cell("index", str(trial.step), row.trial)
    yield Cell("load", str(trial.load), row.load)
    for number, verdict in enumerate(row.verdicts):
        sign, _ = TRIAL_SIGNS[verdict]
        yield Cell(f"verdict.{number}", verdict, f"{sign} {verdict}", plain=True)
    for number, part in enumerate(step.groups or (step,)):
        own = step_values(part)["response_time_s"]
        yield replace(time_cell("p95", own, "p95"), name=f"p95.{number}")
    yield Cell("due_per_s", raw_value(json_number(due_per_s)), row.due_per_s)
    values = step_values(step)
    for name, text in (
        ("throughput_per_s", row.done_per_s),
        ("failed", row.failed),
    ):
        yield Cell(name, raw_value(values[name]), text)
    yield Cell("reason", row.reason, row.reason, plain=True)
    yield Cell("seconds", raw_value(json_number(trial.seconds)), row.seconds)
