"""`edgeload cluster-check`: whether the nodes of a cluster could make a load."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from edgeload import exit_codes
from edgeload.arguments import add_settings
from edgeload.child_processes import TOKEN
from edgeload.cli import Parser, typed
from edgeload.cluster.engine import ClusterError
from edgeload.config_file import Config, load_config
from edgeload.edge.location import Forbidden, Target, Unreachable, locate
from edgeload.settings import SettingError, Settings, resolve

# ruff: noqa: PLC0415 (--help answers at once: what does the work is imported when it is wanted)

_SETTINGS = ("endpoint_url", "allow_public_target", "cluster", "nodes", "target_map",
             "cluster_wait", "insecure_cluster")  # fmt: skip
_NO_TOKEN = "none"
_DESCRIPTION = """\
Checks a cluster before a load test: whether it can be joined and is closed to
strangers, and of each node its packages, its limit of open files, its clock,
and whether it reaches the endpoint. It sends no load.

  ✓ as it should be    ✗ not so, and what to do    ! works, but mind it

examples:
  {program} --cluster 192.0.2.1:6379 --nodes 3 --endpoint-url https://192.0.2.7:30143
  {program} --cluster local:2
"""
_EPILOG = """\
Defaults come from config.py. docs/cluster.md says how a cluster is started.

Exit codes: 0 nothing failed, 2 a setting is wrong or the cluster is not secured,
4 the cluster or one of its nodes cannot be used, 5 the endpoint is not reached
from here, 130 interrupted.
"""


def main(
    arguments: Sequence[str] | None = None,
    *,
    program: str = "edgeload cluster-check",
    config_folders: Sequence[Path] = (Path(),),
) -> int:
    """Carry out all checks and print them; the exit code."""
    config = Config()
    options: dict[str, object] = {}
    try:
        config = load_config(config_folders)
        options = vars(_parser(config, program).parse_args(arguments))
        return _check(_resolved(config, options, typed(program)))
    except SettingError as error:
        print(config.located(str(error), options), file=sys.stderr)
        return exit_codes.BAD_SETTING
    except Unreachable as error:
        print(error, file=sys.stderr)
        return exit_codes.UNREACHABLE
    except ClusterError as error:
        print(error, file=sys.stderr)
        return exit_codes.INVALID


def _parser(config: Mapping[str, object], program: str) -> Parser:
    parser = Parser(
        prog=program,
        description=_DESCRIPTION.format(program=typed(program)),
        epilog=_EPILOG,
        argument_default=argparse.SUPPRESS,
    )
    add_settings(parser, config, _SETTINGS)
    return parser


def _resolved(
    config: Mapping[str, object], options: Mapping[str, object], program: str
) -> Settings:
    """The settings. No request is sent, so no token is needed."""
    environment = {**os.environ, TOKEN: os.environ.get(TOKEN) or _NO_TOKEN}
    settings = resolve(config, options, environment, program=program)
    if settings.cluster is None:
        raise SettingError(
            "CLUSTER is not set: it must name the cluster to check, for example --cluster local:2"
        )
    return settings


def _check(settings: Settings) -> int:
    from rich.console import Console

    from edgeload.cluster.cluster_checking import check_nodes
    from edgeload.cluster.cluster_run import node_endpoints
    from edgeload.cluster.ray_engine import ray_engine
    from edgeload.plain_words import plural
    from edgeload.smoke_test.check_line import CheckLine
    from edgeload.smoke_test.check_words import check_text

    console, lines = Console(), list[CheckLine]()
    found = {url: _target(url, settings) for url in _urls(settings)}
    with ray_engine(settings) as engine:
        urls = (each or settings.endpoint_url for each in node_endpoints(engine, settings))
        targets = [found[url] if url else None for url in urls]
        for line in check_nodes(engine, targets):
            lines.append(line)
            text = check_text(line)
            console.print(text, highlight=False, markup=False, emoji=False, soft_wrap=True)
    failed = sum(line.verdict == "failed" for line in lines)
    done = f"{plural(failed, 'check')} of {len(lines)} failed." if failed else "Nothing failed."
    said = "Not every node can be used:" if failed else "The nodes can make a load."
    console.print(f"{said} {done}", highlight=False)
    return exit_codes.INVALID if failed else exit_codes.OK


def _urls(settings: Settings) -> tuple[str, ...]:
    """The endpoints, which are reached from here as well; none: the embedded one."""
    return settings.urls or ((settings.endpoint_url,) if settings.endpoint_url else ())


def _target(url: str, settings: Settings) -> Target:
    from edgeload.run.fleet import named_endpoint

    with named_endpoint(url, settings):
        try:
            return locate(url, settings.allow_public_target)
        except Forbidden as refusal:
            raise SettingError(str(refusal)) from refusal
