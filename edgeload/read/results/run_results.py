"""From a log to everything a user gets: summary.json, report.html, plots, the report printed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from edgeload import exit_codes
from edgeload.host.samples import SampleFile
from edgeload.objectives import Objective
from edgeload.read.analysis.box_planning import with_box_plan
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.objectives_by_load import status_of_all
from edgeload.read.analysis.required_capacity import with_required_capacity
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.search_result import WITH_CAPACITY
from edgeload.read.analysis.summarising import analyse, with_host
from edgeload.read.figures.shown import charts_of, prepare_figures
from edgeload.read.log.log_error import LogError
from edgeload.read.log.open import read_log
from edgeload.read.log.source import read_once, shown_name, utf8_file
from edgeload.read.output import hdr
from edgeload.read.output.junit import junit_xml
from edgeload.read.output.page import html_report
from edgeload.read.output.painter import Painter
from edgeload.read.output.repeats_json import REPEATS_FILE
from edgeload.read.output.steps_csv import steps_csv
from edgeload.read.output.summary_json import summary_json
from edgeload.read.output.summary_md import summary_md
from edgeload.read.output.terminal import print_report
from edgeload.read.results.results_folder import drawing, keep_too, results_in, write_text
from edgeload.wanted_cameras import WantedCameras


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
        results_in(output_dir, outdated, keep=(log_file, host_samples)) as folder,
        drawing(painter, pictures, folder) as drawn,
    ):
        files = [
            write_text(folder / "summary.json", summary_json(summary, findings)),
            write_text(folder / "summary.md", summary_md(summary, findings)),
            write_text(folder / "steps.csv", steps_csv(summary)),
            *drawn.files,
        ]
        if with_hdr:
            texts = hdr.percentile_files(summary)
            files += [write_text(folder / name, text) for name, text in texts.items()]
        page = html_report(summary, findings, charts_of(pictures), [path.name for path in files])
        files.insert(0, write_text(folder / "report.html", page))
        drawn.finish()
        keep_too(folder, kept_in)
    files = [output_dir / path.name for path in files]
    files += [kept_in / "report.html"] if kept_in else []
    print_report(console, summary, findings, files)
    return summary


def write_junit(summary: RunSummary, path: Path, slo_undecided: str | None = None) -> None:
    """Write the objectives of a run as JUnit XML. Raises ResultsError."""
    with results_in(path.parent) as folder:
        no_result = exit_code(summary, slo_undecided) == exit_codes.NO_RESULT
        text = junit_xml(summary, no_result=no_result, slo_undecided=slo_undecided)
        write_text(folder / path.name, text)


def exit_code(summary: RunSummary, slo_undecided: str | None = None) -> int:
    """The exit code of a script that showed these results.

    An INVALID run says nothing about objectives. An objective that names no load is met if one load
    of the ramp meets it, and all of these have to be met at the same load. An undecided objective
    has not failed, unless `slo_undecided`, by default the run's setting, is "fail". A run without
    one correct answer has no result, and neither has a cache audit that decides nothing, or a run
    that waited for more roll-outs than came. A search
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
    no_answer = no_answer or summary.rollouts_missing > 0
    return exit_codes.NO_RESULT if summary.no_result or no_answer else exit_codes.OK


def _with_samples(summary: RunSummary, given: Path) -> RunSummary:
    """The summary with the samples of the host that the monitor wrote into a file."""
    with utf8_file(given, "the host's samples") as path:
        try:
            return with_host(summary, SampleFile(path).samples())
        except ValueError as problem:
            raise LogError(str(problem).replace(str(path), str(shown_name(given)))) from None
