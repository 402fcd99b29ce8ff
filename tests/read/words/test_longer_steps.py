"""How long steps must be, as the option to type."""

from __future__ import annotations

import pytest

from edgeload.read.words.longer_steps import repeat_with


@pytest.mark.parametrize(
    ("step_s", "option"),
    [(0.4, 1), (9.0, 9), (19.01, 20), (20.0, 20), (113.0, 120), (2351.0, 2400)],
)
def test_the_length_is_enough_and_has_two_digits(step_s: float, option: int) -> None:
    """It is rounded up, never down, because a shorter step would not tell."""
    assert repeat_with(step_s) == f"repeat with --time-between-ramp {option}s"
