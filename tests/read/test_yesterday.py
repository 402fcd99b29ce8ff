"""Yesterday's logs against yesterday's results, number by number.

`yesterday/` holds logs of real runs against the embedded endpoint, and what the version before the
reading side was divided into rooms made of them. What was measured once stays what it was.
"""

from __future__ import annotations

import gzip
import json
import math
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from edgeload.box_records import BoxRecord
from edgeload.host.samples import SampleFile
from edgeload.read.analysis.comparison import compare
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse, with_host
from edgeload.read.log.open import read_log
from edgeload.read.log.text_groups import without_ids
from edgeload.read.output.comparison_json import comparison_json
from edgeload.read.output.summary_json import summary_json
from edgeload.records import Record, encode

YESTERDAY = Path(__file__).parent / "yesterday"
OLDER_FORM = ("older", "older_with_ts")
PRESENT_FORM = (
    *("saturated", "mixed", "unsteady", "few", "before", "after"),
    "killed",  # a worker was killed: INVALID
    "six_loads",  # with host samples: the scaling law and the utilisation law
)

# Texts for people may be worded better, wherever they stand in summary.json.
WORDS = ("message", "advice")
# Yesterday a failure of the older form had no class; today its text tells of one.
CLASSES = {"unclassified": "http_500"}
# How many more seconds a step needs: quantiles of t and z were rounded constants yesterday.
ROUNDED = {"more_s": 2e-3}
EXACT = 1e-9
# What is concluded from the numbers is judged anew, by rules that ask for more evidence: the
# capacity by the growth of the backlog instead of by 95 % and steadiness, and the scaling law from
# overloaded steps alone. An objective that names no load is met if one load meets it, instead of
# all steps together; those of each step stand with the steps. The numbers that were measured stay.
JUDGED_ANEW = (".capacity", ".scaling_law", ".findings", ".objectives")
# Intervals of percentiles were too narrow in queues: neighbouring requests share a backlog, and
# batches of a twentieth of a step were too short to see it (benchmarks.coverage, docs/method.md).
# They are wider now, or null, and 40 requests of one step need a little more company.
WIDER = re.compile(
    r"\.steps\[\d+\]\.(service_time_s|response_time_s|generator_lag_s)\.limits\."
    r"|(\.steps\[\d+\])?\.objectives\[\d+\]\.limits\["
)
DECIDED_OTHERWISE = {
    "six_loads": [".steps[0].objectives[0].more_s: 1.0 -> 1.1891892"],
}


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Logs of the older form give local time alone; these were written in UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def unpacked(name: str, folder: Path) -> Path:
    """A stored log as the run had written it."""
    path = folder / f"{name}.log"
    path.write_bytes(gzip.decompress((YESTERDAY / f"{name}.log.gz").read_bytes()))
    return path


def analysed(name: str, folder: Path) -> RunSummary:
    """The summary of a stored log, joined with the host's samples if there are any."""
    summary = analyse(read_log(unpacked(name, folder)))
    stored = YESTERDAY / f"{name}.host.jsonl.gz"
    if not stored.exists():
        return summary
    samples = folder / "host_samples.jsonl"
    samples.write_bytes(gzip.decompress(stored.read_bytes()))
    return with_host(summary, SampleFile(samples).samples())


def changes(then: Any, now: Any, where: str = "", *, words: tuple[str, ...] = WORDS) -> list[str]:
    """What of yesterday's values is gone or different today; what is new is no change."""
    name = where.rpartition(".")[2]
    if name in words or where in JUDGED_ANEW:
        return []
    if isinstance(then, dict) and isinstance(now, dict):
        gone = [f"{where}.{key}: gone" for key in then if key not in now]
        both = [key for key in then if key in now]
        return gone + [
            change
            for key in both
            for change in changes(then[key], now[key], f"{where}.{key}", words=words)
        ]
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        return [
            change
            for index, (one, other) in enumerate(zip(then, now, strict=True))
            for change in changes(one, other, f"{where}[{index}]", words=words)
        ]
    if isinstance(then, float) and isinstance(now, float | int):
        same = math.isclose(then, now, rel_tol=ROUNDED.get(name, EXACT))
    else:
        same = type(then) is type(now) and then == now
    return [] if same else [f"{where}: {then!r} -> {now!r}"]


