"""From logs of two sides to everything a user gets: comparison.json and .html, plots."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from edgeload import exit_codes
from edgeload.read.analysis.comparison import Comparison, compare
from edgeload.read.analysis.history import History, history_of
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.figures.comparison_shown import prepare_comparison
from edgeload.read.figures.shown import charts_of
from edgeload.read.log.log_error import LogError
from edgeload.read.log.open import read_log
from edgeload.read.log.source import read_once
from edgeload.read.log.summaries import past_run, read_summaries
from edgeload.read.output.comparison_json import comparison_json
from edgeload.read.output.comparison_md import comparison_md
from edgeload.read.output.comparison_page import comparison_page
from edgeload.read.output.comparison_terminal import print_comparison
from edgeload.read.output.painter import Painter
from edgeload.read.output.summary_json import summary_json
from edgeload.read.results.results_folder import drawing, results_in, write_text
from edgeload.read.words.run_names import side_names


def write_comparison(
    new: Sequence[Path],
    baseline: Sequence[Path],
    output_dir: Path,
    *,
    margin: float,
    console: Console,
    requests_per_second: float | None = None,
    history: Path | None = None,
    painter: Painter | None = None,
) -> tuple[Comparison, History | None]:
    """Compare runs with earlier ones; comparison.json, plots, the comparison printed.

    Differences within `margin`, a share, are no change. `history` is a folder with the summaries of
    more earlier runs, in which a change of level is looked for; `painter` as in
    `results.write_results`. Raises LogError as that does.
    """
    read_once([*new, *baseline])
    summaries = None if history is None else read_summaries(history)
    old_runs, new_runs = (
        [analyse(read_log(path, requests_per_second=requests_per_second)) for path in side]
        for side in (baseline, new)
    )
    _check_comparable([*old_runs, *new_runs])
    comparison = compare(old_runs, new_runs, margin)
    looked_back = None
    if summaries is not None:
        own = [past_run(summary_json(run, ())) for run in new_runs]
        looked_back = history_of(summaries.runs, own, margin, unreadable=summaries.unreadable)
    pictures = prepare_comparison(comparison, old_runs, new_runs)
    outdated = [picture.file_name for picture in pictures]
    sides = side_names(old_runs, new_runs)
    with (
        results_in(output_dir, outdated, keep=(*new, *baseline)) as folder,
        drawing(painter, pictures, folder) as drawn,
    ):
        files = [
            write_text(folder / "comparison.json", comparison_json(comparison, looked_back, sides)),
            write_text(folder / "comparison.md", comparison_md(comparison, looked_back, sides)),
            *drawn.files,
        ]
        names = [path.name for path in files]
        page = comparison_page(comparison, looked_back, charts_of(pictures), sides, names)
        files.insert(0, write_text(folder / "comparison.html", page))
        drawn.finish()
    files = [output_dir / path.name for path in files]
    print_comparison(console, comparison, looked_back, files, sides)
    return comparison, looked_back


def gate(comparison: Comparison, history: History | None) -> int:
    """The exit code of a script that must not pass a change to the worse: --fail-if-worse."""
    if comparison.verdict == "worse" or (history and history.verdict == "worse"):
        return exit_codes.OBJECTIVE_FAILED
    return exit_codes.NO_RESULT if comparison.tells_nothing else exit_codes.OK


def _check_comparable(runs: Sequence[RunSummary]) -> None:
    """Raise LogError for a search for headroom: its trials differ in what copies do not say."""
    for run in runs:
        if run.headroom is not None:
            raise LogError(
                f"{run.log.path} is a search for headroom, which is not compared; must be a ramp "
                "or another search of the mix, for example with --search copies"
            )
