"""docs/capacity.md against the program that it describes."""

from __future__ import annotations

import re
import shlex
from typing import get_args

import as_a_user as user
import pytest

from edgeload.arguments import parse
from edgeload.read.analysis.search_result import SearchAnswer, SearchEnd
from edgeload.read.output.capacity_schema import CapacityRecord
from edgeload.read.output.search_schema import SummarySearch, SummaryTier, SummaryTrial
from edgeload.settings import resolve
from edgeload.settings.search import search_record

PAGE = (user.ROOT / "docs" / "capacity.md").read_text()
COMMANDS = [
    line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_makes_a_search(command: str) -> None:
    """Its options are legal together."""
    options, wanted = parse(shlex.split(command)[2:], {})
    assert wanted == "run"
    settings = resolve({}, options, {})
    assert settings.find_capacity
    assert search_record(settings).over == "clients"


@pytest.mark.parametrize(
    ("key", "record"),
    [
        ("capacity", CapacityRecord),
        ("tiers[]", SummaryTier),
        ("trials[]", SummaryTrial),
        ("search", SummarySearch),
    ],
)
def test_every_key_that_is_named_exists(key: str, record: type) -> None:
    """In the row of each part of summary.json."""
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{key}` |"))
    named = set(re.findall(r"`([a-z_]+)`", row.split("|", 2)[2]))
    known = set(record.__struct_fields__)  # type: ignore[attr-defined]
    assert named - known <= {"objective", "group", "message", "steps", "tiers", "capacity"}
    assert len(named & known) >= 3


def test_every_answer_and_every_end_is_named() -> None:
    """In quotation marks, as summary.json has them."""
    for word in (*get_args(SearchAnswer), *get_args(SearchEnd)):
        assert f'"{word}"' in PAGE
