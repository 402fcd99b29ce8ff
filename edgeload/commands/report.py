"""`edgeload report` and `edgeload compare`, parse_load_test_logs.py: results from logs alone."""

from __future__ import annotations

import argparse
import contextlib
import gc
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from edgeload import exit_codes
from edgeload.cli import Parser, number_above_0, objective, path, typed
from edgeload.config_file import Config, load_config
from edgeload.kept_runs import UnknownRun, folder_of_logs, logs_meant
from edgeload.read.output.painter import Painter
from edgeload.settings import SettingError
from edgeload.settings.single_setting import constant
from edgeload.settings.values import MOST_CLIENTS
from edgeload.wanted_cameras import WantedCameras, parse_wanted

# The reading side is imported by the functions that use it: --help answers at once.
# ruff: noqa: PLC0415

_EXIT_CODES = """\
Exit codes: 0 done, 1 internal error, 2 an option or a log is wrong, 3 an
objective was not met, 4 the run is INVALID, 6 not one correct answer, or a
search found no capacity. With --fail-if-worse: 3 the verdict or the history is
worse, 6 nothing could be compared, or the new side answered nothing. 130
interrupted.
"""
_COMPARE_EXIT_CODES = """\
Exit codes: 0 done, 1 internal error, 2 an option or a log is wrong. With
--fail-if-worse: 3 the verdict or the history is worse, 6 nothing could be
compared, or the new side answered nothing. 130 interrupted.
"""
_REPORT = "Rebuilds the results of a load test from its log alone."
_COMPARE = """\
Compares runs with earlier ones, from their logs alone:
is the endpoint better, worse or the same?"""


def script_main(
    arguments: Sequence[str] | None = None,
    *,
    program: str = "parse_load_test_logs.py",
    config_folders: Sequence[Path] = (Path(),),
) -> int:
    """Both commands in one: a comparison if --baseline is given, otherwise a report."""

    def parser(config: Mapping[str, object]) -> Parser:
        call = typed(program)
        both = Parser(
            prog=program,
            description=f"{_REPORT}\nWith --baseline it {_COMPARE[0].lower()}{_COMPARE[1:]}\n\n"
            f"examples:\n  {call} load_test.log\n  {call} after.jsonl --baseline before.jsonl",
            epilog=_EXIT_CODES,
        )
        _add_log(both, config, compared=True)
        _add_common(both, config, reports=True)
        _add_report(both)
        _add_comparison(both.add_argument_group("Comparing", "instead of a report"))
        return both

    def carry_out(options: argparse.Namespace, parser: Parser) -> int:
        if options.repeats and options.baseline:
            parser.error(
                "--repeats: must be left out with --baseline, for example "
                "new.log new-2.log --baseline old.log --baseline old-2.log"
            )
        if options.repeats:
            return _read_series(options, parser)
        if not options.baseline and len(options.log) > 1:
            parser.error(
                f"{len(options.log)} logs were given: must be one, or several with --repeats or "
                "--baseline, for example after.jsonl --baseline before.jsonl"
            )
        if not options.baseline and options.history:
            parser.error(
                "--history needs --baseline: the log of an earlier run, for example "
                "after.jsonl --baseline before.jsonl --history results"
            )
        return _compare(options, program) if options.baseline else _report(options)

    return _command(arguments, program, config_folders, parser, carry_out)


def report_main(
    arguments: Sequence[str] | None = None,
    *,
    program: str = "edgeload report",
    config_folders: Sequence[Path] = (Path(),),
) -> int:
    """Exit code: 0, 3 or 4 as for the run itself; 2 if an option, a log or a folder is wrong."""

    def parser(config: Mapping[str, object]) -> Parser:
        found = Parser(
            prog=program,
            description=f"{_REPORT}\n\nexample:\n  {typed(program)} load_test.log",
            epilog=_EXIT_CODES,
        )
        _add_log(found, config, compared=False)
        _add_common(found, config, reports=True)
        _add_report(found)
        return found

    def carry_out(options: argparse.Namespace, parser: Parser) -> int:
        if options.repeats:
            return _read_series(options, parser)
        if len(options.log) > 1:
            parser.error(
                f"{len(options.log)} logs were given: must be one, or several with --repeats, for "
                "example --repeats load_test.log load_test-2.log"
            )
        return _report(options)

    return _command(arguments, program, config_folders, parser, carry_out)


