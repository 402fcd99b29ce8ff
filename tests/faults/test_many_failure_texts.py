"""Failures of many kinds and texts are told in few words: those that differ in ids count as one."""

from __future__ import annotations

import base64
import random
import string
import uuid
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import synthetic_log as sl

from edgeload.read.analysis.failures import MOST_STATUSES
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.log.text_groups import without_ids
from edgeload.read.words.finding_words import message
from edgeload.read.words.headline import headline
from edgeload.untrusted_text import printable

BASE62 = string.digits + string.ascii_letters
Chance = random.Random
IDS: dict[str, Callable[[Chance], str]] = {
    "uuid": lambda r: str(uuid.UUID(int=r.getrandbits(128))),
    "UUID in braces": lambda r: f"{{{uuid.UUID(int=r.getrandbits(128))}}}".upper(),
    "short hex": lambda r: f"{r.getrandbits(32):08x}",
    "an image query": lambda r: "iq_" + "".join(r.choices(BASE62, k=27)),
    "letters": lambda r: "req_" + "".join(r.choices(string.ascii_letters, k=20)),
    "base64": lambda r: base64.b64encode(r.randbytes(32)).decode(),
    "a pod": lambda r: "inference-" + "".join(r.choices("bcdfghjklmnpqrstvwxz2456789", k=12)),
    "an address": lambda r: f"<Server object at 0x{r.getrandbits(47):x}>",
    "an instant": lambda r: f"2026-11-27T14:{r.randrange(60):02d}:07.{r.randrange(10**6):06d}Z",
    "numbers": lambda r: str([r.randrange(100) for _ in range(r.randrange(1, 9))]),
    "percents": lambda r: f"%{r.getrandbits(8):02X}abc%20def",
    "an id that is cut": lambda r: "e " * r.randrange(70, 80) + "".join(r.choices(BASE62, k=90)),
}


def summary_of(path: Path, failure: Callable[[int], tuple[str, str]]) -> RunSummary:
    """A run of which every request failed, by its place, with this class and text."""
    played = sl.play(sl.plan_of([40], 90, 5.0), servers=64, service=sl.constant(0.02))
    for place, request in enumerate(played.requests):
        outcome, error = failure(place)
        played.requests[place] = msgspec.structs.replace(
            request, outcome=outcome, error=error, success=False, status=None, from_edge=None
        )
    return analyse(read_log(sl.write(path / "log", played)))


def test_seventeen_thousand_texts_with_ids_are_one_and_a_real_one_is_shown(tmp_path: Path) -> None:
    """A UUID in each text: one line with all of them, and the first text as it was."""
    chance = Chance(1)
    texts = [f"Internal error, trace {IDS['uuid'](chance)}" for _ in range(18_000)]
    summary = summary_of(tmp_path, lambda place: ("http_500", texts[place]))
    (only,) = summary.failure_texts
    assert (only.text, only.count) == (texts[0], len(summary.log.requests))
    assert only.count > 17_000
    assert texts[0] in headline(summary)
    assert [f.code for f in find(summary) if f.code.startswith("failed_")] == ["failed_http_500"]


@pytest.mark.parametrize("kind", IDS)
def test_ids_of_every_form_are_known(kind: str) -> None:
    """Almost no text with an id is taken for another, and none without one."""
    chance = Chance(1)
    texts = [
        printable(f"Internal Server Error ({IDS[kind](chance)}) in a part") for _ in range(3000)
    ]
    assert len({without_ids(text) for text in texts}) <= 3
    assert len(set(texts)) > 50
    assert without_ids("no trace of deadbeef") == "no trace of #"


def test_letters_alone_are_hex_from_the_eighth_on() -> None:
    """In either case. What is shorter may be a word, and so may what has another letter."""
    assert without_ids("deadbeef, FEEDFACE and deadbeefdeadbeef") == "# and #"
    for words in ("a defaced facade", "the cab faded", "DECADE added", "deadbeets"):
        assert without_ids(words) == words


def test_texts_that_differ_in_words_stay_apart() -> None:
    """Names of errors, paths and answers are no ids."""
    texts = (
        "ConnectionResetError", "NewConnectionError", "Internal Server Error", "no pod",
        "GET /device-api/v1/detectors", "GET /device-api/v1/image-queries", "bad gateway",
        "picture 12: YES before the run, now NO", "picture 12: NO before the run, now YES",
        "CERTIFICATE_VERIFY_FAILED", "HANDSHAKE_FAILURE", "XMLHttpRequest", "SSLEOFError",
    )  # fmt: skip
    assert len({without_ids(text) for text in texts}) == len(texts)
    assert without_ids("picture 12: YES before the run, now NO") == (
        "picture #: YES before the run, now NO"
    )


def test_many_statuses_are_one_finding(tmp_path: Path) -> None:
    """120 different ones: one line for each hundred, counts that add up, and no damaged line."""
    statuses = [*range(400, 460), *range(500, 560)]
    summary = summary_of(
        tmp_path, lambda p: (f"http_{statuses[p % 120]}", f"status {statuses[p % 120]}: no")
    )
    total = len(summary.log.requests)
    assert summary.log.damage.lines == 0
    assert len(summary.log.requests.outcomes) == 121
    assert sum(summary.steps[0].counts.failures.values()) == total
    found = {f.code: f for f in find(summary) if f.code.startswith("failed_")}
    assert set(found) == {"failed_http_4xx", "failed_http_5xx"}
    assert sum(f.numbers["requests"] for f in found.values()) == total  # type: ignore[misc]
    assert "status 500: no" in message(found["failed_http_5xx"])
    assert [(t.outcome, t.count) for t in summary.failure_texts] == [
        ("http_4xx", total // 2), ("http_5xx", total // 2),
    ]  # fmt: skip


def test_a_few_statuses_stay_by_themselves(tmp_path: Path) -> None:
    """Up to as many as a person reads."""
    summary = summary_of(tmp_path, lambda place: (f"http_{500 + place % MOST_STATUSES}", "no"))
    codes = [f.code for f in find(summary) if f.code.startswith("failed_")]
    assert codes == [f"failed_http_{500 + n}" for n in range(MOST_STATUSES)]


def test_a_log_may_hold_every_outcome_that_there_is(tmp_path: Path) -> None:
    """900 different ones fit into the columns: no line is lost."""
    summary = summary_of(tmp_path, lambda place: (f"http_{100 + place % 900}", "no"))
    assert summary.log.damage.lines == 0
    assert len(summary.log.requests.outcomes) == 901
    assert len(summary.failure_texts) == 9
