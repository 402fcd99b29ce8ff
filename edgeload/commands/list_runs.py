"""`edgeload list`: the runs that are kept, what they found, and whether to believe it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from edgeload import exit_codes
from edgeload.cli import Parser, path, typed
from edgeload.config_file import Config, load_config
from edgeload.read.analysis.kept_answer import kept_answer
from edgeload.read.log.kept_list import read_kept
from edgeload.read.log.log_error import LogError
from edgeload.read.output.kept_table import kept_json, print_kept
from edgeload.settings import SettingError
from edgeload.settings.single_setting import constant

_DESCRIPTION = """\
Lists the runs that are kept in the folder of results, the newest first.

The other commands take a run by its name, its time, a beginning of either if
that is enough, or latest:

  {report} latest
  {compare} BEFORE AFTER
"""


def main(
    arguments: Sequence[str] | None = None,
    *,
    program: str = "edgeload list",
    config_folders: Sequence[Path] = (Path(),),
) -> int:
    """Exit code: 0; 2 if an option or the folder is wrong."""
    config = Config()
    try:
        config = load_config(config_folders)
        default = constant(config, "output_dir")
        given = _parser(program, default).parse_args(arguments)
        folder = given.folder or default
        is_new = given.folder is None and not folder.exists()
        answers = [] if is_new else [kept_answer(entry) for entry in read_kept(folder)]
    except (LogError, SettingError) as problem:
        print(f"{program}: {config.located(str(problem))}", file=sys.stderr)
        return exit_codes.BAD_SETTING
    if given.json:
        print(kept_json(answers))
    elif answers:
        print_kept(Console(), answers, str(folder))
    else:
        print(f"No run is kept in {folder}.")
    return exit_codes.OK


def _parser(program: str, default: Path) -> Parser:
    call = typed(program).removesuffix(" list")
    parser = Parser(
        prog=program,
        description=_DESCRIPTION.format(report=f"{call} report", compare=f"{call} compare"),
        epilog="Exit codes: 0 done, 2 an option or the folder is wrong.\n",
    )
    parser.add_argument(
        "folder",
        metavar="DIR",
        nargs="?",
        type=path,
        help=f"Folder of results. (default: {default})".replace("%", "%%"),
    )
    parser.add_argument("--json", action="store_true", help="Print a list in JSON.")
    return parser
