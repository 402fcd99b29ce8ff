"""From when to when each model of a detector answered, over all workers of a run. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from edgeload.box_records import MOST_MODEL_CHANGES, ModelChange, ModelGone, ModelRecord
from edgeload.read.log.columns import RunLog

_SAME_SPAN_S = 10.0
"""A model that answered again within this time had not gone: a worker sees a part of the answers.
"""


@dataclass(frozen=True)
class ModelSpan:
    """A model that answered for a detector, from its first to its last answer, in run time.

    `ongoing`: it answered to the end, so `last_s` is the end of the run.
    """

    detector_id: str
    model: str
    first_s: float
    last_s: float
    ongoing: bool


@dataclass(frozen=True)
class AnsweringModels:
    """The models of all detectors, in order of their first answers.

    `unclear` are the detectors whose answers named more models than anybody rolls out.
    """

    spans: tuple[ModelSpan, ...] = ()
    unclear: tuple[str, ...] = ()

    def of(self, detector_id: str) -> tuple[ModelSpan, ...]:
        """Those of one detector."""
        return tuple(span for span in self.spans if span.detector_id == detector_id)

    @property
    def detectors(self) -> tuple[str, ...]:
        """The detectors whose models are known, in order of their first answers."""
        return tuple(dict.fromkeys(span.detector_id for span in self.spans))


def answering_models(log: RunLog) -> AnsweringModels:
    """What the answers of a run said of their models; nothing if they said nothing."""
    told: list[ModelRecord] = [r for r in log.box if isinstance(r, ModelChange | ModelGone)]
    told.sort(key=_whose)
    spans: list[ModelSpan] = []
    unclear: set[str] = set()
    for (detector_id, _), own in groupby(told, _whose):
        records = list(own)
        spans += _of_worker(detector_id, records, log.last_s)
        changes = sum(isinstance(record, ModelChange) for record in records)
        if changes >= MOST_MODEL_CHANGES:
            unclear.add(detector_id)
    known = _joined(span for span in spans if span.detector_id not in unclear)
    return AnsweringModels(tuple(known), tuple(sorted(unclear)))


def _whose(record: ModelRecord) -> tuple[str, int]:
    """The detector and the worker that a record is of; those of one keep their order."""
    return record.detector_id, record.worker


def _of_worker(
    detector_id: str, records: Sequence[ModelRecord], end_s: float
) -> Iterator[ModelSpan]:
    """The spans that one worker saw. Of a worker that was killed the last lines are missing."""
    first_s: dict[str, float] = {}
    faded_s: dict[str, float] = {}  # of those that were replaced: the last answer that is known
    present: str | None = None
    for record in records:
        model = record.model
        if isinstance(record, ModelChange):
            if record.before in first_s and record.before_last_s is not None:
                faded_s[record.before] = record.before_last_s
            first_s.setdefault(model, record.at_s)
            faded_s.pop(model, None)
            present = model
        elif model in first_s:
            yield ModelSpan(detector_id, model, first_s.pop(model), record.at_s, False)
            faded_s.pop(model, None)
            if model == present and first_s:  # the new model was withdrawn
                present = max(first_s, key=lambda one: faded_s.get(one, 0.0))
                faded_s.pop(present, None)
    for model, begun_s in first_s.items():
        last_s = faded_s.get(model)
        ongoing = last_s is None
        yield ModelSpan(detector_id, model, begun_s, end_s if last_s is None else last_s, ongoing)


def _joined(spans: Iterable[ModelSpan]) -> list[ModelSpan]:
    """The spans of all workers together, in order of their first answers."""
    found: list[ModelSpan] = []
    for span in sorted(spans, key=lambda one: (one.detector_id, one.model, one.first_s)):
        last = found[-1] if found else None
        same = last and (last.detector_id, last.model) == (span.detector_id, span.model)
        if last and same and span.first_s - last.last_s < _SAME_SPAN_S:
            last_s = max(last.last_s, span.last_s)
            found[-1] = replace(last, last_s=last_s, ongoing=last.ongoing or span.ongoing)
        else:
            found.append(span)
    return sorted(found, key=lambda one: one.first_s)
