"""The whole measurement several times, with pauses (`--repeat`), and its logs read again."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeload import exit_codes
from edgeload.objectives import Objective
from edgeload.settings import SettingError, Settings
from edgeload.settings.run_series import folder_of_run, log_of_run, series_s, settings_of_run
from edgeload.signals import StopSignals

if TYPE_CHECKING:
    from rich.console import Console

    from edgeload.read.analysis.run_figures import RunFigures
    from edgeload.read.analysis.run_summary import RunSummary
    from edgeload.run.keeping import KeptFolder

# Functions import the reading side themselves, so that a run does not wait for it.
# ruff: noqa: PLC0415

_WORST_FIRST = (
    exit_codes.INTERNAL_ERROR,
    exit_codes.BAD_SETTING,
    exit_codes.UNREACHABLE,
    exit_codes.INTERRUPTED,
    exit_codes.INVALID,
    exit_codes.OBJECTIVE_FAILED,
    exit_codes.NO_RESULT,
    exit_codes.OK,
)
"""Of several exit codes, the first of these counts, as README says."""
_ENDS_A_SERIES = (exit_codes.INTERNAL_ERROR, exit_codes.UNREACHABLE, exit_codes.INTERRUPTED)
_LONGEST_HEADER_BYTES = 1 << 20


@dataclass(frozen=True)
class DoneRun:
    """How one run went. `has_log` is False if nothing was sent; `summary` is None if it was not
    read.
    """

    code: int
    has_log: bool = False
    summary: RunSummary | None = None


Measure = Callable[[Settings], DoneRun]
"""Does one run with these settings: a ramp or a search; what it shows on stdout, it need not."""


def run_series(
    settings: Settings, measure: Measure, place: KeptFolder | None = None, *, report: str
) -> int:
    """Do REPEAT runs with COOLDOWN seconds between them, show what they say together; exit code.

    What they say together is kept in `place`, in which the runs are.

    Ctrl-C during a run ends that as it ends a run without repetition, and the series; in a pause it
    ends the series at once. What the complete runs say together is shown in any case. Raises
    SettingError before the first run if a log would overwrite a file that is none of ours.
    """
    from rich.console import Console

    check_logs(settings)
    _say(series_words(settings))
    runs: list[RunFigures] = []
    codes: list[int] = []
    try:
        _measure_all(settings, measure, runs, codes)
    finally:  # what was measured is shown even if a later run could not begin
        if runs:
            _show(runs, settings.output_dir, Console(), place.path if place else None)
    if runs:
        logs = [str(log_of_run(settings.log_file, n)) for n in range(1, len(runs) + 1)]
        if len(logs) > 1:
            print(f"To read them again: {report} --repeats {shlex.join(logs)}")
        print(f"To repeat: {settings.command()}")
    return worst_code(codes)


def _measure_all(
    settings: Settings, measure: Measure, runs: list[RunFigures], codes: list[int]
) -> None:
    """Do the runs and the pauses between them; adds what each was and its exit code."""
    last = settings.repeat
    with StopSignals() as stop:  # between runs: each run counts its own
        for number in range(1, last + 1):
            run = settings_of_run(settings, number)
            _say(f"Run {number} of {last}:")
            started_s = time.monotonic()
            done = measure(run)
            ended_s = time.monotonic()
            codes.append(done.code)
            if done.has_log:
                runs.append(_figures(done, run.log_file))
                _say(_one_line(number, done, run, ended_s - started_s))
            if done.code in _ENDS_A_SERIES or number == last:
                return
            if stop.count or _pause(settings.cooldown, ended_s, stop):
                _say(f"Stopped by {stop.last} after run {number} of {last}.")
                codes.append(exit_codes.INTERRUPTED)
                return


def read_series(
    logs: Sequence[Path],
    output_dir: Path,
    *,
    objectives: Sequence[Objective] | None = None,
    slo_undecided: str | None = None,
    required: int | None = None,
    requests_per_second: float | None = None,
    with_hdr: bool = False,
    console: Console,
) -> int:
    """Make the results of a series from its logs alone, each run's and all runs'; exit code.

    Raises LogError for a log that cannot be read, and for logs that are not of one measurement.
    """
    from rich.console import Console

    from edgeload.read.analysis.run_figures import figures_of_run
    from edgeload.read.log.source import read_once
    from edgeload.read.results.run_results import exit_code, write_results

    read_once(logs)
    runs: list[RunFigures] = []
    codes: list[int] = []
    for number, log in enumerate(logs, 1):
        summary = write_results(
            log,
            folder_of_run(output_dir, number),
            console=Console(quiet=True),
            requests_per_second=requests_per_second,
            objectives=objectives,
            with_hdr=with_hdr,
            required=required,
        )
        codes.append(exit_code(summary, slo_undecided))
        runs.append(figures_of_run(summary))
    _show(runs, output_dir, console)
    return worst_code(codes)


def series_words(settings: Settings) -> str:
    """`3 runs with pauses of 30 s take 240 s (4 min) in all, …`"""
    all_s = series_s(settings)
    runs = f"{settings.repeat} runs with pauses of {settings.cooldown:g} s"
    if all_s is None:
        return f"{runs}; how long each takes is not known before (--budget limits it)."
    most = "at most " if settings.find_capacity else ""
    return (
        f"{runs} take {most}{all_s:g} s ({all_s / 60:.0f} min) in all, and what each takes to "
        "begin and end."
    )


def worst_code(codes: Sequence[int]) -> int:
    """The exit code of a series whose runs and pauses ended with these."""
    return min(codes, key=_WORST_FIRST.index, default=exit_codes.OK)


def check_logs(settings: Settings) -> None:
    """Raise SettingError if a run but the first would overwrite what is no log of such a run.

    LOG_FILE is overwritten by each run, and so is a log that was written under the same name as one
    of these. Anything else of that name, for example a copy of another log, somebody wants to keep.
    """
    for number in range(2, settings.repeat + 1):
        path = log_of_run(settings.log_file, number)
        if path.exists() and not _was_written_as(path):
            raise SettingError(
                f"REPEAT = {settings.repeat}: run {number} would overwrite {path}, which is not "
                "the log of such a run; must be moved away, or LOG_FILE another name, for example "
                "--log-file series.log"
            )


def _was_written_as(path: Path) -> bool:
    """Whether a file is the log of a run whose LOG_FILE had this name, or empty."""
    try:
        with path.open("rb") as file:
            line = file.readline(_LONGEST_HEADER_BYTES)
        return not line or Path(json.loads(line)["settings"]["log_file"]).name == path.name
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _pause(cooldown_s: float, since_s: float, stop: StopSignals) -> bool:
    """Wait until `cooldown_s` seconds have passed since the run's end; True if a signal came."""
    left_s = cooldown_s - (time.monotonic() - since_s)
    if left_s <= 0:
        return bool(stop.count)
    _say(f"Pause of {cooldown_s:g} s (--cooldown).")
    return stop.wait(left_s)


def _figures(done: DoneRun, log_file: Path) -> RunFigures:
    from edgeload.read.analysis.run_figures import figures_of_run, stopped_run

    return figures_of_run(done.summary) if done.summary else stopped_run(log_file.name)


def _one_line(number: int, done: DoneRun, run: Settings, took_s: float) -> str:
    """What a run found, as soon as it is known."""
    from edgeload.read.words.headline import headline, validity

    if done.summary is None:
        return f"Run {number} has no report; its log is {run.log_file}."
    said = headline(done.summary)
    if not done.summary.valid:
        said = f"{validity(done.summary)} {said}"
    return f"Run {number}, {took_s:.0f} s: {said} ({run.output_dir / 'report.html'})"


def _show(
    runs: Sequence[RunFigures], output_dir: Path, console: Console, kept_in: Path | None = None
) -> None:
    from edgeload.read.results.repeats_results import write_repeats

    folders = [folder_of_run(output_dir, number) for number in range(1, len(runs) + 1)]
    write_repeats(runs, output_dir, folders, console=console, kept_in=kept_in)


def _say(text: str) -> None:
    """On stderr, beside the progress of the runs."""
    print(text, file=sys.stderr, flush=True)
