"""Texts and tables in Markdown, as GitHub and GitLab show it, for a ticket."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from edgeload.untrusted_text import one_line

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|~$]")
_BECOMES_A_LINK = {"@": "&#64;", "://": "&#58;//", "www.": "www&#46;"}


def escaped(text: str) -> str:
    """A text that is shown as it is: no markup, link or mention, on one line, without secrets."""
    said = " ".join(one_line(text).split())
    said = _SPECIAL.sub(r"\\\g<0>", said.replace("&", "&amp;"))
    for made, entity in _BECOMES_A_LINK.items():
        said = said.replace(made, entity)
    return said


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table; nothing without a row."""
    lines = [f"| {' | '.join(map(escaped, row))} |" for row in rows]
    if not lines:
        return []
    return [f"| {' | '.join(map(escaped, heads))} |", "|" + " --- |" * len(heads), *lines]


def code(text: str) -> list[str]:
    """A block of one line that is copied as it is."""
    said = one_line(text)
    fence = "`" * (3 + max((len(run) for run in re.findall("`+", said)), default=0))
    return [fence, said, fence]


def document(parts: Iterable[Sequence[str]]) -> str:
    """Parts with an empty line between them; empty ones are left out."""
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"