def compare_main(
    arguments: Sequence[str] | None = None,
    *,
    program: str = "edgeload compare",
    config_folders: Sequence[Path] = (Path(),),
) -> int:
    """Exit code: 0; 3 or 6 with --fail-if-worse; 2 if an option, a log or a folder is wrong."""

    def parser(config: Mapping[str, object]) -> Parser:
        found = Parser(
            prog=program,
            description=f"{_COMPARE}\n\nexamples:\n"
            f"  {typed(program)} after.jsonl --baseline before.jsonl\n"
            f"  {typed(program)} 4-workers 8-workers",
            epilog=_COMPARE_EXIT_CODES,
            example="after.jsonl --baseline before.jsonl",
        )
        found.add_argument(
            "log",
            metavar="RUN",
            nargs="+",
            type=path,
            help="Log of a new run, or several; - is standard input. Or the name of a run that is "
            "kept: see edgeload list. Without --baseline, two of them: the old one, then the new.",
        )
        _add_common(found, config, reports=False)
        _add_comparison(found)
        return found

    return _command(
        arguments, program, config_folders, parser, lambda given, _: _compare(given, program)
    )


def _command(
    arguments: Sequence[str] | None,
    program: str,
    config_folders: Sequence[Path],
    make_parser: Callable[[Mapping[str, object]], Parser],
    carry_out: Callable[[argparse.Namespace, Parser], int],
) -> int:
    config = Config()
    try:
        config = load_config(config_folders)
        parser = make_parser(config)
    except SettingError as problem:
        print(f"{program}: {config.located(str(problem))}", file=sys.stderr)
        return exit_codes.BAD_SETTING
    options = parser.parse_args(arguments)
    from edgeload.read.log.log_error import LogError

    try:
        return carry_out(_with_kept_runs(options, parser), parser)
    except (LogError, UnknownRun) as problem:
        print(f"{program}: {problem}", file=sys.stderr)
        return exit_codes.BAD_SETTING


def _with_kept_runs(options: argparse.Namespace, parser: Parser) -> argparse.Namespace:
    """The options with logs for the names of kept runs, and the folder for the results.

    Without --baseline, `edgeload compare BEFORE AFTER` has the old side first. A series that is
    reported by its name is read as one. Raises UnknownRun.
    """
    words, baseline = options.log, getattr(options, "baseline", None)
    if baseline is None and parser.prog.endswith("compare"):
        if len(words) != 2:
            parser.error(
                f"{len(words)} {'log was' if len(words) == 1 else 'logs were'} given without "
                "--baseline: must be two, the old one first, for example before.jsonl after.jsonl"
            )
        words, baseline = words[1:], words[:1]
    logs = [log for word in words for log in logs_meant(word, options.kept_in)]
    if baseline is None:
        options.repeats = options.repeats or len(words) == 1 < len(logs)
        options.output_dir = options.output_dir or folder_of_logs(logs)
    else:
        options.baseline = [log for word in baseline for log in logs_meant(word, options.kept_in)]
    options.log, options.output_dir = logs, options.output_dir or options.kept_in
    return options


def _check_hdr(options: argparse.Namespace) -> None:
    """Raise LogError if percentile files are wanted and the package for them is missing."""
    from edgeload.read.log.log_error import LogError
    from edgeload.read.output import hdr

    if options.hdr and (what := hdr.missing()):
        raise LogError(f"--hdr {what}")


