"""`edgeload cleanup`: undoes what `edgeload prepare` has noted down, and nothing else."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgeload import exit_codes
from edgeload.arguments import add_settings
from edgeload.cli import Parser
from edgeload.commands.box_options import REACHING, box_access, token_of
from edgeload.commands.prepare import DEFAULT_NOTE, add_note
from edgeload.config_file import Config, load_config
from edgeload.prepare.cloud_address import cloud_address
from edgeload.prepare.note import Note, NoteError, NoteFile
from edgeload.settings import SettingError

# ruff: noqa: PLC0415 (--help answers at once: what does the work is imported when it is wanted)

_DESCRIPTION = """\
Undoes what edgeload prepare has noted down: takes its entries out of the
configuration of the box, and deletes the detectors that it has made. Entries
and detectors of others stay.
"""
_EPILOG = """\
The box and the cloud are those of the note. The token is that of a load test:
config.py or the environment variable GROUNDLIGHT_API_TOKEN.

Exit codes: 0 all is undone, 1 the note cannot be written, 2 an option or the
note is wrong, 5 something could not be undone, 130 interrupted. What is left
stays in the note: the same command tries again.
"""


def main(
    arguments: Sequence[str] | None = None,
    *,
    program: str = "edgeload cleanup",
    config_folders: Sequence[Path] = (Path(),),
) -> int:
    """Undo, or show what would be undone; the exit code."""
    config = Config()
    given: dict[str, Any] = {}
    try:
        config = load_config(config_folders)
        given = vars(_parser(config, program).parse_args(arguments))
        notes = NoteFile(given["note"])
        note = _read(notes)
        if note is None:
            return _nothing(notes)
        if given["dry_run"]:
            return _show(note)
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(notes.held())
            except NoteError as problem:
                raise SettingError(str(problem)) from None
            return _undo(_read(notes) or note, notes, config, given)
    except SettingError as problem:
        print(config.located(str(problem), given), file=sys.stderr)
        return exit_codes.BAD_SETTING


def _read(notes: NoteFile) -> Note | None:
    """The note, if there is one. Raises SettingError, also for an address that is none."""
    try:
        note = notes.read()
        if note is not None:
            cloud_address(note.cloud)
    except NoteError as problem:
        raise SettingError(str(problem)) from None
    except ValueError as problem:
        raise SettingError(f"{notes.path}: cloud: {problem}") from None
    return note


def _nothing(notes: NoteFile) -> int:
    if notes.path != DEFAULT_NOTE:
        raise SettingError(
            f"--note {notes.path}: there is no such file; must be one that edgeload prepare has "
            f"written, for example {DEFAULT_NOTE}"
        )
    print(f"There is nothing to undo: there is no {DEFAULT_NOTE} in this folder.")
    return exit_codes.OK


def _show(note: Note) -> int:
    """What would be undone; nothing is sent."""
    for entry in note.box.entries if note.box else ():
        then = (
            f"gets its configuration {entry.before!r} back"
            if entry.before
            else "goes out of the configuration"
        )
        print(f"{note.endpoint}: {entry.detector_id} {then}")
    for each in note.detectors:
        print(f"{note.cloud}: {each.name} ({each.id or 'if it was made'}) is deleted")
    print("Nothing was sent.")
    return exit_codes.OK


def _undo(note: Note, notes: NoteFile, config: Config, given: dict[str, Any]) -> int:
    from edgeload.prepare.cloud import Cloud, CloudError
    from edgeload.prepare.undoing import undo

    access = box_access(config, {**given, "endpoint_url": note.endpoint})
    token = token_of(config, os.environ)
    problems: list[str] = []
    code = exit_codes.UNREACHABLE
    try:
        problems += undo(note, notes, Cloud(note.cloud, token), access.trust, _say)
    except CloudError as error:
        problems.append(str(error))
    except NoteError as error:
        problems.append(str(error))
        code = exit_codes.INTERNAL_ERROR
    except KeyboardInterrupt:
        problems.append("Interrupted.")
        code = exit_codes.INTERRUPTED
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print(f"{notes.path} says what is left: the same command tries again.", file=sys.stderr)
        return code
    print("All that was prepared is undone.")
    return exit_codes.OK


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser(config: Mapping[str, object], program: str) -> Parser:
    parser = Parser(prog=program, description=_DESCRIPTION, epilog=_EPILOG)
    add_settings(parser, config, [name for name in REACHING if name != "endpoint_url"])
    add_note(parser)
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="Show what would be undone and stop: nothing is sent.",
    )
    return parser
