"""Lets people watch a run in a browser: starts the process that serves its report so far."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from edgeload.child_processes import command, environment
from edgeload.settings import SettingError, Settings
from edgeload.signals import withheld

ShowFinal = Callable[[Path], None]
"""Called with the path of the final report."""


@contextlib.contextmanager
def watched(settings: Settings, say: Callable[[str], None]) -> Iterator[ShowFinal]:
    """Serve the report of the run that is made while entered; nothing is served without `--web`.

    Raises SettingError if the port cannot be used. The process ends with this one, or a few seconds
    later if a browser is about to fetch the final report.
    """
    if not settings.web:
        yield lambda report: None
        return
    port = settings.web_port or 0
    with withheld():
        process = subprocess.Popen(
            command(
                "edgeload.web.server:main",
                str(settings.log_file.absolute()),
                str(time.time()),
                str(port),
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
            start_new_session=True,
            text=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        said = process.stdout.readline().strip()
        if not said.isdigit():
            raise SettingError(
                f"WEB_PORT = {port}: cannot be served on this machine ({said or 'it ended'}); "
                "must be a free port from 1 to 65535, for example 9102"
            )
        say(f"Watch this run in a browser: http://127.0.0.1:{said}/")

        def show_final(report: Path) -> None:
            with contextlib.suppress(OSError):  # it may have been killed
                print(report.absolute(), file=process.stdin, flush=True)

        yield show_final
    finally:
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.stdout.close()
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """Give it the time that it needs to show the final report."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10.0)
        return
    process.kill()
    process.wait()
