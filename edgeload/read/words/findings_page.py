"""docs/findings.md, made from the kinds of findings. Pure.

python -m edgeload.read.words.findings_page > docs/findings.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from edgeload.failure_classes import FAILURE_KINDS, failure_class, http_failure
from edgeload.plain_words import sentence
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
from edgeload.read.words.warning_kinds import WARNING_KINDS

_HEAD = """\
# Findings

Each report lists what should make you doubt it, or act. Each such finding has a code that never
changes; `summary.json` has it with the steps that it concerns and the numbers behind it. This page
is made from the program's own table of findings.
"""
_PARTS = (
    (
        "invalid",
        "The run is INVALID: the figures must not be presented as the endpoint's, because our own "
        "machine or a gap in the log is at fault.",
        {**INVALID_KINDS, **CLUSTER_INVALID_KINDS},
    ),
    (
        "warning",
        "The endpoint misbehaved, or the figures are less reliable.",
        {
            **CLUSTER_WARNING_KINDS,
            **BOX_WARNING_KINDS,
            **MODEL_KINDS,
            **WARNING_KINDS,
            **ANSWER_WARNING_KINDS,
            **HOST_WARNING_KINDS,
            **SOAK_KINDS,
        },
    ),
    (
        "note",
        "How the figures are to be read.",
        {
            **NOTE_KINDS,
            **CLUSTER_NOTE_KINDS,
            **ANSWER_NOTE_KINDS,
            **BOX_NOTE_KINDS,
            **HOST_NOTE_KINDS,
        },
    ),
    (
        "Why a load is not the capacity",
        "The reasons in `capacity.broke.reasons`, and behind the second line of the report.",
        {**SHORTFALL_KINDS, **ENDPOINT_SHORTFALL_KINDS},
    ),
    (
        "What limits the endpoint",
        "The evidence in `limit` of `summary.json`, and in the second line of the report.",
        LIMIT_KINDS,
    ),
    (
        "Why two loads were not compared",
        "The reasons in the column `why` of `comparison.json`.",
        COMPARISON_KINDS,
    ),
    (
        "What several runs say together",
        "The findings about runs that were repeated (`--repeat`), in `repeats.json`.",
        REPEAT_KINDS,
    ),
)


def findings_page() -> str:
    """The text of docs/findings.md: a table per severity and use."""
    return "\n".join([_HEAD, *(_part(*part) for part in _PARTS), _failure_classes()])


def _part(title: str, meaning: str, kinds: Mapping[str, Kind]) -> str:
    head = ("code", "meaning", "likely cause", "what to do")
    rows = [
        (f"`{code}`", kind.meaning, kind.cause, with_nouns(kind.advice, in_mix=False))
        for code, kind in kinds.items()
    ]
    return "\n".join([f"## {title}", "", meaning, "", *_table(head, rows), ""])


def _failure_classes() -> str:
    any_status = failure_class(http_failure(503))
    meaning = any_status.meaning.replace("503", "NNN")
    kinds = [*FAILURE_KINDS, replace(any_status, name=http_failure("NNN"), meaning=meaning)]
    head = ("class", "meaning", "where to look", "what to do")
    rows = [
        (f"`{kind.name}`", sentence(kind.meaning), kind.fault, sentence(kind.advice))
        for kind in kinds
    ]
    intro = "Each failed request has one class, which `failed_CLASS` above names."
    return "\n".join(["## Failure classes", "", intro, "", *_table(head, rows), ""])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table, line by line."""
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]


if __name__ == "__main__":
    sys.stdout.buffer.write(findings_page().encode())  # a file in UTF-8 in any locale
