"""Which version runs, on which Python, and what to type if that lacks something.

It must be readable for Pythons that are too old, and needs no package.
"""

from __future__ import annotations

import platform
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The folder that has the package; in a checkout, also pyproject.toml and perhaps .venv."""
OLDEST = (3, 10)
_PACKAGE_OF = {
    "PIL": "pillow",
    "hdrh": "hdrhistogram",
    "prometheus_client": "prometheus-client",
    "pynvml": "nvidia-ml-py",
    "rich_argparse": "rich-argparse",
    "yaml": "pyyaml",
}


@dataclass(frozen=True)
class Started:
    """How a program was started: the interpreter, and the words after it (`-m edgeload run`)."""

    python: str
    words: Sequence[str]

    @property
    def name(self) -> str:
        """`load_test.py`, `edgeload`."""
        return Path(self.words[1] if self.words[0] == "-m" else self.words[0]).name


def how_started() -> Started:
    """How this process was started. Python replaces what stands after -m by the path of a file."""
    script = Path(sys.argv[0])
    words = sys.argv
    if script.name == "__main__.py":
        module = "edgeload" if script.parent.name == "edgeload" else "edgeload.simulator"
        words = ["-m", module, *sys.argv[1:]]
    return Started(sys.executable, words)


def version_line() -> str:
    """`edgeload 0.1.0 (Python 3.11.7)`."""
    return f"edgeload {_version()} (Python {platform.python_version()})"


def _version() -> str:
    """That of pyproject.toml beside the package, which may be newer than what is installed."""
    try:
        found = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    except OSError:
        found = None
    if found:
        return found[1]
    from importlib import metadata  # noqa: PLC0415 (it takes 20 ms)

    try:
        return metadata.version("edgeload")
    except metadata.PackageNotFoundError:
        return "of an unknown version"


def too_old(started: Started, version: tuple[int, ...], root: Path = ROOT) -> str | None:
    """The line for a Python that is too old, with the command that helps; None: it is not."""
    if tuple(version[:2]) >= OLDEST:
        return None
    legal = ".".join(map(str, OLDEST))
    what = f"Python {'.'.join(map(str, version))} is too old; must be {legal} or newer"
    return f"{started.name}: {what}. {_remedy(started, f'python{legal}', root)}"


def missing_package(module: str, started: Started, root: Path = ROOT) -> str:
    """The line for a module that cannot be imported, with the command that installs it."""
    package = _PACKAGE_OF.get(module, module)
    what = f"the package {package} is missing in {started.python}"
    if not (root / "pyproject.toml").exists():
        return f"{started.name}: {what}. Type: {started.python} -m pip install {package}"
    return f"{started.name}: {what}. {_remedy(started, 'python3', root)}"


def _remedy(started: Started, python: str, root: Path) -> str:
    """What to type: the same with the environment beside the program, or how to make that."""
    here = root == Path.cwd()
    bin_folder = root / ".venv" / "bin"
    if (bin_folder / "python").exists() and Path(started.python).parent != bin_folder:
        own = ".venv/bin/python" if here else str(bin_folder / "python")
        words = " ".join(map(shlex.quote, started.words))
        return f"Type: {own} {words}"
    new = f"{python} -m venv .venv && " if not bin_folder.exists() else ""
    change = "" if here else f"cd {shlex.quote(str(root))} && "
    return f"Type: {change}{new}.venv/bin/pip install -e ."
