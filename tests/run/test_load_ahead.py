"""The line that says what a run is about to send."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeload.run.load_ahead import load_ahead
from edgeload.run.preflight import largest_load
from edgeload.settings import resolve

URL = "http://192.0.2.7:30101"
MIX = Path(__file__).parents[2] / "examples" / "mix.yaml"


def line(**options: object) -> str:
    """What is said of a run with these options, whose pictures have 20 kB each."""
    settings = resolve(
        {}, {"endpoint_url": URL, **options}, {"GROUNDLIGHT_API_TOKEN": "token_of_the_test"}
    )
    plan = settings.plan()
    sizes = {group.name: 20_000.0 for group in plan.groups}
    most = largest_load(settings, plan, 2) if settings.find_capacity else None
    said = load_ahead(settings, URL, "192.0.2.7", plan, sizes, most)
    return said.removeprefix(f"Target: {URL}. ")


def test_a_ramp_says_all_of_its_requests() -> None:
    """5 and 10 clients for 10 s, twice a second."""
    options = {"custom_ramp": "5,10", "time_between_ramp": 10, "requests_per_second": 2}
    assert line(**options) == "In all, 300 requests with 6 MB of pictures."


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"max_clients": 120, "budget": "5m"},
            "In all, at most 72,000 requests with 1.44 GB of pictures: up to 240 requests/s (120 "
            "clients) for 300 s (--budget).",
        ),
        (
            {"max_clients": 120, "budget": ""},
            "Up to 240 requests/s (120 clients) with 4.8 MB/s of pictures, without a limit of time "
            "(--budget sets one).",
        ),
        (
            {"max_clients": 5, "budget": "1m", "search": "rate"},
            "In all, at most 60,000 requests with 1.2 GB of pictures: up to 1,000 requests/s (5 "
            "clients at 200.00 requests/s each) for 60 s (--budget).",
        ),
    ],
)
def test_a_search_says_what_its_largest_load_would_send(
    options: dict[str, object], said: str
) -> None:
    """In all of its budget; no search sends more, and most send far less."""
    assert line(find_capacity=True, requests_per_second=2, **options) == said


@pytest.mark.parametrize(
    ("search", "load"),
    [
        ("copies", "400 requests/s (10 copies)"),
        ("headroom", "5,200 requests/s (1,000 door cameras)"),
        ("group:door", "70 requests/s (10 door cameras)"),
    ],
)
def test_a_search_of_a_mix_counts_the_other_groups_as_well(search: str, load: str) -> None:
    """A copy has 20 requests/s of door cameras, and 20 of others. The largest group counts."""
    mix = {"mix": MIX, "find_capacity": True, "search": search, "slo": ["p95<1s"]}
    assert f": up to {load} for 10 s (--budget)." in line(**mix, max_clients=10, budget="10s")
