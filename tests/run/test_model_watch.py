"""What a worker tells of the models that answer it, by laws on rows of answers."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeload.box_records import MOST_MODEL_CHANGES, ModelChange, ModelGone, ModelRecord
from edgeload.run.model_watch import ModelWatch, ModelWatches, model_key

SEPARATORS = ((",", ":"), (", ", ": "))


def answer(model: str | None, separators: tuple[str, str] = SEPARATORS[0]) -> bytes:
    """A good answer that names this model; None: one of before there were names."""
    said = {"is_from_edge": True, "edge_result": {"mlb_key": model, "oodd_mlb_key": "mlb_o"}}
    if model is None:
        del said["edge_result"]
    body = {"metadata": said, "id": "iq_1", "result": {"label": "YES", "from_edge": True}}
    return json.dumps(body, separators=separators).encode()


def is_seen_at_once(watch: ModelWatch, body: bytes) -> bool:
    """As a client compares each good answer."""
    return watch.mark != b"" and body.startswith(watch.mark, watch.at)


class Heard:
    """A watch that is given answers as a client gives them; 10 a second, told once a second."""

    def __init__(self) -> None:
        self.watch = ModelWatch("det_d")
        self.now_s = 0.0
        self.number = 0
        self.told: list[ModelRecord] = []

    def hear(
        self, models: str, times: int = 1, separators: tuple[str, str] = SEPARATORS[0]
    ) -> None:
        """One answer by each of these models, so many times: `ab` alternates."""
        for model in models * times:
            body = answer(None if model == "-" else f"mlb_{model}", separators)
            if body.startswith(self.watch.mark, self.watch.at):
                self.watch.last_s = self.now_s
            else:
                self.watch.look(body, self.now_s)
            self.number += 1
            self.now_s = self.number / 10.0
            if self.number % 10 == 0:
                self.told += self.watch.told(self.now_s)

    def ended(self) -> list[ModelRecord]:
        return self.told + self.watch.told(self.now_s, over=True)


def in_short(records: list[ModelRecord]) -> list[tuple[object, ...]]:
    return [
        ("change", r.before, r.model, r.at_s, r.before_last_s)
        if isinstance(r, ModelChange)
        else ("gone", r.model, r.at_s)
        for r in records
    ]


@pytest.mark.parametrize("separators", SEPARATORS)
def test_a_run_shows_its_model(separators: tuple[str, str]) -> None:
    """One record for the first answer, and then none, however an answer writes its JSON."""
    heard = Heard()
    heard.hear("a", 500, separators)
    assert in_short(heard.ended()) == [("change", None, "mlb_a", 0.0, None)]
    assert is_seen_at_once(heard.watch, answer("mlb_a", separators))


def test_a_box_that_names_no_model_is_no_error() -> None:
    """There is no record, whether it never names one or does so only from some time on."""
    heard = Heard()
    heard.hear("-", 100)
    assert heard.told == []
    heard.hear("a", 10)
    assert in_short(heard.ended()) == [("change", None, "mlb_a", 10.0, None)]


def test_a_box_that_names_no_model_costs_nothing_at_a_high_rate() -> None:
    """After 100 answers without a name, no further one is looked at until the next second."""
    watch = ModelWatch("det_d")
    for number in range(100):
        assert watch.mark not in answer(None)[watch.at :], number
        watch.look(answer(None), 0.001 * number)
    assert answer("mlb_a").startswith(watch.mark, watch.at)
    assert watch.told(1.0) == []
    assert not answer("mlb_a").startswith(watch.mark, watch.at)


def test_the_key_is_found_wherever_it_stands() -> None:
    """An answer whose head is longer is by the same model; the next one is compared there."""
    heard = Heard()
    heard.hear("a", 10)
    longer = answer("mlb_a").replace(b'{"metadata"', b'{"more": 1, "metadata"')
    heard.watch.look(longer, 1.0)
    assert is_seen_at_once(heard.watch, longer)
    assert in_short(heard.ended()) == [("change", None, "mlb_a", 0.0, None)]


def test_a_roll_out_is_two_records_however_often_the_models_alternate() -> None:
    """The first answer of the new one, and the last of the old one, once that has gone."""
    heard = Heard()
    heard.hear("a", 100)
    heard.hear("ba", 50)
    heard.hear("b", 49)
    assert in_short(heard.told)[1:] == [("change", "mlb_a", "mlb_b", 10.0, 9.9)]
    heard.hear("b", 100)
    assert in_short(heard.told)[2:] == [("gone", "mlb_a", 19.9)]
    assert in_short(heard.ended())[3:] == []
    assert is_seen_at_once(heard.watch, answer("mlb_b"))


def test_a_run_that_ends_while_both_answer_tells_of_the_last_old_answer() -> None:
    """What is known of the old model is written down before the worker ends."""
    heard = Heard()
    heard.hear("a", 10)
    heard.hear("ba", 5)
    assert in_short(heard.ended())[-1] == ("gone", "mlb_a", 1.9)


def test_a_new_model_that_is_withdrawn_has_gone() -> None:
    """The old one goes on, and is the present one again: without a further change."""
    heard = Heard()
    heard.hear("a", 10)
    heard.hear("ba", 5)
    heard.hear("a", 100)
    assert in_short(heard.told)[1:] == [
        ("change", "mlb_a", "mlb_b", 1.0, 0.9),
        ("gone", "mlb_b", 1.8),
    ]
    assert is_seen_at_once(heard.watch, answer("mlb_a"))


def test_few_answers_do_not_tell_that_a_model_has_gone() -> None:
    """One answer in 2 s: without five by the old model it may just not have been its turn."""
    watch = ModelWatch("det_d")
    for number, model in enumerate("aaabbbbbabbbbbab"):
        watch.look(answer(f"mlb_{model}"), 2.0 * number)
        told = watch.told(2.0 * number + 1.0)
        assert [type(record) for record in told] == [ModelChange] * (number in (0, 3))


def test_a_model_that_comes_back_is_a_change() -> None:
    """A roll-back, after the model had gone."""
    heard = Heard()
    for model in "aba":
        heard.hear(model, 100)
    changes = [r for r in heard.ended() if isinstance(r, ModelChange)]
    assert [(r.before, r.model) for r in changes] == [
        (None, "mlb_a"), ("mlb_a", "mlb_b"), ("mlb_b", "mlb_a")
    ]  # fmt: skip


def test_another_key_with_every_answer_fills_no_log() -> None:
    """So many changes are told and no more; then answers cost what they cost without a watch."""
    watch = ModelWatch("det_d")
    for number in range(1000):
        body = answer(f"mlb_{number}")
        if not body.startswith(watch.mark, watch.at):
            watch.look(body, number / 10.0)
    told = watch.told(100.0, over=True)
    assert sum(isinstance(record, ModelChange) for record in told) == MOST_MODEL_CHANGES
    assert len(told) < 2 * MOST_MODEL_CHANGES


@given(st.text(min_size=1, max_size=50), st.sampled_from(SEPARATORS))
def test_any_key_is_one_model(key: str, separators: tuple[str, str]) -> None:
    """Also one that JSON escapes, or that stands elsewhere in the answer: `YES` is also a label."""
    watch = ModelWatch("det_d")
    for at_s in range(3):
        for model in (key, f"{key}2"):
            body = answer(model, separators)
            assert model_key(body) == model
            if not body.startswith(watch.mark, watch.at):
                watch.look(body, float(at_s))
    changes = [record for record in watch.told(9.0) if isinstance(record, ModelChange)]
    assert [change.at_s for change in changes] == [0.0, 0.0]


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail(noise: bytes) -> None:
    """Whatever the endpoint sends: what names no model is no model."""
    watch = ModelWatch("det_d")
    for body in (noise, b'{"metadata":{"edge_result":{"mlb_key":' + noise):
        watch.look(body, 1.0)
    assert not [r for r in watch.told(2.0) if isinstance(r, ModelGone)]


def test_groups_that_ask_one_detector_share_its_watch() -> None:
    """In upper and in lower case; others have their own, and all are told of."""
    watches = ModelWatches()
    assert watches.of("det_D") is watches.of("det_d")
    for detector in ("det_D", "det_e"):
        watches.of(detector).look(answer("mlb_a"), 1.0)
    assert [record.detector_id for record in watches.told(2.0)] == ["det_D", "det_e"]
