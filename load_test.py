#!/usr/bin/env python3
"""Load-test an Edge Endpoint: arguments + config -> plan -> run -> results."""

from __future__ import annotations

import os
import sys

import config
from edgeload import exit_codes
from edgeload.arguments import config_values, parse
from edgeload.settings import SettingError, Settings, resolve

# The other imports stand where they are used: worker processes import this file once more, and
# have no use for the reading side's pandas and matplotlib.
# ruff: noqa: PLC0415


def main(arguments: list[str] | None = None) -> int:
    """Run one load test as the command line says; the exit code."""
    from edgeload.run.images import ImageError

    constants = config_values(config)
    options, wanted = parse(arguments, constants)
    carry_out = {"run": _load, "dry_run": _show_plan, "calibrate": _calibrate}[wanted]
    try:
        return carry_out(resolve(constants, options, os.environ))
    except (SettingError, ImageError) as error:
        print(error, file=sys.stderr)
        return exit_codes.BAD_SETTING


def _show_plan(settings: Settings) -> int:
    from rich.console import Console

    from edgeload.run.dry_run import print_plan
    from edgeload.run.images import single_image

    print_plan(settings.plan(), len(single_image(settings.image_path)[0]), Console())
    return exit_codes.OK


def _calibrate(settings: Settings) -> int:
    from rich.console import Console

    from edgeload.calibrate import calibrate, print_calibration

    print_calibration(calibrate(settings), Console())
    return exit_codes.OK


def _load(settings: Settings) -> int:
    from rich.console import Console

    from edgeload.edge.location import Unreachable
    from edgeload.run.phases import Ending
    from edgeload.run.session import run_session

    if settings.hdr:
        from edgeload.read.output.hdr import missing

        if what := missing():
            raise SettingError(f"HDR = True: {what}")
    try:
        outcome = run_session(settings, Console(stderr=True))
    except Unreachable as error:
        print(error, file=sys.stderr)
        return exit_codes.UNREACHABLE
    if outcome.ending is Ending.NOTHING_SENT:
        print(outcome.reason, file=sys.stderr)
        return exit_codes.INTERRUPTED
    if outcome.ending is Ending.CUT_OFF:
        print(
            f"{outcome.reason}; to see what was measured: "
            f"python parse_load_test_logs.py {settings.log_file}",
            file=sys.stderr,
        )
        return exit_codes.INTERRUPTED
    from edgeload.read.results import exit_code, write_results

    summary = write_results(
        settings.log_file, settings.output_dir, console=Console(), with_hdr=settings.hdr
    )
    if outcome.ending is Ending.SIGNAL:
        return exit_codes.INTERRUPTED
    code = exit_code(summary)
    aborted = outcome.ending is Ending.ABORT_CONDITION
    return exit_codes.OBJECTIVE_FAILED if aborted and not code else code


if __name__ == "__main__":
    sys.exit(main())
