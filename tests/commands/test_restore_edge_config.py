"""`--restore-edge-config`, and what `--set-no-cloud` says and writes, as a user meets them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from recording_server import Handler, recording_server

from edgeload.commands import run
from edgeload.edge.edge_config import (
    KeptConfig,
    keep_config,
    put_edge_config,
    read_edge_config,
    with_preset,
)
from edgeload.edge.trust import TlsTrust
from edgeload.simulator.launch import RunningSimulator, running_simulator

TRUST = TlsTrust()
A, B = (f"det_{letter * 27}" for letter in "AB")
OPTION = "--restore-edge-config"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GROUNDLIGHT_API_TOKEN", raising=False)


@pytest.fixture(scope="module")
def box() -> Iterator[RunningSimulator]:
    options = ["--detector", f"a:id={A}", "--detector", f"b:id={B}", "--edge-inference", "default"]
    with running_simulator([*options, "--service-time", "5ms"]) as running:
        yield running


def changed(url: str, named: str | None = None) -> KeptConfig:
    """The box is as a run had set it that never restored it; `file` has that, for a URL."""
    before = read_edge_config(url, TRUST)
    kept = KeptConfig(named or url, 1.0, before, with_preset(before, [A], "no_cloud"))
    put_edge_config(url, kept.put, TRUST)
    keep_config(Path("file"), kept)
    return kept


def test_it_restores_and_says_so(box: RunningSimulator, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a token, whatever else config.py says; a second time there is nothing to do."""
    Path("config.py").write_text("ENDPOINT_URL = 'http://127.0.0.1:9'\nMAX_CLIENTS = 3\n")
    kept = changed(box.url)
    assert run.main([OPTION, "file"]) == 0
    assert read_edge_config(box.url, TRUST) == kept.before
    assert run.main([OPTION, "file"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{box.url} has its own configuration again.",
        f"{box.url} has this configuration already.",
    ]


def test_a_box_that_has_moved_is_named(
    box: RunningSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """The URL that is typed beats the one in the file, at which nobody answers: exit code 5."""
    kept = changed(box.url, "http://127.0.0.1:9")
    assert run.main([OPTION, "file"]) == 5
    assert "no connection" in capsys.readouterr().err
    assert run.main([OPTION, "file", "--endpoint-url", box.url]) == 0
    assert read_edge_config(box.url, TRUST) == kept.before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("none", "none: cannot be read (No such file or directory); must be a file that"),
        ("config.py", "config.py: is not the configuration of an Edge Endpoint that a load test"),
        ("file --max-clients 3", "file: does nothing else; must be given without --max-clients"),
        ("file --cacert none.pem", "CACERT = 'none.pem': No such file or directory; must"),
        ("file --endpoint-url 192.0.2.7", "ENDPOINT_URL = '192.0.2.7': must be http://HOST:PORT"),
    ],
)
def test_what_is_wrong_is_one_line(
    words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and nothing is sent."""
    Path("config.py").write_text("SEED = 1\n")
    with recording_server(handler=Handler) as recorder:
        keep_config(Path("file"), KeptConfig(recorder.url, 1.0, {}, {}))
        assert run.main([OPTION, *words.split()]) == 2
        assert recorder.seen == []
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_what_somebody_else_has_configured_stays(
    box: RunningSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2: the file is not for this box as it is now."""
    kept = changed(box.url)
    put_edge_config(box.url, with_preset(kept.put, [B], "disabled"), TRUST)
    try:
        assert run.main([OPTION, "file"]) == 2
        assert "file: somebody else has changed the configuration of" in capsys.readouterr().err
    finally:
        put_edge_config(box.url, kept.before, TRUST)


@pytest.mark.slow
def test_a_series_is_configured_once(
    box: RunningSimulator,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before its first run and after its last, each of which says so; to restore changes no run."""
    monkeypatch.setenv("GROUNDLIGHT_API_TOKEN", "api_t")
    before = read_edge_config(box.url, TRUST)
    code = run.main(
        ["--endpoint-url", box.url, "--detector-id", A, "--set-no-cloud", "--custom-ramp", "1",
         "--time-between-ramp", "1", "--repeat", "2", "--cooldown", "0", "--same-image",
         "--preflight"],
        program="load_test.py",
    )  # fmt: skip
    assert code in (0, 4, 6)
    assert read_edge_config(box.url, TRUST) == before
    said = capsys.readouterr().err.splitlines()
    assert [line for line in said if "is set for" in line or "own configuration again" in line] == [
        "no_cloud is set for 1 detector until the end of this run.",
        "The box has its own configuration again.",
    ]
    (saved,) = Path("load_test_results").glob("*Z/edge-config.json")
    assert f"The box's configuration is saved in {saved}." in said[0]
    for number in (1, 2):
        summary = json.loads((Path("load_test_results") / f"run-{number}/summary.json").read_text())
        messages = {each["code"]: each["message"] for each in summary["findings"]}
        assert messages["no_cloud_set"].startswith("For this run, 1 detector was configured to")
        assert "box_changed" not in messages
        assert summary["box"]["detectors"], "the box said nothing"
