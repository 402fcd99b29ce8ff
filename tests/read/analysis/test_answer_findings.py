"""Findings about changed answers, of runs in which it is known which ones changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import synthetic_log as sl

from edgeload.camera_group import CameraGroup
from edgeload.plan import mix_plan
from edgeload.read.analysis.finding import Finding
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.words.finding_words import advice, message
from edgeload.records import AskedAlone, WorkerSample, encode

LOADS = (4, 8, 16, 32)
TEXT = "picture 12: YES before the run, now NO"


def asked(**changes: Any) -> AskedAlone:
    """What the pictures got before the run: 64 of them, and none changed."""
    known: dict[str, Any] = {
        "ts": sl.WALL_S - 5.0,
        "group": "cameras",
        "detector_id": "det_x",
        "pictures": 64,
        "unstable": 0,
        "answers": {"YES": 40, "NO": 24},
        "models": [],
        "start_s": -9.0,
        "end_s": -5.0,
    }
    return AskedAlone(**{**known, **changes})


def summary_of(
    path: Path,
    every: dict[int, int],
    before: Sequence[AskedAlone] = (),
    compared: bool = True,
    text: str = TEXT,
) -> RunSummary:
    """A ramp of four loads, 5 requests/s a client; of a step, each so many-th answer changed."""
    played = sl.play(sl.plan_of(LOADS, 10, 5.0), servers=64, service=sl.constant(0.02))
    seen = dict.fromkeys(range(len(LOADS)), 0)
    for place, request in enumerate(played.requests):
        seen[request.step] += 1
        if request.step in every and seen[request.step] % every[request.step] == 0:
            played.requests[place] = msgspec.structs.replace(
                request, outcome="changed_answer", error=text, success=False, status=200,
                from_edge=True,
            )  # fmt: skip
    answers = len(played.requests) if compared else 0
    samples = [
        WorkerSample(sl.WALL_S + t, w, w, float(t), 0.1, 0, 0, 0, 0, 0, int(answers / 2 * t / 40))
        for t in range(41)
        for w in (0, 1)
    ]
    log = sl.write(path / "log", played, workers=samples)
    header, rest = log.read_bytes().split(b"\n", 1)
    log.write_bytes(header + b"\n" + encode(list(before)) + rest)
    return analyse(read_log(log))


def findings_of(summary: RunSummary) -> dict[str, Finding]:
    return {finding.code: finding for finding in find(summary)}


def test_changed_answers_are_one_finding_that_says_where_they_begin(tmp_path: Path) -> None:
    """4 of 800 in step 3 and 32 of 1,600 in step 4; none of 600 at 4 and 8 clients.

    No other finding speaks of the same failures.
    """
    found = findings_of(summary_of(tmp_path, {2: 200, 3: 50}, [asked()]))
    finding = found["failed_changed_answer"]
    assert finding.steps == (2, 3)
    assert (finding.numbers["requests"], finding.numbers["answers"]) == (36, 2400)
    said = message(finding)
    assert said.startswith(
        "in steps 3-4, 36 of 2,400 answers (1.5 %) differed from those that the same pictures got "
        "without load, from 0.5 % in step 3 to 2 % in step 4; with 8 clients or fewer, none of 600 "
        "did"
    )
    assert said.endswith(TEXT)
    assert [code for code in found if code.startswith("failed_")] == ["failed_changed_answer"]
    assert "answers_unchanged" not in found


def test_changes_at_the_least_load_are_not_said_to_begin_later(tmp_path: Path) -> None:
    """Where the smallest load has some, no load is named as free of them."""
    (finding,) = (
        f for f in find(summary_of(tmp_path, {0: 100}, [asked()])) if f.code.startswith("failed_")
    )
    assert "2 of 200 answers (1 %)" in message(finding)
    assert "none of" not in message(finding)
    assert finding.numbers["unchanged_clients"] is None


@pytest.mark.parametrize(("model", "others"), [("m2", 0), ("m1", 36)])
def test_a_roll_out_is_told_from_a_fault_of_the_load(
    tmp_path: Path, model: str, others: int
) -> None:
    """If another model gave all the changed answers, the advice is to repeat the run."""
    text = f"{TEXT}, by another model (m1 before, now m2)" if model == "m2" else TEXT
    finding = findings_of(summary_of(tmp_path, {2: 200, 3: 50}, [asked()], text=text))[
        "failed_changed_answer"
    ]
    rolled_out = model == "m2"
    assert finding.numbers["by_another_model"] == 36 - others
    assert ("36 of them were given by another model" in message(finding)) == rolled_out
    assert ("rolled out during the run, which is no fault" in advice(finding)) == rolled_out


def test_without_a_change_the_report_says_that_it_looked(tmp_path: Path) -> None:
    """As many answers as the workers compared, of the pictures that were asked."""
    found = findings_of(summary_of(tmp_path, {}, [asked(), asked(detector_id="det_y")]))
    note = found["answers_unchanged"]
    assert note.severity == "note"
    assert message(note) == (
        "every answer was the same as before the load (3,000 answers of 128 pictures)"
    )
    alike = findings_of(summary_of(tmp_path / "alike", {}, [asked(answers={"YES": 64})]))
    assert "a mix-up would not show" in message(alike["answers_unchanged"])


def test_a_run_that_compared_nothing_claims_nothing(tmp_path: Path) -> None:
    """Without --check-answers there is no word about it; with it, that nothing was compared."""
    answer_codes = {"answers_unchanged", "answers_not_compared", "unstable_answers"}
    silent = findings_of(summary_of(tmp_path / "no", {}, compared=False))
    assert not answer_codes & set(silent)
    none = findings_of(
        summary_of(tmp_path / "none", {}, [asked(unstable=64, answers={})], compared=False)
    )
    assert answer_codes & set(none) == {"answers_not_compared", "unstable_answers"}
    assert "none of 3,000 answers was compared" in message(none["answers_not_compared"])


def test_pictures_that_change_without_load_are_named_by_detector(tmp_path: Path) -> None:
    """One finding for each detector that has some; the others' pictures count as compared."""
    before = [asked(), asked(detector_id="det_y", unstable=3), asked(group="b", unstable=1)]
    summary = summary_of(tmp_path, {}, before)
    unstable = [f for f in find(summary) if f.code == "unstable_answers"]
    assert [message(f) for f in unstable] == [
        "3 of 64 pictures got two different answers from detector det_y without any load; their "
        "answers were not compared",
        "1 of 64 pictures got two different answers from detector det_x without any load; their "
        "answers were not compared",
    ]
    assert findings_of(summary)["answers_unchanged"].numbers["pictures"] == 188


