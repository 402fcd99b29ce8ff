"""Laws of the small pieces of English."""

from __future__ import annotations

import pytest

from edgeload.plain_words import plural, rate_words


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [
        (0, "client", "0 clients"),
        (1, "client", "1 client"),
        (2, "client", "2 clients"),
        (1, "worker process", "1 worker process"),
        (2, "worker process", "2 worker processes"),
        (1234567, "request", "1,234,567 requests"),
    ],
)
def test_only_one_is_singular(count: int, noun: str, text: str) -> None:
    """One thing is singular, any other number is plural, and words that end in s get `es`."""
    assert plural(count, noun) == text


def test_a_rate_has_its_singular() -> None:
    """1 request per second, and requests at every other rate."""
    assert [rate_words(rate) for rate in (1.0, 0.5, 2.0)] == [
        "1 request/s", "0.5 requests/s", "2 requests/s",
    ]  # fmt: skip
