"""What one line of a log of the older form says of its request."""

from __future__ import annotations

from typing import Any

import pytest

from edgeload.read.log.older_line import OlderLine, outcome_of


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"code": 503}, "http_503"),
        ({"status": 502, "message": "Bad Gateway"}, "http_502"),
        ({"status_code": "404"}, "http_404"),
        ({"error": {"code": 500, "message": "internal"}}, "http_500"),
        ({"code": 503, "message": "Read timed out"}, "timeout"),
        ({"code": 111}, "unclassified"),  # an errno
        ({"code": 200, "message": "odd"}, "unclassified"),
        ({"code": True}, "unclassified"),
        ({"code": [503]}, "unclassified"),
        ({"code": 1e300}, "unclassified"),
        ({}, "unclassified"),
        (503, "http_503"),
    ],
)
def test_the_status_of_an_error_that_is_an_object(error: Any, expected: str) -> None:
    """It gives the class if the text of the error tells of none."""
    found = outcome_of(OlderLine(success=False, error=error))
    assert found is not None
    assert found[0] == expected
