"""`edgeload prepare`: makes the detectors of a mix, trains them, and configures the box."""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeload import exit_codes
from edgeload.arguments import add_settings
from edgeload.cli import Parser, path, seconds, typed
from edgeload.commands.box_options import (
    REACHING,
    REACHING_HELP,
    box_access,
    setting_of,
    token_of,
)
from edgeload.config_file import Config, load_config
from edgeload.durations import DAY_S, TimeLimits
from edgeload.edge.location import Unreachable
from edgeload.prepare.cloud_address import DEFAULT_CLOUD, cloud_address
from edgeload.prepare.note import Note, NoteError, NoteFile
from edgeload.settings import SettingError
from edgeload.settings.mix_file import load_mix, picture_size
from edgeload.settings.mix_yaml import MixError

if TYPE_CHECKING:
    from edgeload.prepare.wanted import WantedMix

# ruff: noqa: PLC0415 (--help answers at once: what does the work is imported when it is wanted)

DEFAULT_NOTE = Path("edgeload_prepared.json")
_MOST_PICTURES = 200
_TIMES = TimeLimits(0.0, DAY_S, above=True)

_MIX_HELP = "YAML file with camera groups (docs/mix.md), some of them with make (docs/prepare.md)."
_DESCRIPTION = """\
Makes the detectors that a mix file describes with make, sends each a few
labelled pictures, waits until the cloud has trained them, and configures the
box so that it alone answers for all detectors of the mix. Then the same mix
runs. A second call goes on where the first one stopped.

  {program} --mix examples/prepare.yaml --dry-run
  {program} --mix examples/prepare.yaml
  {cleanup}
"""
_EPILOG = """\
The token and the box are those of a load test: config.py and the environment
variable GROUNDLIGHT_API_TOKEN. docs/prepare.md explains every key of make.

Exit codes: 0 ready, 1 the note cannot be written, 2 an option or the mix is
wrong, 5 the cloud or the box cannot be reached, has refused something or was
not ready in time, 130 interrupted. What was done until then is in the note.
"""


def main(
    arguments: Sequence[str] | None = None,
    *,
    program: str = "edgeload prepare",
    config_folders: Sequence[Path] = (Path(),),
) -> int:
    """Prepare, or show what would be prepared; the exit code."""
    config = Config()
    given: dict[str, Any] = {}
    try:
        config = load_config(config_folders)
        given = vars(_parser(config, program).parse_args(arguments))
        mix = _mix(config, given)
        _save_pictures(mix, given)
        if given["dry_run"]:
            return _show(mix, config, given)
        return _prepare(mix, config, given, program)
    except (SettingError, MixError) as problem:
        print(config.located(str(problem), given), file=sys.stderr)
        return exit_codes.BAD_SETTING


def _mix(config: Config, given: dict[str, Any]) -> WantedMix:
    from edgeload.prepare.wanted import wanted_detectors

    file = setting_of(config, given, "mix")
    if file is None:
        raise SettingError(
            "MIX is empty: must be a YAML file with camera groups, for example --mix "
            "examples/prepare.yaml"
        )
    mix = wanted_detectors(load_mix(file), given["image_size"])
    for each in mix.to_make:
        classes = len(each.labels)
        if each.mode in ("binary", "multi_class") and given["pictures"] < classes:
            raise SettingError(
                f"--pictures {given['pictures']}: too few for the {classes} classes of "
                f"{each.name!r}; must be at least {classes}, for example --pictures {4 * classes}"
            )
    return mix


def _save_pictures(mix: WantedMix, given: dict[str, Any]) -> None:
    from edgeload.prepare.preparing import SEED
    from edgeload.prepare.saved_pictures import save_pictures

    folder: Path | None = given["save_pictures"]
    if folder is not None:
        try:
            save_pictures(mix.to_make, given["pictures"], SEED, folder)
        except OSError as error:
            raise SettingError(
                f"--save-pictures {folder}: cannot be written ({error.strerror}); must be a "
                "folder, for example --save-pictures pictures"
            ) from None


def _show(mix: WantedMix, config: Config, given: dict[str, Any]) -> int:
    """What would be done; nothing is sent."""
    from edgeload.prepare.preparing import preparation_words

    try:
        note = NoteFile(given["note"]).read()
    except NoteError as problem:
        raise SettingError(str(problem)) from None
    made = {each.name: each.id for each in (note.detectors if note else ()) if each.id}
    url = setting_of(config, given, "endpoint_url") or "the box (ENDPOINT_URL is empty)"
    for line in preparation_words(mix, given["pictures"], made):
        print(line)
    print(
        f"Detectors are made at {given['cloud']}, and {url} gets no_cloud for all of them. "
        f"{given['note']} will say what was done. Nothing was sent."
    )
    return exit_codes.OK


