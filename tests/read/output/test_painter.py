"""The process that draws the pictures: the same files, and the disk's errors, as without it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import example_runs
import pytest

from edgeload.read.figures.chart import Picture
from edgeload.read.figures.shown import prepare_figures
from edgeload.read.output import png
from edgeload.read.output.painter import Painter


@pytest.fixture
def pictures(tmp_path: Path) -> Sequence[Picture]:
    return prepare_figures(example_runs.short(tmp_path))


def test_it_draws_what_this_process_would(tmp_path: Path, pictures: Sequence[Picture]) -> None:
    """Byte for byte, in the same order; and an empty picture removes an older file."""
    here, there = tmp_path / "here", tmp_path / "there"
    empty = Picture("old.png", (), "", "")
    there.mkdir()
    (there / "old.png").write_text("of an earlier run")
    written = png.write(pictures, here)
    with Painter() as painter:
        painter.begin([*pictures, empty], there)
        drawn = painter.drawn()
    assert drawn == [there / path.name for path in written]
    assert {path.name: path.read_bytes() for path in there.iterdir()} == {
        path.name: path.read_bytes() for path in here.iterdir()
    }


def test_an_error_of_the_disk_is_raised_here(tmp_path: Path, pictures: Sequence[Picture]) -> None:
    """With its number, as if this process had drawn."""
    (tmp_path / "file").write_text("no folder")
    with Painter() as painter:
        painter.begin(pictures, tmp_path / "file")
        with pytest.raises(NotADirectoryError):
            painter.drawn()


def test_one_that_was_killed_says_that_nothing_is_drawn(
    tmp_path: Path, pictures: Sequence[Picture]
) -> None:
    """So that whoever asked draws by themselves."""
    with Painter() as painter:
        painter._process.kill()
        painter.begin(pictures, tmp_path)
        assert painter.drawn() is None


def test_one_that_is_not_needed_ends() -> None:
    """For example because the log cannot be read."""
    with Painter() as painter:
        pass
    assert painter._process.returncode is not None


def test_once_stopped_nothing_is_written_any_more(
    tmp_path: Path, pictures: Sequence[Picture]
) -> None:
    """Its folder can be removed at once, in whatever it was; and it may be stopped again."""
    for number in range(3):
        folder = tmp_path / f"unfinished-{number}"
        with Painter() as painter:
            painter.begin(pictures, folder)
            while not folder.exists():  # it draws now
                time.sleep(0.002)
            painter.stop()
            shutil.rmtree(folder)
            time.sleep(0.05)
            assert not folder.exists()
