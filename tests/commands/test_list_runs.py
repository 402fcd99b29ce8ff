"""`edgeload list`, and the other commands that take a run by its name."""

from __future__ import annotations

import io
import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import synthetic_log as sl
from rich.console import Console

from edgeload import exit_codes
from edgeload.__main__ import main
from edgeload.kept_runs import KEPT_LOG
from edgeload.read.analysis.kept_answer import kept_answer
from edgeload.read.log.kept_list import read_kept
from edgeload.read.log.summaries import read_summaries
from edgeload.read.output.kept_table import print_kept
from edgeload.read.results.run_results import write_results
from edgeload.run.log_place import held_log

OLD, NEW, KILLED, SERIES = (
    "2026-11-27T174205Z-4-workers",
    "2026-11-27T181500Z-8-workers",
    "2026-11-27T190000Z",
    "2026-11-28T090000Z-again",
)


def keep(results: Path, folder: str, servers: int = 4, **settings: Any) -> None:
    """A run as a load test keeps it; its results are the newest as well."""
    kept = results / folder
    played = sl.play(
        sl.plan_of([10, 30, 60], 8, 2.0), servers=servers, service=sl.constant(0.05), seed=servers
    )
    log = sl.write(kept / KEPT_LOG, played, **settings)
    log.write_bytes(log.read_bytes().replace(b"20261123-183001-abcdef", folder.encode()))
    write_results(log, results, console=Console(quiet=True), kept_in=kept)


@pytest.fixture(name="results", scope="module")
def _results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two named runs, one that was killed before its results, a series."""
    results = tmp_path_factory.mktemp("kept") / "load_test_results"
    keep(results, OLD, 4, name="4-workers", box_label="NUC 12", notes="with a \x1b[31mnote")
    keep(results, NEW, 8, name="8-workers", box_label="NUC 12")
    (results / KILLED).mkdir()
    (results / KILLED / KEPT_LOG).write_text("RAMP 1\n")
    for part in ("run-1", "run-2"):
        keep(results, f"{SERIES}/{part}", 4, name="again")
    for other in (f"{SERIES}/repeats.json", "variants.json", "comparison.json"):
        (results / other).write_text("{}")
    (results / "latest").symlink_to(SERIES)
    return results


@pytest.fixture(autouse=True)
def _beside_the_results(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(results.parent)


def test_the_list_has_a_row_for_each_run_the_newest_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Time, name, box, answer, verdict and the size of the log, and what all of them take."""
    assert main(["list"]) == exit_codes.OK
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "time (UTC) name box answer verdict log"
    assert [re.sub(r" [\d.]+ [kM]?B$", "", line) for line in lines[1:5]] == [
        "2026-11-28T090000Z again 2 runs: 30 clients VALID",
        "2026-11-27T190000Z - no results",
        "2026-11-27T181500Z 8-workers NUC 12 at least 60 clients (120/s) VALID",
        "2026-11-27T174205Z 4-workers NUC 12 30 clients (60.0/s) VALID",
    ]
    assert lines[2].endswith(" 7 B")
    assert lines[6].startswith("4 kept runs, ")


def test_the_list_fits_a_terminal_of_80_columns(results: Path) -> None:
    """A long name or label goes over several lines, and nothing of it is lost."""
    answers = [kept_answer(entry) for entry in read_kept(results)]
    label = "the old box behind the third gate of the southern building"
    name = "q" * 50
    called = replace(answers[-1].called, name=name)
    text = io.StringIO()
    console = Console(file=text, width=80, force_terminal=True, no_color=True)
    print_kept(console, [*answers, replace(answers[-1], box_label=label, called=called)], "r")
    lines = re.sub(r"\x1b\[[0-9;]*m", "", text.getvalue()).splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 80, lines
    assert text.getvalue().count("q") == 50


def test_the_list_in_json_has_the_folders(capsys: pytest.CaptureFixture[str]) -> None:
    """And what the user said of each run."""
    assert main(["list", "load_test_results", "--json"]) == exit_codes.OK
    found = json.loads(capsys.readouterr().out)
    assert [each["folder"] for each in found] == [SERIES, KILLED, NEW, OLD]
    assert [each["runs"] for each in found] == [2, 1, 1, 1]
    assert [each["name"] for each in found] == ["again", None, "8-workers", "4-workers"]
    assert found[-1]["notes"] == "with a \x1b[31mnote"
    assert all(each["bytes"] >= each["log_bytes"] > 0 for each in found)


def test_a_broken_summary_is_named_and_the_others_are_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever stands in it."""
    for n, text in enumerate((b"{", b"[]", b'{"validity": 1}', b"\xff", b"\0" * 100)):
        folder = tmp_path / f"2026-11-27T17420{n}Z"
        folder.mkdir()
        (folder / "summary.json").write_bytes(text)
    assert main(["list", str(tmp_path)]) == exit_codes.OK
    out = " ".join(capsys.readouterr().out.split())
    assert out.count("no results") == out.count("is no summary of a run") == 5


def test_a_run_that_goes_on_is_running(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As long as its log is held; it then has no results yet."""
    with held_log(results / KILLED / KEPT_LOG):
        assert main(["list"]) == exit_codes.OK
        assert "running" in capsys.readouterr().out.splitlines()[2]


