"""`edgeload memory`: RAM and VRAM per detector, and for how many more a box has room."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgeload import exit_codes
from edgeload.arguments import add_settings
from edgeload.child_processes import TOKEN
from edgeload.cli import Parser, seconds, typed
from edgeload.config_file import Config, load_config
from edgeload.durations import TimeLimits
from edgeload.edge.location import Unreachable
from edgeload.edge_facts import RENEWED_EVERY_S
from edgeload.settings import SettingError, resolve

# ruff: noqa: PLC0415 (--help answers at once: what does the work is imported when it is wanted)

_SETTINGS = (
    *("endpoint_url", "allow_public_target", "insecure", "cacert", "timeout", "ready_timeout"),
    *("detector_id", "detector_name", "mix", "image_path", "image_pool", "seed"),
    *("output_dir", "simulator_options"),
)
_ALL = "N"
_RANGE = re.compile(r"(?:([0-9]{1,4})\.\.)?([0-9]{1,4}|N)")
_DESCRIPTION = """\
Measures how much RAM and VRAM each detector takes of an Edge Endpoint, loaded
and in use, and for how many more there is room. It configures the box with the
first detector of the settings or of the mix, then with two, and so on (others
stay as they are), asks them gently, and stops before the box runs out.

The box's configuration is saved before and put back at the end, also after
Ctrl-C. Do it on a box that nobody else uses meanwhile.

example:
  {program} --mix FILE --detectors 1..4
"""
_EPILOG = f"""\
Defaults come from config.py. The API token is not an option: set
{TOKEN} in config.py or in the environment.

Exit codes: 0 done, 1 the disk refused a file, 2 a setting is wrong, 5 the
endpoint cannot be reached, is not ready or was not restored, 6 nothing is known
of its memory or the measurement broke off, 130 interrupted. What was measured
is written.
"""


def main(
    arguments: Sequence[str] | None = None,
    *,
    program: str = "edgeload memory",
    config_folders: Sequence[Path] = (Path(),),
) -> int:
    """Measure, restore the box, write and print the result; the exit code."""
    config = Config()
    options: dict[str, Any] = {}
    try:
        config = load_config(config_folders)
        options = vars(_parser(config, program).parse_args(arguments))
        from rich.console import Console

        from edgeload.box_memory.memory_session import MemoryWanted, measure_memory

        first, last, text = options.pop("detectors", (1, None, "1..N"))
        wanted = MemoryWanted(first, last, text, options.pop("renewed_every", RENEWED_EVERY_S))
        settings = resolve(
            config, options, os.environ, program=typed(program.replace(" memory", " run"))
        )
        return measure_memory(settings, wanted, Console())
    except SettingError as error:
        print(config.located(str(error), options), file=sys.stderr)
        return exit_codes.BAD_SETTING
    except Unreachable as error:
        print(error, file=sys.stderr)
        return exit_codes.UNREACHABLE


def _parser(config: Mapping[str, object], program: str) -> Parser:
    parser = Parser(
        prog=program,
        description=_DESCRIPTION.format(program=typed(program)),
        epilog=_EPILOG,
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument(
        "--detectors",
        metavar="1..N",
        type=_range,
        help="How many detectors are added: 1..4, or 2..6 to begin with two at once; 4 is 1..4. N "
        "is all of the mix. (default: 1..N)",
    )
    parser.add_argument(
        "--renewed-every",
        metavar="TIME",
        type=seconds(TimeLimits(0.1, 300.0), "15s"),
        help="How often the box renews its figures of RAM: the resolution of its metrics server. "
        f"(default: {RENEWED_EVERY_S:g}s)",
    )
    add_settings(parser, config, _SETTINGS)
    return parser


def _range(text: str) -> tuple[int, int | None, str]:
    """`1..4` -> the first and the last number of detectors; None for `N`."""
    found = _RANGE.fullmatch(text.strip())
    first = int(found[1] or 1) if found else 0
    last = None if found is None or found[2] == _ALL else int(found[2])
    if found is None or first < 1 or (last is not None and last < first):
        raise argparse.ArgumentTypeError(
            f"{text!r}: must be a range of numbers of detectors from 1, for example 1..4"
        )
    return first, last, text
