"""Laws of asking before the run, through both clients, against a real server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from recording_server import DETECTOR_ID, Handler, Recorder, edge_answer, recording_server
from test_preflight_queries import PICTURES, task_for

from edgeload.camera_group import CameraGroup
from edgeload.edge.location import Unreachable
from edgeload.plan import Plan, ramp_steps
from edgeload.run.answers_alone import AnswersAlone
from edgeload.run.asking_alone import ask_alone
from edgeload.run.preflight_queries import HttpSender, SdkSender
from edgeload.run.tasks import ChainTask, DetectorTask, GroupTask, WorkerTask

CLIENTS = ["http", pytest.param("sdk", marks=pytest.mark.slow)]
NO = edge_answer().replace(b'"YES"', b'"NO"')


def ask(
    recorder: Recorder, client: str = "http", lines: list[str] | None = None
) -> tuple[WorkerTask, AnswersAlone]:
    """Ask a server for all pictures; pauses take no time."""

    def sender(group: GroupTask, detector_id: str) -> Any:
        if client == "sdk":
            return SdkSender(task, group)
        return HttpSender(task, group, detector_id)

    with task_for(recorder) as task:
        known, (alone,) = ask_alone(
            task,
            sender,
            url=recorder.url,
            query_s={DETECTOR_ID: 0.5},
            pause=lambda seconds: None,
            say=(lines if lines is not None else []).append,
        )
    return known, alone


def by_picture(handler: Handler, number: int) -> None:
    """NO for the second and the fourth picture."""
    body = handler.recorder.queries()[-1].body
    handler.reply(200, NO if PICTURES.index(body) % 2 else edge_answer())


@pytest.mark.parametrize("client", CLIENTS)
def test_every_picture_is_asked_twice_one_at_a_time(client: str) -> None:
    """In the order of the pool, one pass after the other; the workers learn what came."""
    lines: list[str] = []
    in_flight: list[int] = []

    def answer(handler: Handler, number: int) -> None:
        in_flight.append(number)
        by_picture(handler, number)

    with recording_server(answer) as recorder:
        known, alone = ask(recorder, client, lines)
        seen = recorder.queries()
    assert [query.body for query in seen] == PICTURES * 2
    assert len({query.headers["x-request-id"] for query in seen}) == 8
    assert in_flight == list(range(1, 9))
    assert [(one.picture, one.answer.said) for one in alone.expected if one] == [
        (1, "YES"),
        (2, "NO"),
        (3, "YES"),
        (4, "NO"),
    ]
    assert known.groups[0].detector.expected == alone.expected
    assert alone.start_s < alone.end_s
    assert "8 image queries, one after the other, about 4 s" in lines[0]
    assert "YES for 2 and NO for 2 of 4 pictures" in lines[1]


def test_a_picture_whose_answer_changes_by_itself_is_left_out() -> None:
    """The third picture gets YES in the first pass and NO in the second."""

    def answer(handler: Handler, number: int) -> None:
        handler.reply(200, NO if number == 7 else edge_answer())

    lines: list[str] = []
    with recording_server(answer) as recorder:
        _, alone = ask(recorder, lines=lines)
    assert [one is None for one in alone.expected] == [False, False, True, False]
    assert "WARNING: 1 of 4 pictures got two different answers" in lines[-1]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_failure_is_asked_again_once(client: str) -> None:
    """One 503 costs one query more, with the same picture; a second one ends the run."""

    def answer(handler: Handler, number: int) -> None:
        if number in failing:
            handler.reply(503, b"no pod")
        else:
            handler.reply(200, edge_answer())

    failing = [2]
    with recording_server(answer) as recorder:
        ask(recorder, client)
        bodies = Counter(query.body for query in recorder.queries())
    assert [bodies[picture] for picture in PICTURES] == [2, 3, 2, 2]
    failing = [2, 3]
    with recording_server(answer) as recorder:
        with pytest.raises(Unreachable, match="picture 2 got HTTP status 503: no pod"):
            ask(recorder, client)
        assert len(recorder.queries()) == 3


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda h, _: h.reply(200, edge_answer().replace(b"true", b"false")), "class escalated"),
        (lambda h, _: h.reset(), "class reset"),
        (
            lambda h, _: h.reply(200, edge_answer().replace(b'"YES"', b"null")),
            "neither a label nor a count, so it cannot be compared",
        ),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    answer: Callable[[Handler, int], None], said: str
) -> None:
    """The cause is named, and so is the option that leaves the comparison out."""
    with recording_server(answer) as recorder, pytest.raises(Unreachable, match=said) as caught:
        ask(recorder)
    assert "picture 1" in str(caught.value)
    assert "--no-check-answers" in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_mix_is_asked_by_group_and_detector() -> None:
    """Two groups with the same pictures: three detectors get them, each picture twice.

    A failure names the group, whose file the user has to look at.
    """
    ids = [f"det_{letter * 27}" for letter in "abc"]

    def answer(handler: Handler, number: int) -> None:
        (asked,) = handler.recorder.queries()[-1].parameters["detector_id"]
        handler.reply(status, edge_answer(asked) if asked != ids[1] else no(asked))

    def no(asked: str) -> bytes:
        return edge_answer(asked).replace(b'"YES"', b'"NO"')

    status = 200
    load = (CameraGroup("door", 1, 1.0), CameraGroup("cat", 1, 1.0))
    with recording_server(answer) as recorder, task_for(recorder) as alone:
        pictures = alone.groups[0].pictures
        groups = (
            GroupTask("door", DetectorTask(ids[0]), pictures, 5.0),
            GroupTask(
                "cat", DetectorTask(ids[0]), pictures, 5.0,
                (ChainTask(DetectorTask(ids[1]), 2), ChainTask(DetectorTask(ids[2]), 1)),
            ),
        )  # fmt: skip
        task = replace(alone, plan=Plan(ramp_steps([2], 1.0), load, 1), groups=groups)

        def asked() -> tuple[WorkerTask, list[AnswersAlone]]:
            return ask_alone(
                task,
                lambda group, one: HttpSender(task, group, one),
                url=recorder.url,
                query_s={},
                pause=lambda seconds: None,
            )

        known, found = asked()
        count = Counter(q.parameters["detector_id"][0] for q in recorder.queries())
        status = 503
        with pytest.raises(Unreachable, match="picture 1 of group door got HTTP status 503"):
            asked()
    assert count == dict.fromkeys(ids, 8)
    assert [(one.group, one.detector_id) for one in found] == [
        ("door", ids[0]),
        ("cat", ids[1]),
        ("cat", ids[2]),
    ]
    said = [
        {one.answer.said for one in detector.expected or () if one}
        for detector in (known.groups[0].detector, *known.groups[1].followers())
    ]
    assert said == [{"YES"}, {"NO"}, {"NO"}, {"YES"}]
    assert known.groups[1].detector == known.groups[0].detector
