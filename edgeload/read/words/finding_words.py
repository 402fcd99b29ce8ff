"""A finding in words: what was seen, and what to do about it. Pure.

`FINDING_KINDS` has one entry per code; docs/findings.md is made from it. A message is a clause
without a capital letter and a full stop, to stand in a sentence or, by `plain_words.sentence`,
alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgeload.read.analysis.finding import Finding
from edgeload.read.words.answer_kinds import ANSWER_NOTE_KINDS, ANSWER_WARNING_KINDS
from edgeload.read.words.box_kinds import BOX_NOTE_KINDS, BOX_WARNING_KINDS
from edgeload.read.words.cluster_kinds import (
    CLUSTER_INVALID_KINDS,
    CLUSTER_NOTE_KINDS,
    CLUSTER_WARNING_KINDS,
    ENDPOINT_SHORTFALL_KINDS,
)
from edgeload.read.words.comparison_kinds import COMPARISON_KINDS
from edgeload.read.words.finding_kind import Kind, with_nouns
from edgeload.read.words.host_kinds import HOST_NOTE_KINDS, HOST_WARNING_KINDS
from edgeload.read.words.invalid_kinds import INVALID_KINDS
from edgeload.read.words.limit_kinds import LIMIT_KINDS
from edgeload.read.words.load_findings import SHORTFALL_KINDS
from edgeload.read.words.note_kinds import NOTE_KINDS
from edgeload.read.words.repeat_kinds import REPEAT_KINDS
from edgeload.read.words.rollout_words import MODEL_KINDS
from edgeload.read.words.soak_words import SOAK_KINDS
from edgeload.read.words.trial_kinds import TRIAL_KINDS
from edgeload.read.words.warning_kinds import WARNING_KINDS

FINDING_TABLES = (
    INVALID_KINDS,
    CLUSTER_INVALID_KINDS,
    CLUSTER_WARNING_KINDS,
    CLUSTER_NOTE_KINDS,
    BOX_WARNING_KINDS,
    MODEL_KINDS,
    WARNING_KINDS,
    ANSWER_WARNING_KINDS,
    NOTE_KINDS,
    ANSWER_NOTE_KINDS,
    BOX_NOTE_KINDS,
    HOST_WARNING_KINDS,
    SOAK_KINDS,
    HOST_NOTE_KINDS,
    LIMIT_KINDS,
    SHORTFALL_KINDS,
    ENDPOINT_SHORTFALL_KINDS,
    COMPARISON_KINDS,
    REPEAT_KINDS,
)
FINDING_KINDS = {code: kind for table in FINDING_TABLES for code, kind in table.items()}
_FAILED = "failed_"


def message(finding: Finding) -> str:
    """What was seen, with the steps it was seen in: a clause."""
    said = _said(finding)
    return said.replace("{steps}", steps_of(finding)) if "{steps}" in said else said


def message_with_steps(finding: Finding) -> str:
    """The same, with the steps in front if the clause does not name them and there are some."""
    said = _said(finding)
    if "{steps}" in said or not finding.steps:
        return message(finding)
    return f"{steps_of(finding)}: {said}"


def _said(finding: Finding) -> str:
    """The clause; that of a camera group begins with its name."""
    said = with_nouns(_kind(finding).message(finding.numbers), in_mix=finding.in_mix)
    return f"{finding.group}: {said}" if finding.group else said


def advice(finding: Finding) -> str:
    """What to do about it, in whole sentences."""
    kind = _kind(finding)
    text = kind.advise(finding.numbers) if kind.advise else kind.advice
    return with_nouns(text, in_mix=finding.in_mix)


def steps_of(finding: Finding) -> str:
    """The steps that a finding is about: `steps 1-4, 7`, or the trials of a search."""
    return step_list(finding.steps, "trial" if finding.in_search else "step")


def step_list(indices: Sequence[int], noun: str = "step") -> str:
    """`step 3`, or `steps 1-4, 7`: people count steps from 1."""
    runs: list[list[int]] = []
    for index in sorted(indices):
        if runs and index == runs[-1][-1] + 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    parts = [f"{r[0] + 1}" if len(r) == 1 else f"{r[0] + 1}-{r[-1] + 1}" for r in runs]
    return f"{noun}{'s' if len(indices) > 1 else ''} {', '.join(parts)}"


def _kind(finding: Finding) -> Kind:
    if finding.in_search and finding.code in TRIAL_KINDS:
        return TRIAL_KINDS[finding.code]
    known = FINDING_KINDS.get(finding.code)
    if known is None and finding.code.startswith(_FAILED):
        return FINDING_KINDS["failed_CLASS"]
    return FINDING_KINDS[finding.code]
