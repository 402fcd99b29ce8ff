"""Standard error on which every sentence is a JSON line."""

from __future__ import annotations

import json
import sys
from io import StringIO
from typing import TextIO, cast

import pytest
from rich.console import Console

from edgeload.message_lines import MessageLines, messages_become_lines


def test_every_line_of_text_is_a_message() -> None:
    """Whoever prints it, in whatever pieces; an empty line is none."""
    beneath = StringIO()
    stream = MessageLines(beneath)
    print('a "quoted"', "word", file=stream)
    print("", file=stream)
    stream.write("in two ")
    stream.write_line('{"event": "progress"}')
    stream.write("pieces\nand more")
    Console(file=cast(TextIO, stream)).print("x" * 300, soft_wrap=True)
    lines = [json.loads(line) for line in beneath.getvalue().splitlines()]
    assert lines == [
        {"event": "message", "text": 'a "quoted" word'},
        {"event": "progress"},
        {"event": "message", "text": "in two pieces"},
        {"event": "message", "text": "and more" + "x" * 300},
    ]


def test_a_program_is_turned_to_lines_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice is once, and what reads them is no terminal."""
    beneath = StringIO()
    monkeypatch.setattr(sys, "stderr", beneath)
    messages_become_lines()
    messages_become_lines()
    print("worker 1 died", file=sys.stderr)
    assert json.loads(beneath.getvalue()) == {"event": "message", "text": "worker 1 died"}
    assert not sys.stderr.isatty()
