"""What the endpoint said about a picture, and whether it is what it said of it without load. Pure.

An answer is its label, or its count, of the edge endpoint contract's section 3. Confidence and the
places of boxes are left out: they may differ in their last digits without a change of meaning.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from edgeload.failure_classes import BY_ANOTHER_MODEL
from edgeload.untrusted_text import printable

_MOST_CHARS = 32
_LONGEST_KEPT = 200
_NOTHING = "neither a label nor a count"


class _EdgeResult(msgspec.Struct):
    mlb_key: str | None = None


class _Metadata(msgspec.Struct):
    edge_result: _EdgeResult | None = None


class _Result(msgspec.Struct):
    label: str | None = None
    count: int | None = None
    greater_than_max: bool | None = None


class _Query(msgspec.Struct):
    """The fields of an answer that say something about the picture."""

    result: _Result | None = None
    metadata: _Metadata | None = None


_decode = msgspec.json.Decoder(_Query).decode


class PictureAnswer(msgspec.Struct, frozen=True, gc=False):
    """What an answer says about its picture; None for what it does not say.

    `model` is the key of the model binary that gave it, and no part of the comparison.
    """

    label: str | None
    count: int | None
    greater_than_max: bool
    model: str | None

    @property
    def said(self) -> str:
        """The answer in words: `YES`, `3`, `more than 10`."""
        if self.label is not None:
            return printable(self.label, _MOST_CHARS) or "an empty label"
        if self.count is None:
            return "more than the maximum" if self.greater_than_max else _NOTHING
        count = printable(str(self.count), _MOST_CHARS)
        return f"more than {count}" if self.greater_than_max else count

    def same_as(self, other: PictureAnswer) -> bool:
        """Whether both say the same about the picture, whichever models gave them."""
        return (self.label, self.count, self.greater_than_max) == (
            other.label,
            other.count,
            other.greater_than_max,
        )


@dataclass(frozen=True)
class ExpectedAnswer:
    """What a picture got alone, before the run. `picture` is its number in the pool, from 1."""

    picture: int
    answer: PictureAnswer


Expected = tuple[ExpectedAnswer | None, ...]
"""For each picture of a pool; None for one whose answers differed when it was asked alone."""


def picture_answer(body: bytes) -> PictureAnswer | None:
    """What an image query says about its picture; None if there is neither label nor count."""
    try:
        query = _decode(body)
    except Exception:  # whatever a stranger's bytes do to a decoder
        return None
    result = query.result
    if result is None or (
        result.label is None and result.count is None and not result.greater_than_max
    ):
        return None
    edge = query.metadata.edge_result if query.metadata else None
    model = edge.mlb_key if edge else None
    label, model = _kept(result.label), _kept(model)
    return PictureAnswer(label, result.count, bool(result.greater_than_max), model)


def _kept(text: str | None) -> str | None:
    """A text to remember: of a long one the beginning, and a digest that tells it from others."""
    if text is None or len(text) <= _LONGEST_KEPT:
        return text
    return f"{text[:_LONGEST_KEPT]} {hashlib.sha256(text.encode()).hexdigest()}"


def changed_words(expected: ExpectedAnswer, body: bytes) -> str | None:
    """How an answer differs from the one before the run, in words; None if it is the same.

    A model that has been exchanged meanwhile is named, because it is the likely cause.
    """
    before, now = expected.answer, picture_answer(body)
    if now is not None and now.same_as(before):
        return None
    said = _NOTHING if now is None else now.said
    text = f"picture {expected.picture}: {before.said} before the run, now {said}"
    models = before.model, None if now is None else now.model
    if None in models or models[0] == models[1]:
        return text
    old, new = (printable(model or "", _MOST_CHARS) for model in models)
    return f"{text}, {BY_ANOTHER_MODEL} ({old} before, now {new})"


def expected_answers(first: Sequence[PictureAnswer], second: Sequence[PictureAnswer]) -> Expected:
    """The answers to compare with, from two passes over the pool without load.

    A picture whose two answers differ is left out: under load, its change would mean nothing.
    """
    return tuple(
        ExpectedAnswer(number, now) if now.same_as(before) else None
        for number, (before, now) in enumerate(zip(first, second, strict=True), 1)
    )
