"""Laws of what an answer says about its picture, and of what counts as a change."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edgeload.run.picture_answers import (
    ExpectedAnswer,
    PictureAnswer,
    changed_words,
    expected_answers,
    picture_answer,
)

COMMON = {"confidence": 0.97, "source": "ALGORITHM", "result_type": None, "from_edge": True}


def body(model: str | None = None, rois: Any = None, **result: Any) -> bytes:
    """An answer of the edge endpoint contract, section 3."""
    edge = {} if model is None else {"edge_result": {"mlb_key": model, "oodd_mlb_key": "o"}}
    return json.dumps(
        {
            "metadata": {"is_from_edge": True, **edge},
            "id": "iq_1",
            "result": {**COMMON, **result},
            "rois": rois,
        }
    ).encode()


def answer(raw: bytes) -> PictureAnswer:
    found = picture_answer(raw)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ({"label": "YES"}, "YES"),
        ({"label": "green"}, "green"),
        ({"label": "NO_OBJECTS"}, "NO_OBJECTS"),
        ({"label": ""}, "an empty label"),
        ({"count": 3, "greater_than_max": False}, "3"),
        ({"count": 0, "greater_than_max": False}, "0"),
        ({"count": 10, "greater_than_max": True}, "more than 10"),
        ({"count": None, "greater_than_max": True}, "more than the maximum"),
    ],
)
def test_every_mode_says_something(result: dict[str, Any], said: str) -> None:
    """BINARY, MULTI_CLASS and BOUNDING_BOX have a label, COUNT a count and its limit."""
    assert answer(body(**result)).said == said


@pytest.mark.parametrize(
    "raw",
    [
        body(),
        body(count=None, greater_than_max=False),
        body(label=3),
        body(count="three"),
        b'{"id": "iq_1", "result": null}',
        b"<html>",
        b"\xff\xfe",
    ],
)
def test_an_answer_without_label_and_count_says_nothing(raw: bytes) -> None:
    """It cannot be compared, which is not the same as being equal."""
    assert picture_answer(raw) is None
    before = ExpectedAnswer(12, answer(body(label="YES")))
    assert changed_words(before, raw) == (
        "picture 12: YES before the run, now neither a label nor a count"
    )


VALUES: list[dict[str, Any]] = [
    {"label": "YES"},
    {"label": "NO"},
    {"label": "yes"},
    {"count": 2, "greater_than_max": False},
    {"count": 3, "greater_than_max": False},
    {"count": 3, "greater_than_max": True},
]


@pytest.mark.parametrize("before", VALUES)
@pytest.mark.parametrize("now", VALUES)
def test_only_another_label_or_count_is_a_change(
    before: dict[str, Any], now: dict[str, Any]
) -> None:
    """Confidence, boxes and the model's key may differ; label, count and limit may not."""
    expected = ExpectedAnswer(1, answer(body(**before)))
    other = body(model="m", rois=[{"label": "x"}], **{**now, "confidence": 0.5})
    assert (changed_words(expected, other) is None) == (before == now)


def test_a_change_is_said_with_its_picture_and_both_answers() -> None:
    """The model is named if it is another one, newer or older, and if both answers name theirs."""
    before = ExpectedAnswer(12, answer(body(model="mlb_a", label="YES")))
    changed = "picture 12: YES before the run, now NO"
    assert changed_words(before, body(model="mlb_a", label="NO")) == changed
    assert changed_words(before, body(label="NO")) == changed
    assert changed_words(before, body(model="mlb_b", label="NO")) == (
        f"{changed}, by another model (mlb_a before, now mlb_b)"
    )
    assert changed_words(before, body(model="mlb_0", label="NO")) == (
        f"{changed}, by another model (mlb_a before, now mlb_0)"
    )
    assert (
        changed_words(ExpectedAnswer(12, answer(body(label="YES"))), body("b", label="NO"))
        == changed
    )


def test_texts_of_the_endpoint_stay_bounded_and_printable() -> None:
    """Labels and keys of any length and kind give one line of at most 200 characters."""
    evil = "\x1b[31m\n" + "x" * 5000
    before = ExpectedAnswer(1000, answer(body(model="a" + evil, label="b" + evil)))
    text = changed_words(before, body(model="c" + evil, label="d" + evil))
    assert text is not None
    assert text.isprintable()
    assert len(text) <= 200


def test_a_picture_that_changes_by_itself_is_not_expected_to_stay() -> None:
    """Of two passes, those that agree count; the later one names the model before the run."""
    yes, no = (answer(body(label=label)) for label in ("YES", "NO"))
    again = answer(body(model="new", label="YES"))
    assert expected_answers([yes, yes, no, no], [again, no, no, yes]) == (
        ExpectedAnswer(1, again),
        None,
        ExpectedAnswer(3, no),
        None,
    )


def test_two_passes_are_over_the_same_pictures() -> None:
    """A picture that one of them has not asked about is never left out without a word."""
    yes = answer(body(label="YES"))
    with pytest.raises(ValueError, match="shorter"):
        expected_answers([yes, yes], [yes])
