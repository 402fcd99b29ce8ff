"""Standard error of a program whose progress is JSON lines: each sentence becomes a line, too."""

from __future__ import annotations

import io
import json
import sys
from typing import TextIO


class MessageLines(io.TextIOBase):
    """A stream of text over another one: a line of text goes out as `{"event": "message", …}`."""

    def __init__(self, beneath: TextIO) -> None:
        self._beneath = beneath
        self._begun = ""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of JSON: whatever rich asks for can be written."""
        return "utf-8"

    def writable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """That of the stream beneath, which C code writes to."""
        return self._beneath.fileno()

    def isatty(self) -> bool:
        """A reader of JSON lines is a program."""
        return False

    def write(self, text: str, /) -> int:
        """Take some text; every line that it completes goes out."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            if line.strip():
                record = {"event": "message", "text": line}
                self.write_line(json.dumps(record, separators=(",", ":")))
        return len(text)

    def write_line(self, line: str) -> None:
        """A line that is JSON already; what was begun goes out before it."""
        self._beneath.write(f"{line}\n")
        self._beneath.flush()

    def flush(self) -> None:
        """What is not a whole line yet waits for its end."""
        self._beneath.flush()


def messages_become_lines() -> None:
    """From now on, what this program says on standard error is JSON lines."""
    if not isinstance(sys.stderr, MessageLines):
        sys.stderr = MessageLines(sys.stderr)
