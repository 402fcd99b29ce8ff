"""Ctrl-C, SIGTERM and SIGHUP in every phase of every program, as people and systems send them."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import as_a_user as user
import pytest
from recording_server import Handler, recording_server
from signalled import INTERRUPTED, Program, load_test, started

from edgeload.kept_runs import KEPT_LOG
from edgeload.simulator.launch import running_simulator

SIGINT, SIGTERM, SIGHUP = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
SECONDS = ["--custom-ramp", "4", "--requests-per-second", "10", "--time-between-ramp"]
ONE_OF_THEM = (SIGINT, *(pytest.param(each, marks=pytest.mark.slow) for each in (SIGTERM, SIGHUP)))
"""The signals that stop a program; one is enough for the quick tests."""
STOPPED_EARLY = "stopped by {} before the load began"
SHOWS_IMPORTS = {"PYTHONPROFILEIMPORTTIME": "1"}


def said(program: Program) -> list[str]:
    """What a program has said, without the times of its imports."""
    return [line for line in program.err.splitlines() if not line.startswith("import time:")]


PROGRAMS = (
    ("load_test.py",),
    ("parse_load_test_logs.py",),
    ("monitor_cpu_gpu_usage.py", "--duration", "9"),
    ("-m", "edgeload", "compare"),
    ("-m", "edgeload.simulator"),
)


@pytest.mark.parametrize("words", PROGRAMS, ids=" ".join)
def test_while_a_program_is_imported(tmp_path: Path, words: tuple[str, ...]) -> None:
    """One word, and no traceback, as soon as the first line of ours is run."""
    with started(tmp_path, words, environment=SHOWS_IMPORTS) as program:
        program.wait_for_words("argparse")
        program.send(SIGINT, to_all=True)
        program.check_interrupted()
        assert said(program) == ["Interrupted."]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["err.txt", "out.txt", "tmp"]


class Hanging(Handler):
    """Says that it is ready, and then does not answer a question for a detector."""

    def do_GET(self) -> None:
        if "/detectors" not in self.path:
            super().do_GET()
            return
        self._record(b"")
        self.hang(20.0)


@contextlib.contextmanager
def pictures(folder: Path) -> Iterator[tuple[list[str], Callable[[Program], bool]]]:
    """Case C32: minutes of large pictures."""
    words = load_test(folder, "--image-pool", "3000", "--image-path", "images/dog_1920x1080.jpeg")
    words.remove("--same-image")
    yield words, lambda program: "ENDPOINT_URL is empty" in program.err


@contextlib.contextmanager
def readiness(folder: Path) -> Iterator[tuple[list[str], Callable[[Program], bool]]]:
    """An endpoint that takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent, contextlib.ExitStack() as stack:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        silent.settimeout(0.05)
        came: list[socket.socket] = []

        def asked(program: Program) -> bool:
            with contextlib.suppress(TimeoutError):
                came.append(stack.enter_context(silent.accept()[0]))
            return len(came) == 2  # looking for it, then asking it

        yield load_test(folder, "--endpoint-url", url, "--detector-id", user.DETECTOR_ID), asked


@contextlib.contextmanager
def detector(folder: Path) -> Iterator[tuple[list[str], Callable[[Program], bool]]]:
    """The detector is looked up by its name."""
    with recording_server(handler=Hanging) as server:
        words = load_test(folder, "--endpoint-url", server.url, "--detector-name", "door")
        yield words, lambda program: any("/detectors" in seen.path for seen in server.seen)


@contextlib.contextmanager
def answers_alone(folder: Path) -> Iterator[tuple[list[str], Callable[[Program], bool]]]:
    """Pictures get their answers without load."""
    with running_simulator(["--service-time", "500ms"]) as box:
        words = load_test(
            folder, "--endpoint-url", box.url, "--detector-id", user.DETECTOR_ID, "--check-answers",
            "--image-pool", "50",
        )  # fmt: skip
        words.remove("--same-image")
        yield words, lambda program: box.stats()["received"] >= 2


BEFORE_THE_LOAD = (
    (pictures, SIGINT),
    (readiness, SIGTERM),
    (detector, SIGHUP),
    (answers_alone, SIGINT),
)
"""Each phase with one of the signals, which is enough."""


