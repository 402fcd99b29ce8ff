"""Answers that the edge did not give: repeated by somebody in between, or given by the cloud."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from load_run import SMALL, run
from recording_server import Handler, edge_answer, recording_server

from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.words.finding_words import message
from edgeload.run.recent_ids import MOST_IDS, RecentIds

LOAD: dict[str, Any] = {
    "image_path": SMALL, "custom_ramp": "2,4", "time_between_ramp": 0.6, "requests_per_second": 15,
}  # fmt: skip


def findings_after(folder: Path, answer: Any, **options: Any) -> dict[str, Finding]:
    """The findings of a short run against a server that answers so."""
    with recording_server(answer) as server:
        run(folder, server.url, **LOAD, **options)
    return {found.code: found for found in find(analyse(read_log(folder / "run.log")))}


def numbered(number: int) -> bytes:
    """A good answer with an id of its own."""
    return edge_answer().replace(b"iq_3MSJL8L5q0ObHP3hV9bcneiNqHs", b"iq_%027d" % number)


@pytest.mark.parametrize(
    ("client", "once"), [("http", 4), pytest.param("sdk", 1 << 30, marks=pytest.mark.slow)]
)
def test_a_proxy_that_replays_answers_is_found(tmp_path: Path, client: str, once: int) -> None:
    """Answers with an id of before are counted, in the steps in which they came."""
    found = findings_after(
        tmp_path, lambda h, n: h.reply(200, numbered(n // once)), client=client, workers=1
    )
    finding = found["repeated_answers"]
    assert finding.severity == "warning"
    assert finding.steps == (0, 1)
    repeated, answers = finding.numbers["repeated"], finding.numbers["answers"]
    assert isinstance(repeated, int)
    assert isinstance(answers, int)
    assert answers // 2 < repeated < answers
    assert "had the id of an earlier answer" in message(finding)


def test_what_is_remembered_of_ids_is_bounded() -> None:
    """The last ids are known, however long they are; those of long before are forgotten."""
    recent = RecentIds()
    ids = [f"iq_{n}" + "x" * 1000 for n in range(3 * MOST_IDS)]
    assert not any(recent.is_known(each) for each in ids)
    assert all(recent.is_known(each) for each in ids[-MOST_IDS:])
    assert not recent.is_known(ids[0])
    kept = recent._now | recent._before
    assert len(kept) <= 2 * MOST_IDS
    assert {type(each) for each in kept} == {int}


def test_a_status_of_the_cloud_is_named_as_that(tmp_path: Path) -> None:
    """The edge's proxy never shows these itself: the pictures may have left the machine.

    Other statuses are the edge's own, and an id that is given once repeats nothing.
    """
    of_the_cloud, own = (401, 403, 404, 405, 422, 429), (400, 413, 415, 500, 502, 503, 504)

    def answer(handler: Handler, number: int) -> None:
        handler.reply((200, 200, *of_the_cloud, *own)[number % 15], numbered(number))

    found = findings_after(tmp_path, answer)
    finding = found["answered_by_the_cloud"]
    assert finding.severity == "warning"
    statuses = finding.numbers["statuses"]
    assert isinstance(statuses, dict)
    assert set(statuses) == {str(status) for status in of_the_cloud}
    assert sum(statuses.values()) == finding.numbers["requests"]
    assert "with 404" in message(finding)
    assert "left the machine" in message(finding)
    assert "repeated_answers" not in found
