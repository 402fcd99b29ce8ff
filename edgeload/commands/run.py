"""`edgeload run`, load_test.py: one load test, its plan alone, a calibration, a restored box."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgeload import exit_codes

if TYPE_CHECKING:
    from rich.console import Console

    from edgeload.commands.repeat import DoneRun
    from edgeload.run.keeping import KeptFolder, KeptRun
    from edgeload.run.phases import Ending, RunOutcome
    from edgeload.run.workers import Cluster
    from edgeload.settings import Settings

_OTHER_FOLDER = "load_test_results_again"

# The other imports stand where they are used: --help needs neither pictures nor plots, and a run
# that sends load does not yet need the reading side.
# ruff: noqa: PLC0415


def main(
    arguments: Sequence[str] | None = None,
    *,
    program: str = "edgeload run",
    report: str = "edgeload report",
    config_folders: Sequence[Path] = (Path(),),
) -> int:
    """Do what the command line asks for; the exit code.

    `program` is the name in messages, `report` the program that reads a log again; config.py is
    looked for in `config_folders`, in this order.
    """
    from edgeload.arguments import RESTORE, parse
    from edgeload.cli import typed
    from edgeload.config_file import Config, load_config
    from edgeload.message_lines import messages_become_lines
    from edgeload.settings import SettingError, resolve

    config = Config()
    options: dict[str, object] = {}
    try:
        config = load_config(config_folders)
        options, wanted = parse(None if arguments is None else list(arguments), config, program)
        if wanted.startswith(RESTORE):
            from edgeload.commands.restore_edge_config import restore_edge_config

            return restore_edge_config(Path(wanted.removeprefix(RESTORE)), config, options)
        settings = resolve(config, options, os.environ, program=typed(program))
        if settings.progress == "json":
            messages_become_lines()
        if wanted == "calibrate":
            return _calibrate(settings)
        _check_no_cloud(settings)
        if wanted == "dry_run":
            return _show_plan(settings)
        if settings.variants:
            return _rank(settings)
        return _load(settings, report=typed(report))
    except SettingError as error:
        print(config.located(str(error), options), file=sys.stderr)
        return exit_codes.BAD_SETTING


def _show_plan(settings: Settings) -> int:
    from rich.console import Console

    from edgeload.commands.repeat import series_words
    from edgeload.run.announcement import ramp_remarks
    from edgeload.run.audited_run import AUDIT_PLAN_NOTE
    from edgeload.run.dry_run import asked_detectors, print_plan
    from edgeload.run.embedded_endpoint import check_simulator_options
    from edgeload.run.load_ahead import load_ahead
    from edgeload.run.no_cloud import no_cloud_words
    from edgeload.run.pictures import picture_bytes
    from edgeload.run.preflight import largest_load
    from edgeload.run.session import worker_count

    if settings.variants:  # what is refused is said before any plan
        from edgeload.variants.command import checked_variants

        checked_variants(settings)
    check_simulator_options(settings)
    groups = settings.groups()
    sizes, detectors = picture_bytes(groups), asked_detectors(groups)
    if settings.variants:
        from edgeload.variants.command import show_contest

        show_contest(settings, Console())
    if settings.audit_cache:
        console = Console()
        console.print(AUDIT_PLAN_NOTE, highlight=False, soft_wrap=not console.is_terminal)
    elif settings.find_capacity:
        from edgeload.search.outline import print_outline

        print_outline(settings, sizes, Console(), detectors)
    else:
        for remark in ramp_remarks(settings):
            print(remark)
        print_plan(settings.plan(), sizes, Console(), settings.warmup or 0.0, detectors)
    url = settings.endpoint_url or next(iter(settings.urls), None)
    if url is not None and not settings.audit_cache:
        plan = settings.plan()
        workers = worker_count(settings, plan)
        most = largest_load(settings, plan, workers) if settings.find_capacity else None
        print(load_ahead(settings, url, None, plan, sizes, most))
    if settings.set_no_cloud:
        print(no_cloud_words(settings))
    if settings.repeat > 1 and not settings.find_capacity:
        print(series_words(settings))
    if settings.cluster is not None:
        print(f"The nodes of {settings.cluster} would make the load (--cluster).")
    if settings.plan_for:
        print(
            f"The report will answer --plan {settings.plan_for}: how many boxes like this one "
            "these cameras need."
        )
    return exit_codes.OK


def _calibrate(settings: Settings) -> int:
    from rich.console import Console

    from edgeload.calibrate import calibrate, print_calibration
    from edgeload.settings import SettingError

    if settings.cluster is not None:
        raise SettingError(
            f"CLUSTER = {settings.cluster!r}: --calibrate measures this machine; must be left out "
            "with it, and typed on each node by itself"
        )
    from edgeload.edge.location import Unreachable
    from edgeload.run.worker_processes import WorkersFailed

    try:
        print_calibration(calibrate(settings), Console())
    except Unreachable as error:
        print(error, file=sys.stderr)
        return exit_codes.UNREACHABLE
    except WorkersFailed as error:
        print(error, file=sys.stderr)
        return exit_codes.INVALID
    return exit_codes.OK


def _check_no_cloud(settings: Settings) -> None:
    """Raise SettingError if the box is to be configured and there is none."""
    if settings.set_no_cloud:
        from edgeload.run.no_cloud import check_no_cloud

        check_no_cloud(settings)


def _load(settings: Settings, *, report: str) -> int:
    """One run, or a series, for which the box may be configured; the exit code."""
    from edgeload.commands.repeat import worst_code
    from edgeload.edge.location import Unreachable
    from edgeload.run.keeping import KeptFolder
    from edgeload.run.no_cloud import no_cloud

    _check_hdr(settings)
    place = KeptFolder(settings.output_dir, settings.name)
    try:
        with no_cloud(settings, place.made_now, _say) as configured:
            code = _runs(settings, place, configured.detector_ids, report=report)
    except Unreachable as error:
        print(error, file=sys.stderr)
        return exit_codes.UNREACHABLE
    return worst_code([code, exit_codes.UNREACHABLE]) if configured.not_restored else code


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _runs(
    settings: Settings, place: KeptFolder, no_cloud_set: Sequence[str], *, report: str
) -> int:
    from rich.console import Console

    from edgeload.run.keeping import KeptRun

    if settings.repeat == 1:
        return _watched(settings, Console(), KeptRun(place), no_cloud_set, report=report)
    from edgeload.commands.repeat import run_series
    from edgeload.read.log.log_error import LogError

    unseen = Console(quiet=True)

    def run_once(run: Settings) -> DoneRun:
        kept = KeptRun(place, run.output_dir.name)
        return _run_once(run, unseen, kept, no_cloud_set, report=report)

    try:
        return run_series(settings, run_once, place, report=report)
    except LogError as problem:
        print(problem, file=sys.stderr)
        return exit_codes.INTERNAL_ERROR


def _watched(
    settings: Settings,
    console: Console,
    kept: KeptRun,
    no_cloud_set: Sequence[str],
    *,
    report: str,
) -> int:
    """One run, which people may watch in a browser if that is wanted; the exit code."""
    from edgeload.web.watched_run import watched

    with watched(settings, lambda text: print(text, file=sys.stderr)) as show_final:
        done = _run_once(settings, console, kept, no_cloud_set, report=report)
        if done.summary is not None:
            show_final(settings.output_dir / "report.html")
    return done.code


def _sent(
    settings: Settings, shown: Console, kept: KeptRun, no_cloud_set: Sequence[str]
) -> RunOutcome:
    """Send the load of one run, or of a search. Raises as `run_session` does."""
    with contextlib.ExitStack() as stack:
        cluster = None
        if settings.cluster is not None:
            from edgeload.run.phases import Ending, RunOutcome
            from edgeload.signals import Stopped, StopSignals

            try:
                with StopSignals() as stop, stop.raised():
                    cluster = stack.enter_context(_cluster(settings, shown))
            except Stopped as signal:
                reason = f"stopped by {signal} before the load began"
                return RunOutcome(Ending.NOTHING_SENT, reason)
        if settings.find_capacity:  # it judges while it runs, and so needs the reading side
            from edgeload.search.session import search_capacity

            return search_capacity(settings, shown, kept, no_cloud_set, cluster)
        from edgeload.run.session import run_session

        return run_session(settings, shown, None, kept, no_cloud_set, cluster)


@contextlib.contextmanager
def _cluster(settings: Settings, shown: Console) -> Iterator[Cluster]:
    """Reserves the machines that make the load. Raises WorkersFailed."""
    from edgeload.cluster.cluster_run import ClusterRun, nodes_in_words
    from edgeload.cluster.ray_engine import ray_engine
    from edgeload.run.embedded_endpoint import say_sentence

    with ray_engine(settings) as engine:
        say_sentence(shown, nodes_in_words(engine))
        yield ClusterRun(engine, settings)


def _run_once(
    settings: Settings,
    console: Console,
    kept: KeptRun,
    no_cloud_set: Sequence[str],
    *,
    report: str,
) -> DoneRun:
    """One run from its start to its results, which are kept, and shown on `console`."""
    from edgeload.commands.repeat import DoneRun
    from edgeload.edge.location import Unreachable
    from edgeload.run.phases import Ending
    from edgeload.run.progress_screen import progress_console
    from edgeload.run.worker_processes import WorkersFailed

    try:
        outcome = _sent(settings, progress_console(settings.progress), kept, no_cloud_set)
    except Unreachable as error:
        print(error, file=sys.stderr)
        return DoneRun(exit_codes.UNREACHABLE)
    except WorkersFailed as error:
        print(error, file=sys.stderr)
        return DoneRun(exit_codes.INVALID)
    if outcome.ending is Ending.NOTHING_SENT:
        print(outcome.reason, file=sys.stderr)
        return DoneRun(exit_codes.INTERRUPTED)
    if outcome.ending is Ending.CUT_OFF:
        print(
            f"{outcome.reason}; this shows what was measured: {report} {settings.log_file}",
            file=sys.stderr,
        )
        return DoneRun(exit_codes.INTERRUPTED, has_log=True)
    if outcome.ending is Ending.LOG_REFUSED:
        print(outcome.reason, file=sys.stderr)
    try:
        return _report_run(settings, outcome.ending, console, kept, report=report)
    except KeyboardInterrupt:
        print(
            f"stopped while the results were made; the log is complete, and this makes them: "
            f"{report} {settings.log_file} --output-dir {settings.output_dir}",
            file=sys.stderr,
        )
        return DoneRun(exit_codes.INTERRUPTED, has_log=True)


def _report_run(
    settings: Settings, ending: Ending, console: Console, kept: KeptRun, *, report: str
) -> DoneRun:
    """Read the log of a run, and make, keep and show its results."""
    from edgeload.commands.repeat import DoneRun
    from edgeload.read.log.log_error import LogError
    from edgeload.read.output.painter import Painter
    from edgeload.read.results.results_folder import ResultsError
    from edgeload.read.results.run_results import exit_code, write_junit, write_results
    from edgeload.read.words.headline import undecided_objectives
    from edgeload.run.phases import Ending

    kept_in = kept.complete(settings.log_file)
    if kept.problem is not None:
        print(kept.problem, file=sys.stderr)
    try:
        with Painter() as painter:
            summary = write_results(
                settings.log_file,
                settings.output_dir,
                console=console,
                with_hdr=settings.hdr,
                kept_in=kept_in,
                painter=painter,
            )
        if settings.junit is not None:
            write_junit(summary, settings.junit)
    except ResultsError as problem:
        print(
            f"{problem}; what was measured is in the log, and this makes the report in another "
            f"folder: {report} {settings.log_file} --output-dir {_OTHER_FOLDER}",
            file=sys.stderr,
        )
        return DoneRun(exit_codes.INTERNAL_ERROR, has_log=True)
    except LogError as problem:
        print(problem, file=sys.stderr)
        return DoneRun(exit_codes.INTERNAL_ERROR, has_log=True)
    if not console.quiet:
        for text in undecided_objectives(summary):
            print(text, file=sys.stderr)
    code = exit_code(summary)
    if ending is Ending.SIGNAL:
        code = exit_codes.INTERRUPTED
    elif ending in (Ending.LOG_REFUSED, Ending.NODE_LOST):
        code = exit_codes.INVALID
    elif ending is Ending.ABORT_CONDITION and code != exit_codes.INVALID:
        code = exit_codes.OBJECTIVE_FAILED
    return DoneRun(code, has_log=True, summary=summary)


def _rank(settings: Settings) -> int:
    """Measure the variants of a file in turn, and rank them."""
    from rich.console import Console

    from edgeload.edge.location import Unreachable
    from edgeload.run.progress_screen import progress_console
    from edgeload.variants.command import rank_variants

    try:
        return rank_variants(settings, out=Console(), err=progress_console(settings.progress))
    except Unreachable as error:
        print(error, file=sys.stderr)
        return exit_codes.UNREACHABLE


def _check_hdr(settings: Settings) -> None:
    """Raise SettingError before the run if its percentile files could not be written after it."""
    if settings.hdr:
        from edgeload.read.output.hdr import missing
        from edgeload.settings import SettingError

        if what := missing():
            raise SettingError(f"HDR = True: {what}")
