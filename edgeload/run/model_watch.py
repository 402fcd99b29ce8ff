"""Which model answers: notices in a worker's answers when that of a detector changes. Pure.

An answer of the edge names its model (`metadata.edge_result.mlb_key`, since 2026-04). A model that
is rolled out answers beside the old one for a while, so keys may alternate: what is told is when a
model answered first and when it answered last, not each change between them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from edgeload.box_records import MOST_MODEL_CHANGES, ModelChange, ModelGone, ModelRecord
from edgeload.untrusted_text import printable

GONE_AFTER_S = 5.0
GONE_AFTER_ANSWERS = 30
"""A model has gone if it gave none of so many answers, over so long. Two pods that share the
queries evenly make such a row once in 2^30."""

_NAME = b'"mlb_key"'
_NO_ANSWER_HAS_THIS = b"\x00"  # JSON has no such byte
_EVERY_ANSWER_HAS_THIS = b""
_UNNAMED_LOOKED_AT = 100
"""A box that names no model is looked at so many times a second, and no more."""
_FORMS = (b'"mlb_key":"%b"', b'"mlb_key": "%b"')
"""How an answer says the key, for a key without any escape."""


class _Edge(msgspec.Struct):
    mlb_key: str | None = None


class _Said(msgspec.Struct):
    edge_result: _Edge | None = None


class _Query(msgspec.Struct):
    metadata: _Said | None = None


_decode = msgspec.json.Decoder(_Query).decode


def model_key(body: bytes) -> str | None:
    """The key of the model that gave an answer; None if it names none."""
    try:
        said = _decode(body).metadata
    except Exception:  # whatever a stranger's bytes do to a decoder
        return None
    edge = said.edge_result if said else None
    return (edge.mlb_key or None) if edge else None


@dataclass
class _Fading:
    """A model that another one replaces: when it answered last, after how many answers."""

    last_s: float
    answers: int


class ModelWatch:
    """The models of one detector, in the answers that one worker gets.

    The client compares each good answer with `mark` at the place `at`, which is that of the answer
    before. Only an answer that has something else there has to be looked at.
    """

    __slots__ = (
        "_answers",
        "_changes",
        "_detector_id",
        "_fading",
        "_form",
        "_model",
        "_own_answers",
        "_own_mark",
        "_told",
        "_unnamed",
        "at",
        "last_s",
        "mark",
    )

    def __init__(self, detector_id: str) -> None:
        self._detector_id = detector_id
        self._model: str | None = None
        self._own_mark = _NO_ANSWER_HAS_THIS
        self._form = _FORMS[0]
        self._fading: dict[str, _Fading] = {}
        self._answers = 0  # counted while a model fades
        self._own_answers = 0  # how many that were when the present model answered last
        self._changes = 0
        self._told: list[ModelRecord] = []
        self._unnamed = 0  # answers without a name since the last call of `told`
        self.mark = _NO_ANSWER_HAS_THIS
        """What an answer of the present model has at `at`, while that model alone answers."""
        self.at = 0
        self.last_s = 0.0
        """When the present model answered last."""

    def look(self, body: bytes, done_s: float) -> None:
        """A good answer came at run time `done_s` that has something else than the mark there."""
        at = body.find(self._own_mark)
        if at >= 0:
            self.at = at
            self._own_answered(done_s)
            return
        model = model_key(body) if _NAME in body else None
        if model is None:
            self._unnamed += 1
            if self._unnamed == _UNNAMED_LOOKED_AT:
                self.mark = _EVERY_ANSWER_HAS_THIS
            return
        if model == self._model:  # it is written in another way than usual
            self._own_answered(done_s)
        elif model in self._fading:
            self._answers += 1
            self._fading[model] = _Fading(done_s, self._answers)
        else:
            self._begin(model, body, done_s)

    def _own_answered(self, done_s: float) -> None:
        self._answers += 1
        self._own_answers = self._answers
        self.last_s = done_s

    def told(self, now_s: float, *, over: bool = False) -> list[ModelRecord]:
        """What has happened since the last call; `over`: no further answer will come."""
        self._let_fade(now_s, over)
        self._unnamed = 0
        told, self._told = self._told, []
        return told

    def _begin(self, model: str, body: bytes, done_s: float) -> None:
        """A model that had not answered before, or had gone, gave an answer."""
        self._changes += 1
        before, before_s = self._model, None if self._model is None else self.last_s
        self._told.append(
            ModelChange(
                ts=0.0,
                at_s=done_s,
                worker=0,
                detector_id=self._detector_id,
                model=printable(model),
                before=None if before is None else printable(before),
                before_last_s=before_s,
            )
        )
        if before is not None:
            self._fading[before] = _Fading(self.last_s, self._own_answers)
        self._form = next((f for f in _FORMS if f % model.encode() in body), _FORMS[0])
        self._be_present(model, done_s)
        self._own_answered(done_s)

    def _be_present(self, model: str, last_s: float) -> None:
        self._model, self.last_s = model, last_s
        self._own_mark = self._form % model.encode()
        self._set_mark()

    def _set_mark(self) -> None:
        if self._changes >= MOST_MODEL_CHANGES:
            self.mark = _EVERY_ANSWER_HAS_THIS
        else:  # while a model fades, answers are counted
            self.mark = _NO_ANSWER_HAS_THIS if self._fading else self._own_mark

    def _let_fade(self, now_s: float, over: bool) -> None:
        """Tell of the models that have gone, be it that the newest one was withdrawn."""
        for model, fading in list(self._fading.items()):
            if over or self._silent(now_s, fading.last_s, fading.answers):
                del self._fading[model]
                self._tell_gone(model, fading.last_s)
        own = self._model
        if own and self._fading and self._silent(now_s, self.last_s, self._own_answers):
            self._tell_gone(own, self.last_s)
            model = max(self._fading, key=lambda one: self._fading[one].last_s)
            fading = self._fading.pop(model)
            self._own_answers = fading.answers
            self._be_present(model, fading.last_s)
        self._set_mark()

    def _silent(self, now_s: float, last_s: float, answers: int) -> bool:
        """Whether others have answered long enough, and often enough, without this model."""
        others = self._answers - answers
        return others >= GONE_AFTER_ANSWERS and now_s - last_s >= GONE_AFTER_S

    def _tell_gone(self, model: str, last_s: float) -> None:
        self._told.append(ModelGone(0.0, last_s, 0, self._detector_id, printable(model)))


class ModelWatches:
    """Those of all detectors that a worker asks."""

    def __init__(self) -> None:
        self._watches: dict[str, ModelWatch] = {}

    def of(self, detector_id: str) -> ModelWatch:
        """The watch of a detector; groups that ask the same one share it."""
        return self._watches.setdefault(detector_id.lower(), ModelWatch(detector_id))

    def told(self, now_s: float, *, over: bool = False) -> list[ModelRecord]:
        """What has happened since the last call, of all of them."""
        watches: Iterable[ModelWatch] = self._watches.values()
        return [record for watch in watches for record in watch.told(now_s, over=over)]
