"""Laws of how the real Groundlight SDK is used."""

from __future__ import annotations

import pytest
from recording_server import recording_server

from edgeload.edge.sdk import SdkError, find_detector, sdk_client, without_token
from edgeload.edge.trust import TlsTrust
from edgeload.simulator.launch import running_simulator

TOKEN = "api_2345678901234567890_secret"


def test_a_detector_is_found_by_name_or_made_once() -> None:
    """Twice the same name is the same detector."""
    with running_simulator() as simulator:
        client = sdk_client(simulator.url, TOKEN, TlsTrust())
        made = find_detector(client, TOKEN, "a new one", "Is it new?")
        assert made.startswith("det_")
        assert find_detector(client, TOKEN, "a new one", "Is it new?") == made
        assert find_detector(client, TOKEN, "a new one", None) == made


def test_the_sdks_complaints_do_not_tell_the_token() -> None:
    """It quotes the first twelve characters; they are taken out."""
    with recording_server() as recorder:
        client = sdk_client(recorder.url, TOKEN, TlsTrust())
        with pytest.raises(SdkError) as caught:
            find_detector(client, TOKEN, "x", None)
        assert TOKEN[:12] not in str(caught.value)
    with pytest.raises(SdkError) as caught:
        sdk_client("http://127.0.0.1:9", TOKEN, TlsTrust())
    assert TOKEN[:12] not in str(caught.value)
    assert "(hidden)" in str(caught.value)
    assert without_token(f"x {TOKEN} y {TOKEN[:12]}...", TOKEN) == "x (hidden) y (hidden)..."


def test_constructing_a_client_mints_no_token() -> None:
    """Rotation is off: it asks who it is, and posts nothing."""
    with recording_server() as recorder:
        sdk_client(recorder.url, TOKEN, TlsTrust())
        assert {(s.method, s.path) for s in recorder.seen} == {("GET", "/device-api/v1/me")}
