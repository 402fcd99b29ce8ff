"""Laws of the keeper, a process: commands end in time, and it restores when its input ends."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import as_a_user as user
import msgspec
import psutil
import pytest

from edgeload.child_processes import command
from edgeload.keeper import KeeperAnswer, KeeperTask, ended_words

Keeper = subprocess.Popen[bytes]


@contextmanager
def keeper(folder: Path) -> Iterator[Keeper]:
    """A keeper; what it says is in the file `said`."""
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            command("edgeload.keeper:main", str(folder)),
            cwd=user.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said,
            start_new_session=True,
        )  # fmt: skip
    with process:
        try:
            yield process
        finally:
            process.kill()


def tell(process: Keeper, *tasks: KeeperTask) -> None:
    assert process.stdin is not None
    process.stdin.write(b"".join(msgspec.json.encode(task) + b"\n" for task in tasks))
    process.stdin.flush()


def answer(process: Keeper) -> KeeperAnswer:
    assert process.stdout is not None
    return msgspec.json.decode(process.stdout.readline(), type=KeeperAnswer)


def end_of_input(process: Keeper) -> None:
    """As when the load test ends, in whatever way."""
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(20) == 0


def test_a_command_runs_in_the_folder_and_its_output_comes_back(tmp_path: Path) -> None:
    """Exit code and both outputs, by the number of the task; its input is empty."""
    with keeper(tmp_path) as process:
        tell(process, KeeperTask(number=7, run="pwd; cat; echo no >&2; exit 3"))
        got = answer(process)
    assert (got.number, got.code, got.output) == (7, 3, f"{tmp_path}\nno\n")
    assert ended_words(got) == f"exit code 3: {tmp_path} no"


def test_what_a_command_leaves_in_the_background_does_not_hold_it_up(tmp_path: Path) -> None:
    """It outlives the keeper: it may be the very endpoint."""
    with keeper(tmp_path) as process:
        tell(process, KeeperTask(run="sleep 100 & echo $!"))
        got = answer(process)
        end_of_input(process)
    left = psutil.Process(int(got.output))
    try:
        assert (got.code, left.name()) == (0, "sleep")
    finally:
        left.kill()


def test_a_command_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    """Also a child that ignores SIGTERM; there is no exit code then."""
    with keeper(tmp_path) as process:
        tell(process, KeeperTask(run="trap '' TERM; sleep 100 & echo $!; wait", timeout_s=0.3))
        got = answer(process)
    assert got.code is None
    assert ended_words(got).startswith("ended after ")
    user.wait_for(lambda: not psutil.pid_exists(int(got.output)), 5, "the end of sleep")


def test_another_task_ends_the_command_that_is_running(tmp_path: Path) -> None:
    """Also if both come at once; the keeper then serves the next task."""
    with keeper(tmp_path) as process:
        tell(process, KeeperTask(number=1, run="sleep 100"), KeeperTask())
        assert answer(process).code is None
        tell(process, KeeperTask(number=2, run="true"))
        assert (answer(process).number, process.poll()) == (2, None)


def test_it_restores_when_its_input_ends(tmp_path: Path) -> None:
    """Once, and it says so."""
    with keeper(tmp_path) as process:
        tell(process, KeeperTask(restore="echo back >>config"), KeeperTask(run="echo new >config"))
        answer(process)
        end_of_input(process)
    assert (tmp_path / "config").read_text() == "new\nback\n"
    assert "The box is restored." in (tmp_path / "said").read_text()


def test_a_command_that_runs_when_the_input_ends_is_ended_before_it_restores(
    tmp_path: Path,
) -> None:
    """Otherwise it might change the box after that."""
    with keeper(tmp_path) as process:
        slow = "touch begun; sleep 1; echo new >config"
        tell(process, KeeperTask(restore="echo back >config"), KeeperTask(run=slow))
        user.wait_for((tmp_path / "begun").exists, 10, "the command")
        end_of_input(process)
    time.sleep(1.2)  # the command would have written by now
    assert (tmp_path / "config").read_text() == "back\n"


@pytest.mark.parametrize("task", [None, KeeperTask(restored=True), KeeperTask(by_hand="do it")])
def test_it_restores_only_what_is_owed(tmp_path: Path, task: KeeperTask | None) -> None:
    """Not if nothing was to be restored, if it was, or if a person has to do it, who is told."""
    with keeper(tmp_path) as process:
        if task is not None:
            tell(process, KeeperTask(restore="touch config"), task)
        end_of_input(process)
    assert not (tmp_path / "config").exists()
    assert ("do it" in (tmp_path / "said").read_text()) == (task == KeeperTask(by_hand="do it"))


def test_a_restoration_that_fails_is_told(tmp_path: Path) -> None:
    """With what the command said."""
    with keeper(tmp_path) as process:
        tell(process, KeeperTask(restore="echo no such pod; exit 4"))
        end_of_input(process)
    assert "It failed (exit code 4: no such pod)." in (tmp_path / "said").read_text()


def test_a_person_is_told_what_to_type_if_it_fails(tmp_path: Path) -> None:
    """In the words of a person, and not with the paths of this machine."""
    with keeper(tmp_path) as process:
        tell(process, KeeperTask(restore="exit 4", by_hand="load_test.py --restore FILE"))
        end_of_input(process)
    said = (tmp_path / "said").read_text()
    assert "was restored; running: load_test.py --restore FILE\n" in said
    assert "It failed (exit code 4). Restore it by hand: load_test.py --restore FILE\n" in said


def test_no_signal_of_the_terminal_ends_it_and_commands_have_the_usual_ones(
    tmp_path: Path,
) -> None:
    """Ctrl-C, SIGTERM and a closed terminal; a command that ignored them could not be ended."""
    with keeper(tmp_path) as process:
        tell(process, KeeperTask(run="true"))
        answer(process)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(process.pid, number)
        tell(process, KeeperTask(run="grep SigIgn /proc/self/status"))
        ignored = int(answer(process).output.split()[1], 16)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        assert not ignored >> (number - 1) & 1
