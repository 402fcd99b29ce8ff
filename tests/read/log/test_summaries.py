"""Summaries of earlier runs are read back as they were written, and other files are counted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edgeload.read.log.log_error import LogError
from edgeload.read.log.summaries import read_summaries

YESTERDAY = Path(__file__).parents[1] / "yesterday"


def test_summaries_of_an_earlier_version_are_read(tmp_path: Path) -> None:
    """Those of all kinds of runs, in folders and under names of the user's choice."""
    (tmp_path / "deep" / "er").mkdir(parents=True)
    paths = sorted(YESTERDAY.glob("*.summary.json"))
    for i, path in enumerate(paths):
        shutil.copy(path, tmp_path / ("deep/er" if i % 2 else "") / path.name)
    shutil.copy(YESTERDAY / "comparison.json", tmp_path / "comparison.json")
    (tmp_path / "torn.json").write_text(paths[0].read_text()[:1000])
    (tmp_path / "list.json").write_text("[1, 2]")
    found = read_summaries(tmp_path)
    assert (len(found.runs), found.unreadable) == (len(paths), 2)
    assert sum(run.settings is None for run in found.runs) == 2  # of the older form
    assert sum(not run.valid for run in found.runs) == 1  # killed


def test_no_folder_is_one_line(tmp_path: Path) -> None:
    """A file, or nothing at all."""
    (tmp_path / "file").write_text("")
    for name in ("file", "absent"):
        with pytest.raises(LogError, match=f"{name} is not a folder"):
            read_summaries(tmp_path / name)
