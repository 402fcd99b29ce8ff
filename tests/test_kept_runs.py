"""What the folders of kept runs are called, and which one a word means."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeload.kept_runs import (
    KEPT_LOG,
    KeptName,
    UnknownRun,
    folder_name,
    folder_of_logs,
    is_kept_log,
    kept_folders,
    log_label,
    logs_meant,
    parsed_name,
)

OLD, NEW, SERIES = (
    "2026-11-27T174205Z-4-workers",
    "2026-11-27T181500Z-8-workers",
    "2026-11-28T090000Z.2",
)


@pytest.fixture(name="results")
def _results(tmp_path: Path) -> Path:
    """Two runs, and a series of two, which is the latest."""
    results = tmp_path / "results"
    for folder in (OLD, NEW, f"{SERIES}/run-1", f"{SERIES}/run-2", f"{SERIES}/run-10"):
        (results / folder).mkdir(parents=True)
        (results / folder / KEPT_LOG).write_text("RAMP 1\n")
    (results / "run-1").mkdir()
    (results / "latest").symlink_to(SERIES)
    return results


@pytest.mark.parametrize("name", ["", "4-workers", "2026-11-27", "a.b", "Z.2-x", "é"])
@pytest.mark.parametrize("number", [1, 2, 10])
def test_the_name_of_a_folder_says_time_number_and_name(name: str, number: int) -> None:
    """Whatever the user calls the run."""
    folder = folder_name(1_800_000_000.9, name, number)
    assert parsed_name(folder) == KeptName("2027-01-15T080000Z", number, name)


@pytest.mark.parametrize("folder", ["run-1", "latest", "2026-11-27", "2026-11-27T174205", ""])
def test_no_other_folder_is_that_of_a_kept_run(folder: str) -> None:
    """Also not one that a user made for a day."""
    assert parsed_name(folder) is None


def test_the_newest_folder_comes_first(results: Path) -> None:
    """A link and the folders of a series as of earlier versions are none."""
    assert [folder.name for folder in kept_folders(results)] == [SERIES, NEW, OLD]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("4-workers", [OLD]),
        ("4", [OLD]),
        (OLD, [OLD]),
        ("2026-11-27T17", [OLD]),
        ("2026-11-28", [f"{SERIES}/run-1", f"{SERIES}/run-2", f"{SERIES}/run-10"]),
        ("latest", [f"{SERIES}/run-1", f"{SERIES}/run-2", f"{SERIES}/run-10"]),
        ("latest/run-2", [f"{SERIES}/run-2"]),
        ("2026-11-28/run-2", [f"{SERIES}/run-2"]),
    ],
)
def test_a_word_means_the_logs_of_a_kept_run(
    results: Path, word: str, found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By name or time, or a beginning; also with the folder of results before it."""
    logs = [results / folder / KEPT_LOG for folder in found]
    assert logs_meant(Path(word), results) == logs
    assert logs_meant(results / word, Path("elsewhere")) == logs
    monkeypatch.chdir(results.parent)
    named = [Path("results") / folder / KEPT_LOG for folder in found]
    assert logs_meant(Path("results") / word, Path("elsewhere")) == named


def test_a_folder_of_results_means_its_latest(results: Path) -> None:
    """So what was given as --output-dir can be compared."""
    assert logs_meant(results, Path("elsewhere"))[0] == results / SERIES / "run-1" / KEPT_LOG


def test_a_file_is_meant_as_it_is(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if a run has its name; a folder that is something else does not hide a run."""
    monkeypatch.chdir(results.parent)
    Path("8-workers").mkdir()
    assert logs_meant(Path("8-workers"), results) == [results / NEW / KEPT_LOG]
    Path("4-workers").write_text("RAMP 1\n")
    for word in (Path("4-workers"), Path("-"), Path("/dev/null")):
        assert logs_meant(word, results) == [word]


def test_a_word_that_no_run_or_several_fit_is_one_line(results: Path) -> None:
    """It says which there are."""
    with pytest.raises(UnknownRun, match=r"did you mean 8-workers\? edgeload list"):
        logs_meant(Path("8-wrokers"), results)
    several = f"can be 2 kept runs: {NEW}, {OLD}; give more of the name"
    with pytest.raises(UnknownRun, match=several):
        logs_meant(Path("2026-11-27"), results)


def test_without_kept_runs_a_missing_file_is_left_to_its_reader(tmp_path: Path) -> None:
    """Who reads it says what is wrong, as ever."""
    for word in (Path("a.log"), tmp_path / "a.log", tmp_path / "x" / "run-1"):
        assert logs_meant(word, tmp_path / "results") == [word]
        assert logs_meant(word, tmp_path) == [word]


def test_a_report_by_name_belongs_into_the_folder_of_the_run(results: Path) -> None:
    """One of a series only if its runs are all of the series, in order."""
    log, *_ = logs_meant(Path(OLD), results)
    assert folder_of_logs([log]) == results / OLD
    assert folder_of_logs([Path("load_test.log")]) is None
    runs = [results / SERIES / f"run-{n}" / KEPT_LOG for n in (1, 2, 10)]
    assert folder_of_logs(runs[:2]) == results / SERIES
    assert folder_of_logs(runs) is None


def test_a_kept_log_is_called_by_its_folder() -> None:
    """All of them have one file name."""
    assert log_label(Path("r") / OLD / KEPT_LOG) == OLD
    assert log_label(Path("after.jsonl")) == "after.jsonl"
    assert is_kept_log(Path("r") / SERIES / "run-2" / KEPT_LOG)
    assert not is_kept_log(Path("r") / OLD / "other.log")
