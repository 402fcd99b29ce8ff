"""How a search would go, without sending anything."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from edgeload.plan import least_step_s
from edgeload.search.outline import print_outline
from edgeload.settings import resolve

MIX = "examples/mix.yaml"


def outline(**options: Any) -> str:
    """What --dry-run prints of a search."""
    settings = resolve({}, {"find_capacity": True, **options}, {})
    text = StringIO()
    sizes = {group.load.name: 20_000.0 for group in settings.groups()}
    detectors = {group.load.name: "d" for group in settings.groups()}
    print_outline(settings, sizes, Console(file=text, width=200), detectors)
    return text.getvalue()


def rows_of(text: str) -> list[list[str]]:
    """The cells of the table of loads."""
    lines = text.partition("while none of them fails:")[2].splitlines()
    return [
        line.replace(",", "").split()
        for line in lines
        if line[:3] == "   " and "due" not in line and line.split()
    ]


def test_loads_double_from_the_first_to_the_largest() -> None:
    """With what is due per second, and the megabytes of pictures of that."""
    text = outline(requests_per_second="2", max_clients="10")
    rows = rows_of(text)
    assert [row[0] for row in rows] == ["1", "2", "4", "8", "10"]
    for load, due, megabytes in rows:
        assert float(due) == 2 * float(load)
        assert float(megabytes) == pytest.approx(float(due) * 0.02, rel=0.01)
    assert "up to 10 clients at most" in text
    assert f"A trial takes {least_step_s(2.0, 0.5):g} s to 120 s" in text


def test_the_budget_and_what_ends_it_are_said() -> None:
    """Of a search without a budget, how to set one."""
    assert "It takes 300 s at most (--budget)" in outline(budget="5m")
    assert "--budget 5m sets one" in outline(budget="")
    assert "It takes 1800 s at most (--budget)" in outline()


def test_a_small_budget_says_how_far_it_reaches() -> None:
    """At 2/s a trial takes 3.5 s and its pause 1 s: four of them in 20 s, the last with 8 clients.

    At a rate of 0.5/s a trial takes 8 s, so there are two of them, and a search takes longer.
    """
    said = outline(requests_per_second="2", budget="20s")
    assert "enough for about 4 trials: up to 8 clients if none fails" in said
    assert "usually takes 1 to 2 min." in said
    slow = outline(requests_per_second="0.5", budget="20s")
    assert "about 2 trials: up to 2 clients" in slow and "takes 2 to 3 min." in slow
    assert "up to 5 clients if" in outline(budget="20s", max_clients="5", requests_per_second="2")
    assert "enough for" not in outline(budget="5m", requests_per_second="2")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"mix": MIX}, "begins at 1 copy"),
        ({"mix": MIX, "search": "group:door"}, "begins at 1 door camera"),
        ({"search": "rate", "requests_per_second": "3", "max_clients": "4"},
         "begins at 3.00 requests/s"),
    ],
)  # fmt: skip
def test_every_axis_names_what_it_counts(options: dict[str, Any], said: str) -> None:
    """Copies of a mix, cameras of a group, or a rate."""
    assert said in outline(**options)
