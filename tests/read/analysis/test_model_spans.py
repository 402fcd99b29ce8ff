"""From when to when each model answered, from what several workers saw of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import synthetic_log as sl

from edgeload.box_records import MOST_MODEL_CHANGES, ModelRecord
from edgeload.read.analysis.model_spans import AnsweringModels, answering_models
from edgeload.read.log.columns import RunLog
from edgeload.read.log.open import read_log


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> RunLog:
    """A run of 100 s that names no model."""
    played = sl.play(sl.plan_of([1], 100, 1.0), servers=1, service=sl.constant(0.1))
    return read_log(sl.write(tmp_path_factory.mktemp("run") / "log", played))


def models_of(log: RunLog, *told: ModelRecord) -> AnsweringModels:
    return answering_models(replace(log, box=told))


def in_short(models: AnsweringModels) -> list[tuple[str, float, float, bool]]:
    return [(one.model, one.first_s, round(one.last_s), one.ongoing) for one in models.spans]


def test_no_model_is_known_if_none_is_named(log: RunLog) -> None:
    """That is no error."""
    assert models_of(log) == AnsweringModels()


def test_the_spans_of_workers_are_one_span(log: RunLog) -> None:
    """From the first answer of any worker to the last of any; a worker that saw nothing of the old
    model changes nothing."""
    models = models_of(
        log,
        sl.model_change(0.5, "a", worker=0),
        sl.model_change(0.2, "a", worker=1),
        sl.model_change(41.0, "b", "a", worker=1),
        sl.model_change(40.0, "b", "a", worker=0),
        sl.model_change(60.0, "b", worker=2),
        sl.model_gone(45.0, "a", worker=1),
        sl.model_gone(52.0, "a", worker=0),
    )
    assert in_short(models) == [("a", 0.2, 52, False), ("b", 40.0, 100, True)]


def test_a_worker_that_was_killed_leaves_what_it_had_seen(log: RunLog) -> None:
    """Nobody told of the old model's end: its last answer before the change is what is known."""
    models = models_of(log, sl.model_change(0.5, "a"), sl.model_change(40.0, "b", "a"))
    assert in_short(models) == [("a", 0.5, 40, False), ("b", 40.0, 100, True)]
    assert models.spans[0].last_s == pytest.approx(39.9)


def test_a_model_that_comes_back_soon_had_not_gone(log: RunLog) -> None:
    """A worker sees a part of the answers; after a while it is a roll-back."""
    for back_s, spans in ((54.0, 2), (70.0, 3)):
        models = models_of(
            log,
            sl.model_change(0.5, "a"),
            sl.model_change(40.0, "b", "a"),
            sl.model_gone(50.0, "a"),
            sl.model_change(back_s, "a", "b"),
        )
        assert len(models.spans) == spans, back_s


def test_a_model_that_was_withdrawn_leaves_the_old_one_answering(log: RunLog) -> None:
    """The new one has its end; the old one answers to the end of the run."""
    models = models_of(
        log,
        sl.model_change(0.5, "a"),
        sl.model_change(40.0, "b", "a"),
        sl.model_gone(50.0, "b"),
    )
    assert in_short(models) == [("a", 0.5, 100, True), ("b", 40.0, 50, False)]


def test_detectors_are_told_apart_and_chaos_is_called_so(log: RunLog) -> None:
    """Whose answers name a new model each time has no roll-outs that anybody could tell."""
    chaos = [
        sl.model_change(float(n), f"m{n}", f"m{n - 1}", detector="det_z")
        for n in range(MOST_MODEL_CHANGES)
    ]
    models = models_of(log, sl.model_change(1.0, "a", detector="det_y"), *chaos)
    assert models.detectors == ("det_y",)
    assert models.unclear == ("det_z",)
