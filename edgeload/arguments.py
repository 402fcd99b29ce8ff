"""The command line of a load test: one option per setting, made from its declaration."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from edgeload.cli import Parser, typed
from edgeload.plain_words import quoted
from edgeload.settings import TOKEN
from edgeload.settings.declaration import Group
from edgeload.settings.fields import RESTORE_OPTION, Fields, declared, metavar_of, option_of
from edgeload.settings.values import BUILT_IN

_DESCRIPTION = """\
A load test of a Groundlight Edge Endpoint: clients are added in steps, each
sends pictures at a fixed rate, and every answer is timed from the moment its
request was due.

examples:
  {program} --dry-run
  {program} --max-clients 20 --step-size 5
  {program} --custom-ramp
  {program} --custom-ramp 1,4,16 --time-between-ramp 5
  {program} --find-capacity --slo "p95<300ms" --budget 5m
"""

_EPILOG = f"""\
Defaults come from config.py. The API token is not an option: set
{TOKEN} in config.py or in the environment.
A TIME is a number of seconds, or has units: 500ms, 30s, 2m, 1m30s, 1h.

Exit codes: 0 done, 1 internal error, 2 a setting is wrong, 3 an objective was
not met or a condition of --abort-on ended the run, 4 the run is INVALID, 5 the
endpoint cannot be reached, is not ready or was not restored, 6 not one correct
answer came, no capacity was found or a cache audit is undecided, 130
interrupted (the results are written).
"""


RESTORE = "restore:"
"""Before the name of the file from which a box is wanted to be restored."""
_TOKEN_OPTIONS = ("--token", "--api-token", "--groundlight-api-token")


class RefusedToken(argparse.Action):
    """The token is never an option, because a list of processes shows options. Nor is it shown."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """See argparse."""
        parser.error(
            f"{self.option_strings[0]}: the API token is never an option; set {TOKEN} in config.py "
            f"or in the environment, for example export {TOKEN}=api_…"
        )


def parse(
    arguments: list[str] | None, config: Mapping[str, object], program: str = "load_test.py"
) -> tuple[dict[str, Any], str]:
    """(options that were given, by setting name; what is wanted: "run", "dry_run", "calibrate",
    or "restore:FILE").

    Prints one line and exits with code 2 for an option that does not exist.
    """
    parser = _parser(config, program)
    given = vars(parser.parse_args(arguments))
    if "custom_ramp" in given:  # [1, 5, 20] arrives as three words
        given["custom_ramp"] = " ".join(given["custom_ramp"]) or BUILT_IN
    if (file := given.pop("restore", None)) is not None:
        if "wanted" in given:
            parser.error(f"{RESTORE_OPTION}: must be left out with --dry-run and --calibrate")
        return given, f"{RESTORE}{file}"
    return given, given.pop("wanted", "run")


def _parser(config: Mapping[str, object], program: str) -> Parser:
    parser = Parser(
        prog=program,
        description=_DESCRIPTION.format(program=typed(program)),
        epilog=_EPILOG,
        argument_default=argparse.SUPPRESS,
    )
    instead = parser.add_mutually_exclusive_group()
    for wanted, text in (
        ("dry_run", "Print the plan and stop: nothing is sent."),
        (
            "calibrate",
            "Measure how much load this machine can generate, against a local dummy endpoint "
            "(10 s).",
        ),
    ):
        instead.add_argument(
            option_of(wanted), dest="wanted", action="store_const", const=wanted, help=text
        )
    parser.add_argument(
        RESTORE_OPTION,
        dest="restore",
        metavar="FILE",
        help="Put back the configuration of a box that a run with --set-no-cloud has saved, and "
        "stop.",
    )
    add_settings(parser, config)
    return parser


def add_settings(
    parser: Parser,
    config: Mapping[str, object],
    names: Collection[str] | None = None,
    help_texts: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Add the options of all settings, or of these; the defaults in their help are config.py's.

    Values stay text here: the settings check them, and say what is legal, in one place. The
    `help_texts` take the place of what settings say about themselves for a load test.
    """
    for name in _TOKEN_OPTIONS:
        parser.add_argument(name, action=RefusedToken, nargs="?", help=argparse.SUPPRESS)
    for title in get_args(Group):
        wanted = [
            name
            for name in Fields.model_fields
            if declared(name).group == title and declared(name).form != "secret"
            if names is None or name in names
        ]
        group = parser.add_argument_group(title) if wanted else None
        for name in wanted:
            _add_option(group, name, config, help_texts.get(name))


def _add_option(group: Any, name: str, config: Mapping[str, object], help_text: str | None) -> None:
    setting, field = declared(name), Fields.model_fields[name]
    default = config.get(name.upper(), field.default)
    shown = "" if default in (None, "", (), []) else f" (default: {_readable(default)})"
    several = " May be given several times." if setting.form == "list" else ""
    text = f"{help_text or setting.help}{several}{shown}".replace("%", "%%")
    said = {"help": text, "default": argparse.SUPPRESS}
    option, metavar = option_of(name), metavar_of(name)
    if setting.option:
        group.add_argument(option, dest=name, metavar=metavar, **said)
    elif setting.form == "flag":
        group.add_argument(option, action=argparse.BooleanOptionalAction, **said)
    elif setting.form == "list":
        group.add_argument(option, action="append", metavar=metavar, **said)
    elif setting.form == "ramp":
        group.add_argument(option, nargs="*", metavar="N,", **said)
    else:
        group.add_argument(option, metavar=metavar, **said)


def _readable(default: object) -> str:
    """A value of config.py, where anything may stand; a text without its quotation marks."""
    shown = quoted(str(default) if isinstance(default, Path) else default)
    return shown[1:-1] if shown[0] == shown[-1] and shown[0] in "\"'" else shown
