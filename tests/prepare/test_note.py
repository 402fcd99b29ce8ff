"""Laws of the note: it is whole at each instant, private, and nothing else is taken for one."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from edgeload.prepare.note import Note, NotedBox, NotedDetector, NotedEntry, NoteError, NoteFile

NOTE = Note(
    "7f3a",
    "https://api.groundlight.ai",
    "https://10.0.0.7:30143",
    (NotedDetector("door"), NotedDetector("cars", "det_1", 7)),
    NotedBox(
        (NotedEntry("det_1", None, "no_cloud"), NotedEntry("det_2", "default", "no_cloud")),
        ("no_cloud",),
    ),
)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """By its owner alone; no file means no note."""
    file = NoteFile(tmp_path / "note.json")
    assert file.read() is None
    file.write(NOTE)
    assert file.read() == NOTE
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["note.json"]
    file.remove()
    file.remove()
    assert file.read() is None


def test_one_detector_at_a_time() -> None:
    """One of the same name is replaced, and all others stay."""
    more = NOTE.with_detector(NotedDetector("door", "det_3"))
    assert [each.id for each in more.detectors] == ["det_1", "det_3"]
    assert more.detector("door") == NotedDetector("door", "det_3")
    assert more.without_detector("cars").detector("cars") is None
    assert not more.is_empty
    assert Note("a", "b", "c").is_empty


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"format": "other"}', "\x00"])
def test_another_file_is_no_note(tmp_path: Path, content: str) -> None:
    """One line says so, with the path."""
    path = tmp_path / "note.json"
    path.write_text(content)
    with pytest.raises(NoteError) as caught:
        NoteFile(path).read()
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_note_of_another_format_is_refused(tmp_path: Path) -> None:
    """A later version may have noted what this one cannot undo."""
    file = NoteFile(tmp_path / "note.json")
    file.write(Note("a", "b", "c", format="edgeload preparation 9"))
    with pytest.raises(NoteError, match="edgeload preparation 9"):
        file.read()


def test_a_folder_that_is_none_is_one_line(tmp_path: Path) -> None:
    """The note before is still there if the new one cannot be written."""
    (tmp_path / "file").write_text("")
    with pytest.raises(NoteError, match="cannot be written"):
        NoteFile(tmp_path / "file" / "note.json").write(NOTE)
