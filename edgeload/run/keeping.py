"""Keeps each run in a folder of its own in OUTPUT_DIR, so that the next one takes nothing away.

The log there is the file LOG_FILE under a second name, from the first line on: a run that is killed
is kept as well. A later run gives LOG_FILE a new file (see `log_place.fresh_file`).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from pathlib import Path

from edgeload.kept_runs import KEPT_LOG, LATEST, folder_name
from edgeload.private_files import new_private_folder, private_folder, written_together
from edgeload.untrusted_text import without_secrets


class KeptFolder:
    """The folder of a run, or of all runs of a series. It is made when there is a log for it."""

    def __init__(self, output_dir: Path, name: str | None) -> None:
        self._output_dir = output_dir
        self._name = name or ""
        self._began_s: float | None = None
        self.path: Path | None = None
        """None as long as it is not made."""

    def begins(self) -> None:
        """A run begins: if it is the first, its folder will have this time in its name."""
        self._began_s = self._began_s or time.time()

    def made(self) -> Path:
        """The folder, made if it is not there. Raises OSError."""
        if self.path is None or not self.path.is_dir():
            began_s, name = self._began_s or time.time(), without_secrets(self._name)
            self.path = new_private_folder(
                self._output_dir,  # in which another run may have begun in the same second
                lambda number: folder_name(began_s, name.replace("/", "_"), number),
            )
        return self.path

    def made_now(self) -> Path:
        """The same for what is kept before the first run begins. Raises OSError."""
        self.begins()
        return self.made()

    def is_latest(self) -> None:
        """Let `latest` lead here; what a user has given that name stays. Raises OSError."""
        latest = self._output_dir / LATEST
        if not latest.is_symlink() and latest.exists():
            return
        unfinished = latest.with_name(f".edgeload-{LATEST}-{secrets.token_hex(4)}")
        unfinished.symlink_to(self.made().name)
        try:
            unfinished.replace(latest)
        except OSError:
            unfinished.unlink()
            raise

    def forget(self) -> None:
        """Remove the folder if nothing is in it."""
        if self.path is not None:
            with contextlib.suppress(OSError):
                self.path.rmdir()
                self.path = None


class KeptRun:
    """One run in its folder; `part` is the name of the folder in that of its series."""

    def __init__(self, place: KeptFolder, part: str = "") -> None:
        self._place = place
        self._part = part
        self._folder: Path | None = None
        self.problem: str | None = None
        """Why this run is not kept, in one line."""

    def begin(self, log_file: Path) -> None:
        """The log has its first lines: give it its second name. Raises nothing.

        If the system refuses that, for example because the folder is on another disk, `complete`
        makes a copy.
        """
        self._place.begins()
        try:
            folder = self._made()
        except OSError:
            return
        try:
            os.link(log_file.resolve(), folder / KEPT_LOG)
        except OSError:
            self._remove(folder)
            return
        self._folder = folder
        with contextlib.suppress(OSError):
            self._place.is_latest()

    def complete(self, log_file: Path) -> Path | None:
        """The run has ended: the folder for its results, in which its log is.

        None if nothing can be kept; `problem` says why.
        """
        if self._folder is not None and (self._folder / KEPT_LOG).is_file():
            return self._folder
        try:
            self._folder = self._made()
            with written_together(self._folder) as unfinished:
                shutil.copyfile(log_file, unfinished / KEPT_LOG)
            self._place.is_latest()
        except OSError as problem:
            if self._folder is not None:
                self._remove(self._folder)
            why = problem.strerror or str(problem)
            self.problem = (
                f"this run is not kept ({why}): the next one will overwrite its log {log_file}"
            )
            return None
        return self._folder

    def _made(self) -> Path:
        folder = self._place.made() / self._part
        private_folder(folder)
        return folder

    def _remove(self, folder: Path) -> None:
        """Remove a folder in which there is nothing."""
        self._folder = None
        if self._part:
            with contextlib.suppress(OSError):
                folder.rmdir()
        self._place.forget()
