"""The objectives of a run as JUnit XML, which build servers show: one test case each.

The format is the one that Jenkins' JUnit plugin reads, and with it most build servers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree

from edgeload.read.analysis.objective_results import Status
from edgeload.read.analysis.objectives_by_load import status_of_served
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.output.json_numbers import utc
from edgeload.read.words.headline import headline, validity
from edgeload.read.words.objective_words import objective_lines, required_lines
from edgeload.untrusted_text import printable

_CLASS = "edgeload"
_MOST_CHARS = 2000
_SERVED = "one load meets all objectives"


@dataclass(frozen=True)
class _Case:
    """A test case; `said` is what was seen."""

    name: str
    outcome: Literal["passed", "failure", "error", "skipped"]
    said: str


def junit_xml(summary: RunSummary, *, no_result: bool, slo_undecided: str | None = None) -> str:
    """The text of the file. It has a failure or an error just if the exit code is 3, 4 or 6.

    `no_result`: the exit code is 6. An undecided objective is skipped, unless `slo_undecided`, by
    default the run's setting, is "fail"; so are all objectives of an INVALID run, about which
    nothing is known.
    """
    undecided = slo_undecided or summary.log.settings.get("slo_undecided")
    cases = list(_cases(summary, no_result=no_result, fails=undecided == "fail"))
    outcomes = Counter(case.outcome for case in cases)
    name = summary.log.settings.get("name") or "load test"
    suite = ElementTree.Element(
        "testsuite",
        name=_clean(str(name)),
        tests=str(len(cases)),
        failures=str(outcomes["failure"]),
        errors=str(outcomes["error"]),
        skipped=str(outcomes["skipped"]),
        time=f"{summary.ended_s:.3f}",
        timestamp=utc(summary.log.wall_s)[:19],
    )
    for case in cases:
        element = ElementTree.SubElement(
            suite, "testcase", classname=_CLASS, name=_clean(case.name), time="0"
        )
        if case.outcome == "passed":
            ElementTree.SubElement(element, "system-out").text = _clean(case.said)
        else:
            ElementTree.SubElement(element, case.outcome, message=_clean(case.said))
    ElementTree.SubElement(suite, "system-out").text = _clean(headline(summary))
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _cases(summary: RunSummary, *, no_result: bool, fails: bool) -> Iterator[_Case]:
    yield _Case("the run is VALID", "passed" if summary.valid else "error", validity(summary))
    yield _Case("the run has a result", "failure" if no_result else "passed", headline(summary))
    # The objectives of a search have no say: it overloads the endpoint on purpose.
    lines = required_lines(summary) if summary.searches else objective_lines(summary)
    required = len(required_lines(summary))
    for place, line in enumerate(lines):
        said = f"{line.scope}: {line.measured}{f'; {line.more}' if line.more else ''}"
        yield _case(line.text, line.status, said, summary, fails=fails or place < required)
    served = None if summary.searches else status_of_served(summary.objectives)
    if served is not None:
        yield _case(_SERVED, served, headline(summary), summary, fails=fails)


def _case(name: str, status: Status, said: str, summary: RunSummary, *, fails: bool) -> _Case:
    if not summary.valid:
        return _Case(name, "skipped", "the run is INVALID, so this is not known")
    if status == "undecided" and not fails:
        return _Case(name, "skipped", said)
    return _Case(name, "passed" if status == "pass" else "failure", said)


def _clean(text: str) -> str:
    """Without what XML 1.0 does not allow; escaping follows."""
    return printable(text, _MOST_CHARS)
