"""What a run starts: processes without the token, which run no file of the current folder."""

from __future__ import annotations

import ast
import importlib.metadata
import shutil
import subprocess
import sys
from pathlib import Path

import as_a_user as user
import psutil
import pytest
import synthetic_log as sl
from token_forms import TOKEN

from edgeload.child_processes import command
from edgeload.read.log import stretches

_IN_SEVERAL_FOLDERS = {"mpl_toolkits", "google"}
"""Without an __init__.py: Python prefers a file of this name, however late it comes."""
_BUILT_IN = {"sys", "builtins", "os", "site", "codecs", "io", "abc", "__future__", "antigravity"}


def _imported_at_the_start() -> set[str]:
    """What Python imports before any program: `site` does so for .pth files, of setuptools too."""
    told = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {name.partition(".")[0] for name in told.stdout.split()}


def _poison(folder: Path, *, with_standard_library: bool) -> Path:
    """A file of the name of every package, which says when it is run; where it says so."""
    ran = folder / "ran.txt"
    names = set(importlib.metadata.packages_distributions()) - {"edgeload", *_IN_SEVERAL_FOLDERS}
    if with_standard_library:
        names |= set(sys.stdlib_module_names) - _BUILT_IN
    for name in names - _imported_at_the_start():
        if name.isidentifier():
            text = f"open({str(ran)!r}, 'a').write(__name__ + chr(10))\nraise SystemExit(99)\n"
            (folder / f"{name}.py").write_text(text)
    return ran


def _start(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *words],
        cwd=folder,
        env={**user.environment(), "GROUNDLIGHT_API_TOKEN": TOKEN},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _told(process: psutil.Process) -> str:
    """All that other programs can see of what a process was given."""
    folder = Path("/proc") / str(process.pid)
    return "\n".join((folder / name).read_bytes().decode() for name in ("environ", "cmdline"))


_RAMP = ("--custom-ramp", "2", "--time-between-ramp", "2", "--workers", "2")


@pytest.mark.parametrize("kind", ["http", pytest.param("sdk", marks=pytest.mark.slow)])
def test_no_child_gets_the_token_or_runs_a_file_of_the_current_folder(
    tmp_path: Path, kind: str
) -> None:
    """Fork server, workers, resource tracker and embedded endpoint have the token neither in
    their environment nor on their command line. In the current folder lies a file with the name
    of each package and module of Python: none is run."""
    ran = _poison(tmp_path, with_standard_library=True)
    (tmp_path / "config.py").touch()  # or the log would be beside that of the project
    process = _start(tmp_path, str(user.ROOT / "load_test.py"), *_RAMP, "--client", kind)
    try:
        log = tmp_path / "load_test.log"
        answered = '"event":"request"'
        user.wait_for(lambda: log.exists() and answered in log.read_text(), 60, "an answer")
        children = user.family(process)
        told = {child.pid: _told(child) for child in children}
        assert TOKEN in _told(psutil.Process(process.pid))  # the check sees what is there
    finally:
        process.terminate()
        ended = user.finish(process)
    assert len(told) >= 5, told
    assert not [text for text in told.values() if TOKEN[:12] in text]
    assert not ran.exists(), ran.read_text()
    assert ended.code == 130, ended.err


