"""Answers that were made to harm whoever reads them: in a run, before it, and asked alone."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
from hostile_answers import bodies, hostile
from load_run import SMALL, one_client_task, requests_of, run
from recording_server import DETECTOR_ID, edge_answer
from wrong_server import Fault, wrong_server

from edgeload.edge.location import Unreachable
from edgeload.failure_classes import CHANGED_ANSWER
from edgeload.records import WorkerDied
from edgeload.run import picture_answers, wire
from edgeload.run.asking_alone import ask_alone
from edgeload.run.picture_answers import ExpectedAnswer, PictureAnswer, picture_answer
from edgeload.run.picture_file import written_pictures
from edgeload.run.preflight_queries import HttpSender, QueryReply
from edgeload.run.wire import check_answer

YES = ExpectedAnswer(1, PictureAnswer("YES", None, greater_than_max=False, model=None))


def check_run(folder: Path, made: tuple[Fault, ...], **options: Any) -> None:
    """Every answer gets its class, with its first bytes, and no worker dies of one."""
    with wrong_server(made) as (server, met), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        records = run(folder, server.url, image_path=SMALL, **options)
    assert not [record for record in records if isinstance(record, WorkerDied)]
    got: dict[str, set[str]] = {fault.name: set() for fault in made}
    for request in requests_of(records):
        fault = met[request.worker_number, request.request_number]
        got[fault.name].add(request.outcome)
        if request.outcome != "ok":
            assert request.error is not None
            assert request.error.isprintable()
            assert len(request.error) <= 300
    assert got == {fault.name: {fault.outcome} for fault in made}


def test_no_answer_harms_a_run(tmp_path: Path) -> None:
    """Deep, endless, packed, contradictory, of wrong types: each is its own request's failure."""
    made = hostile()
    load: dict[str, Any] = {"custom_ramp": str(len(made)), "requests_per_second": 1}
    check_run(tmp_path, made, **load, time_between_ramp=1, timeout=10)


@pytest.mark.slow
def test_no_answer_harms_the_sdk_client(tmp_path: Path) -> None:
    """The SDK decodes an answer before we do."""
    made = hostile()
    load: dict[str, Any] = {"custom_ramp": "2", "requests_per_second": 7}
    check_run(tmp_path, made, client="sdk", **load, time_between_ramp=5, timeout=10)


def test_no_answer_harms_the_queries_before_a_run() -> None:
    """A query before the run gets the class that one in the run would get."""
    made = hostile()
    with wrong_server(made) as (server, _), written_pictures([b"picture"]) as pictures:
        task = one_client_task(server.url, pictures)
        sender = HttpSender(task, task.groups[0], DETECTOR_ID)
        got = {fault.name: sender.send(n).result.outcome for n, fault in enumerate(made, 1)}
        assert got == {fault.name: fault.outcome for fault in made}
        for name, body, outcome in bodies():
            reply = QueryReply(200, check_answer(200, body, DETECTOR_ID), body)
            alone = AlwaysSays(reply)
            if outcome == "ok":
                ask_alone(task, lambda *_: alone, url="", query_s={})  # noqa: B023
                continue
            with pytest.raises(Unreachable) as refused:
                ask_alone(task, lambda *_: alone, url="", query_s={}, pause=lambda s: None)  # noqa: B023
            assert str(refused.value).isprintable(), name


class AlwaysSays:
    """Answers every query alike."""

    def __init__(self, reply: QueryReply) -> None:
        self._reply = reply

    def send(self, number: int, picture: int | None = None) -> QueryReply:
        return self._reply


@pytest.mark.parametrize("error", [RecursionError, MemoryError, KeyError, SystemError])
def test_any_error_of_a_decoder_is_that_answers_failure(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """With its name and the first bytes, whichever decoder it comes from."""

    def fail(body: bytes) -> None:
        raise error("of the decoder")

    monkeypatch.setattr(picture_answers, "_decode", fail)
    assert picture_answer(edge_answer()) is None
    changed = check_answer(200, edge_answer(), DETECTOR_ID, expected=YES)
    assert changed.outcome == CHANGED_ANSWER
    monkeypatch.setattr(wire, "_decode_query", fail)
    result = check_answer(200, edge_answer(), DETECTOR_ID)
    assert result.outcome == "bad_answer"
    assert error.__name__ in (result.error or "")
    assert "is_from_edge" in (result.error or "")


def test_a_long_answer_is_remembered_by_its_digest() -> None:
    """What is kept of each picture's answer is bounded, and still tells one from another."""
    said = [
        picture_answer(edge_answer().replace(b"YES", b"Y" * 100_000 + end)) for end in (b"1", b"2")
    ]
    first, second = said
    assert first is not None
    assert second is not None
    assert len(first.label or "") < 300
    assert not first.same_as(second)
    assert first.same_as(first)
    count = picture_answer(edge_answer().replace(b'"label": "YES"', b'"count": ' + b"7" * 60))
    assert count is not None
    assert len(count.said) <= 32
