"""Builds the stand-in for NVML and makes the environment in which a program loads it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

LIBRARY = "libnvidia-ml.so.1"


def build(folder: Path, *flags: str) -> Path:
    """Compile the stand-in into `folder`, which is the answer. Skips without a C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        if os.environ.get("CI"):
            pytest.fail("a C compiler is needed to build the NVML stand-in")
        pytest.skip("no C compiler to build the NVML stand-in with")
    source = Path(__file__).with_suffix(".c")
    command = [compiler, "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", *flags]
    subprocess.run([*command, "-o", folder / LIBRARY, source], check=True, timeout=60)
    return folder


def unloadable(folder: Path) -> Path:
    """A folder whose NVML library cannot be loaded, also where the host has a real one."""
    (folder / LIBRARY).write_bytes(b"")
    return folder


def environment(folder: Path, gpus: list[str], **told: str) -> Mapping[str, str]:
    """This process's environment, with the library in `folder` and what its GPUs answer."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("NVML_STAND_IN")}
    return {
        **kept,
        "LD_LIBRARY_PATH": str(folder),
        **{f"NVML_STAND_IN_GPU_{index}": words for index, words in enumerate(gpus)},
        **told,
    }