def test_a_changed_answer_is_no_outage(tmp_path: Path) -> None:
    """An endpoint all of whose answers changed in one step is up; the step is not carried."""
    summary = summary_of(tmp_path, {3: 1}, [asked()])
    assert summary.outages == ()
    assert summary.steps[3].counts.failures == {"changed_answer": 1600}
    assert summary.steps[3].state == "failing"
    assert summary.capacity is not None
    assert summary.capacity.clients == 16


def test_of_a_chain_each_answer_counts_and_its_detector_is_named(tmp_path: Path) -> None:
    """A frame with three answers of which one changed is one changed answer of three."""
    plan = mix_plan((CameraGroup("gate", 2, 2.0, requests_per_frame=3),), [1], 10.0)
    played = sl.play_mix(plan, {"gate": sl.Pool(9, sl.constant(0.02))})
    followers = [i for i, r in enumerate(played.requests) if r.part]
    for place in followers[:4]:
        played.requests[place] = msgspec.structs.replace(
            played.requests[place], outcome="changed_answer", error=TEXT, success=False,
            status=200, from_edge=True,
        )  # fmt: skip
    log = sl.write(tmp_path / "log", played, workers=sl.cpu_samples(plan))
    finding = findings_of(analyse(read_log(log)))["failed_changed_answer"]
    assert (finding.numbers["requests"], finding.numbers["answers"]) == (4, 120)
    assert finding.numbers["by_detector"] == {"det_followers": 4}
    assert "4 of 120 answers (3.3 %) differed" in message(finding)
    assert "(4 of det_followers)" in message(finding)
