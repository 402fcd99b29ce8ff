"""Starts this program's own processes: without the API token, and with the installed modules.

The environment of a process can be read by everything that runs as the same user, and what a
process is given there, its own children get too. A worker gets the token through its pipe.

No module of the current folder comes before an installed one: see `import_path`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from edgeload.import_path import put_installed_first
from edgeload.signals import withheld

TOKEN = "GROUNDLIGHT_API_TOKEN"
"""The variable of the environment that may hold the API token."""
MONITOR_SECRET = "EDGELOAD_MONITOR_SECRET"
"""The one that may hold the secret which a monitor that serves its samples asks for."""

RAY_TOKEN = "RAY_AUTH_TOKEN"
"""The one that may hold the token of a Ray cluster."""
_SECRETS = (TOKEN, MONITOR_SECRET, RAY_TOKEN)

_STARTER = Path(__file__).with_name("child_main.py")
_PACKAGE_PARENT = Path(__file__).resolve().parents[1]
_INSTALLED = ("site-packages", "dist-packages")
_PATH = "PYTHONPATH"
_PR_SET_PDEATHSIG = 1  # of prctl(2)
_SHORT_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm")
_MOST_FOLDER_BYTES = 107 - len("/pymp-12345678/listener-12345678")
"""The path of a socket has at most 107 bytes on Linux (man 7 unix)."""
_STARTS_ALONE = threading.Lock()
_NO_MODULES = "/"
"""A folder that is no user's, so that no module of a user's lies in it."""


def environment(own: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of this process, or `own`, without the API token and without secrets."""
    return {name: text for name, text in own.items() if name not in _SECRETS}


def environment_with_package() -> dict[str, str]:
    """The same for a Python of this environment that is to find this very package by itself."""
    found = environment()
    if not _is_found_anywhere():
        found[_PATH] = os.pathsep.join(filter(None, [str(_PACKAGE_PARENT), found.get(_PATH)]))
    return found


def command(function: str, *arguments: str) -> list[str]:
    """Command that calls a function, `edgeload.simulator.null:main`, in a process of its own.

    It finds this very package, also if it is not installed. `arguments` are its `sys.argv[1:]`.
    """
    return [sys.executable, str(_STARTER), function, *arguments]


def start_fork_server(preload: Sequence[str]) -> None:
    """Start the process that forks workers, if it does not run: from it they inherit everything.

    `preload` are the modules that it imports. It is started with `-c`, so it would look into its
    current folder first, which is therefore none of the user's.
    """
    from multiprocessing import forkserver, resource_tracker  # noqa: PLC0415  (readers need none)

    first = [] if _is_found_anywhere() else ["edgeload.package_last"]
    forkserver.set_forkserver_preload([*first, "edgeload.fork_server", *preload])
    with (
        _STARTS_ALONE,  # or one restores what is another one's folder and environment
        _from_another_folder(),
        _environment_of_fork_server(),
        _short_temporary_folder(),
    ):
        with withheld():
            resource_tracker.ensure_running()  # which stops withholding signals
        with withheld():
            forkserver.ensure_running()


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Let Linux send a signal to this process when its parent dies. Other systems cannot."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415  (not every process needs it)

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


@contextlib.contextmanager
def _from_another_folder() -> Iterator[None]:
    """While entered, the current folder is not the user's; the import path fits that."""
    here, path = os.open(os.curdir, os.O_PATH | os.O_DIRECTORY), sys.path[:]
    put_installed_first()
    try:
        os.chdir(_NO_MODULES)
        yield
    finally:
        os.fchdir(here)
        os.close(here)
        sys.path[:] = path


@contextlib.contextmanager
def _short_temporary_folder() -> Iterator[None]:
    """While entered, temporary files are not in a folder whose path is too long for a socket.

    That of the fork server has a path, because one without could be used by everybody.
    """
    before = tempfile.tempdir
    if len(os.fsencode(tempfile.gettempdir())) > _MOST_FOLDER_BYTES:
        short = (each for each in _SHORT_FOLDERS if os.access(each, os.W_OK | os.X_OK))
        tempfile.tempdir = next(short, before)
    try:
        yield
    finally:
        tempfile.tempdir = before


@contextlib.contextmanager
def _environment_of_fork_server() -> Iterator[None]:
    """While entered, a new process does not inherit the token, and finds this very package."""
    before = {name: os.environ.get(name) for name in (TOKEN, _PATH)}
    with_package = environment_with_package()
    os.environ.pop(TOKEN, None)
    if _PATH in with_package:
        os.environ[_PATH] = with_package[_PATH]
    try:
        yield
    finally:
        for name, text in before.items():
            if text is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = text


def _is_found_anywhere() -> bool:
    """Whether every Python of this environment finds this package by itself."""
    paths = os.environ.get(_PATH, "").split(os.pathsep)
    return _PACKAGE_PARENT.name in _INSTALLED or str(_PACKAGE_PARENT) in paths
