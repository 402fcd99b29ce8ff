"""The command line of load_test.py: one option per setting, made from the settings themselves."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Literal, get_args, get_origin

from rich_argparse import RawDescriptionRichHelpFormatter

from edgeload.settings import TOKEN, Settings

_GROUPS = {
    "The ramp": ("max_clients", "step_size", "custom_ramp", "time_between_ramp", "warmup"),
    "The load": ("requests_per_second", "arrivals", "late", "client", "workers", "seed"),
    "The endpoint": (
        "endpoint_url",
        "detector_id",
        "detector_name",
        "detector_query",
        "timeout",
        "insecure",
        "cacert",
        "simulator_options",
    ),
    "What is demanded": ("slo", "abort_on"),
    "The pictures": ("image_path", "image_pool", "same_image"),
    "The results": ("log_file", "output_dir", "hdr", "prometheus_port"),
}

_EXAMPLES = """\
A load test of a Groundlight Edge Endpoint: clients are added in steps, each sends pictures at a
fixed rate, and every answer is timed from the moment its request was due.

examples:
  python load_test.py --dry-run                     show the plan, send nothing
  python load_test.py --max-clients 20 --step-size 5
  python load_test.py --custom-ramp                 the built-in ramp, 1 to 60 clients
  python load_test.py --custom-ramp 1,4,16 --time-between-ramp 5
"""

_EPILOG = f"""\
Defaults come from config.py. The API token is no option: set {TOKEN} in config.py or in the
environment. Exit codes: 0 done, 2 a setting is wrong, 3 an objective was not met, 4 the run is
INVALID, 5 the endpoint cannot be reached or is not ready, 130 interrupted (results are written).
"""


def config_values(module: ModuleType) -> dict[str, object]:
    """The upper-case constants of config.py."""
    return {name: value for name, value in vars(module).items() if name.isupper()}


def parse(arguments: list[str] | None, config: Mapping[str, object]) -> tuple[dict[str, Any], str]:
    """(options that were given, by setting name; what is wanted: "run", "dry_run", "calibrate")."""
    given = vars(_parser(config).parse_args(arguments))
    return given, given.pop("wanted", "run")


def _parser(config: Mapping[str, object]) -> argparse.ArgumentParser:
    """Values stay text here: the settings check them, and say what is legal, in one place."""
    parser = argparse.ArgumentParser(
        description=_EXAMPLES,
        epilog=_EPILOG,
        formatter_class=RawDescriptionRichHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    instead = parser.add_mutually_exclusive_group()
    for wanted, text in (
        ("dry_run", "print the plan and stop"),
        ("calibrate", "say what this machine can generate, on an endpoint that only answers"),
    ):
        option = "--" + wanted.replace("_", "-")
        instead.add_argument(option, dest="wanted", action="store_const", const=wanted, help=text)
    for title, names in _GROUPS.items():
        group = parser.add_argument_group(title)
        for name in names:
            _add_option(group, name, config)
    return parser


def _add_option(group: Any, name: str, config: Mapping[str, object]) -> None:
    field = Settings.model_fields[name]
    option = "--" + name.replace("_", "-")
    default = config.get(name.upper(), field.default)
    shown = "" if default in (None, "", (), []) else f" (default: {default})"
    text = f"{field.description}{shown}".replace("%", "%%")
    if field.annotation is bool:
        group.add_argument(option, action=argparse.BooleanOptionalAction, help=text)
    elif name in ("slo", "abort_on"):
        group.add_argument(option, action="append", metavar="TEXT", help=text)
    elif name == "custom_ramp":
        group.add_argument(option, nargs="?", const="built-in", metavar="N,N,…", help=text)
    else:
        words = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
        group.add_argument(option, metavar="|".join(words) or _metavar(name), help=text)


def _metavar(name: str) -> str:
    """What stands for the value in --help: its unit or kind."""
    kinds = {
        "time_between_ramp": "SECONDS",
        "warmup": "SECONDS",
        "timeout": "SECONDS",
        "requests_per_second": "RATE",
        "endpoint_url": "URL",
        "detector_id": "ID",
        "detector_name": "NAME",
        "detector_query": "TEXT",
        "cacert": "FILE",
        "image_path": "FILE",
        "log_file": "FILE",
        "output_dir": "DIR",
        "simulator_options": "OPTIONS",
        "workers": "N|auto|clients",
        "prometheus_port": "PORT",
    }
    return kinds.get(name, "N")
