"""What is kept of a run, whatever the next one does, and whatever the system refuses."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from edgeload.kept_runs import KEPT_LOG, kept_folders
from edgeload.records import RampStepStart
from edgeload.run.keeping import KeptFolder, KeptRun
from edgeload.run.kept_log import KeptLog
from edgeload.run.log_place import check_log_place, held_log
from edgeload.settings import SettingError, resolve


def _step(number: int) -> RampStepStart:
    return RampStepStart("", 0.0, number, number, 0.0, 0.0)


def _run(log: Path, kept: KeptRun, number: int, *, killed: bool = False) -> bytes:
    """A run that writes two lines of its own; what is in its log."""
    with held_log(log):
        writer = KeptLog(log)
        writer.append([_step(number)])
        kept.begin(log)
        writer.append([_step(number + 100)])
        if not killed:
            assert writer.finish([]) is None
        writer.close()
    return log.read_bytes()


def test_two_runs_one_after_the_other_are_both_kept_byte_for_byte(tmp_path: Path) -> None:
    """LOG_FILE has the second log alone, and `latest` leads to that."""
    log, results = tmp_path / "load_test.log", tmp_path / "results"
    first = KeptRun(KeptFolder(results, "first"))
    text = _run(log, first, 1)
    folder = first.complete(log)
    assert folder is not None
    assert folder.name.endswith("Z-first")
    second = KeptRun(KeptFolder(results, None))
    other = _run(log, second, 2)
    assert other != text
    assert (folder / KEPT_LOG).read_bytes() == text
    newest = second.complete(log)
    assert newest is not None
    assert (newest / KEPT_LOG).read_bytes() == other == log.read_bytes()
    assert (newest / KEPT_LOG).samefile(log)  # without a copy
    assert (results / "latest").readlink() == Path(newest.name)
    assert sorted(kept_folders(results)) == sorted([folder, newest])


def test_the_log_of_a_killed_run_outlives_the_next_one(tmp_path: Path) -> None:
    """It was kept from its first line on, and never completed."""
    log, results = tmp_path / "load_test.log", tmp_path / "results"
    killed = _run(log, KeptRun(KeptFolder(results, "killed")), 1, killed=True)
    _run(log, KeptRun(KeptFolder(results, "next")), 2)
    (folder,) = (each for each in kept_folders(results) if each.name.endswith("-killed"))
    assert (folder / KEPT_LOG).read_bytes() == killed


def test_a_log_that_nobody_keeps_is_overwritten_in_place(tmp_path: Path) -> None:
    """As that of an earlier version: it is the same file."""
    log = tmp_path / "load_test.log"
    log.write_text("RAMP 1\n")
    inode = log.stat().st_ino
    KeptLog(log).close()
    assert (log.stat().st_ino, log.read_text()) == (inode, "")


def test_a_link_to_the_log_stays_a_link(tmp_path: Path) -> None:
    """The file that it leads to gets the new log."""
    log, link = tmp_path / "real.log", tmp_path / "link.log"
    link.symlink_to(log)
    kept = KeptRun(KeptFolder(tmp_path / "results", None))
    text = _run(link, kept, 1)
    other = _run(link, KeptRun(KeptFolder(tmp_path / "results", None)), 2)
    folder = kept.complete(link)
    assert folder is not None
    assert (folder / KEPT_LOG).read_bytes() == text
    assert link.is_symlink()
    assert log.read_bytes() == other


def test_no_other_run_writes_a_log_that_got_a_new_file(tmp_path: Path) -> None:
    """The lock is on the new file as well, as long as it is written."""
    log = tmp_path / "load_test.log"
    _run(log, KeptRun(KeptFolder(tmp_path / "results", None)), 1)
    with held_log(log):
        writer = KeptLog(log)
        with pytest.raises(SettingError, match="another run"):
            held_log(log).__enter__()
        writer.close()
    with held_log(log):
        pass


def test_runs_that_begin_in_one_second_have_folders_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also under one name."""
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.0)
    for number in range(3):
        _run(tmp_path / f"{number}.log", KeptRun(KeptFolder(tmp_path, "a")), number)
    stem = "2027-01-15T080000Z"
    names = [folder.name for folder in kept_folders(tmp_path)]
    assert names == [f"{stem}.3-a", f"{stem}.2-a", f"{stem}-a"]


