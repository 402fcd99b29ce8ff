"""JUnit XML, read back by the standard library's parser."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import searched_log as searches
import synthetic_log as sl
from example_runs import summary_of

from edgeload.read.analysis.required_capacity import with_required_capacity
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.results.run_results import exit_code, write_junit
from edgeload.read.words.objective_words import objective_lines


def written(folder: Path, summary: RunSummary, slo_undecided: str | None = None) -> Any:
    """The test suite in the file."""
    path = folder / "ci" / "junit.xml"
    write_junit(summary, path, slo_undecided)
    root = ElementTree.parse(path).getroot()
    assert root.tag == "testsuites"
    (suite,) = root
    return suite


def outcomes(suite: Any) -> dict[str, str]:
    """Name of each test case -> passed, failure, error or skipped."""
    found = {
        case.get("name"): next((e.tag for e in case if e.tag != "system-out"), "passed")
        for case in suite.iter("testcase")
    }
    counts = Counter(found.values())
    assert suite.get("tests") == str(len(found))
    assert suite.get("failures") == str(counts["failure"])
    assert suite.get("errors") == str(counts["error"])
    assert suite.get("skipped") == str(counts["skipped"])
    return found


def ramp(folder: Path, loads: list[int], *slo: str, **settings: Any) -> RunSummary:
    """A box that answers 80 requests/s, and cameras that send two."""
    played = sl.play(sl.plan_of(loads, 20, 2.0), servers=4, service=sl.constant(0.05))
    return with_required_capacity(summary_of(folder, played, slo=list(slo), **settings), None)


SERVED = "one load meets all objectives"


@pytest.mark.parametrize(
    ("loads", "slo", "settings", "failed"),
    [
        ([10, 38, 50], ("p95<300ms", "errors<5%"), {}, set()),
        ([10, 38, 50], ("p95<40ms",), {}, {"p95<40ms", SERVED}),
        ([10, 38, 50], ("each step: p95<300ms",), {}, {"each step: p95<300ms"}),
        ([10, 38, 50], ("p95<300ms",), {"require_capacity": 50}, {"capacity>=50"}),
        ([10, 38, 50], ("p95<300ms",), {"require_capacity": 40}, {"capacity>=40"}),
        ([2], ("p99<1s",), {}, set()),
        ([2], ("p99<1s",), {"slo_undecided": "fail"}, {"p99<1s", SERVED}),
        ([10], (), {"deaths": [sl.death(1, 5.0)]}, {"the run is VALID"}),
    ],
)
def test_a_case_fails_just_if_the_exit_code_says_so(
    tmp_path: Path,
    loads: list[int],
    slo: tuple[str, ...],
    settings: dict[str, Any],
    failed: set[str],
) -> None:
    """And each objective of the report is a case."""
    summary = ramp(tmp_path, loads, *slo, **settings)
    found = outcomes(written(tmp_path, summary))
    assert {name for name, outcome in found.items() if outcome in ("failure", "error")} == failed
    assert bool(failed) == (exit_code(summary) in (3, 4, 6))
    assert {line.text for line in objective_lines(summary)} <= set(found)


def test_a_run_without_an_answer_has_no_result(tmp_path: Path) -> None:
    """Exit code 6."""
    played = sl.play(
        sl.plan_of([2], 4, 5.0), service=sl.constant(0.01), outcome=lambda *_: "refused", servers=4
    )
    found = outcomes(written(tmp_path, summary_of(tmp_path, played)))
    assert found["the run has a result"] == "failure"


def test_objectives_of_a_search_have_no_say(tmp_path: Path) -> None:
    """It goes beyond what they allow, on purpose."""
    summary = searches.summary_of(tmp_path / "log", searches.box_search(), slo=["p95<300ms"])
    assert set(outcomes(written(tmp_path, summary))) == {"the run is VALID", "the run has a result"}


def test_what_a_stranger_says_stays_text(tmp_path: Path) -> None:
    """Markup is escaped, and characters that XML does not know are left out."""
    hostile = "</testcase><failure/>\x00\x0b]]>&"
    played = sl.play(
        sl.plan_of([2], 4, 5.0), service=sl.constant(0.01), outcome=lambda *_: hostile, servers=4
    )
    suite = written(tmp_path, summary_of(tmp_path, played, name=hostile))
    assert len(list(suite.iter("testcase"))) == 2
    assert "</testcase><failure/>" in (suite.get("name") or "")
