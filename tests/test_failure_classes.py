"""Laws of the classes of failures: each declared once, and README lists the same ones."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from as_a_user import ROOT

from edgeload import failure_classes
from edgeload.failure_classes import FAILURE_KINDS, UNCLASSIFIED, Fault, failure_class

NOT_IN_README = {UNCLASSIFIED}
"""Only logs of the older form have the first, and only the SDK client can write the second."""


def names_in_readme() -> set[str]:
    """The class names in the sentence of README that lists them."""
    text = (ROOT / "README.md").read_text()
    begin = "a failure with a class of its own:"
    listed = text[text.index(begin) : text.index("Failures never enter")]
    return set(re.findall(r"`([a-z_0-9]+)`", listed))


def test_readme_lists_the_declared_classes() -> None:
    """No class is missing in README, and none stands there that does not exist."""
    declared = {kind.name for kind in FAILURE_KINDS}
    listed = names_in_readme()
    assert declared - listed <= NOT_IN_README
    unknown = "this version does not know"
    assert not [name for name in listed if failure_class(name).meaning.startswith(unknown)]
    assert "http_503" in listed


def test_each_class_has_one_declaration() -> None:
    """Its name, a meaning in one sentence, a fault out of the five, and advice of its own."""
    names = [kind.name for kind in FAILURE_KINDS]
    assert len(set(names)) == len(names)
    constants = {
        value for name, value in vars(failure_classes).items() if name == str(value).upper()
    }
    assert constants == set(names)
    for kind in FAILURE_KINDS:
        assert failure_class(kind.name) is kind
        assert kind.fault in get_args(Fault)
        assert kind.meaning
        assert kind.advice
        assert "." not in kind.meaning


@pytest.mark.parametrize(
    ("name", "fault"), [("http_503", "endpoint"), ("http_401", "setup"), ("http_302", "setup")]
)
def test_any_http_status_is_a_class(name: str, fault: Fault) -> None:
    """It names the status, and a server's error is not a wrong request."""
    kind = failure_class(name)
    assert (kind.name, kind.fault) == (name, fault)
    assert name.removeprefix("http_") in kind.meaning


@pytest.mark.parametrize("name", ["http_", "http_5", "http_5033", "x\n", ""])
def test_an_unknown_class_is_said_to_be_unknown(name: str) -> None:
    """A log of a later version can be read, and nothing is invented about its classes."""
    kind = failure_class(name)
    assert kind.name == name
    assert kind.fault == "nobody"
    assert "does not know" in kind.meaning
