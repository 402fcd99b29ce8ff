"""Starts the keeper, and tells it what to run and how to restore the box when we are gone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import msgspec

from edgeload import child_processes
from edgeload.keeper import KeeperAnswer, KeeperTask

_LET_GO: list[subprocess.Popen[bytes]] = []
"""Those that go on after us; Python complains about one that is forgotten."""


class KeeperEnded(Exception):
    """The keeper has ended, so that it runs and restores nothing more."""


class KeeperProcess:
    """Our end of the keeper. Use it as a context manager: leaving lets the keeper restore the box,
    unless it was told that nothing is left to restore, and waits until it has.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] = os.environ) -> None:
        """Commands run in `folder` with this environment, but never with the API token."""
        self._folder = folder.resolve()
        self._environment = child_processes.environment(environment)
        self._number = 0
        self._rest = b""
        self._waits = True

    def __enter__(self) -> KeeperProcess:
        self._process = subprocess.Popen(  # with all signals: what it runs inherits them
            child_processes.command("edgeload.keeper:main", str(self._folder)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._environment,
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        if self._waits:
            self._process.wait()  # it restores now, if that is still owed
        else:
            _LET_GO.append(self._process)
        self._process.stdout.close()

    def tell(self, task: KeeperTask) -> None:
        """Send it a task. Raises KeeperEnded."""
        assert self._process.stdin is not None
        try:
            os.write(self._process.stdin.fileno(), msgspec.json.encode(task) + b"\n")
        except BrokenPipeError:
            raise KeeperEnded from None

    def run(self, command: str, timeout_s: float) -> KeeperAnswer:
        """Run a command to its end. It is ended if anything is raised meanwhile.

        Raises KeeperEnded.
        """
        self._number += 1
        try:
            self.tell(KeeperTask(number=self._number, run=command, timeout_s=timeout_s))
            while (answer := self._answer()).number != self._number:  # one that was broken off
                pass
            return answer
        except KeeperEnded:
            raise
        except BaseException:
            self.tell(KeeperTask())
            raise

    def _answer(self) -> KeeperAnswer:
        assert self._process.stdout is not None
        while b"\n" not in self._rest:
            piece = os.read(self._process.stdout.fileno(), 65536)
            if not piece:
                raise KeeperEnded
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return msgspec.json.decode(line, type=KeeperAnswer)

    def let_go(self) -> None:
        """Do not wait for it when we leave: what it has to restore may take minutes."""
        self._waits = False

    def kill(self) -> None:
        """End it at once, as another program might; for tests."""
        self._process.kill()