@pytest.mark.parametrize(
    ("phase", "number"), BEFORE_THE_LOAD, ids=[phase.__name__ for phase, _ in BEFORE_THE_LOAD]
)
def test_before_the_load(
    tmp_path: Path,
    phase: Callable[
        [Path], contextlib.AbstractContextManager[tuple[list[str], Callable[[Program], bool]]]
    ],
    number: signal.Signals,
) -> None:
    """It stops at once, says so in one line, and the log of the run before is as it was."""
    (tmp_path / "run.log").write_text("RAMP 1 of the last run")
    with phase(tmp_path) as (words, reached), started(tmp_path, words) as program:
        program.wait_for(lambda: reached(program), phase.__name__)
        program.send(number, to_all=True)
        program.check_interrupted(within_s=8.0)
        assert said(program)[-1] == STOPPED_EARLY.format(number.name)
    assert (tmp_path / "run.log").read_text() == "RAMP 1 of the last run"


def test_while_the_machine_is_calibrated(tmp_path: Path) -> None:
    """It ends in the middle of a run of its own, and shows no half of a result."""
    with started(tmp_path, ["load_test.py", "--calibrate"]) as program:
        program.wait_for(lambda: bool(program.workers()), "workers")
        program.send(SIGINT)
        program.check_interrupted()
        assert (program.out, said(program)) == ("", ["Interrupted."])


@pytest.mark.parametrize("number", ONE_OF_THEM[:2], ids=lambda number: number.name)
def test_in_the_load_to_all_processes(tmp_path: Path, number: signal.Signals) -> None:
    """As a terminal, `timeout` and systemd send it: no worker dies of it, and the report is made.

    What was in flight ends; the run is as valid as its part.
    """
    with started(tmp_path, load_test(tmp_path, *SECONDS, "30")) as program:
        program.wait_for(lambda: user.answered_in(tmp_path) >= 20, "answers")
        for process in program.family():
            if process.pid != program.process.pid:
                process.send_signal(number)  # as systemd does, also to those in other sessions
        program.send(number)
        program.check_interrupted()
    assert not user.deaths_in(tmp_path)
    end = user.records(tmp_path)[-1]
    assert (end.interrupted, end.reason) == (True, f"stopped by {number.name}")
    assert user.summary(tmp_path)["totals"]["failed"] == 0
    assert (tmp_path / "results" / "report.html").exists()


def test_twice_while_the_last_answers_are_awaited(tmp_path: Path) -> None:
    """The second Ctrl-C means now; what was measured is in the log, and a line says how to read it.
    """  # fmt: skip
    words = load_test(tmp_path, *SECONDS, "30", "--simulator-options", "--fault hang=1")
    log = tmp_path / "run.log"
    with started(tmp_path, [*words, "--timeout", "100"]) as program:
        program.wait_for(lambda: log.exists() and b'"sent":2' in log.read_bytes(), "requests")
        program.send(SIGINT, to_all=True)
        time.sleep(0.3)  # too short for an answer, which never comes
        program.send(SIGINT, to_all=True)
        program.check_interrupted(within_s=10.0)
        assert said(program)[-1] == (
            "cut off by a second SIGINT; this shows what was measured: "
            f"python parse_load_test_logs.py {tmp_path}/run.log"
        )
    assert user.records(tmp_path)[-1].interrupted


def test_while_the_results_of_a_run_are_made(tmp_path: Path) -> None:
    """The log is complete, no result is half written, and one line says how to make them."""
    words = load_test(tmp_path, *SECONDS, "0.5")
    with started(tmp_path, words, environment=SHOWS_IMPORTS) as program:
        program.wait_for_words("edgeload.read.analysis.box_planning")
        program.send(SIGINT, to_all=True)
        program.check_interrupted()
        assert said(program)[-1] == (
            "stopped while the results were made; the log is complete, and this makes them: python "
            f"parse_load_test_logs.py {tmp_path}/run.log --output-dir {tmp_path}/results"
        )
    assert not user.records(tmp_path)[-1].interrupted
    written = [path for path in (tmp_path / "results").rglob("*") if path.is_file()]
    assert [path.name for path in written] == [KEPT_LOG]  # that of the run


@pytest.mark.parametrize("number", ONE_OF_THEM, ids=lambda number: number.name)
def test_while_a_log_is_read(tmp_path: Path, number: signal.Signals) -> None:
    """A report from a log ends at once."""
    log = user.ROOT / "tests" / "read" / "yesterday" / "few.log.gz"
    words = ["parse_load_test_logs.py", str(log), "--output-dir", f"{tmp_path}/results"]
    module = {
        "SIGINT": "edgeload.read.results.run_results",
        "SIGTERM": "scipy.special._ufuncs",
        "SIGHUP": "numpy",
    }
    with started(tmp_path, words, environment=SHOWS_IMPORTS) as program:
        program.wait_for_words(module[number.name])
        program.send(number, to_all=True)
        program.check_interrupted()
        assert said(program) == ["Interrupted."]


