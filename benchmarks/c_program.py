"""Programs in C that belong to a benchmark: compiled when it runs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from benchmarks.ending import NoFigures


def compiled(name: str, folder: Path) -> Path:
    """A program made from `benchmarks/NAME.c` in a folder. Raises NoFigures without a compiler."""
    program = folder / name
    if not program.exists():
        source = Path(__file__).with_name(f"{name}.c")
        command = [_compiler(), "-O2", "-o", str(program), str(source)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            first = (done.stderr.splitlines() or ["it does not say why"])[0]
            raise NoFigures(f"{source.name} cannot be compiled: {first}")
    return program


def _compiler() -> str:
    found = shutil.which("cc")
    if found is None:
        raise NoFigures("cc is not installed (Debian: gcc)")
    return found
