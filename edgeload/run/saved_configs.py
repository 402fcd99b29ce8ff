"""The configurations of boxes that runs have saved before they changed them, in OUTPUT_DIR.

The folder of a run that has changed a box is locked for as long as it goes on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from edgeload.edge.edge_config import ConfigFileError, EdgeConfig, KeptConfig, agrees, kept_config
from edgeload.file_locks import lock_holder
from edgeload.settings import SettingError

SAVED_CONFIG = "edge-config.json"
_MOST_LOOKED_AT = 20


def check_not_changed_now(output_dir: Path, url: str, own: Path | None = None) -> None:
    """Raise SettingError if another run that goes on has changed this box; `own` is our file."""
    for file, saved in _not_restored(output_dir, url):
        pid = changed_by(file)
        if file != own and pid is not None:
            raise SettingError(
                f"ENDPOINT_URL = {saved.url}: another run (process {pid}, {file.parent}) has "
                "changed the configuration of this box and goes on; wait until it has ended"
            )


def left_by_an_earlier_run(output_dir: Path, url: str, now: EdgeConfig) -> Path | None:
    """The file of a run that was killed together with its keeper, if it explains the box."""
    found = (file for file, saved in _not_restored(output_dir, url) if agrees(saved.put, now))
    return next(found, None)


def changed_by(file: Path) -> int | None:
    """The process of the run that has saved this file, if it goes on."""
    try:
        return lock_holder(file.parent.stat().st_ino)
    except OSError:
        return None


def _not_restored(output_dir: Path, url: str) -> Iterator[tuple[Path, KeptConfig]]:
    """What was saved of this box and not put back, the newest first."""
    found: list[tuple[float, Path]] = []
    with contextlib.suppress(OSError):
        for file in output_dir.glob(f"*/{SAVED_CONFIG}"):
            if not file.parent.is_symlink():
                found.append((file.stat().st_mtime, file))
    for _, file in sorted(found, reverse=True)[:_MOST_LOOKED_AT]:
        with contextlib.suppress(ConfigFileError):
            saved = kept_config(file)
            if saved.url == url and not saved.restored:
                yield file, saved
