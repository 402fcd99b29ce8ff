"""A disk of few bytes for one command: a memory file system in a mount namespace of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

_SCRIPT = (
    'size=$1; disk=$2; shift 2; mount -t tmpfs -o "size=$size,mode=755" none "$disk" || exit 99; '
    '"$@"; code=$?; cp -a "$disk" "$disk.after"; exit $code'
)


def command_on(disk: Path, size: str, command: Sequence[str]) -> list[str]:
    """The command that runs another one while `disk` has that size, for example 64k.

    What is on the disk at its end is then in a folder beside it, `….after`. Skips the test where
    nobody may mount.
    """
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("only root may mount a file system")
    disk.mkdir(exist_ok=True)
    prefix = ["unshare", "--mount", "sh", "-c", _SCRIPT, "sh", size, str(disk)]
    tried = subprocess.run([*prefix, "true"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip(f"a file system cannot be mounted here: {tried.stderr.decode()}")
    shutil.rmtree(f"{disk}.after")
    return [*prefix, *command]
