"""The plan as a table."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from edgeload.plan import Plan, ramp_steps
from edgeload.run.dry_run import print_plan


@pytest.mark.parametrize(
    ("clients", "line"),
    [
        ([1], "1 request in 1 s, from up to 1 client at 1 requests/s. Nothing was sent."),
        ([1, 2000], "2,001 requests in 2 s, from up to 2,000 clients at 1 requests/s each. "),
    ],
)
def test_the_first_line_says_how_much_would_be_sent(clients: list[int], line: str) -> None:
    """In total and at most, with singular and plural in their places."""
    text = StringIO()
    print_plan(Plan(ramp_steps(clients, 1.0), 1.0), 1000, Console(file=text, width=200))
    assert text.getvalue().startswith(line)
