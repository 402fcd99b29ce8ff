"""Laws of what follows from the answers that pictures get without load."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeload.camera_group import CameraGroup
from edgeload.edge.location import Target
from edgeload.edge.trust import TlsTrust
from edgeload.plan import Plan, ramp_steps
from edgeload.run.answers_alone import (
    AnswersAlone,
    asked_pairs,
    found,
    intended,
    no_answer,
    usual_s,
    with_expected,
)
from edgeload.run.picture_answers import Expected, ExpectedAnswer, PictureAnswer
from edgeload.run.picture_file import PictureFile
from edgeload.run.preflight_rules import PreflightQuery
from edgeload.run.tasks import ChainTask, DetectorTask, GroupTask, WorkerTask
from edgeload.run.wire import RequestResult

A, B, C = (f"det_{letter * 27}" for letter in "abc")
CAT, DOG = PictureFile(Path("cat"), (1, 2)), PictureFile(Path("dog"), (3,))
GROUPS = (
    GroupTask("one", DetectorTask(A), CAT, 5.0, (ChainTask(DetectorTask(B), 3),)),
    GroupTask("two", DetectorTask(A), CAT, 7.0),
    GroupTask("three", DetectorTask(A), DOG, 5.0),
)


def expected(*labels: str | None, model: str | None = None) -> Expected:
    return tuple(
        None
        if label is None
        else ExpectedAnswer(number, PictureAnswer(label, None, greater_than_max=False, model=model))
        for number, label in enumerate(labels, 1)
    )


def alone(*labels: str | None) -> AnswersAlone:
    return AnswersAlone("one", A, expected(*labels), 0.0, 1.0)


def test_a_picture_is_asked_once_for_each_detector_that_gets_it() -> None:
    """Groups with the same pictures share their answers; each detector of a chain has its own."""
    pairs = asked_pairs(GROUPS)
    assert {pair: (group.name, one) for pair, (group, one) in pairs.items()} == {
        ("one", A): ("one", A),
        ("one", B): ("one", B),
        ("two", A): ("one", A),
        ("three", A): ("three", A),
    }


def test_every_request_of_a_group_knows_what_is_expected() -> None:
    """The first one and those of the chain, each from its own detector; nothing else changes."""
    known = {
        ("one", A): expected("YES", "NO"),
        ("one", B): expected("NO", None),
        ("two", A): expected("YES", "NO"),
        ("three", A): expected("NO"),
    }
    load = tuple(CameraGroup(group.name, 1, 1.0) for group in GROUPS)
    task = WorkerTask(
        0, 1, Plan(ramp_steps([3], 1.0), load, 1), "run", Target("http", "h", 80, 2, "h"),
        "token", TlsTrust(), GROUPS, Path("log"),
    )  # fmt: skip
    one, two, three = with_expected(task, known).groups
    assert one.detector.expected == two.detector.expected == known["one", A]
    assert [follower.expected for follower in one.followers()] == [known["one", B]] * 3
    assert three.detector.expected == known["three", A]
    assert [g.timeout_s for g in (one, two, three)] == [5.0, 7.0, 5.0]


def query(detector_id: str, took_s: float, outcome: str = "ok") -> PreflightQuery:
    status = 200 if outcome == "ok" else 503
    result = RequestResult(outcome, True, None if outcome == "ok" else "no pod")
    return PreflightQuery(1, 10.0, 10.0 + took_s, status, result, detector_id)


def test_the_time_that_it_takes_is_said_before() -> None:
    """Twice the pictures times the median of the queries before: 64 x 2 x 50 ms are 6.4 s.

    A time that is not known is not invented.
    """
    queries = [query(A, s) for s in (0.05, 0.05, 9.0)] + [query(A, 0.001, "http_503")] * 5
    assert usual_s(queries) == pytest.approx({A: 0.05})
    assert "128 image queries, one after the other, about 6.4 s." in intended(
        {A: 64}, usual_s(queries)
    )
    assert "about 260 s" in intended({A: 64, B: 1000}, {A: 0.05, B: 0.127})
    assert "about" not in intended({A: 64, B: 1}, usual_s(queries))


def test_what_the_pictures_got_is_said() -> None:
    """How often each answer came, the most frequent first, and how many there are besides."""
    assert found(alone("NO", "YES", "YES")) == [
        f"Detector {A} without load: YES for 2 and NO for 1 of 3 pictures."
    ]
    (line,) = found(alone(*"aaabbcdef"))
    assert "a for 3, b for 2, c for 1, d for 1 and 2 other answers of 9 pictures" in line


def test_what_could_not_be_seen_is_said() -> None:
    """Pictures with one common answer hide a mix-up; one picture alone cannot be mixed up."""
    (line,) = found(alone("YES", "YES"))
    assert "YES for all 2 pictures, so an answer to the wrong picture would not show" in line
    assert "wrong picture" not in found(alone("YES"))[0]


def test_a_detector_that_changes_its_answers_by_itself_is_a_warning() -> None:
    """Such pictures are counted and left out, also if there is no other one."""
    line, warning = found(alone("YES", None, None))
    assert "YES for 1 of 3 pictures" in line
    assert "WARNING: 2 of 3 pictures got two different answers" in warning
    assert "wrong picture" not in line
    (only,) = found(alone(None))
    assert "WARNING: 1 of 1 picture got" in only
    assert alone("YES", None, None).unstable == 2
    in_mix = found(alone("YES", None, None), is_mix=True)
    assert all("of group one" in text for text in in_mix)


def test_a_picture_without_an_answer_is_named_with_its_cause_and_the_way_round() -> None:
    """One line with the picture, the detector, what came, what to do, and the option."""
    line = no_answer("http://box", "12", query(A, 0.1, "http_503"))
    for part in ("picture 12", A, "HTTP status 503: no pod", "2 times", "--no-check-answers"):
        assert part in line
    assert "\n" not in line


def test_the_models_that_answered_are_known() -> None:
    """Each key once, sorted; nothing for answers that name none."""
    both = expected("YES", model="m2") + expected("YES", model="m1") + expected("NO")
    assert AnswersAlone("one", A, both, 0.0, 1.0).models == ["m1", "m2"]
