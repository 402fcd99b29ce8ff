"""What a Python that lacks something is told, and the version of every program."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import as_a_user as user
import pytest

from edgeload import start
from edgeload.installation import Started, missing_package, too_old, version_line

SCRIPTS = ("load_test.py", "parse_load_test_logs.py", "monitor_cpu_gpu_usage.py")
PROGRAMS = [
    [script] for script in SCRIPTS
] + [["-m", "edgeload"], ["-m", "edgeload", "compare"], ["-m", "edgeload.simulator"]]  # fmt: skip
READ_BY_OLD_PYTHONS = (
    *SCRIPTS, "edgeload/__init__.py", "edgeload/__main__.py", "edgeload/start.py",
    "edgeload/stopping.py", "edgeload/exit_codes.py", "edgeload/installation.py",
    "edgeload/simulator/__init__.py", "edgeload/simulator/__main__.py",
)  # fmt: skip
BY_A_SYSTEM_PYTHON = Started("/usr/bin/python3", ["load_test.py", "--slo", "p95<1s"])


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a pyproject.toml and no environment."""
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_no_environment(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The line has the whole command, also from another folder."""
    said = missing_package("rich_argparse", BY_A_SYSTEM_PYTHON, checkout)
    assert said == (
        "load_test.py: the package rich-argparse is missing in /usr/bin/python3. Type: "
        "python3 -m venv .venv && .venv/bin/pip install -e ."
    )
    elsewhere = tmp_path_factory.mktemp("a folder")
    (elsewhere / "pyproject.toml").touch()
    said = missing_package("yaml", BY_A_SYSTEM_PYTHON, elsewhere)
    assert said.endswith(f"Type: cd '{elsewhere}' && python3 -m venv .venv && .venv/bin/pip in"
                         "stall -e .")  # fmt: skip


def test_an_environment_that_was_not_used(checkout: Path) -> None:
    """The line has the command that was typed, with its Python; if it is that, what it lacks."""
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    said = missing_package("pydantic", BY_A_SYSTEM_PYTHON, checkout)
    assert said.endswith("Type: .venv/bin/python load_test.py --slo 'p95<1s'")
    by_it = Started(str(python), ["-m", "edgeload", "run"])
    said = missing_package("pydantic", by_it, checkout)
    assert said == (
        f"edgeload: the package pydantic is missing in {python}. Type: .venv/bin/pip install -e ."
    )


def test_a_folder_that_is_no_checkout(tmp_path: Path) -> None:
    """As on a box that only runs the monitor: the one package is named."""
    said = missing_package("pynvml", Started("python", ["monitor_cpu_gpu_usage.py"]), tmp_path)
    assert said.endswith("Type: python -m pip install nvidia-ml-py")


def test_a_python_that_is_too_old(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told so before it meets syntax that it does not know, down to Python 3.7."""
    assert too_old(BY_A_SYSTEM_PYTHON, (3, 10, 0), checkout) is None
    assert too_old(BY_A_SYSTEM_PYTHON, (3, 9, 18), checkout) == (
        "load_test.py: Python 3.9.18 is too old; must be 3.10 or newer. Type: "
        "python3.10 -m venv .venv && .venv/bin/pip install -e ."
    )
    for file in READ_BY_OLD_PYTHONS:
        ast.parse((user.ROOT / file).read_text(), feature_version=(3, 7))
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))
    monkeypatch.setattr(sys, "argv", ["load_test.py"])
    with pytest.raises(SystemExit) as ended:
        start.start(lambda: 0)
    assert ended.value.code == 2


@pytest.mark.parametrize("words", PROGRAMS, ids=" ".join)
def test_every_program_without_packages(words: list[str]) -> None:
    """One line and exit code 2, however it was started; the entry point itself needs none."""
    done = subprocess.run(
        [sys.executable, "-S", *words], cwd=user.ROOT, env={}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if words == ["-m", "edgeload"]:
        assert "for example python -m edgeload run" in done.stderr
        return
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{words[-1] if len(words) == 1 else words[1]}: the package ")
    assert " Type: " in line


@pytest.mark.parametrize("words", PROGRAMS, ids=" ".join)
def test_every_program_says_its_version(words: list[str]) -> None:
    """The version of pyproject.toml, and the Python that runs it."""
    done = subprocess.run(
        [sys.executable, *words, "--version"], cwd=user.ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == version_line() + "\n"
    version = done.stdout.split()[1]
    assert f'\nversion = "{version}"\n' in (user.ROOT / "pyproject.toml").read_text()


def test_a_package_without_a_checkout_has_the_version_that_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Package metadata; if there is none, the line says so."""
    monkeypatch.setattr("edgeload.installation.ROOT", tmp_path)
    monkeypatch.setattr("importlib.metadata.version", lambda name: f"7 of {name}")
    assert version_line().startswith("edgeload 7 of edgeload (Python ")
