"""kill -9 of a program: nothing of it lives on, sends, or lies about; the log can be read."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import as_a_user as user
import pytest
from signalled import Program, load_test, started

SECONDS = ["--custom-ramp", "4", "--requests-per-second", "10", "--time-between-ramp"]
GONE_WITHIN_S = 2.0
KINDS: dict[str, list[str]] = {
    "http": [],
    "search": ["--find-capacity"],
    "sdk": ["--client", "sdk"],
}


def kill(program: Program) -> None:
    """The program alone, as the system does when memory runs out; after 2 s nothing is left."""
    began_s = time.monotonic()
    program.send(signal.SIGKILL)
    assert program.wait() == -signal.SIGKILL
    program.check_nothing_left()
    assert time.monotonic() - began_s < GONE_WITHIN_S + os.getloadavg()[0]


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "kind", ["http", pytest.param("search", marks=SLOW), pytest.param("sdk", marks=SLOW)]
)
def test_in_the_load(tmp_path: Path, kind: str) -> None:
    """Workers, their fork server, the resource tracker and the embedded endpoint end; the pictures
    are gone, also if a worker is frozen; every line of the log can be read.
    """
    words = load_test(tmp_path, *KINDS[kind], *([] if kind == "search" else [*SECONDS, "60"]))
    with started(tmp_path, words) as program:
        program.wait_for(lambda: user.answered_in(tmp_path) >= 5, "answers")
        program.workers()[0].send_signal(signal.SIGSTOP)
        kill(program)
        answered = user.answered_in(tmp_path)
    assert len(user.requests_in(tmp_path)) == answered  # nobody has written since


def test_while_pictures_are_made_or_asked(tmp_path: Path) -> None:
    """Before the load: the pictures lie in no folder, and nothing is left."""
    words = load_test(tmp_path, "--preflight", "--simulator-options", "--fault hang=1")
    words.remove("--no-preflight")
    with started(tmp_path, [*words, "--timeout", "100"]) as program:
        program.wait_for_words("ENDPOINT_URL is empty")
        assert list(program.temporary.iterdir()) == []
        kill(program)


def test_while_the_machine_is_calibrated(tmp_path: Path) -> None:
    """The log of the calibration and the endpoint that only answers are gone, too."""
    with started(tmp_path, ["load_test.py", "--calibrate"]) as program:
        program.wait_for(lambda: bool(program.workers()), "workers")
        kill(program)


def test_while_a_packed_log_is_read(tmp_path: Path) -> None:
    """What was unpacked has no name in any folder."""
    log = user.ROOT / "tests" / "read" / "yesterday" / "few.log.gz"
    words = ["parse_load_test_logs.py", str(log), "--output-dir", f"{tmp_path}/results"]
    with started(tmp_path, words, environment={"PYTHONPROFILEIMPORTTIME": "1"}) as program:
        program.wait_for_words("edgeload.read.results.run_results")
        kill(program)
