"""What a shell is told that asks how a command line may go on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import as_a_user as user
import pytest

SCRIPT = ["load_test.py"]
EDGELOAD = ["-m", "edgeload"]


def completed(folder: Path, program: list[str], line: str) -> set[str]:
    """The words that argcomplete's shell function gets for a line with the cursor at its end."""
    answer = folder / "answer"
    answer.write_text("")
    environment = {
        **os.environ, "_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)),
        "_ARGCOMPLETE_IFS": "\n", "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
    }  # fmt: skip
    subprocess.run(
        [sys.executable, *program], cwd=user.ROOT, env=environment, check=True, timeout=60,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return {word.strip() for word in answer.read_text().splitlines()}


@pytest.mark.parametrize(
    ("program", "line", "words"),
    [
        (SCRIPT, "load_test.py --max", {"--max-clients"}),
        (SCRIPT, "load_test.py --arrivals ", {"constant", "poisson"}),
        (SCRIPT, "load_test.py --workers ", {"auto", "clients"}),
        (SCRIPT, "load_test.py --timeout ", set()),
        (EDGELOAD, "edgeload re", {"report"}),
        (EDGELOAD, "edgeload report --slo-undecided f", {"fail"}),
        (EDGELOAD, "edgeload monitor --dur", {"--duration"}),
        (EDGELOAD, "edgeload prepare --tr", {"--training-timeout"}),
        (EDGELOAD, "edgeload simulate --distribution l", {"lognormal"}),
        (["parse_load_test_logs.py"], "parse_load_test_logs.py --mar", {"--margin"}),
    ],
)
def test_what_may_come_next(tmp_path: Path, program: list[str], line: str, words: set[str]) -> None:
    """Options, the words that are legal as their value, commands, and a command's own options."""
    assert completed(tmp_path, program, line) == words


def test_files_are_completed_where_a_file_is_meant(tmp_path: Path) -> None:
    """As the shell itself does."""
    line = f"load_test.py --image-path {user.ROOT}/images/dog_resized_256x256.j"
    assert completed(tmp_path, SCRIPT, line) == {f"{user.ROOT}/images/dog_resized_256x256.jpeg"}


@pytest.mark.parametrize(
    "file",
    ["load_test.py", "parse_load_test_logs.py", "monitor_cpu_gpu_usage.py", "edgeload/__main__.py"],
)
def test_the_shell_may_ask(file: str) -> None:
    """It starts only what says so near its beginning."""
    assert "PYTHON_ARGCOMPLETE_OK" in (user.ROOT / file).read_text()[:1024]
