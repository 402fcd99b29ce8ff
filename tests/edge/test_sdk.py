"""Laws of how the real Groundlight SDK is used."""

from __future__ import annotations

import pytest
from recording_server import Handler, recording_server

from edgeload.edge.sdk import SdkError, create_detector, sdk_client
from edgeload.edge.trust import TlsTrust

TOKEN = "api_2345678901234567890_secret"


def test_the_servers_own_text_is_passed_on_whole() -> None:
    """Not cut, not among headers, on one line: why a detector could not be created."""
    reason = "name: " + "x" * 500 + "\nmust be shorter"

    def refuse(handler: Handler, number: int) -> None:
        handler.reply(400, reason.encode())

    with recording_server(refuse) as recorder:
        client = sdk_client(recorder.url, TOKEN, TlsTrust())
        with pytest.raises(SdkError) as caught:
            create_detector(client, TlsTrust(), "x", "y?")
    assert str(caught.value) == f"HTTP status 400: {reason.replace(chr(10), ' ')}"


def test_the_sdks_complaints_do_not_tell_the_token() -> None:
    """It quotes the first twelve characters; they are taken out."""
    with recording_server() as recorder:
        client = sdk_client(recorder.url, TOKEN, TlsTrust())
        with pytest.raises(SdkError) as caught:
            create_detector(client, TlsTrust(), "x", "y?")
        assert TOKEN[:12] not in str(caught.value)
    with pytest.raises(SdkError) as caught:
        sdk_client("http://127.0.0.1:9", TOKEN, TlsTrust())
    assert TOKEN[:12] not in str(caught.value)
    assert "(hidden)" in str(caught.value)


def test_constructing_a_client_mints_no_token() -> None:
    """Rotation is off: it asks who it is, and posts nothing."""
    with recording_server() as recorder:
        sdk_client(recorder.url, TOKEN, TlsTrust())
        assert {(s.method, s.path) for s in recorder.seen} == {("GET", "/device-api/v1/me")}