def test_the_runs_of_a_series_are_kept_in_one_folder(tmp_path: Path) -> None:
    """Each in one of its own in that."""
    place = KeptFolder(tmp_path / "results", "series")
    texts = [
        _run(tmp_path / f"{n}.log", KeptRun(place, f"run-{n}"), n, killed=n == 2) for n in (1, 2)
    ]
    (folder,) = kept_folders(tmp_path / "results")
    assert folder == place.path
    assert [(folder / f"run-{n}" / KEPT_LOG).read_bytes() for n in (1, 2)] == texts


def test_on_another_disk_the_log_is_copied_when_the_run_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before that there is no folder: an empty one would tell nothing."""

    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(os, "link", refused)
    log, results = tmp_path / "load_test.log", tmp_path / "results"
    for kept in (
        KeptRun(KeptFolder(results, None)),
        KeptRun(KeptFolder(results, None), "run-1"),
    ):
        text = _run(log, kept, 1)
        before = kept_folders(results)
        folder = kept.complete(log)
        assert folder is not None
        assert len(kept_folders(results)) == len(before) + 1
        assert (folder / KEPT_LOG).read_bytes() == text
        assert not (folder / KEPT_LOG).samefile(log)
        assert (results / "latest").resolve() in (folder, folder.parent)


def test_a_run_that_cannot_be_kept_says_so_and_goes_on(tmp_path: Path) -> None:
    """One line with the reason, and nothing else happens."""
    (tmp_path / "results").write_text("a file")
    kept = KeptRun(KeptFolder(tmp_path / "results", None))
    log = tmp_path / "load_test.log"
    assert _run(log, kept, 1)
    assert kept.complete(log) is None
    assert kept.problem == (
        f"this run is not kept (Not a directory): the next one will overwrite its log {log}"
    )


def test_what_a_user_calls_latest_stays(tmp_path: Path) -> None:
    """A folder or a file; another link is replaced."""
    (tmp_path / "latest").write_text("notes")
    _run(tmp_path / "a.log", KeptRun(KeptFolder(tmp_path, None)), 1)
    assert (tmp_path / "latest").read_text() == "notes"
    (tmp_path / "latest").unlink()
    (tmp_path / "latest").mkdir()
    _run(tmp_path / "a.log", KeptRun(KeptFolder(tmp_path, "c")), 1)
    assert not (tmp_path / "latest").is_symlink()
    (tmp_path / "latest").rmdir()
    (tmp_path / "latest").symlink_to("nowhere")
    _run(tmp_path / "b.log", KeptRun(KeptFolder(tmp_path, "b")), 1)
    assert (tmp_path / "latest").readlink().name.endswith("-b")
    assert not list(tmp_path.glob(".edgeload-*"))


def test_what_is_kept_is_private_whatever_the_umask(tmp_path: Path) -> None:
    """The folder of the run, and the log in it."""
    before = os.umask(0)
    try:
        kept = KeptRun(KeptFolder(tmp_path / "results", None), "run-1")
        _run(tmp_path / "a.log", kept, 1)
    finally:
        os.umask(before)
    folder = kept.complete(tmp_path / "a.log")
    assert folder is not None
    modes = [path.stat().st_mode & 0o777 for path in (folder.parent, folder, folder / KEPT_LOG)]
    assert modes == [0o700, 0o700, 0o600]


@pytest.mark.parametrize("part", ["", "run-2"])
def test_a_log_in_the_place_of_a_kept_one_is_refused(tmp_path: Path, part: str) -> None:
    """Also through `latest`: a run would take it away."""
    kept = KeptRun(KeptFolder(tmp_path, None), part)
    _run(tmp_path / "a.log", kept, 1)
    log = tmp_path / "latest" / part / KEPT_LOG
    settings = resolve({}, {"log_file": str(log), "output_dir": str(tmp_path / "other")}, {})
    with pytest.raises(SettingError, match="is the place of the log of a run that is kept; must"):
        check_log_place(settings)
