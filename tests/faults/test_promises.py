"""docs/promises.md: each promise has its test, and each test of a fault has its promise."""

from __future__ import annotations

import ast
import re
from pathlib import Path

_FAULTS = Path(__file__).parent
_PAGE = _FAULTS.parent.parent / "docs" / "promises.md"
_NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def _promised() -> set[tuple[str, str]]:
    rows = [line for line in _PAGE.read_text().splitlines() if line.startswith("| ")][2:]
    named = [_NAMED.findall(row.split(" | ")[-1]) for row in rows]
    assert all(named), f"no test in: {rows[named.index([])]}"
    return {each for tests in named for each in tests}


def _tests() -> set[tuple[str, str]]:
    return {
        (path.name, node.name)
        for path in _FAULTS.glob("test_*.py")
        if path != Path(__file__)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_promise_has_a_test_and_every_test_its_promise() -> None:
    """The page names the tests in tests/faults/, all of them and no others."""
    assert _promised() == _tests()
