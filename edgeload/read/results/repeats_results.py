"""From several runs of one measurement to what they say together: repeats.json."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from edgeload.kept_runs import KEPT_LOG
from edgeload.read.analysis.repeats import Repeats, repeats_of
from edgeload.read.analysis.run_figures import RunFigures
from edgeload.read.output.repeats_json import REPEATS_FILE, repeats_json
from edgeload.read.output.repeats_terminal import print_repeats
from edgeload.read.results.results_folder import keep_too, results_in, write_text


def write_repeats(
    runs: Sequence[RunFigures],
    output_dir: Path,
    folders: Sequence[Path],
    *,
    console: Console,
    kept_in: Path | None = None,
) -> Repeats:
    """What runs of one measurement say together; repeats.json, and the same printed.

    `folders` are those with the results of each run. Files of the same names that one run left in
    `output_dir` itself are removed: they would pass for this series'. `kept_in` is a further folder
    for repeats.json. Raises LogError as
    `results.write_results` does, and if the runs are not of one measurement.
    """
    repeats = repeats_of(runs)
    reports = [page for folder in folders if (page := folder / "report.html").exists()]
    written = {path.name for folder in folders if folder.is_dir() for path in folder.iterdir()}
    written.discard(KEPT_LOG)  # in the folder of a series
    with results_in(output_dir, written) as folder:
        write_text(folder / REPEATS_FILE, repeats_json(repeats))
        keep_too(folder, kept_in)
    files = [output_dir / REPEATS_FILE, *reports]
    print_repeats(console, repeats, files)
    return repeats
