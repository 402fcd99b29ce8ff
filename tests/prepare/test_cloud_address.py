"""Laws of the cloud's address: the token goes nowhere without TLS but to loopback."""

from __future__ import annotations

import pytest

from edgeload.prepare.cloud_address import DEFAULT_CLOUD, cloud_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (DEFAULT_CLOUD, DEFAULT_CLOUD),
        ("https://API.groundlight.ai/device-api/", DEFAULT_CLOUD),
        (" https://cloud.example.org:8443/ ", "https://cloud.example.org:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_what_is_legal(text: str, address: str) -> None:
    """Without a path, as the SDK adds its own."""
    assert cloud_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "", "api.groundlight.ai", "ftp://127.0.0.1", "https://", "https://a b", "https://a:99999",
        "https://user:secret@example.org", "https://example.org/v1", "https://example.org?x=1",
        "http://api.groundlight.ai", "http://10.0.0.7", "http://localhost:80", "https://example#x",
    ],
)  # fmt: skip
def test_what_is_not(text: str) -> None:
    """A name of loopback may mean something else by tomorrow."""
    with pytest.raises(ValueError, match=r"^must be https://HOST, for example https://api\.g"):
        cloud_address(text)
