"""Fault switches: what is legal, and how often each strikes."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from edgeload.simulator.faults import FaultError, Faults, faults_from, status_of


def test_each_fault_strikes_as_often_as_asked() -> None:
    """At most one fault a query, each with its own probability."""
    faults = faults_from({"hang": 0.1, "status_503": 0.25, "reset": 0})
    chance = random.Random(5)
    struck = Counter(faults.draw(chance.random()) for _ in range(40_000))
    assert struck["hang"] / 40_000 == pytest.approx(0.1, abs=0.01)
    assert struck["status_503"] / 40_000 == pytest.approx(0.25, abs=0.01)
    assert set(struck) == {"hang", "status_503", None}


def test_certain_and_absent_faults() -> None:
    """Probability 1 strikes always, no switch never."""
    draws = [0.0, 0.5, 1.0 - 2**-53]
    assert {faults_from({"bad_json": 1}).draw(u) for u in draws} == {"bad_json"}
    assert {Faults().draw(u) for u in draws} == {None}


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"explode": 0.1}, "must be one of reset, hang"),
        ({"status_200": 0.1}, "status_NNN (400 to 599)"),
        ({"hang": 1.5}, "must be a probability"),
        ({"hang": True}, "must be a probability"),
        ({"hang": float("nan")}, "must be a probability"),
        ({"hang": "often"}, "must be a probability"),
        ({"hang": 0.6, "reset": 0.5}, "add up to 1.1"),
    ],
)
def test_what_is_no_fault_is_refused(wanted: dict[str, object], says: str) -> None:
    """Unknown kinds and impossible probabilities are named."""
    with pytest.raises(FaultError) as raised:
        faults_from(wanted)
    assert says in str(raised.value)


def test_status_of_a_kind() -> None:
    """status_NNN carries its status, other kinds have none."""
    assert status_of("status_429") == 429
    assert status_of("hang") is None
