"""From a log to everything a user gets: summary.json, report.html, plots, the report printed."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from edgeload import exit_codes
from edgeload.host.samples import SampleFile
from edgeload.kept_runs import KEPT_LOG
from edgeload.objectives import Objective
from edgeload.private_files import written_together
from edgeload.read.analysis.box_planning import with_box_plan
from edgeload.read.analysis.comparison import Comparison, compare
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.history import History, history_of
from edgeload.read.analysis.objectives_by_load import status_of_all
from edgeload.read.analysis.repeats import Repeats, repeats_of
from edgeload.read.analysis.required_capacity import with_required_capacity
from edgeload.read.analysis.run_figures import RunFigures
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.search_result import WITH_CAPACITY
from edgeload.read.analysis.summarising import analyse, with_host
from edgeload.read.figures.chart import Picture
from edgeload.read.figures.shown import charts_of, prepare_comparison, prepare_figures
from edgeload.read.log.columns import LogError
from edgeload.read.log.open import read_log
from edgeload.read.log.source import read_once, shown_name, utf8_file
from edgeload.read.log.summaries import past_run, read_summaries
from edgeload.read.output import hdr
from edgeload.read.output.comparison_json import comparison_json
from edgeload.read.output.comparison_md import comparison_md
from edgeload.read.output.comparison_page import comparison_page
from edgeload.read.output.comparison_terminal import print_comparison
from edgeload.read.output.junit import junit_xml
from edgeload.read.output.page import html_report
from edgeload.read.output.painter import Painter
from edgeload.read.output.repeats_json import REPEATS_FILE, repeats_json
from edgeload.read.output.repeats_terminal import print_repeats
from edgeload.read.output.steps_csv import steps_csv
from edgeload.read.output.summary_json import summary_json
from edgeload.read.output.summary_md import summary_md
from edgeload.read.output.terminal import print_report
from edgeload.read.words.run_names import side_names
from edgeload.wanted_cameras import WantedCameras


class ResultsError(LogError):
    """The disk refuses the results. The log, and all earlier results, are as they were."""


def write_results(
    log_file: Path,
    output_dir: Path,
    *,
    console: Console,
    requests_per_second: float | None = None,
    objectives: Sequence[Objective] | None = None,
    with_hdr: bool = False,
    host_samples: Path | None = None,
    wanted: Sequence[WantedCameras] | None = None,
    reserve: float | None = None,
    required: int | None = None,
    kept_in: Path | None = None,
    painter: Painter | None = None,
) -> RunSummary:
    """Read a log, write its results into a folder (made if missing), print the report.

    `requests_per_second` is a client's arrival rate, for older logs, which do not say it;
    `objectives` take the place of those in the log; `with_hdr` adds HdrHistogram's percentile
    files; `host_samples` is what the monitor wrote on the host meanwhile, and takes the place of
    samples in the log itself. `wanted` are cameras to serve, `reserve` the share of a
    box that is kept free; both replace those in the log, and so does `required`, the load that has
    to be served. `kept_in` is a further folder for the same files, and `painter` the process that
    draws the pictures, if not this one. Raises LogError, in one line, if
    there is nothing to read or no folder to write to, or if the run cannot tell how many boxes are
    needed.
    """
    read_once([log_file, *([host_samples] if host_samples else [])])
    log = read_log(log_file, requests_per_second=requests_per_second)
    summary = analyse(log, objectives)
    if host_samples is not None:
        summary = _with_samples(summary, host_samples)
    elif log.host:
        summary = with_host(summary, log.host)
    summary = with_required_capacity(with_box_plan(summary, wanted, reserve), required)
    findings = find(summary)
    pictures = prepare_figures(summary)
    outdated = [hdr.PATTERN, REPEATS_FILE, *(picture.file_name for picture in pictures)]
    with (
        _results_in(output_dir, outdated, keep=(log_file, host_samples)) as folder,
        _drawing(painter, pictures, folder) as drawn,
    ):
        files = [
            _write(folder / "summary.json", summary_json(summary, findings)),
            _write(folder / "summary.md", summary_md(summary, findings)),
            _write(folder / "steps.csv", steps_csv(summary)),
            *drawn.files,
        ]
        if with_hdr:
            texts = hdr.percentile_files(summary)
            files += [_write(folder / name, text) for name, text in texts.items()]
        page = html_report(summary, findings, charts_of(pictures), [path.name for path in files])
        files.insert(0, _write(folder / "report.html", page))
        drawn.finish()
        _keep(folder, kept_in)
    files = [output_dir / path.name for path in files]
    files += [kept_in / "report.html"] if kept_in else []
    print_report(console, summary, findings, files)
    return summary


def write_junit(summary: RunSummary, path: Path, slo_undecided: str | None = None) -> None:
    """Write the objectives of a run as JUnit XML. Raises ResultsError."""
    with _results_in(path.parent) as folder:
        no_result = exit_code(summary, slo_undecided) == exit_codes.NO_RESULT
        text = junit_xml(summary, no_result=no_result, slo_undecided=slo_undecided)
        _write(folder / path.name, text)


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
    more earlier runs, in which a change of level is looked for; `painter` as in `write_results`.
    Raises LogError as that does.
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
        _results_in(output_dir, outdated, keep=(*new, *baseline)) as folder,
        _drawing(painter, pictures, folder) as drawn,
    ):
        files = [
            _write(folder / "comparison.json", comparison_json(comparison, looked_back, sides)),
            _write(folder / "comparison.md", comparison_md(comparison, looked_back, sides)),
            *drawn.files,
        ]
        names = [path.name for path in files]
        page = comparison_page(comparison, looked_back, charts_of(pictures), sides, names)
        files.insert(0, _write(folder / "comparison.html", page))
        drawn.finish()
    files = [output_dir / path.name for path in files]
    print_comparison(console, comparison, looked_back, files, sides)
    return comparison, looked_back


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
    `write_results` does, and if the runs are not of one measurement.
    """
    repeats = repeats_of(runs)
    reports = [page for folder in folders if (page := folder / "report.html").exists()]
    written = {path.name for folder in folders if folder.is_dir() for path in folder.iterdir()}
    written.discard(KEPT_LOG)  # in the folder of a series
    with _results_in(output_dir, written) as folder:
        _write(folder / REPEATS_FILE, repeats_json(repeats))
        _keep(folder, kept_in)
    files = [output_dir / REPEATS_FILE, *reports]
    print_repeats(console, repeats, files)
    return repeats