def test_without_kept_runs_the_list_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that was typed must exist."""
    monkeypatch.chdir(tmp_path)
    assert main(["list"]) == exit_codes.OK
    assert capsys.readouterr().out == "No run is kept in load_test_results.\n"
    assert main(["list", "nowhere"]) == exit_codes.BAD_SETTING
    assert capsys.readouterr().err == (
        "edgeload list: cannot read the kept runs in nowhere: No such file or directory; must be "
        "the folder of results of a load test, for example load_test_results\n"
    )


def test_two_runs_are_compared_by_their_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first is the old one; output and comparison.json say which is which."""
    where = ["--output-dir", str(tmp_path)]
    assert main(["compare", "8-workers", "4-w", *where]) == exit_codes.OK
    out = capsys.readouterr().out
    assert out.startswith("Worse: ")
    assert "\nBefore: 8-workers on NUC 12. After: 4-workers on NUC 12.\n" in out
    sides = json.loads((tmp_path / "comparison.json").read_text())["sides"]
    assert sides == {"before": "8-workers on NUC 12", "after": "4-workers on NUC 12"}
    again = ["compare", "4-workers", "--baseline", "8-workers", *where]
    assert main(again) == exit_codes.OK
    assert capsys.readouterr().out == out


def test_a_side_without_a_name_makes_both_go_by_their_logs(
    tmp_path: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Kept ones by their folders; a series is all of its runs."""
    log = tmp_path / "old.jsonl"
    log.write_bytes((results / OLD / KEPT_LOG).read_bytes().replace(b'"name":"4-w', b'"nome":"4-w'))
    assert main(["compare", str(log), "again", "--output-dir", str(tmp_path)]) == exit_codes.OK
    out = " ".join(capsys.readouterr().out.split())
    assert f"Before: old.jsonl. After: {SERIES}/run-1, {SERIES}/run-2." in out


@pytest.mark.parametrize("words", [["4-workers"], ["4-workers", "8-workers", "again"]])
def test_compare_without_a_baseline_takes_two_sides(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says which."""
    with pytest.raises(SystemExit) as ended:
        main(["compare", *words])
    assert ended.value.code == exit_codes.BAD_SETTING
    err = capsys.readouterr().err
    assert "given without --baseline: must be two, the old one first, for example" in err
    assert err.count("\n") == 1


def test_a_name_that_no_run_has_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """With the name that was meant."""
    assert main(["report", "8-wrokers"]) == exit_codes.BAD_SETTING
    err = capsys.readouterr().err
    assert err.startswith("edgeload report: cannot read the log 8-wrokers: No such file")
    assert err.endswith("did you mean 8-workers? edgeload list shows all\n")
    assert err.count("\n") == 1


def test_a_report_by_name_is_made_in_the_folder_of_the_run(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So a run that was killed gets its results; the newest results stay as they are."""
    newest = (results / "summary.json").read_bytes()
    (results / OLD / "report.html").unlink()
    assert main(["report", "4-workers"]) == exit_codes.OK
    assert f"load_test_results/{OLD}/report.html" in capsys.readouterr().out
    assert (results / OLD / "report.html").exists()
    assert (results / "summary.json").read_bytes() == newest
    assert main(["report", "4-workers", "--output-dir", str(tmp_path)]) == exit_codes.OK
    assert (tmp_path / "report.html").exists()


def test_a_report_of_a_series_by_name_is_that_of_all_its_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As --repeats with its logs; with another run beside it, it has to be said."""
    assert main(["report", "latest", "--output-dir", str(tmp_path)]) == exit_codes.OK
    assert capsys.readouterr().out.startswith("2 runs: this endpoint serves 30 clients")
    assert (tmp_path / "repeats.json").exists()
    with pytest.raises(SystemExit):
        main(["report", "latest", "8-workers"])


def test_a_history_counts_each_kept_run_once(results: Path) -> None:
    """Of the newest, the summary lies in two places; what else we write there is no broken one."""
    found = read_summaries(results)
    assert found.unreadable == 0
    assert len(found.runs) == 5
    assert len({run.identity for run in found.runs}) == 4  # by which a history tells them apart


def test_results_that_are_kept_stay_when_the_newest_are_replaced(results: Path) -> None:
    """They are files of their own from then on."""
    assert not (results / OLD / "summary.json").samefile(results / "summary.json")
    pages = [(results / folder / "summary.json").read_text() for folder in (OLD, NEW)]
    assert [json.loads(page)["name"] for page in pages] == ["4-workers", "8-workers"]


def test_file_systems_without_links_get_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the results as of the log."""

    def refused(*_: object, **__: object) -> None:
        raise OSError("no links")

    monkeypatch.setattr(os, "link", refused)
    keep(tmp_path, OLD)
    text = (tmp_path / "summary.json").read_text()
    assert (tmp_path / OLD / "summary.json").read_text() == text
