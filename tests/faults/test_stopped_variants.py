"""Signals to `--variants` while a variant is applied and while the box is restored."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import as_a_user as user
import pytest
from signalled import INTERRUPTED, Program, load_test, started

APPLIES_FOR_EVER = """\
restore_command: sh restore.sh
variants:
  - {name: a, apply: touch applying; sleep 600}
  - {name: b, apply: touch applying; sleep 600}
"""
HANGS_ONCE = """\
echo begun >>restored
[ "$(wc -l <restored)" = 1 ] && [ -e hang ] && sleep 600
echo done >>restored
"""


def contest(folder: Path, *, hang: bool) -> list[str]:
    """The words of a contest whose first command never ends; to restore may hang the first time."""
    (folder / "variants.yaml").write_text(APPLIES_FOR_EVER)
    (folder / "restore.sh").write_text(HANGS_ONCE)
    if hang:
        (folder / "hang").touch()
    return load_test(
        folder, "--variants", f"{folder}/variants.yaml", "--endpoint-url", "http://127.0.0.1:9",
        "--detector-id", user.DETECTOR_ID, "--custom-ramp", "1",
    )  # fmt: skip


def restored(program: Program) -> list[str]:
    """What the command that restores the box has done."""
    path = program.folder / "restored"
    return path.read_text().split() if path.exists() else []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_twice_while_the_box_is_restored(tmp_path: Path, number: signal.Signals) -> None:
    """The program ends at once. Its keeper ends the command that hangs, and restores the box."""
    with started(tmp_path, contest(tmp_path, hang=True)) as program:
        program.wait_for((tmp_path / "applying").exists, "the first variant")
        program.send(number, to_all=True)
        program.wait_for(lambda: restored(program) == ["begun"], "the restoration")
        program.send(number, to_all=True)
        assert program.wait(within_s=5.0) == INTERRUPTED
        program.check_nothing_left()
        assert restored(program) == ["begun", "begun", "done"]
        assert program.err.splitlines()[-3:] == [
            "Interrupted.",
            "The load test has ended before the box was restored; running: sh restore.sh",
            "The box is restored.",
        ]


def test_timeout_ends_a_contest(tmp_path: Path) -> None:
    """`timeout` sends SIGTERM to the program, and at once to its group: that counts as one signal.

    The variant's command, which is in a session of its own, ends too. The box is restored once.
    """
    with started(tmp_path, contest(tmp_path, hang=False)) as program:
        program.wait_for((tmp_path / "applying").exists, "the first variant")
        os.kill(program.process.pid, signal.SIGTERM)
        os.killpg(program.process.pid, signal.SIGTERM)
        program.check_interrupted()
        assert restored(program) == ["begun", "done"]
        assert "NO RESULT: no variant was measured" in program.out
        assert program.err.splitlines()[-1] == "The box is restored."
