"""`edgeload check` as a user types it: its lines, its JSON and its exit code."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest
from plain_server import plain_server
from recording_server import DETECTOR_ID, recording_server

from edgeload.commands.check import main
from edgeload.simulator.certificate import self_signed, server_context

TOKEN = "api_token_that_nobody_may_see"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GROUNDLIGHT_API_TOKEN", TOKEN)


def test_one_line_for_each_check(capsys: pytest.CaptureFixture[str]) -> None:
    """Each begins with its sign; an old box that answers ends with 0; the token is not shown."""
    with recording_server() as recorder:
        code = main(["--endpoint-url", recorder.url, "--detector-id", DETECTOR_ID])
    out, err = capsys.readouterr()
    *lines, last = out.splitlines()
    assert [line[0] for line in lines] == list("✓✓––✓✓–✗–––")
    assert code == 5
    assert "1 ✗" in last
    assert TOKEN not in out + err


def test_json_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """One object, with the exit code; each check has its name, its verdict and what was seen."""
    with recording_server() as recorder:
        options = ["--endpoint-url", recorder.url, "--detector-id", DETECTOR_ID, "--json"]
        code = main(options)
    told = json.loads(capsys.readouterr().out)
    assert (told["exit_code"], told["url"]) == (code, recorder.url)
    assert {check["verdict"] for check in told["checks"]} == {"ok", "unknown", "skipped", "failed"}
    assert all(check["advice"] for check in told["checks"] if check["verdict"] == "failed")


def test_without_a_token_the_rest_is_checked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load test refuses that at once; here it is one line of several, and exit code 2."""
    monkeypatch.delenv("GROUNDLIGHT_API_TOKEN")
    with recording_server() as recorder:
        assert main(["--endpoint-url", recorder.url, "--detector-id", DETECTOR_ID]) == 2
        assert all("x-api-token" not in seen.headers for seen in recorder.seen)
    out = capsys.readouterr().out
    assert "✗ token          GROUNDLIGHT_API_TOKEN is empty; set it in config.py" in out
    assert "✓ readiness" in out


def test_no_warning_of_a_library_is_shown(tmp_path: Path) -> None:
    """Whoever passes --insecure knows that no certificate is checked."""
    with (
        recording_server(tls=server_context(*self_signed())) as recorder,
        warnings.catch_warnings(record=True) as warned,
    ):
        main(["--endpoint-url", recorder.url, "--insecure", "--detector-id", DETECTOR_ID])
    assert [str(each.message) for each in warned] == []


def test_where_no_load_may_go_nothing_is_sent(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit code 2, as for a load test."""
    assert main(["--endpoint-url", "http://8.8.8.8:30101"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "add --allow-public-target 8.8.8.8" in err


def test_the_token_is_never_an_option() -> None:
    """As for a load test."""
    with pytest.raises(SystemExit) as ended, plain_server(lambda _: None):
        main(["--token", TOKEN])
    assert ended.value.code == 2
