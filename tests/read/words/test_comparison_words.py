"""A comparison in words: what is alike reads alike, and nothing is said that was not compared."""

from __future__ import annotations

import math

import pytest

from edgeload.read.analysis.compared_loads import Load
from edgeload.read.analysis.compared_quantities import ComparedQuantity
from edgeload.read.words.comparison_words import change, quantity_value


def row(quantity: str, old: float, new: float, shift: float) -> ComparedQuantity:
    low, high = shift - 0.01, shift + 0.01
    return ComparedQuantity(
        Load(50.0, 10, 10), quantity, old, new, shift, low, high, 0.001, "worse"
    )


def test_changes_that_are_alike_read_alike() -> None:
    """A service and a response p50 of 50.8 -> 60.7 ms were +20 % and +19 %: each side of 19.5 %."""
    service = row("service p50", 0.0507671, 0.0607155, 0.1952902)
    response = row("response p50", 0.0508213, 0.0607443, 0.1946367)
    assert change(service) == change(response) == "+19.5 % (+18.5 % to +20.5 %)"


@pytest.mark.parametrize("quantity", ["throughput", "response p50"])
def test_values_that_print_alike_have_no_change(quantity: str) -> None:
    """Over all sizes, a change that is shown as 0.1 % or more is seen in the values."""
    for i in range(2_000):
        old = 10 ** (i / 250 - 4)
        for factor in (1.0011, 0.9989):
            compared = row(quantity, old, old * factor, factor - 1)
            assert quantity_value(compared, old) != quantity_value(compared, old * factor)


def test_a_change_has_its_sign_and_interval() -> None:
    """Nothing is 0 %, and what is never answered is "never"."""
    assert change(row("throughput", 50.0, 50.0, 0.0)) == "0 % (-1.0 % to +1.0 %)"
    assert change(row("throughput", 50.0, 30.0, -0.4)) == "-40.0 % (-41.0 % to -39.0 %)"
    assert change(row("response p95", 0.1, math.inf, math.inf)) == "never answered"
