"""A load test that has configured the box is stopped or killed: the box is restored."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import as_a_user as user
import psutil
import pytest
from signalled import INTERRUPTED, Program, load_test, started

from edgeload.edge.edge_config import has_preset, read_edge_config
from edgeload.edge.trust import TlsTrust
from edgeload.simulator.launch import RunningSimulator, running_simulator

TRUST = TlsTrust()
OPTIONS = ("--detector-id", user.DETECTOR_ID, "--edge-inference", "default")


@pytest.fixture
def box() -> Iterator[RunningSimulator]:
    with running_simulator(OPTIONS) as running:
        yield running


def configured_run(folder: Path, box: RunningSimulator, *more: str) -> list[str]:
    """The words of a run that configures the box for its time."""
    return load_test(
        folder, "--endpoint-url", box.url, "--set-no-cloud", "--detector-id", user.DETECTOR_ID,
        "--custom-ramp", "1", "--time-between-ramp", "60", *more,
    )  # fmt: skip


def config_of(box: RunningSimulator) -> dict[str, Any]:
    return read_edge_config(box.url, TRUST)


def wait_for_load(program: Program, box: RunningSimulator) -> None:
    program.wait_for(lambda: user.answered_in(program.folder) >= 3, "the load")
    assert has_preset(config_of(box), user.DETECTOR_ID, "no_cloud")


def keeper_of(program: Program) -> psutil.Process:
    (found,) = [one for one in program.family() if "edgeload.keeper:main" in one.cmdline()]
    return found


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        pytest.param(signal.SIGINT, marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, marks=pytest.mark.slow),
    ],
    ids=lambda number: number.name,
)
def test_a_stopped_run_restores_the_box(
    tmp_path: Path, box: RunningSimulator, number: signal.Signals
) -> None:
    """After its report. The log says what was configured, and nothing that it changed."""
    before = config_of(box)
    with started(tmp_path, configured_run(tmp_path, box)) as program:
        wait_for_load(program, box)
        program.send(number, to_all=True)
        program.check_interrupted()
        assert program.err.splitlines()[-1] == "The box has its own configuration again."
    assert config_of(box) == before
    assert user.header_of(tmp_path).endpoint["no_cloud_set"] == [user.DETECTOR_ID]
    found = {finding["code"] for finding in user.summary(tmp_path)["findings"]}
    assert "no_cloud_set" in found
    assert "box_changed" not in found


def test_the_keeper_of_a_killed_run_restores_the_box(tmp_path: Path, box: RunningSimulator) -> None:
    """At once, and it says so."""
    before = config_of(box)
    with started(tmp_path, configured_run(tmp_path, box)) as program:
        wait_for_load(program, box)
        program.send(signal.SIGKILL)
        program.wait()
        user.wait_for(lambda: config_of(box) == before, 10, "the box as it was")
        user.wait_for(lambda: not program.family(), 10, "the end of the keeper")
        restoring, done = program.err.splitlines()[-2:]
        assert "has ended before the box was restored; running: python load_test.py" in restoring
        assert done == "The box is restored."


@pytest.mark.slow
def test_after_a_power_cut_the_file_restores_the_box(tmp_path: Path, box: RunningSimulator) -> None:
    """Everything is killed at once; what the run had said to type needs no token."""
    before = config_of(box)
    with started(tmp_path, configured_run(tmp_path, box)) as program:
        wait_for_load(program, box)
        for one in (keeper_of(program), *program.family()):
            one.kill()
        program.wait()
        assert config_of(box) != before
        words = program.err.splitlines()[0].partition("type: python ")[2].split()
    done = subprocess.run(
        [sys.executable, *words], cwd=user.ROOT, capture_output=True, text=True, check=False,
        env={name: text for name, text in os.environ.items() if name != "GROUNDLIGHT_API_TOKEN"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{box.url} has its own configuration again.\n"
    assert config_of(box) == before


@pytest.mark.slow
def test_twice_while_answers_are_awaited(tmp_path: Path) -> None:
    """The program ends at once; its keeper restores the box."""
    slow = ("--service-time", "20s", "--inference-workers", "1")
    with running_simulator([*OPTIONS, *slow]) as box:
        before = config_of(box)
        words = configured_run(tmp_path, box, "--timeout", "60")
        with started(tmp_path, words) as program:
            program.wait_for(lambda: box.stats()["received"] > 0, "the load")
            program.send(signal.SIGINT, to_all=True)
            program.send(signal.SIGINT, to_all=True)
            assert program.wait() == INTERRUPTED
            user.wait_for(lambda: config_of(box) == before, 10, "the box as it was")
