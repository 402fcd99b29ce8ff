"""`edgeload memory` as a user types it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import as_a_user as user
import pytest

from edgeload.byte_sizes import MEBIBYTE
from edgeload.commands.memory import main
from edgeload.edge.edge_config import agrees, read_edge_config
from edgeload.edge.trust import TlsTrust
from edgeload.simulator.launch import running_simulator

NAMES = ("first", "second", "third")
BOX = (
    *(word for name in NAMES for word in ("--detector", name)),
    *("--figures-renewed", "300ms", "--readiness-cache", "10ms", "--service-time", "5ms"),
    *("--detector-ram", "400MiB", "--used-ram", "100MiB", "--oodd", "0.25"),
    *("--detector-vram", "200MiB", "--used-vram", "50MiB", "--memory-noise", "2MiB"),
)


@pytest.fixture
def mix(tmp_path: Path) -> Path:
    """A mix of these detectors."""
    file = tmp_path / "mix.yaml"
    groups = (
        f"- {{name: {name}, detector_name: {name}, cameras: 1, requests_per_second: 1}}\n"
        for name in NAMES
    )
    file.write_text("".join(groups))
    return file


def test_more_detectors_than_there_are_is_one_line(
    mix: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, before anything is started."""
    assert main(["--mix", str(mix), "--detectors", "1..4"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "there are only 3 detectors in the settings; must be at most 3" in line


@pytest.mark.parametrize("text", ["0..3", "3..1", "x", "1-3", "1..", ""])
def test_a_range_that_is_none_is_one_line(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what is legal, with an example."""
    with pytest.raises(SystemExit) as ended:
        main(["--detectors", text])
    assert ended.value.code == 2
    assert "must be a range of numbers of detectors from 1, for example 1..4" in (
        capsys.readouterr().err
    )


def test_an_older_box_is_not_touched(
    mix: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that says nothing of its memory: exit code 6, and why."""
    options = ["--mix", str(mix), "--output-dir", str(tmp_path / "out"), "--simulator-options"]
    assert main([*options, f"{' '.join(BOX)} --resources none"]) == 6
    err = capsys.readouterr().err
    assert "the box says nothing of its memory" in err
    assert "NOT RESTORED" not in err


@pytest.mark.slow
def test_memory_per_detector_and_the_files(
    mix: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The truth of the embedded endpoint is in the intervals, and the files tell the same."""
    out = tmp_path / "out"
    options = ["--mix", str(mix), "--output-dir", str(out), "--renewed-every", "300ms"]
    assert main([*options, "--simulator-options", " ".join(BOX)]) == 0
    (folder,) = out.iterdir()
    told = json.loads((folder / "memory.json").read_text())
    assert told["detectors"] == list(NAMES)
    for memory, in_use, idle in zip(told["memories"], (500, 250), (400, 200), strict=True):
        slope = memory["in_use"]
        assert slope["low"] - 1 <= in_use * MEBIBYTE <= slope["high"] + 1
        assert memory["idle"]["low"] - 1 <= idle * MEBIBYTE <= memory["idle"]["high"] + 1
        assert not memory["disagrees"]
        assert memory["room"]["low"] <= memory["room"]["high"]
    text = (folder / "memory.txt").read_text()
    printed = capsys.readouterr().out
    assert told["headline"] in " ".join(text.split())
    assert text.splitlines()[0] in printed
    assert (folder / "memory.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_box_is_restored_after_a_signal(mix: Path, tmp_path: Path, how: int) -> None:
    """Also by the keeper if the program is killed; after Ctrl-C, what was read is written."""
    trust = TlsTrust()
    with running_simulator(BOX) as simulator:
        before = read_edge_config(simulator.url, trust)
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "edgeload", "memory", "--mix", str(mix)),
                *("--endpoint-url", simulator.url, "--renewed-every", "300ms"),
                *("--output-dir", str(tmp_path / "out")),
            ],
            env={**os.environ, "PYTHONPATH": str(user.ROOT), "GROUNDLIGHT_API_TOKEN": "api_x"},
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("1 detector in use"):
                break
        process.send_signal(how)
        out, err = process.communicate(timeout=60)  # the keeper holds the pipe until it is done
        assert agrees(before, read_edge_config(simulator.url, trust)), err
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert "Stopped by SIGINT." in out