def _prepare(mix: WantedMix, config: Config, given: dict[str, Any], program: str) -> int:
    from edgeload.edge.edge_config import read_edge_config
    from edgeload.prepare.cloud import Cloud, CloudError
    from edgeload.prepare.preparing import Doing, Preparation, Unfit, prepare_mix
    from edgeload.prepare.training import NotTrained

    access, token = box_access(config, given), token_of(config, os.environ)
    notes = NoteFile(given["note"])
    cleanup = f"{typed(program).removesuffix(' prepare')} cleanup{_as_option(given['note'])}"
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(notes.held())
            note = _note_for(notes, given["cloud"], access.url)
        except NoteError as problem:
            raise SettingError(str(problem)) from None
        try:
            trust = access.trust()
            read_edge_config(access.url, trust)  # a box that is too old is refused at once
            wanted = Preparation(
                mix,
                given["pictures"],
                given["training_timeout"],
                given["ready_timeout"],
                access.url,
                trust,
                token,
            )
            note = prepare_mix(wanted, note, Doing(Cloud(note.cloud, token), notes, _say))
            return _ready(note, notes, cleanup)
        except Unfit as problem:
            raise SettingError(str(problem)) from None
        except (Unreachable, CloudError, NotTrained) as problem:
            return _stopped(str(problem), notes, cleanup, exit_codes.UNREACHABLE)
        except NoteError as problem:
            return _stopped(str(problem), notes, cleanup, exit_codes.INTERNAL_ERROR)
        except KeyboardInterrupt:
            return _stopped("Interrupted.", notes, cleanup, exit_codes.INTERRUPTED)


def _ready(note: Note, notes: NoteFile, cleanup: str) -> int:
    if note.is_empty:
        notes.remove()
        print("Everything was there already: nothing was made or changed.")
    else:
        print(f"Ready. {notes.path} says what was made and changed; this undoes it: {cleanup}")
    return exit_codes.OK


def _stopped(problem: str, notes: NoteFile, cleanup: str, code: int) -> int:
    """Say why it ends early, and what to do about what was done."""
    print(problem, file=sys.stderr)
    if notes.path.exists():
        print(
            f"{notes.path} says what was made so far: the same command goes on from there, and "
            f"this undoes it: {cleanup}",
            file=sys.stderr,
        )
    return code


def _note_for(notes: NoteFile, cloud: str, url: str) -> Note:
    """The note to go on with, or a new one. Raises NoteError if it is about something else."""
    note = notes.read()
    if note is None:
        return Note(secrets.token_hex(8), cloud, url)
    if (note.cloud, note.endpoint) != (cloud, url):
        raise NoteError(
            f"{notes.path} is about {note.endpoint} and {note.cloud}, not about {url} and {cloud}; "
            "run edgeload cleanup first, or use another file, for example --note other.json"
        )
    return note


def _as_option(note: Path) -> str:
    return "" if note == DEFAULT_NOTE else f" --note {note}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _size(text: str) -> tuple[int, int]:
    try:
        return picture_size(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(f"{text!r}: {problem}") from None


def _pictures(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= _MOST_PICTURES:
        raise argparse.ArgumentTypeError(
            f"{text!r}: must be a whole number from 1 to {_MOST_PICTURES}, for example 30"
        )
    return int(text)


def _cloud(text: str) -> str:
    try:
        return cloud_address(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(f"{text!r}: {problem}") from None


def _parser(config: Mapping[str, object], program: str) -> Parser:
    cleanup = f"{typed(program).removesuffix(' prepare')} cleanup"
    parser = Parser(
        prog=program,
        description=_DESCRIPTION.format(program=typed(program), cleanup=cleanup),
        epilog=_EPILOG,
    )
    add_settings(parser, config, ("mix", *REACHING), {"mix": _MIX_HELP, **REACHING_HELP})
    parser.add_argument(
        "--image-size",
        type=_size,
        metavar="WIDTHxHEIGHT",
        help="Size of the labelled pictures in pixels, in place of image_size in the mix.",
    )
    parser.add_argument(
        "--pictures",
        type=_pictures,
        default=30,
        metavar="N",
        help=f"Labelled pictures for each detector, at most {_MOST_PICTURES}. "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--save-pictures",
        type=path,
        metavar="DIR",
        help="Save these pictures to this folder as well, for image_path in the mix.",
    )
    parser.add_argument(
        "--training-timeout",
        type=seconds(_TIMES, "20m"),
        default=1200.0,
        metavar="TIME",
        help="How long to wait until all models are trained. (default: 20m)",
    )
    parser.add_argument(
        "--ready-timeout",
        type=seconds(_TIMES, "10m"),
        default=600.0,
        metavar="TIME",
        help="How long to wait until the box has loaded all models. (default: 10m)",
    )
    parser.add_argument(
        "--cloud",
        type=_cloud,
        default=DEFAULT_CLOUD,
        metavar="URL",
        help="Address of the cloud that trains for this box. (default: %(default)s)",
    )
    add_note(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="Show what would be made and stop: nothing is sent."
    )
    return parser


def add_note(parser: Parser) -> None:
    """Add the option for the file with the note."""
    parser.add_argument(
        "--note",
        type=path,
        default=DEFAULT_NOTE,
        metavar="FILE",
        help="File that says what was made and changed. (default: %(default)s)",
    )