@contextlib.contextmanager
def _loading() -> Iterator[None]:
    """Inside, nothing is looked through for garbage: what is loaded stays until the end."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


def _check_there(logs: Iterable[Path]) -> None:
    """Raise LogError for one that is not there, before the process that draws is started."""
    from edgeload.read.log.source import check_there

    for log in logs:
        check_there(log)


def _report(options: argparse.Namespace) -> int:
    _check_there(options.log)
    with Painter() as painter:
        with _loading():
            from rich.console import Console

            from edgeload.read.results.run_results import exit_code, write_junit, write_results
            from edgeload.read.words.headline import undecided_objectives

        _check_hdr(options)
        summary = write_results(
            options.log[0],
            options.output_dir,
            console=Console(),
            requests_per_second=options.requests_per_second,
            objectives=options.slo,
            with_hdr=options.hdr,
            host_samples=options.host,
            wanted=options.plan,
            reserve=None if options.reserve is None else options.reserve / 100,
            required=options.require_capacity,
            painter=painter,
        )
    if options.junit is not None:
        write_junit(summary, options.junit, options.slo_undecided)
    for text in undecided_objectives(summary):
        print(text, file=sys.stderr)
    return exit_code(summary, options.slo_undecided)


def _read_series(options: argparse.Namespace, parser: Parser) -> int:
    """The results of several runs of one measurement."""
    from rich.console import Console

    from edgeload.commands.repeat import read_series

    if len(options.log) < 2:
        parser.error(
            "--repeats: must have the logs of two runs or more, for example "
            "--repeats load_test.log load_test-2.log"
        )
    if options.host is not None:
        parser.error("--host: must be left out with --repeats, for example report one log with it")
    _check_hdr(options)
    return read_series(
        options.log,
        options.output_dir,
        objectives=options.slo,
        slo_undecided=options.slo_undecided,
        required=options.require_capacity,
        requests_per_second=options.requests_per_second,
        with_hdr=options.hdr,
        console=Console(),
    )


def _compare(options: argparse.Namespace, program: str) -> int:
    _check_there([*options.log, *options.baseline])
    with Painter() as painter:
        with _loading():
            from rich.console import Console

            from edgeload.read.results.comparison_results import gate, write_comparison
            from edgeload.read.words.comparison_words import gate_words

        comparison, history = write_comparison(
            options.log,
            options.baseline,
            options.output_dir,
            margin=options.margin / 100,
            console=Console(),
            requests_per_second=options.requests_per_second,
            history=options.history,
            painter=painter,
        )
    if not options.fail_if_worse:
        return exit_codes.OK
    code = gate(comparison, history)
    if code or comparison.verdict == "undecided":
        print(f"{program}: --fail-if-worse: {gate_words(comparison, history)}", file=sys.stderr)
    return code


def _add_log(parser: Parser, config: Mapping[str, object], *, compared: bool) -> None:
    default: Path = constant(config, "log_file")
    more = " Several need --repeats" + (" or --baseline." if compared else ".")
    parser.add_argument(
        "log",
        metavar="LOG",
        nargs="*",
        type=path,
        default=[default],
        help="Log of a run, of the present form or an older one, also packed, or a folder of "
        "upstream's application benchmark; - is standard input. "
        f"Or the name of a run that is kept: see edgeload list.{more} (default: {default})",
    )


def _add_common(parser: Parser, config: Mapping[str, object], *, reports: bool) -> None:
    default: Path = constant(config, "output_dir")
    own = "; for the report of a run that is kept, the folder of that run" if reports else ""
    parser.set_defaults(kept_in=default)
    parser.add_argument(
        "--output-dir",
        metavar="DIR",
        type=path,
        help=f"Folder for the results. (default: {default}{own})".replace("%", "%%"),
    )
    parser.add_argument(
        "--requests-per-second",
        metavar="RATE",
        type=number_above_0("a number", "10"),
        help="Arrival rate of one client, in requests/s. Only logs of the older form need it: they "
        "do not say it.",
    )


def _add_report(parser: Parser) -> None:
    parser.add_argument(
        "--repeats",
        action="store_true",
        help="The logs are of several runs of one measurement (load_test.py --repeat): show what "
        "they say together. The results of each are in folders run-1, run-2 and so on.",
    )
    parser.add_argument(
        "--slo",
        metavar="TEXT",
        type=objective,
        action="append",
        help='Objective that replaces those in the log, for example "p95<300ms" or "20 clients: '
        'errors<0.5%%". It may be given several times.',
    )
    parser.add_argument(
        "--slo-undecided",
        choices=("pass", "fail"),
        help="Whether an objective that the run is too short to decide counts as not met: fail = "
        "yes. (default: as in the log)",
    )
    parser.add_argument(
        "--require-capacity",
        metavar="N",
        type=_load,
        help="End with exit code 3 unless the log shows that at least so many clients, or copies "
        "of a mix, are served. (default: as in the log)",
    )
    parser.add_argument(
        "--junit",
        metavar="FILE",
        type=path,
        help="Also write the objectives as JUnit XML into this file, for a build server.",
    )
    parser.add_argument(
        "--host",
        metavar="FILE",
        type=path,
        help="The host_samples.jsonl that the monitor wrote on the endpoint's host during the run. "
        "The report then says which resource is used up first.",
    )
    parser.add_argument(
        "--plan",
        metavar="WHAT",
        type=_wanted,
        help="Say how many boxes like this one these cameras need: CAMERAS@RATE, for example "
        "120@2; for a mix, the cameras of each group, for example door:40,person:9, or a mix file "
        "(docs/headroom.md). (default: as in the log)",
    )
    parser.add_argument(
        "--reserve",
        metavar="PERCENT",
        type=_reserve,
        help="Percent of a box that --plan keeps free. (default: as in the log, else 20)",
    )
    parser.add_argument(
        "--hdr",
        action="store_true",
        help="Also write HdrHistogram percentile files (.hgrm), one per step.",
    )


def _load(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:7]) <= MOST_CLIENTS:
        raise argparse.ArgumentTypeError(
            f"{text!r}: must be a whole number from 1 to {MOST_CLIENTS}, for example 20"
        )
    return int(text)


def _wanted(text: str) -> tuple[WantedCameras, ...]:
    from edgeload.settings.mix_yaml import MixError
    from edgeload.settings.wanted_file import wanted_cameras_text

    try:
        return parse_wanted(wanted_cameras_text(text))
    except MixError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None
    except ValueError as problem:
        raise argparse.ArgumentTypeError(f"{text!r}: {problem}") from None


def _reserve(text: str) -> float:
    percent = number_above_0("a number of percent", "20")(text) if text.strip() != "0" else 0.0
    if percent >= 100:
        raise argparse.ArgumentTypeError(f"{text!r}: must be below 100 percent, for example 20")
    return percent


def _add_comparison(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--baseline",
        metavar="LOG",
        type=path,
        action="append",
        help="Log of an earlier run to compare with, or the name of one that is kept. It may be "
        "given several times.",
    )
    group.add_argument(
        "--margin",
        metavar="PERCENT",
        type=number_above_0("a number of percent", "5"),
        default=5.0,
        help="A change within this margin counts as the same. (default: %(default)g)",
    )
    group.add_argument(
        "--history",
        metavar="DIR",
        type=path,
        help="Folder with the summary.json files of earlier runs, also in folders below it. A "
        "change of level among the newest 30 runs of the same box and settings is looked for.",
    )
    group.add_argument(
        "--fail-if-worse",
        action="store_true",
        help="End with exit code 3 if the verdict is worse, or a figure became worse in the newest "
        "runs of the history; with 6 if nothing could be compared or the new side answered "
        "nothing.",
    )