def group_texts(then: dict[str, Any]) -> None:
    """Texts that differ only in numbers and ids were many yesterday, and are one today."""
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for text in sorted(then["failure_texts"], key=lambda text: text["first_s"]):
        first = groups.setdefault((text["outcome"], without_ids(text["text"])), text)
        if first is not text:
            first["count"] += text["count"]
            first["last_s"] = max(first["last_s"], text["last_s"])
    then["failure_texts"] = sorted(
        groups.values(), key=lambda t: (-t["count"], t["outcome"], t["text"])
    )
    for found in then["failure_classes"]:
        found["texts"] = sum(outcome == found["outcome"] for outcome, _ in groups)


@pytest.mark.parametrize("name", (*PRESENT_FORM, *OLDER_FORM))
def test_a_log_gives_the_same_summary(tmp_path: Path, name: str) -> None:
    """Every key of yesterday's summary.json is there with the same value, apart from intervals."""
    text = (YESTERDAY / f"{name}.summary.json").read_text()
    for before, after in CLASSES.items() if name in OLDER_FORM else ():
        text = text.replace(before, after)
    then = json.loads(text)
    for step in then["steps"]:
        if set(step["failures"]) - {"timeout"}:  # every failure is over every response time now
            del step["response_time_s"]
    group_texts(then)
    summary = analysed(name, tmp_path)
    found = changes(then, json.loads(summary_json(summary, find(summary))))
    others = [change for change in found if not WIDER.match(change)]
    assert others == DECIDED_OTHERWISE.get(name, [])


def test_two_logs_give_the_same_comparison(tmp_path: Path) -> None:
    """The same words and numbers in comparison.json; its sentences may be worded better.

    Yesterday the endpoint's description ended in a bracket that nothing had opened. Today there are
    rows of more figures; each of yesterday's rows is among them.
    """
    then = json.loads((YESTERDAY / "comparison.json").read_text())
    for difference in then["differences"]:
        for side in ("before", "after"):
            difference[side] = difference[side].removesuffix(")")
    compared = compare([analysed("before", tmp_path)], [analysed("after", tmp_path)], 0.05)
    now = json.loads(comparison_json(compared))
    known = {(row["clients"], row["figure"]) for row in then["rows"]}
    now["rows"] = [row for row in now["rows"] if (row["clients"], row["figure"]) in known]
    assert changes(then, now, words=("verdict", "why")) == []


@pytest.mark.parametrize("name", PRESENT_FORM)
def test_records_are_encoded_as_they_were(tmp_path: Path, name: str) -> None:
    """A line of yesterday, read as a record of today and written again, is the same line.

    That holds the keys of every type of record, their order and their values.
    """
    lines = unpacked(name, tmp_path).read_bytes().splitlines(keepends=True)
    decoder = msgspec.json.Decoder(Record)
    for line in lines:
        assert encode([decoder.decode(line)]) == line


def test_every_type_of_record_is_among_yesterdays_lines(tmp_path: Path) -> None:
    """So that the test above misses no type but those that were added since."""
    found = {
        json.loads(line)["event"]
        for name in PRESENT_FORM
        for line in unpacked(name, tmp_path).read_bytes().splitlines()
    }
    newer = {"preflight", "asked_alone", "step_end", "node_clock", "machine"}
    newer |= {str(kind.__struct_config__.tag) for kind in get_args(BoxRecord)}
    assert found | newer == {str(kind.__struct_config__.tag) for kind in get_args(Record)}


def test_the_comparison_of_values_sees_what_changed() -> None:
    """A number off by 1e-8 of it, a key that is gone, null for 0: each is named."""
    then = {"a": [{"n": 3, "p50": 0.5}], "b": None, "more_s": 10.0, "message": "x"}
    assert changes(then, {**then, "new": 1, "more_s": 10.01, "message": "y"}) == []
    assert changes(then, {**then, "a": [{"n": 3, "p50": 0.500000005}]}) == [
        ".a[0].p50: 0.5 -> 0.500000005"
    ]
    assert changes(then, {**then, "a": [{"p50": 0.5}]}) == [".a[0].n: gone"]
    assert changes(then, {**then, "b": 0}) == [".b: None -> 0"]
    assert changes(then, {**then, "more_s": 10.03}) == [".more_s: 10.0 -> 10.03"]
    assert changes(then, {**then, "a": []}) == [f".a: {then['a']!r} -> []"]
