"""What people are told about a worker that has ended, before the run or in it."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from pathlib import Path

import as_a_user as user
import pytest

from edgeload.edge.location import Unreachable
from edgeload.run.worker_processes import EndedWorker, Member, WorkerProcesses


@pytest.mark.parametrize(
    ("worker", "notice"),
    [
        (
            EndedWorker(0, 4711, 1, -9),
            "worker 0 (process 4711, 1 client) died 3.2 s into the run: killed by SIGKILL; its "
            "unsent requests count as missed",
        ),
        (
            EndedWorker(3, 4711, 12, 1),
            "worker 3 (process 4711, 12 clients) died 3.2 s into the run: exit code 1; its unsent "
            "requests count as missed",
        ),
    ],
)
def test_the_notice_names_the_worker_and_how_it_died(worker: EndedWorker, notice: str) -> None:
    """By its number, its process and its signal or exit code, and with the right plural."""
    assert worker.death_notice(3.21) == notice


@pytest.mark.parametrize("task_was_read", [True, False])
def test_a_worker_that_ends_before_the_run_is_named(task_was_read: bool) -> None:
    """Whether or not it had read its task, which decides how the end of its pipe looks to us."""
    ours, theirs = multiprocessing.Pipe()
    ours.send("task")
    if task_was_read:
        theirs.recv()
    theirs.close()
    workers = WorkerProcesses([Member(4, 1, None, ours, None)])
    with pytest.raises(Unreachable, match="worker 4: the process ended"):
        workers.await_ready()
    ours.close()


def test_a_program_without_a_main_guard_can_run_a_load_test(tmp_path: Path) -> None:
    """A script that calls it at its top level: the workers do not run the script once more."""
    script = tmp_path / "program.py"
    script.write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(user.ROOT)!r})\n"
        "import load_test\n"
        "print('top level')\n"
        "code = load_test.main(['--custom-ramp', '2', '--time-between-ramp', '1'])\n"
        "print('exit code', code)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, env=user.environment(), capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.stdout.count("top level") == 1
    assert done.stdout.splitlines()[-1] in ("exit code 0", "exit code 4")  # 4: a busy machine
    requests = (tmp_path / "load_test.log").read_text().count('"event":"request"')
    assert requests == 2 * 10
