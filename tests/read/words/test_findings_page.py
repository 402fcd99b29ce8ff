"""docs/findings.md and the code name the same findings."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from edgeload.read import analysis
from edgeload.read.words.finding_words import FINDING_KINDS, FINDING_TABLES
from edgeload.read.words.findings_page import findings_page

ROOT = Path(__file__).parents[3]


def test_the_page_is_made_from_the_table() -> None:
    """`python -m edgeload.read.words.findings_page` gives the file that is committed."""
    assert (ROOT / "docs" / "findings.md").read_text() == findings_page()


def _is_method(call: ast.Call, name: str) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == name and bool(call.args)


def _codes_in(path: Path) -> set[str]:
    """Codes that a module of the analysis makes findings of."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    makers = [
        c
        for c in calls
        if getattr(c.func, "id", "") in ("Finding", "_short") or _is_method(c, "found")
    ]
    literals = [
        node
        for call in makers
        for node in ast.walk(call.args[0])
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return {str(node.value) for node in literals}


def test_every_code_is_explained_and_every_explanation_used() -> None:
    """What the analysis can find and what the words can say are the same codes."""
    folder = Path(analysis.__file__).parent
    found = set().union(*(_codes_in(path) for path in folder.glob("*.py")))
    found = {"failed_CLASS" if code == "failed_" else code for code in found}
    assert found == set(FINDING_KINDS)


def test_explanations_are_whole_sentences() -> None:
    """Meaning, cause and advice each begin with a capital letter and end with a full stop."""
    for code, kind in FINDING_KINDS.items():
        for text in (kind.meaning, kind.cause, kind.advice):
            assert re.fullmatch(r"[A-Z`].*\.", text), (code, text)


def test_no_code_means_two_things() -> None:
    """The tables of kinds share no code, so that none hides another's words."""
    assert sum(map(len, FINDING_TABLES)) == len(FINDING_KINDS)
