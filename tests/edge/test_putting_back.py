"""Laws of putting a box's configuration back, against a running endpoint."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from recording_server import Handler, recording_server

from edgeload.edge import putting_back
from edgeload.edge.edge_config import (
    EdgeConfigError,
    KeptConfig,
    keep_config,
    put_edge_config,
    read_edge_config,
    with_preset,
    without_detectors,
)
from edgeload.edge.location import Unreachable
from edgeload.edge.putting_back import ChangedMeanwhile, as_command, put_back
from edgeload.edge.trust import TlsTrust
from edgeload.simulator.launch import RunningSimulator, running_simulator

TRUST = TlsTrust()
A, B, C = (f"det_{letter * 27}" for letter in "ABC")


@pytest.fixture
def box() -> Iterator[RunningSimulator]:
    options = ["--detector", f"a:id={A}", "--detector", f"b:id={B}", "--edge-inference", "default"]
    with running_simulator([*options, "--configure-time", "3600s"]) as running:
        yield running


def changed(url: str, *detector_ids: str) -> KeptConfig:
    """The box has no_cloud for these detectors; what was kept of that."""
    before = read_edge_config(url, TRUST)
    put = with_preset(before, detector_ids, "no_cloud")
    put_edge_config(url, put, TRUST)
    return KeptConfig(url, 1.0, before, put)


def test_it_puts_back_once(box: RunningSimulator) -> None:
    """Then the box has its own configuration, and there is nothing more to do."""
    kept = changed(box.url, A, C)
    assert put_back(kept, box.url, TRUST)
    assert read_edge_config(box.url, TRUST) == kept.before
    assert not put_back(kept, box.url, TRUST)


def test_what_somebody_else_has_configured_stays(box: RunningSimulator) -> None:
    """Whatever it is: another detector, or another setting of the same."""
    kept = changed(box.url, A)
    for theirs in (
        with_preset(kept.put, [C], "default"),
        with_preset(kept.put, [A], "disabled"),
        with_preset(kept.before, [B], "no_cloud"),
    ):
        put_edge_config(box.url, theirs, TRUST)
        there = read_edge_config(box.url, TRUST)
        with pytest.raises(ChangedMeanwhile, match="somebody else has changed"):
            put_back(kept, box.url, TRUST)
        assert read_edge_config(box.url, TRUST) == there


def test_it_waits_for_what_has_to_be_loaded_again(box: RunningSimulator) -> None:
    """A detector that was taken down, and no other; the wait is bounded."""
    before = read_edge_config(box.url, TRUST)
    put = without_detectors(with_preset(before, [C], "disabled"), [B])
    put_edge_config(box.url, put, TRUST)
    with pytest.raises(EdgeConfigError, match=f"is put back, but .* not ready within 0 s: {B}$"):
        put_back(KeptConfig(box.url, 1.0, before, put), box.url, TRUST, timeout_s=0.0)
    assert read_edge_config(box.url, TRUST) == before


def test_a_box_that_does_not_answer_is_tried_again_for_a_bounded_time() -> None:
    """While it starts, what is in front of it answers; what the box itself refuses is the end."""
    statuses = [502, 503, 200, 504, 200]
    had: list[bytes] = []

    class Starting(Handler):
        def do_GET(self) -> None:
            self.reply(statuses.pop(0) if statuses else 200, had[-1])

        def do_PUT(self) -> None:
            had.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.reply(200, b"null")

    before = {"detectors": [{"detector_id": A, "edge_inference_config": "default"}]}
    put = with_preset(before, [A], "no_cloud")
    now_s, said = [0.0], list[str]()

    def pause(seconds: float) -> None:
        now_s[0] += seconds

    def tried(kept: KeptConfig, url: str) -> bool:
        return put_back(
            kept, url, TRUST, try_for_s=60.0, clock=lambda: now_s[0], pause=pause, say=said.append
        )

    with recording_server(handler=Starting) as recorder:
        had.append(json.dumps(put).encode())
        kept = KeptConfig(recorder.url, 1.0, before, put)
        assert tried(kept, recorder.url)
        assert json.loads(had[-1]) == before
        assert len(said) == 1
        assert 0.0 < now_s[0] < 60.0
        statuses[:] = [404] * 2
        now_s[0] = 0.0
        with pytest.raises(EdgeConfigError, match="April 2026"):
            tried(kept, recorder.url)
        assert now_s[0] == 0.0
    with pytest.raises(Unreachable):
        tried(kept, "http://127.0.0.1:9")
    assert 60.0 <= now_s[0] < 70.0


def test_the_process_that_puts_back_says_in_one_line_why_it_cannot(
    box: RunningSimulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By exit codes and without a token: done; no such file; somebody else's; nobody there."""

    monkeypatch.setattr(putting_back, "KEEPER_TRIES_S", 0.0)

    def code_of(file: Path) -> int:
        words = as_command(file, insecure=True, cacert=None, allowed=None)
        monkeypatch.setattr(sys, "argv", list(words))
        return putting_back.main()

    file = tmp_path / "edge-config.json"
    assert code_of(file) == 2
    kept = changed(box.url, A)
    keep_config(file, kept)
    assert code_of(file) == 0
    assert read_edge_config(box.url, TRUST) == kept.before
    put_edge_config(box.url, with_preset(kept.before, [B], "disabled"), TRUST)
    assert code_of(file) == 2
    keep_config(file, KeptConfig("http://127.0.0.1:9", 1.0, kept.before, kept.put))
    assert code_of(file) == 5
    assert len(capsys.readouterr().out.splitlines()) == 3
    with pytest.raises(Unreachable):
        put_back(kept, "http://127.0.0.1:9", TRUST)
