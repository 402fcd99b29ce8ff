"""Laws of secrets in a box's configuration: no message shows them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from recording_server import Handler, recording_server

from edgeload.edge.config_form import secrets_of
from edgeload.edge.edge_config import (
    EdgeConfigError,
    KeptConfig,
    keep_config,
    kept_config,
    put_edge_config,
    read_edge_config,
)
from edgeload.edge.trust import TlsTrust
from edgeload.untrusted_text import printable

TRUST = TlsTrust()


def with_token(token: str) -> dict[str, object]:
    return {
        "edge_inference_configs": {"default": {"enabled": True, "api_token": token}},
        "detectors": [],
    }


def test_secrets_are_found_wherever_they_stand() -> None:
    """And nothing else, however deep it is."""
    assert secrets_of(with_token("api_s3cr3t")) == ["api_s3cr3t"]
    assert secrets_of({"a": [{"API_TOKEN": "x1", "password": None}], "token": {"b": "y"}}) == ["x1"]
    deep: object = {"api_token": "z1"}
    for _ in range(100_000):
        deep = [deep]
    assert secrets_of(deep) == ["z1"]
    assert secrets_of(None) == []


def test_a_token_that_was_read_is_never_shown(tmp_path: Path) -> None:
    """Neither one of a box, which may say it back in an error, nor one in a file."""
    read, kept = "api_readFromTheBox123", "api_keptInTheFile456"

    class Telling(Handler):
        def do_GET(self) -> None:
            self.reply(200, json.dumps(with_token(read)).encode())

        def do_PUT(self) -> None:
            self.reply(400, self.rfile.read(int(self.headers["Content-Length"])))

    with recording_server(handler=Telling) as recorder:
        config = read_edge_config(recorder.url, TRUST)
        with pytest.raises(EdgeConfigError, match=r"has refused .*HTTP status 400") as refused:
            put_edge_config(recorder.url, config, TRUST)
    assert read not in str(refused.value)
    assert "(hidden)" in str(refused.value)
    before = with_token(kept)
    keep_config(tmp_path / "file", KeptConfig("http://192.0.2.7:30143", 1.0, before, before))
    assert kept_config(tmp_path / "file").before == before
    assert kept not in printable(f"the token {kept}")


def test_what_a_box_answers_with_200_is_not_quoted() -> None:
    """A configuration that cannot be read may hold a secret."""

    class Broken(Handler):
        def do_GET(self) -> None:
            self.reply(200, b"{'api_token': 'api_broken789'")

    with (
        recording_server(handler=Broken) as recorder,
        pytest.raises(EdgeConfigError, match="HTTP status 200, but not as the JSON") as refused,
    ):
        read_edge_config(recorder.url, TRUST)
    assert "broken" not in str(refused.value)
