"""The texts of a log's failures while it is read: few are kept, whatever the texts are. Pure."""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter

import numpy as np

from edgeload.read.log.columns import NO_TEXT, OTHER_TEXTS, TEXTS_PER_CLASS, ErrorText, Ints
from edgeload.read.log.text_groups import without_ids

LONGEST_TEXT_CHARS = 2000
"""Of a longer text only the beginning counts: nothing that a log says can fill the memory."""


class KeptTexts:
    """Gives each text of a class the code of its group, and keeps a bounded number of texts.

    Of a class the first TEXTS_PER_CLASS groups are kept; all others share one code. What is kept of
    a failure of these others is its place and 64 bits that stand for its group, so that groups of
    two parts of a log add up to those of the whole, whichever part knows them.
    """

    def __init__(self) -> None:
        self._codes: dict[ErrorText, int] = {}
        self._texts: list[ErrorText] = []
        self._code_of_group: dict[int, int] = {}
        self._groups_of: Counter[str] = Counter()
        self._other_rows: array[int] = array("q")
        self._other_groups: array[int] = array("q")

    @property
    def texts(self) -> tuple[ErrorText, ...]:
        """The text that stands for each code, from 0 on."""
        return tuple(self._texts)

    def example(self, outcome: str, text: str) -> ErrorText:
        """The text that stands for this one."""
        return self._texts[self.code(outcome, text, 0)]

    def code(self, outcome: str, text: str | None, row: int) -> int:
        """The code of the text of the failure in this row: that of the first one of its group."""
        said = (text or "")[:LONGEST_TEXT_CHARS]
        group = _group(outcome, without_ids(said))
        code = self._known(group, outcome, said)
        if code is None:
            self._other_rows.append(row)
            self._other_groups.append(group)
            code = self._other(outcome)
        return code

    def _known(self, group: int, outcome: str, said: str) -> int | None:
        """The code of a group, which may be a new one; None if there is no place for it."""
        code = self._code_of_group.get(group)
        if code is None and self._groups_of[outcome] < TEXTS_PER_CLASS:
            self._groups_of[outcome] += 1
            code = self._code(ErrorText(outcome, said))
            self._code_of_group[group] = code
        return code

    def _other(self, outcome: str) -> int:
        return self._code(ErrorText(outcome, OTHER_TEXTS))

    def _code(self, text: ErrorText) -> int:
        code = self._codes.get(text)
        if code is None:
            code = self._codes[text] = len(self._texts)
            self._texts.append(text)
        return code

    def forget_from(self, row: int) -> None:
        """This row and those behind it, which were the last, have not become part of the log."""
        while self._other_rows and self._other_rows[-1] >= row:
            self._other_rows.pop()
            self._other_groups.pop()

    def extend(self, other: KeptTexts, codes: Ints) -> Ints:
        """Take in the texts of what follows, whose column of codes this is: that column in ours.

        The result has no places of failures of `other`, so it can be extended, but extends nothing.
        """
        group_of_code = {code: group for group, code in other._code_of_group.items()}
        ours = np.full(len(other._texts) + 1, NO_TEXT, np.int32)  # NO_TEXT, -1, finds itself
        for code, (outcome, said) in enumerate(other._texts):
            group = group_of_code.get(code)
            known = None if group is None else self._known(group, outcome, said)
            ours[code] = self._other(outcome) if known is None else known
        renamed = ours[codes]
        rows = np.frombuffer(other._other_rows, np.int64)
        groups = other._other_groups.tolist()
        found = np.array([self._code_of_group.get(g, NO_TEXT) for g in groups], np.int32)
        renamed[rows[found != NO_TEXT]] = found[found != NO_TEXT]
        return renamed


def _group(outcome: str, said: str) -> int:
    """64 bits for a group, the same in every process."""
    digest = hashlib.blake2b(f"{outcome}\0{said}".encode("utf-8", "replace"), digest_size=8)
    return int.from_bytes(digest.digest(), "big", signed=True)
