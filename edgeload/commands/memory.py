"""`edgeload memory`: RAM and VRAM per detector, and for how many more a box has room."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from edgeload import exit_codes
from edgeload.arguments import add_settings
from edgeload.box_memory.held_box import LOADED_WITHIN_S, SAVED_BEFORE, HeldBox, held_box
from edgeload.box_memory.measuring import MemoryMeasurement, NotMeasured
from edgeload.box_memory.memory_results import write_memory
from edgeload.box_memory.memory_words import MemoryReport
from edgeload.child_processes import TOKEN
from edgeload.cli import Parser, seconds, typed
from edgeload.config_file import Config, load_config
from edgeload.durations import TimeLimits
from edgeload.edge.location import Unreachable
from edgeload.edge_facts import RENEWED_EVERY_S
from edgeload.plain_words import plural
from edgeload.private_files import private_folder
from edgeload.run.pictures import make_pictures
from edgeload.run.preflight import check_cacert
from edgeload.run.preflight_queries import Sender
from edgeload.run.reaching import choices, reach
from edgeload.run.session import endpoint_of, first_task, sender_for
from edgeload.settings import SettingError, Settings, resolve
from edgeload.signals import Stopped, StopSignals

_SETTINGS = (
    *("endpoint_url", "allow_public_target", "insecure", "cacert", "timeout", "ready_timeout"),
    *("detector_id", "detector_name", "mix", "image_path", "image_pool", "seed"),
    *("output_dir", "simulator_options"),
)
_ALL = "N"
_RANGE = re.compile(r"(?:([0-9]{1,4})\.\.)?([0-9]{1,4}|N)")
_CHECKS_A_STEP_S = 10.0
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

Exit codes: 0 done, 2 a setting is wrong, 5 the endpoint cannot be reached, is
not ready or was not restored, 6 nothing is known of its memory, 130
interrupted (what was measured is written).
"""


@dataclass(frozen=True)
class _Wanted:
    """What was asked for beside the settings."""

    first: int
    last: int | None
    """None: all detectors that there are."""
    text: str
    every_s: float


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
        first, last, text = options.pop("detectors", (1, None, "1..N"))
        wanted = _Wanted(first, last, text, options.pop("renewed_every", RENEWED_EVERY_S))
        settings = resolve(config, options, os.environ, program=typed(program))
        return _measure(settings, wanted)
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


def _measure(settings: Settings, wanted: _Wanted) -> int:
    most = len({choice for _, _, choice in choices(settings.groups())})
    _check_enough(wanted, most)
    folder = settings.output_dir / f"memory-{time.strftime('%Y-%m-%dT%H%M%SZ', time.gmtime())}"
    try:
        private_folder(folder)
    except OSError as problem:
        raise SettingError(
            f"OUTPUT_DIR = {str(settings.output_dir)!r}: cannot be written ({problem.strerror}); "
            "must be a folder that you may write, for example results"
        ) from problem
    with contextlib.ExitStack() as stack:
        return _in_folder(settings, wanted, folder, stack)


def _in_folder(
    settings: Settings, wanted: _Wanted, folder: Path, stack: contextlib.ExitStack
) -> int:
    problem, interrupted = "", False
    names: dict[str, str] = {}
    measurement: MemoryMeasurement | None = None
    not_restored: list[str] = []
    try:
        with StopSignals() as stop, stop.raised():
            url, _ = stack.enter_context(endpoint_of(settings, Console(stderr=True)))
            check_cacert(settings)
            box, names = _reached(settings, url, folder, stack)
            _check_enough(wanted, len(names))
            last = wanted.last or len(names)
            measurement = MemoryMeasurement(
                box, list(names), wanted.every_s, time.monotonic, time.sleep, _say
            )
            _say(_intention(url, wanted.first, last, wanted.every_s, folder / SAVED_BEFORE))
            with held_box(box, _say) as not_restored:
                measurement.measure(range(wanted.first, last + 1))
    except Stopped as signal:
        problem, interrupted = f"Stopped by {signal}", True
    except NotMeasured as error:
        problem = str(error)
    finally:
        for why in not_restored:
            _say(
                f"THE BOX WAS NOT RESTORED: {why}. Its configuration is in {folder / SAVED_BEFORE}"
            )
    return _shown(
        settings, wanted, folder, names, measurement, (problem, interrupted, bool(not_restored))
    )


def _shown(
    settings: Settings,
    wanted: _Wanted,
    folder: Path,
    names: Mapping[str, str],
    measurement: MemoryMeasurement | None,
    ended: tuple[str, bool, bool],
) -> int:
    """Write and print what was read; the exit code. `ended`: why early, by a signal, unrestored."""
    problem, interrupted, unrestored = ended
    run = measurement.run if measurement else None
    if run is None or not run.readings:
        print(problem, file=sys.stderr)
        return exit_codes.INTERRUPTED if interrupted else exit_codes.NO_RESULT
    report = MemoryReport(
        url=settings.endpoint_url or "the embedded endpoint",
        names=tuple(names.values()),
        readings=tuple(run.readings),
        ended_early=problem or run.ended_early,
        renewed_every_s=wanted.every_s,
    )
    try:
        write_memory(report, folder, Console())
    except OSError as refused:
        print(f"Cannot write the results to {folder}: {refused.strerror}", file=sys.stderr)
        return exit_codes.INTERNAL_ERROR
    if unrestored:
        return exit_codes.UNREACHABLE
    if interrupted:
        return exit_codes.INTERRUPTED
    known = any(each.in_use is not None for each in report.memories)
    return exit_codes.OK if known else exit_codes.NO_RESULT


def _check_enough(wanted: _Wanted, most: int) -> None:
    """Raise SettingError if there are fewer detectors than are to be added."""
    last = wanted.last or most
    if max(wanted.first, last) > most:
        raise SettingError(
            f"--detectors {wanted.text}: there {'is' if most == 1 else 'are'} only "
            f"{plural(most, 'detector')} in the settings; must be at most {most}, for example "
            f"--detectors {most}, or name more in a mix (docs/mix.md)"
        )


def _reached(
    settings: Settings, url: str, folder: Path, stack: contextlib.ExitStack
) -> tuple[HeldBox, dict[str, str]]:
    """The box, and its detectors' names by their ids, in the order in which they are added."""
    groups = settings.groups()
    pictures = make_pictures(groups, settings.seed, stack)
    reached = reach(url, settings, time.sleep, _say)
    task = first_task(settings, settings.plan(), reached, pictures)
    tasks = {group.name: group for group in task.groups}
    names: dict[str, str] = {}
    senders: list[Sender] = []
    for group, _, choice in choices(groups):
        detector = reached.detectors[choice].detector
        if detector.id not in names:
            names[detector.id] = detector.name or detector.id
            senders.append(sender_for(settings, task, tasks[group.load.name], detector.id))
    box = HeldBox(
        url,
        reached.trust,
        list(names),
        senders,
        folder / SAVED_BEFORE,
        loaded_within_s=max(settings.ready_timeout, LOADED_WITHIN_S),
    )
    return box, names


def _intention(url: str, first: int, last: int, every_s: float, file: Path) -> str:
    """What is about to happen, in one line."""
    steps = 1 + 2 * (last - first + 1)
    minutes = steps * (2 * every_s + _CHECKS_A_STEP_S) / 60.0
    return (
        f"{url} will be configured with {first} to {last} of {plural(last, 'detector')}, which "
        f"takes about {minutes:.0f} min and the time to load the models. Its configuration will be "
        f"saved to {file}, and put back at the end."
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