@pytest.mark.parametrize(
    "words",
    [
        ("-m", "edgeload", "run", "--dry-run"),
        ("-m", "edgeload", "monitor", "--duration", "0.2", "--interval", "0.1"),
        ("-m", "edgeload.simulator", "--service-time", "nothing"),
    ],
)
def test_a_program_runs_no_file_that_is_called_like_a_package(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Also where Python looks into the current folder first, as for `python -m`."""
    ran = _poison(tmp_path, with_standard_library=False)
    ended = user.finish(_start(tmp_path, *words))
    assert not ran.exists(), ran.read_text()
    assert ended.code == (2 if "nothing" in words else 0), ended.err


def test_a_module_beside_config_py_is_still_found(tmp_path: Path) -> None:
    """The current folder comes last, but it does come: config.py may import what lies there."""
    (tmp_path / "config.py").write_text("from own_values import CLIENTS as MAX_CLIENTS\n")
    (tmp_path / "own_values.py").write_text("CLIENTS = 7\n")
    ended = user.finish(_start(tmp_path, "-m", "edgeload", "run", "--dry-run"))
    assert ended.code == 0, ended.err
    assert "7" in ended.out


def test_readers_of_a_large_log_run_no_file_of_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The processes that read a stretch each."""
    ran = _poison(tmp_path, with_standard_library=True)
    path = tmp_path / "run.log"
    sl.write(path, sl.play(sl.plan_of([2], 4, 5.0), servers=4, service=sl.constant(0.01)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GROUNDLIGHT_API_TOKEN", TOKEN)
    monkeypatch.setattr(stretches, "_ALONE_BYTES", 0)
    assert stretches.read_whole(path, 2).lines == stretches.read_stretch(path).lines
    assert not ran.exists(), ran.read_text()


@pytest.mark.parametrize("function", ["simulator.null:main", "keeper:main"])
def test_a_process_of_ours_runs_no_file_of_the_current_folder(
    tmp_path: Path, function: str
) -> None:
    """The endpoint of a calibration, and the process that runs the commands of variants."""
    ran = _poison(tmp_path, with_standard_library=True)
    started, *words = command(f"edgeload.{function}", str(tmp_path))
    assert started == sys.executable
    assert user.finish(_start(tmp_path, *words)).code == 0
    assert not ran.exists(), ran.read_text()


def test_a_current_folder_in_pythonpath_comes_last_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`PYTHONPATH=$PYTHONPATH:/opt/mine` has an empty entry if it was unset: this very folder."""
    ran = _poison(tmp_path, with_standard_library=False)
    monkeypatch.setenv("PYTHONPATH", ":/opt/mine")
    _, *words = command("edgeload.keeper:main", str(tmp_path))
    assert user.finish(_start(tmp_path, *words)).code == 0
    assert not ran.exists(), ran.read_text()


@pytest.mark.slow
def test_a_checkout_that_is_not_installed_runs_no_other_file_of_its_folder(tmp_path: Path) -> None:
    """Its scripts and workers find its own package, and everything else among the installed."""
    for name in ("edgeload", "images"):
        shutil.copytree(user.ROOT / name, tmp_path / name)
    for name in ("load_test.py", "config.py"):
        shutil.copy(user.ROOT / name, tmp_path)
    ran = _poison(tmp_path, with_standard_library=False)
    own = tmp_path / "own"
    with (tmp_path / "edgeload" / "run" / "worker.py").open("a") as file:
        file.write(f"\nopen({str(own)!r}, 'w').close()\n")
    ramp = ("--custom-ramp", "1", "--time-between-ramp", "1")
    ended = user.finish(_start(tmp_path, "load_test.py", *ramp))
    assert not ran.exists(), ran.read_text()
    assert (tmp_path / "load_test_results" / "summary.json").exists(), ended.err
    assert own.exists()


def _environments(path: Path) -> list[str | None]:
    """What a file says of the environment of each process that it starts."""
    return [
        next((ast.unparse(word.value) for word in node.keywords if word.arg == "env"), None)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("subprocess.")
    ]


def test_whoever_starts_a_process_says_its_environment() -> None:
    """In the package no process gets the environment of its parent, except the commands of the
    user's variants, whose parent has no token."""
    package = user.ROOT / "edgeload"
    said = {
        f"{path.relative_to(package)}": found
        for path in package.rglob("*.py")
        if (found := _environments(path))
    }
    assert said.pop("keeper.py") == [None]
    assert said.pop("keeper_process.py") == ["self._environment"]
    assert len(said) >= 3
    assert all(found == ["environment()"] for found in said.values()), said


def test_a_long_path_of_the_temporary_folder_does_not_keep_workers_from_starting(
    tmp_path: Path,
) -> None:
    """A socket's path has at most 107 bytes (man 7 unix), and the fork server's is one."""
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    started = subprocess.run(
        [sys.executable, "-c", "import edgeload.child_processes as c; c.start_fork_server([])"],
        cwd=user.ROOT, env={**user.environment(), "TMPDIR": str(folder)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (started.returncode, started.stderr) == (0, "")


def test_a_worker_that_is_given_up_while_it_starts_says_nothing() -> None:
    """Ctrl-C may come between the fork of a worker and the first word to it: no traceback."""
    program = (
        "import edgeload.child_processes as c, os, time\n"
        "from multiprocessing import forkserver\n"
        "c.start_fork_server([])\n"
        "ended, to_worker = forkserver.connect_to_new_process([])\n"
        "os.close(to_worker)\n"
        "code = forkserver.read_signed(ended)\n"  # the pid
        "print(forkserver.read_signed(ended))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=user.ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout == "1\n"
    assert done.stderr == ""
