"""`edgeload check`: from the name look-up to one answer per detector, in less than ten seconds."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import psutil

from edgeload import exit_codes
from edgeload.arguments import add_settings
from edgeload.child_processes import TOKEN
from edgeload.cli import Parser, typed
from edgeload.config_file import Config, load_config
from edgeload.edge.location import Unreachable
from edgeload.settings import SettingError, Settings, resolve

# ruff: noqa: PLC0415 (--help answers at once: what does the work is imported when it is wanted)

_SETTINGS = (
    *("endpoint_url", "allow_public_target", "insecure", "cacert"),
    *("detector_id", "detector_name", "mix", "image_path", "simulator_options"),
)
_NO_TOKEN = "none"
_MOST_TO_START_S = 3.0
"""Python and its imports, which are part of the ten seconds."""
_DESCRIPTION = """\
Checks an Edge Endpoint before a load test, in less than ten seconds: one line
for each check, from the name look-up to one answer of each detector. It
changes nothing on the box, and sends one picture to each detector that is in
the box's configuration: any other one would be loaded by being asked.

  ✓ as it should be    ✗ not so, and what to do    ! works, but mind it
  – not known, or skipped because it needs something that has failed

examples:
  {program}
  {program} --endpoint-url https://192.0.2.7:30143 --mix FILE
"""
_EPILOG = f"""\
Defaults come from config.py. The API token is not an option: set
{TOKEN} in config.py or in the environment.

Exit codes: 0 nothing failed and every detector answered, 2 a setting is wrong,
5 a check failed, 6 nothing failed but a detector was not asked, 130
interrupted.
"""


def main(
    arguments: Sequence[str] | None = None,
    *,
    program: str = "edgeload check",
    config_folders: Sequence[Path] = (Path(),),
) -> int:
    """Carry out all checks and print them; the exit code."""
    began_s = time.monotonic() - min(_MOST_TO_START_S, time.time() - psutil.Process().create_time())
    config = Config()
    options: dict[str, object] = {}
    try:
        config = load_config(config_folders)
        options = vars(_parser(config, program).parse_args(arguments))
        as_json = bool(options.pop("json", False))
        settings, source = _resolved(config, options, typed(program))
        return _check(settings, source, began_s, as_json=as_json)
    except SettingError as error:
        print(config.located(str(error), options), file=sys.stderr)
        return exit_codes.BAD_SETTING
    except Unreachable as error:  # the embedded endpoint did not start
        print(error, file=sys.stderr)
        return exit_codes.UNREACHABLE


def _parser(config: Mapping[str, object], program: str) -> Parser:
    parser = Parser(
        prog=program,
        description=_DESCRIPTION.format(program=typed(program)),
        epilog=_EPILOG,
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument("--json", action="store_true", help="Print one object in JSON.")
    add_settings(parser, config, _SETTINGS)
    return parser


def _resolved(
    config: Mapping[str, object], options: Mapping[str, object], program: str
) -> tuple[Settings, str | None]:
    """The settings, and where the token is set; None: nowhere, which is for a check to say."""
    source = None
    if config.get(TOKEN):
        source = "set in config.py"
    elif os.environ.get(TOKEN):
        source = "set in the environment"
    environment = os.environ if source else {**os.environ, TOKEN: _NO_TOKEN}
    settings = resolve(config, options, environment, program=program)
    embedded = settings.endpoint_url is None
    return (
        settings,
        "one made up for the embedded endpoint (ENDPOINT_URL is empty)" if embedded else source,
    )


def _check(settings: Settings, source: str | None, began_s: float, *, as_json: bool) -> int:
    import urllib3
    from rich.console import Console

    from edgeload.run.embedded_endpoint import endpoint_of
    from edgeload.run.pictures import make_pictures
    from edgeload.run.preflight import check_cacert
    from edgeload.smoke_test.check_line import CheckLine, exit_code_of
    from edgeload.smoke_test.check_words import check_text, checks_json, checks_summary
    from edgeload.smoke_test.checking import WHOLE_S, SmokeTest, check_box

    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False, emoji=False, soft_wrap=True)

    console, lines = Console(), list[CheckLine]()
    groups = tuple(
        replace(group, pictures=replace(group.pictures, count=None, new=0))
        for group in settings.groups()
    )
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())  # which is not safe in several threads
        warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
        url, _ = stack.enter_context(endpoint_of(settings, Console(stderr=True)))
        check_cacert(settings)
        pictures = make_pictures(groups, settings.seed, stack)
        test = SmokeTest(settings, url, source, groups, pictures)
        for line in check_box(test, began_s + WHOLE_S):
            lines.append(line)
            if not as_json:
                say(check_text(line))
        took_s = time.monotonic() - began_s
    say(checks_json(lines, url, took_s) if as_json else checks_summary(lines, took_s))
    return exit_code_of(lines)
