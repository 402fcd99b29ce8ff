"""The commands that README shows, and a clone of the project to run them in.

Each part runs in a file of tests of its own, so that parts run beside each other.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import as_a_user as user

README = (user.ROOT / "README.md").read_text()
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line
]
SETUP, *USAGE = COMMANDS
TESTS = next(line for line in COMMANDS if "pytest" in line)
USAGE.remove(TESTS)
# What needs no other command, and what needs only each other; the rest follows README's order.
SEARCH = [line for line in USAGE if "--find-capacity" in line]
COMPARISON = [line for line in USAGE if "before.jsonl" in line or "after.jsonl" in line]
# It needs a whole processor, and runs alone.
CALIBRATION = [line for line in USAGE if "--calibrate" in line]
OTHERS = [line for line in USAGE if line not in (*SEARCH, *COMPARISON, *CALIBRATION)]


def project_files() -> list[Path]:
    """What git would put into a fresh clone of the present work tree."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=user.ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    paths = [Path(line) for line in listed.stdout.splitlines()]
    return [path for path in paths if (user.ROOT / path).is_file()]


def cloned(folder: Path) -> Path:
    """A copy of the project with a .venv that is the one the tests run in."""
    for path in project_files():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(user.ROOT / path, folder / path)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def sh(command: str, folder: Path, timeout_s: float = 400) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command, shell=True, cwd=folder, capture_output=True, text=True, timeout=timeout_s,
        check=False,
    )  # fmt: skip
    # A machine too busy to send on time says so: exit 4, INVALID.
    busy = done.returncode == 4 and "the generator sent" in done.stdout
    assert done.returncode == 0 or busy, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


def without_setup(command: str) -> str:
    """The part after the virtual environment is made; `test_interpreters` runs the whole."""
    return command.rsplit(" && ", maxsplit=1)[-1]
