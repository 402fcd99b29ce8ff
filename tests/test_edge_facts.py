"""Facts about the endpoint that several rooms rely on, each in one place."""

from __future__ import annotations

import re

import pytest
from as_a_user import ROOT

from edgeload.edge_facts import is_detector_id

DECLARED_ONCE = {
    "the form of a detector id": r"\{27\}",
    "the largest body": r"10 \* 1024 \* 1024|10 << 20|10485760",
    "the limit of connections": r"(?<![0-9.#])119(?![0-9])",
    "the usable cores": r"sched_getaffinity\(0\)",
}


@pytest.mark.parametrize("pattern", DECLARED_ONCE.values(), ids=list(DECLARED_ONCE))
def test_each_fact_stands_in_one_file(pattern: str) -> None:
    """Two copies of one fact drift apart."""
    files = [
        path.name
        for path in (ROOT / "edgeload").rglob("*.py")
        if re.search(pattern, path.read_text())
    ]
    assert len(files) == 1, files


@pytest.mark.parametrize(
    ("text", "legal"),
    [
        ("det_" + "aZ9" * 9, True),
        ("det_" + "a" * 26, False),
        ("det_" + "a" * 28, False),
        ("DET_" + "a" * 27, False),
        ("det_" + "a" * 26 + "\n", False),
        ("det_" + "é" * 27, False),
    ],
)
def test_the_form_of_a_detector_id(text: str, legal: bool) -> None:
    """`det_` in lower case and exactly 27 ASCII letters or digits."""
    assert is_detector_id(text) == legal
