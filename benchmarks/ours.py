"""Our own load test as the benchmarks run it: a process, as a user would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.ending import NoFigures
from edgeload import exit_codes

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "images" / "dog_resized_256x256.jpeg"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "GROUNDLIGHT_API_TOKEN": "token_of_a_benchmark"}
_DONE = (exit_codes.OK, exit_codes.INVALID)  # INVALID runs have figures too, and they say why


def command(
    url: str, detector_id: str, clients: int, rate: float, seconds: float, folder: Path, *more: str
) -> list[str]:
    """One step of a load test; its log is `log_in(folder)`."""
    return _command(
        url, seconds, folder, "--detector-id", detector_id, "--custom-ramp", str(clients),
        "--requests-per-second", str(rate), *more,
    )  # fmt: skip


def mix_command(url: str, mix: Path, seconds: float, folder: Path, *more: str) -> list[str]:
    """One step of a load test with one copy of a mix; its log is `log_in(folder)`."""
    return _command(url, seconds, folder, "--mix", str(mix), "--custom-ramp", "1", *more)


def _command(url: str, seconds: float, folder: Path, *more: str) -> list[str]:
    return [
        sys.executable, str(ROOT / "load_test.py"), "--endpoint-url", url, "--insecure",
        "--time-between-ramp", str(seconds), "--log-file", str(log_in(folder)),
        "--output-dir", str(folder / "ours"), "--image-path", str(PICTURE), "--no-preflight", *more,
    ]  # fmt: skip


def log_in(folder: Path) -> Path:
    """The log of the last load test that ran into a folder."""
    return folder / "ours.log"


def run(command: Sequence[str]) -> bool:
    """Run one to its end: whether it is valid, or our machine could not drive the load.

    Raises NoFigures with its words if it did not do its work.
    """
    done = subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    return check(done.returncode, done.stderr, _DONE) == exit_codes.OK


def check(code: int, errors: str, legal: Sequence[int] = _DONE) -> int:
    """The exit code of a load test. Raises NoFigures if it did not do its work."""
    if code not in legal:
        last = (errors.strip() or "it did not say why").splitlines()[-1]
        raise NoFigures(f"load_test.py ended with {code}: {last}")
    return code
