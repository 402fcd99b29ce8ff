"""docs/simulator.md against the command line that it describes."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import pytest

from edgeload.simulator.command_line import parse_options
from edgeload.simulator.description import capacity_words
from edgeload.simulator.detector_option import detector_option
from edgeload.simulator.faults import KINDS
from edgeload.simulator.rollout_option import ROLLOUT_KEYS
from edgeload.simulator.truth import Truth

PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()
PROGRAM = "python -m edgeload.simulator "
SHOWN = re.findall(r"```sh\n(.*)\n```\n(?:\n```text\n(.*)\n```)?", PAGE)
COMMANDS = [(command, said) for command, said in SHOWN if command.startswith(PROGRAM)]


@pytest.mark.parametrize(("command", "said"), COMMANDS)
def test_the_page_shows_what_a_command_says(command: str, said: str) -> None:
    """Each command is legal, and the line below it describes it."""
    words = capacity_words(parse_options(shlex.split(command.removeprefix(PROGRAM))))
    assert said in ("", words) or said.endswith(f"({words})")


def test_the_page_shows_a_pool_each_and_a_shared_pool() -> None:
    """And options of a load test that are legal."""
    assert len(COMMANDS) == 8
    pools = [parse_options(shlex.split(c.removeprefix(PROGRAM))).deployment for c, _ in COMMANDS]
    assert [len(one.pools) for one in pools] == [1, 3, 1, 2, 1, 1, 1, 1]
    assert [len(one.detectors) for one in pools] == [1, 3, 2, 2, 1, 1, 1, 1]
    (load_test,) = [shlex.split(c) for c, _ in SHOWN if "load_test.py" in c]
    options = parse_options(shlex.split(load_test[load_test.index("--simulator-options") + 1]))
    assert load_test[load_test.index("--detector-name") + 1] in [o.name for o in options.detector]


def test_the_page_has_every_key_fault_and_field() -> None:
    """Tables name all keys of --detector and --rollout, all faults and keys of the truth log."""
    rows = " ".join(re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE))
    named = set(re.findall(r"`([^`]+)`", rows))
    with pytest.raises(argparse.ArgumentTypeError) as refused:
        detector_option("door:no-key=1")
    (keys,) = re.findall(r"one of the keys (.*?), for example", str(refused.value))
    of_detectors = re.split(", | and ", keys)
    fields = Truth.__struct_fields__
    assert named == {*of_detectors, *KINDS, "status_NNN", *fields, *ROLLOUT_KEYS}
