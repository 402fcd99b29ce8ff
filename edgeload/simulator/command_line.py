"""The command line of `python -m edgeload.simulator` -> Options."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import io
from collections.abc import Sequence
from typing import Any

from edgeload.byte_sizes import MEBIBYTE
from edgeload.cli import Parser
from edgeload.simulator.faults import KINDS
from edgeload.simulator.options import OptionError, Options

PROGRAM = "python -m edgeload.simulator"

_DESCRIPTION = """\
An Edge Endpoint on this machine (127.0.0.1 only) with a known capacity: image
queries wait in one first-come-first-served queue for the inference workers.
Each worker is busy with one query for one service time, so the capacity is
inference workers / mean service time.

examples:
  {program} --port 30101 --inference-workers 8
  {program} --distribution lognormal --sigma 0.8
  {program} --fault status_503=0.02 --max-in-flight
  {program} --detector door --detector person:workers=2
  {program} --shared-workers 4 --detector a --detector b
  {program} --rollout 20s:both=5s,fail=0.5,cold=3s

With --detector, exactly these detectors exist, and queries for others get a 500
as from a real box. Each has workers and a queue of its own, unless it shares a
pool. Without it there is one default detector, and queries for any other are
served as if they were its own.
"""

_EPILOG = f"""\
Kinds of faults: status_NNN and
{", ".join(KINDS)}.
Keys of a detector, each of which may be left out: workers, service-time,
distribution, sigma, query, pool (detectors with one pool= share its workers),
id (det_ and 27 letters or digits; made from the name if it is left out) and
threshold. What is left out is as the options above say; workers is then as
inference-workers, and query as detector-query.
Keys of a roll-out, each of which may be left out: detector (name or id; all
without it), both (how long the old pod answers beside the new one), fail (share
of the queries that fail when the old pod goes), fail-time (for how long, 1s),
status (500 or 503), cold (how long the new pod is slow) and slower (how many
times as long it then takes, 3).
While it runs: GET /simulator/detectors and /simulator/stats, GET and
PUT /simulator/faults (JSON: kind to probability), POST /simulator/stall (JSON:
{{"seconds": 2}}). It prints one line with its URL when it is ready.
"""


def parse_options(arguments: Sequence[str], program: str = PROGRAM) -> Options:
    """Options from a command line; a bad one ends the program with one line and exit code 2.

    `program` is what the help and the errors call it.
    """
    parser = _options_parser(program)
    given = vars(parser.parse_args(arguments))
    for name in ("fault", "detector", "rollout"):
        given[name] = tuple(given.get(name, ()))
    try:
        return Options(**given)
    except OptionError as error:
        parser.error(str(error))


def refusal(arguments: Sequence[str]) -> str | None:
    """Why a command line starts no simulator, as its error says; None: it starts one."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            parse_options(arguments)
    except SystemExit as ended:
        line = said.getvalue().partition("\n")[0] if ended.code else ""
        return line.removeprefix(f"{PROGRAM}: ") or "it would print its help or version, and end"
    return None


def _options_parser(program: str) -> argparse.ArgumentParser:
    parser = Parser(
        prog=program,
        description=_DESCRIPTION.format(program=program),
        epilog=_EPILOG,
        argument_default=argparse.SUPPRESS,  # Options knows the defaults
    )
    fields = dataclasses.fields(Options)
    titles = dict.fromkeys(field.metadata["group"] for field in fields)
    groups = {title: parser.add_argument_group(title) for title in titles}
    for field in fields:
        words = dict(field.metadata["words"])
        if field.default is False:
            words["action"] = "store_true"
        groups[field.metadata["group"]].add_argument(
            "--" + field.name.removesuffix("_s").replace("_", "-"),
            dest=field.name,
            help=f"{field.metadata['help']}{_shown_default(field)}".replace("%", "%%"),
            **words,
        )
    return parser


def _shown_default(field: dataclasses.Field[Any]) -> str:
    """The default as it stands at the end of an option's help; nothing if there is none."""
    default: Any = field.default
    if default is None or default is False or default == ():
        return ""
    if field.name.endswith("_s"):
        return (
            f" (default: {1000.0 * default:g}ms)" if default < 1.0 else f" (default: {default:g}s)"
        )
    if field.metadata["words"].get("metavar") == "SIZE":
        return f" (default: {default // MEBIBYTE}MiB)"
    return f" (default: {default})"