@pytest.mark.slow
def test_in_the_pause_between_two_runs(tmp_path: Path) -> None:
    """The series ends at once, and shows what the complete runs say."""
    words = load_test(tmp_path, *SECONDS, "0.5", "--repeat", "2", "--cooldown", "60")
    with started(tmp_path, words) as program:
        program.wait_for_words("Pause of 60 s")
        program.send(SIGTERM, to_all=True)
        program.check_interrupted()
        assert said(program)[-1] == "Stopped by SIGTERM after run 1 of 2."
    assert json.loads((tmp_path / "results" / "repeats.json").read_text())


def test_while_the_host_is_monitored(tmp_path: Path) -> None:
    """A closed terminal ends the samples; table, summary and figure follow. Again: at once."""
    words = ["monitor_cpu_gpu_usage.py", "--duration", "60", "--output", f"{tmp_path}/monitor"]
    samples, summary = (
        tmp_path / "monitor" / f"host_{name}" for name in ("samples.jsonl", "summary.json")
    )
    with started(tmp_path, words, environment=SHOWS_IMPORTS) as program:
        program.wait_for(
            lambda: samples.exists() and samples.read_bytes().count(b"\n") > 2, "samples"
        )
        program.send(SIGHUP, to_all=True)
        program.wait_for(summary.exists, "the summary")
        program.send(SIGHUP, to_all=True)
        program.check_interrupted()
    assert json.loads(summary.read_text())


@pytest.mark.parametrize("number", ONE_OF_THEM, ids=lambda number: number.name)
def test_the_simulator_as_a_program(tmp_path: Path, number: signal.Signals) -> None:
    """It ends with exit code 0: that is how one ends it."""
    with started(tmp_path, ["-m", "edgeload.simulator", "--port", "0"]) as program:
        program.wait_for(lambda: "http://" in program.out, "its URL")
        program.send(number, to_all=True)
        assert program.wait() == 0
        program.check_nothing_left()


@pytest.mark.slow
@pytest.mark.parametrize("number", [SIGINT, SIGTERM, SIGHUP], ids=lambda number: number.name)
def test_in_a_search_for_the_capacity(tmp_path: Path, number: signal.Signals) -> None:
    """The trial ends, no worker dies, and the report gives what is known."""
    words = load_test(tmp_path, "--find-capacity", "--simulator-options", "--service-time 20ms")
    with started(tmp_path, words) as program:
        program.wait_for(lambda: user.answered_in(tmp_path) >= 20, "answers")
        program.send(number, to_all=True)
        program.check_interrupted()
    assert not user.deaths_in(tmp_path)
    found = json.loads((tmp_path / "results" / "summary.json").read_text())
    assert found["interrupted"] or found["end"]


@pytest.mark.slow
def test_in_a_cache_audit(tmp_path: Path) -> None:
    """As in any run."""
    words = [
        word
        for word in load_test(tmp_path, "--audit-cache")
        if word not in ("--no-preflight", "--same-image")
    ]
    with started(tmp_path, words) as program:
        program.wait_for(lambda: user.answered_in(tmp_path) >= 5, "answers")
        program.send(SIGTERM, to_all=True)
        program.check_interrupted()
    assert not user.deaths_in(tmp_path)


TIDIES_UP = """\
import os, signal, sys, time
from edgeload import cli, signals

signals._RAISED_WITHIN_S = signals._ENDED_WITHIN_S = 600.0

def program():
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
    return 0

cli.leave(program)
"""


def test_twice_while_a_program_tidies_up() -> None:
    """The second signal ends it at once, and a terminal whose cursor was hidden shows it again."""
    ours, its = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", TIDIES_UP], cwd=user.ROOT, stderr=its, timeout=50, check=False
        )
        said = os.read(ours, 4096)
    finally:
        os.close(its)
        os.close(ours)
    assert done.returncode == INTERRUPTED
    assert said == b"\x1b[?25hInterrupted.\r\n"


ENDS = """\
import os, signal, sys
from edgeload import cli

class Last:
    def __del__(self, kill=os.kill, pid=os.getpid(), number=getattr(signal, sys.argv[1])):
        kill(pid, number)

last = Last()
cli.leave(lambda: 3)
"""


@pytest.mark.parametrize("number", [SIGINT, SIGTERM, SIGHUP], ids=lambda number: number.name)
def test_in_the_last_moments_of_python(number: signal.Signals) -> None:
    """Python has taken its handlers away when it deletes modules: the exit code is the program's.

    A shell would otherwise see a program that a signal has killed, though its work is done.
    """
    done = subprocess.run(
        [sys.executable, "-c", ENDS, number.name], cwd=user.ROOT, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, b"", b"")
