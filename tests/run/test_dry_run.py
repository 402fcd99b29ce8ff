"""The plan as a table."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from edgeload.plan import one_group_plan, ramp_steps
from edgeload.run.dry_run import print_plan


@pytest.mark.parametrize(
    ("clients", "line"),
    [
        ([1], "1 request in 1 s, from up to 1 client at 1 request/s. Nothing was sent."),
        ([1, 2000], "2,001 requests in 2 s, from up to 2,000 clients at 1 request/s each. "),
    ],
)
def test_the_first_line_says_how_much_would_be_sent(clients: list[int], line: str) -> None:
    """In total and at most, with singular and plural in their places."""
    text = StringIO()
    print_plan(
        one_group_plan(ramp_steps(clients, 1.0), 1.0),
        {"cameras": 1000},
        Console(file=text, width=200),
    )
    assert text.getvalue().startswith(line)


@pytest.mark.parametrize(
    ("step_s", "rate", "warns"),
    [(3.4, 2.0, True), (3.6, 2.0, False), (7.9, 0.5, True), (8.1, 0.5, False)],
)
def test_steps_that_can_never_tell_are_named(step_s: float, rate: float, warns: bool) -> None:
    """2 s or one period, and three periods more, is the least; what is shorter is said."""
    text = StringIO()
    print_plan(
        one_group_plan(ramp_steps([5], step_s), rate),
        {"cameras": 1000},
        Console(file=text, width=200),
    )
    assert ("too short to tell" in text.getvalue()) == warns
