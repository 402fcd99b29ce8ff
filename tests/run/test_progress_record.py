"""The JSON lines of --progress json, and the page about them."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from edgeload.run import progress_record as record

PAGE = (Path(__file__).parents[2] / "docs/progress.md").read_text()
LINES: tuple[type[msgspec.Struct], ...] = (
    record.RunProgressLine,
    record.StepEndLine,
    record.TrialProgressLine,
    record.TrialEndLine,
    record.MessageLine,
)
PARTS = (record.GroupProgress, record.ObjectiveProgress, record.GeneratorProgress)


@pytest.mark.parametrize("kind", [*LINES, *PARTS])
def test_the_page_names_every_key(kind: type[msgspec.Struct]) -> None:
    """And every event: a reader needs nothing else."""
    section = PAGE.partition("## As JSON lines")[2]
    named = set(re.findall(r"`([a-z0-9_]+)`", section))
    assert set(kind.__struct_fields__) <= named
    if kind in LINES:
        assert kind.__struct_config__.tag in named


def test_the_keys_stay() -> None:
    """Programs read them: none may be taken away or renamed."""
    assert record.RunProgressLine.__struct_fields__ == (
        "at_s", "left_s", "step", "steps", "load", "unit", "step_at_s", "step_s", "state",
        "due_per_s", "done_per_s", "answered", "failed", "missed", "backlog",
        "backlog_growth_per_s", "response_p50_ms", "response_p95_ms", "failures", "objectives",
        "generator", "box", "groups", "stopping",
    )  # fmt: skip
    assert record.StepEndLine.__struct_fields__ == (
        "step", "steps", "load", "unit", "due_per_s", "done_per_s", "failed", "missed",
        "response_p50_ms", "response_p95_ms", "state",
    )  # fmt: skip
    assert record.TrialProgressLine.__struct_fields__ == (
        "at_s", "trial", "load", "purpose", "trial_at_s", "draining", "answered", "failed",
        "failures", "response_p95_ms", "tier", "group", "low", "high",
    )  # fmt: skip
    assert record.TrialEndLine.__struct_fields__ == ("trial", "load", "verdict")
    assert record.MessageLine.__struct_fields__ == ("text",)
