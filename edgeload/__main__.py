# PYTHON_ARGCOMPLETE_OK
"""`edgeload COMMAND`, also `python -m edgeload COMMAND`: the entry point."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

# A command is imported when it is called: the monitor's host lacks what the others need. The rest
# is imported late so that Ctrl-C can interrupt it without a traceback.
# ruff: noqa: PLC0415

_COMMANDS = {
    "run": "send load to an endpoint in steps and report what it carried",
    "report": "rebuild the results of a run from its log",
    "compare": "compare runs with earlier ones: better, worse or the same",
    "check": "check the endpoint, from its name to one answer per detector",
    "cluster-check": "check the machines that make a load together",
    "memory": "measure the memory per detector, and how many more fit",
    "prepare": "make and train the detectors of a mix, and configure the box",
    "cleanup": "undo what prepare has made and changed",
    "list": "list the runs that are kept, and what they found",
    "monitor": "sample CPU, memory, network and GPUs of this host",
    "simulate": "start the embedded endpoint, a simulator, on this machine",
}
_ALONE = {
    "check": "check",
    "cluster-check": "cluster_check",
    "memory": "memory",
    "prepare": "prepare",
    "cleanup": "cleanup",
    "list": "list_runs",
    "monitor": "monitor",
    "simulate": "simulate",
}
"""The commands that have a module of their own, by its name."""
_DESCRIPTION = """\
A load tester for a Groundlight Edge Endpoint: how many cameras can it serve,
how fast, and can the answer be believed?

commands:
{commands}

{program} COMMAND --help shows the options of a command.
Settings come from config.py in the working folder, if there is one, and from
the command line.
"""


def main(arguments: Sequence[str] | None = None, program: str = "edgeload") -> int:
    """Carry out the command that the first word names; the exit code."""
    from edgeload import cli
    from edgeload.completion import command_to_complete

    words = list(sys.argv[1:] if arguments is None else arguments)
    listed = "\n".join(f"  {name:<13} {text}" for name, text in _COMMANDS.items())
    parser = cli.Parser(
        prog=program,
        description=_DESCRIPTION.format(commands=listed, program=program),
        example="run --max-clients 5",
    )
    parser.add_argument("command", metavar="COMMAND", choices=_COMMANDS, help=", ".join(_COMMANDS))
    command = command_to_complete(_COMMANDS) or parser.parse_args(words[:1]).command
    rest, name = words[1:], f"{program} {command}"
    if command == "run":
        from edgeload.commands import run

        return run.main(rest, program=name, report=f"{program} report")
    if command in _ALONE:
        module = importlib.import_module(f"edgeload.commands.{_ALONE[command]}")
        return int(module.main(rest, program=name))
    from edgeload.commands import report

    if command == "compare":
        return report.compare_main(rest, program=name)
    return report.report_main(rest, program=name)


def entry_point() -> None:
    """What the command `edgeload` calls."""
    from edgeload.start import start

    start(main)


if __name__ == "__main__":
    from edgeload.start import start

    start(lambda: main(program="python -m edgeload"))