def _check_comparable(runs: Sequence[RunSummary]) -> None:
    """Raise LogError for a search for headroom: its trials differ in what copies do not say."""
    for run in runs:
        if run.headroom is not None:
            raise LogError(
                f"{run.log.path} is a search for headroom, which is not compared; must be a ramp "
                "or another search of the mix, for example with --search copies"
            )


def exit_code(summary: RunSummary, slo_undecided: str | None = None) -> int:
    """The exit code of a script that showed these results.

    An INVALID run says nothing about objectives. An objective that names no load is met if one load
    of the ramp meets it, and all of these have to be met at the same load. An undecided objective
    has not failed, unless `slo_undecided`, by default the run's setting, is "fail". A run without
    one correct answer has no result, and neither has a cache audit that decides nothing. A search
    overloads the endpoint on purpose, so its objectives have no say: it has a result if it found
    the capacity of a tier, if only a lower bound; one for headroom, if it tells whether the base
    load is carried. A capacity that is required has to be shown: undecided does not pass.
    """
    if not summary.valid:
        return exit_codes.INVALID
    if summary.required and summary.required.status != "pass":
        return exit_codes.OBJECTIVE_FAILED
    if summary.search is not None:
        found = any(tier.answer in WITH_CAPACITY for tier in summary.search.tiers)
        return exit_codes.OK if found and not summary.no_result else exit_codes.NO_RESULT
    if summary.headroom is not None:
        found = any(tier.carried is not None for tier in summary.headroom.tiers)
        return exit_codes.OK if found and not summary.no_result else exit_codes.NO_RESULT
    undecided = slo_undecided or summary.log.settings.get("slo_undecided")
    failing = ("fail", "undecided") if undecided == "fail" else ("fail",)
    if status_of_all(summary.objectives) in failing:
        return exit_codes.OBJECTIVE_FAILED
    no_answer = summary.audit is not None and not summary.audit.decided
    return exit_codes.NO_RESULT if summary.no_result or no_answer else exit_codes.OK


def gate(comparison: Comparison, history: History | None) -> int:
    """The exit code of a script that must not pass a change to the worse: --fail-if-worse."""
    if comparison.verdict == "worse" or (history and history.verdict == "worse"):
        return exit_codes.OBJECTIVE_FAILED
    return exit_codes.NO_RESULT if comparison.tells_nothing else exit_codes.OK


def _with_samples(summary: RunSummary, given: Path) -> RunSummary:
    """The summary with the samples of the host that the monitor wrote into a file."""
    with utf8_file(given, "the host's samples") as path:
        try:
            return with_host(summary, SampleFile(path).samples())
        except ValueError as problem:
            raise LogError(str(problem).replace(str(path), str(shown_name(given)))) from None


@contextlib.contextmanager
def _results_in(
    output_dir: Path, outdated: Iterable[str] = (), keep: Sequence[Path | None] = ()
) -> Iterator[Path]:
    """`written_together`, which replaces nothing that was read. Raises ResultsError."""
    try:
        with written_together(output_dir, outdated) as folder:
            yield folder
            for written in folder.iterdir():
                target = output_dir / written.name
                if target.exists() and any(read.samefile(target) for read in _files(keep)):
                    raise LogError(
                        f"the results would replace {target}, which was read: "
                        "must be another --output-dir, for example results_again"
                    )
    except OSError as problem:
        raise ResultsError(f"cannot write results to {output_dir}: {problem.strerror}") from problem


@dataclass(frozen=True)
class _Drawing:
    """Pictures that are being drawn, and the files that they will be in."""

    painter: Painter | None
    pictures: Sequence[Picture]
    folder: Path

    @property
    def files(self) -> list[Path]:
        return [self.folder / picture.file_name for picture in self.pictures if picture.charts]

    def finish(self) -> None:
        """Wait until they are drawn; what the painter could not do is done here."""
        if self.painter is None or self.painter.drawn() is None:
            from edgeload.read.output import png  # noqa: PLC0415  (the painter loads matplotlib)

            png.write(self.pictures, self.folder)


@contextlib.contextmanager
def _drawing(
    painter: Painter | None, pictures: Sequence[Picture], folder: Path
) -> Iterator[_Drawing]:
    """Let them be drawn meanwhile; if something fails, nobody writes into the folder any more."""
    if painter is not None:
        painter.begin(pictures, folder)
    try:
        yield _Drawing(painter, pictures, folder)
    except BaseException:
        if painter is not None:
            painter.stop()
        raise


def _keep(written: Path, kept_in: Path | None) -> None:
    """Give the files of a folder, while they are written, a second place. Raises ResultsError."""
    if kept_in is None:
        return
    with _results_in(kept_in, ()) as folder:
        for file in written.iterdir():
            try:
                (folder / file.name).hardlink_to(file)
            except OSError:  # the file system has no links
                shutil.copyfile(file, folder / file.name)


def _files(given: Iterable[Path | None]) -> Iterator[Path]:
    return (path for path in given if path is not None and path.is_file())


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
