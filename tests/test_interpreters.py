"""README's first command on every supported Python that this machine has: installed for real."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import as_a_user as user
import pytest
from readme_commands import SETUP, project_files

from edgeload import exit_codes

SUPPORTED = ("3.10", "3.11", "3.12", "3.13")
SHORT = "--custom-ramp 2 --time-between-ramp 3 --requests-per-second 2"


def interpreter(version: str) -> str | None:
    """Path of an interpreter of this version: on the path, or one that pyenv keeps."""
    kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))
    for candidate in (shutil.which(f"python{version}"), *map(str, reversed(kept))):
        if candidate is not None:
            asked = subprocess.run(
                [candidate, "-c", "import sys, venv; print(sys.version_info[:2])"],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if asked.stdout.strip() == str(tuple(map(int, version.split(".")))):
                return candidate
    return None


def run(command: str, folder: Path) -> int:
    """The exit code, which says that the run is done, or that this machine was too busy for it."""
    done = subprocess.run(
        command, shell=True, cwd=folder, capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode in (exit_codes.OK, exit_codes.INVALID), (
        f"{command}\n{done.stdout}\n{done.stderr}"
    )
    return done.returncode


def install(python: str, folder: Path) -> int:
    """Make the environment, as README's first command does, in a copy of the project."""
    for path in project_files():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(user.ROOT / path, folder / path)
    command, _, _ = SETUP.replace("python3 ", f"{python} ", 1).rpartition(" && ")
    return run(command, folder)


@pytest.fixture(scope="module")
def installations(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, tuple[Path, Future[int]]]]:
    """By version, a folder and its installation: two at a time, while the tests go on."""
    with ThreadPoolExecutor(2) as pool:
        found = {version: interpreter(version) for version in SUPPORTED}
        folders = {version: tmp_path_factory.mktemp(f"python{version}") for version in SUPPORTED}
        yield {
            version: (folders[version], pool.submit(install, python, folders[version]))
            for version, python in found.items()
            if python is not None
        }


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("version", SUPPORTED)
def test_the_first_command_works(
    installations: dict[str, tuple[Path, Future[int]]], version: str
) -> None:
    """Virtual environment, installation, a short run, a re-parse and the monitor."""
    if version not in installations:
        pytest.skip(f"no Python {version} on this machine")
    tmp_path, installed = installations[version]
    assert installed.result() == 0
    codes = {
        run(f".venv/bin/python load_test.py {SHORT}", tmp_path),
        run(".venv/bin/python parse_load_test_logs.py", tmp_path),
    }
    summary = json.loads((tmp_path / "load_test_results" / "summary.json").read_text())
    assert codes == {user.code_of(summary["validity"])}
    assert summary["totals"]["ok"] == 12
    header = (tmp_path / "load_test.log").read_text().splitlines()[0]
    assert json.loads(header)["versions"]["python"].startswith(f"{version}.")
    assert (
        run(".venv/bin/python monitor_cpu_gpu_usage.py --duration 1 --interval 0.5", tmp_path) == 0
    )


def test_the_declared_versions_are_the_tested_ones() -> None:
    """pyproject.toml declares what is tested here, and no more."""
    text = (user.ROOT / "pyproject.toml").read_text()
    found = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', text)
    assert found is not None
    declared = tuple(f"3.{minor}" for minor in range(int(found[1]), int(found[2])))
    assert declared == SUPPORTED
    assert tuple(re.findall(r"Programming Language :: Python :: (3\.\d+)", text)) == SUPPORTED
