"""An objective's margin: the sign of its bound against the value, and an honest error."""

from __future__ import annotations

import math

import pytest

from edgeload.objectives import parse_objective
from edgeload.read.analysis.margins import margin_of
from edgeload.read.analysis.objective_results import ObjectiveResult


def _result(
    value: float | None,
    low: float | None,
    high: float | None,
    n: int = 500,
    text: str = "p95<300ms",
) -> ObjectiveResult:
    return ObjectiveResult(parse_objective(text), None, "undecided", value, low, high, n, None)


def test_the_margin_is_the_logarithm_of_bound_over_value() -> None:
    """Above 0 where the objective is met; its error from the farther limit, at 95 % one-sided."""
    met = margin_of(_result(0.2, 0.18, 0.25))
    assert met is not None
    assert met.value == pytest.approx(math.log(1.5))
    assert met.error == pytest.approx(math.log(1.25) / 1.645)
    missed = margin_of(_result(0.6, 0.5, 0.7))
    assert missed is not None
    assert missed.value == pytest.approx(-math.log(2))


def test_a_limit_that_is_lacking_makes_it_uncertain() -> None:
    """A sample that is too small for an upper limit says little, not much."""
    some, all_ = margin_of(_result(0.2, 0.19, None)), margin_of(_result(0.2, 0.19, 0.21))
    assert some is not None
    assert all_ is not None
    assert some.error > 4 * all_.error


@pytest.mark.parametrize(
    "result",
    [
        _result(None, None, None),
        _result(math.inf, 0.2, None),
        _result(0.2, None, None, n=5),
        _result(0.01, 0.0, 0.02, text="errors<1%"),
    ],
)
def test_what_measures_no_time_has_no_margin(result: ObjectiveResult) -> None:
    """Nothing measured, never answered, a handful of answers, or a share."""
    assert margin_of(result) is None
