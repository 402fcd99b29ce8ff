"""Laws of the locks of files and folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgeload.file_locks import held_lock, lock_holder


def test_a_lock_is_held_while_entered(tmp_path: Path) -> None:
    """Of a folder, too, whatever is written into it; a second one neither waits nor takes it."""
    inode = tmp_path.stat().st_ino
    assert lock_holder(inode) is None
    with held_lock(tmp_path):
        (tmp_path / "file").write_text("x")
        assert lock_holder(inode) == os.getpid()
        with held_lock(tmp_path):
            pass
        assert lock_holder(inode) == os.getpid()
    assert lock_holder(inode) is None
    with pytest.raises(FileNotFoundError), held_lock(tmp_path / "none"):
        pass
