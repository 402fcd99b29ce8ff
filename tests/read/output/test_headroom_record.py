"""What fits beside a mix in summary.json, in the terminal, on the page, and as an exit code."""

from __future__ import annotations

from pathlib import Path

import pytest
from headroom_runs import SHARED_TRIALS, found_of, headroom_run, shared_pool
from rich.console import Console

from edgeload import exit_codes
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.figures.shown import prepare_figures
from edgeload.read.log.log_error import LogError
from edgeload.read.output.page import html_report
from edgeload.read.output.summary_json import summary_values
from edgeload.read.output.terminal import print_report
from edgeload.read.results.comparison_results import write_comparison
from edgeload.read.results.run_results import exit_code


def printed(summary: RunSummary, width: int) -> str:
    """The report as a terminal of that width shows it."""
    console = Console(width=width, force_terminal=True, color_system=None)
    with console.capture() as capture:
        print_report(console, summary, (), ())
    return capture.get()


def a_run(folder: Path) -> RunSummary:
    """The usual trials, in `run.log`."""
    return headroom_run(folder / "run.log", shared_pool())


def test_a_record_has_the_numbers_of_its_group(tmp_path: Path) -> None:
    """The names that issue 10 fixes, and where they come from."""
    summary = headroom_run(tmp_path / "run.log", shared_pool())
    door, person = summary_values(summary, ())["headroom"]
    found = found_of(summary, "door")
    assert (door["group"], door["cameras"], door["requests_per_s"]) == ("door", 5, 4.0)
    assert (door["more"], door["low"], door["high"]) == (found.more, found.low, found.high)
    assert door["binding"]["code"] == "backlog_grows"
    assert door["binding"]["group"] == "door"
    assert (door["base_carried"], door["tier"]) == (True, None)
    assert door["trials"] == 6 and person["trials"] == 6, "the base load is among both"


def test_other_runs_have_no_headroom(tmp_path: Path) -> None:
    """null, and not an empty list: nothing was searched."""
    from mix_runs import mix_run  # noqa: PLC0415 (a run is made only here)

    assert summary_values(mix_run(tmp_path, "run.log"), ())["headroom"] is None


def test_the_terminal_has_a_table_of_trials_for_each_group(tmp_path: Path) -> None:
    """In cameras of it, with the base load in both; all fits 80 columns."""
    text = printed(headroom_run(tmp_path / "run.log", shared_pool()), 80)
    assert max(map(len, text.splitlines())) <= 80
    assert " are carried; 3 more door" in text.splitlines()[0]
    _, door, person = text.split(" cameras, the other groups at the base load:")
    for part, trials in ((door, "123456"), (person, "1789")):
        rows = [line.split()[0] for line in part.splitlines() if line[:6].strip().isdecimal()]
        assert rows[: len(trials)] == list(trials)
    assert " copies " not in text
    assert " ".join(text.split()).count("how long the trial took") == 1, "one note for both tables"


def test_the_pictures_have_a_ladder_for_each_group(tmp_path: Path) -> None:
    """What stands above the trials are their numbers: copies say nothing of them."""
    pictures = {each.file_name: each for each in prepare_figures(a_run(tmp_path))}
    ladders = pictures["search.png"].charts
    assert {chart.part for chart in ladders} == {"door", "person"}
    assert "3 more" not in ladders[0].title and "door: capacity 8 door cameras" in ladders[0].title
    (throughput, *_) = pictures["throughput.png"].charts
    assert throughput.loads == "trial"
    assert [span.load for span in throughput.spans] == list(range(1, 12))
    assert pictures["capacity.png"].charts == ()
    names = [chart.name for picture in pictures.values() for chart in picture.charts]
    assert len(set(names)) == len(names)


def test_a_search_for_headroom_is_not_compared(tmp_path: Path) -> None:
    """Trials of as many copies differ in their cameras: nothing may be matched by copies."""
    a_run(tmp_path)
    log = [tmp_path / "run.log"]
    with pytest.raises(LogError, match="--search copies"):
        write_comparison(log, log, tmp_path, margin=0.05, console=Console(quiet=True))


def test_the_page_has_a_card_for_each_group(tmp_path: Path) -> None:
    """What fits, and what falls short beyond that."""
    page = html_report(headroom_run(tmp_path / "run.log", shared_pool()), (), (), ())
    card = page.partition('data-group="person"')[2].partition("</li>")[0]
    assert "✓ 7 more fit" in card
    assert "10 person cameras at 2/s" in card
    assert "the backlog grew by" in card
    assert "copies</button>" not in page, "copies do not tell its steps apart"


def test_what_was_found_out_is_a_result(tmp_path: Path) -> None:
    """0 also for a base load that is too large; 6 if not even its own verdict is known."""
    found = headroom_run(tmp_path / "found.log", shared_pool())
    assert exit_code(found) == exit_codes.OK
    too_large = headroom_run(tmp_path / "large.log", shared_pool(1), SHARED_TRIALS[:1])
    assert exit_code(too_large) == exit_codes.OK
    stopped = headroom_run(tmp_path / "stopped.log", shared_pool(), [("door", 7)])
    assert exit_code(stopped) == exit_codes.NO_RESULT
