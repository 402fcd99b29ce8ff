"""The one type for what was found out about a run: a code, the numbers behind it, no words. Pure.

Reasons why a run is INVALID, what keeps a step from being the capacity, why two loads cannot be
compared, and whatever else a reader should know are all findings. `words.finding_words` turns them
into sentences; docs/findings.md explains every code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Severity = Literal["invalid", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("invalid", "warning", "note")

Evidence = float | int | str | bool | None | tuple["Evidence", ...] | Mapping[str, "Evidence"]


@dataclass(frozen=True)
class Finding:
    """One thing that the figures alone do not say.

    `severity`: "invalid", the figures must not be presented as the endpoint's; "warning", the
    endpoint did wrong or the answer is poorer for it; "note", how the figures are to be read.
    `steps` are indices from 0, none if it concerns the run as such. `numbers` are the evidence:
    plain values by name, with the unit in the name. `about` tells findings of one code apart, for
    example by the worker that died. `group` is the camera group of a mix that it concerns.
    `in_mix`: in that run clients are cameras, and what they send are frames. `in_search`: its steps
    are trials of a search for the capacity.
    """

    code: str
    severity: Severity
    steps: tuple[int, ...] = ()
    numbers: Mapping[str, Evidence] = field(default_factory=dict)
    about: str = ""
    group: str = ""
    in_mix: bool = False
    in_search: bool = False


_COUNTS = ("requests",)


def _sum(one: Evidence, other: Evidence) -> Evidence:
    return one + other if isinstance(one, int) and isinstance(other, int) else one


def merged_by_subject(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each code, subject and group once: the steps of all its findings, the numbers of the first.

    Numbers of requests add up.
    """
    found: dict[tuple[str, str, str], Finding] = {}
    for finding in findings:
        key = finding.code, finding.about, finding.group
        first = found.setdefault(key, finding)
        steps = tuple(sorted({*first.steps, *finding.steps}))
        numbers = dict(first.numbers)
        if finding is not first:
            numbers |= {
                n: _sum(numbers[n], finding.numbers.get(n)) for n in _COUNTS if n in numbers
            }
        found[key] = replace(first, steps=steps, numbers=numbers)
    return tuple(found.values())


def of_group(findings: Iterable[Finding], group: str) -> Iterator[Finding]:
    """The findings, said of a camera group; empty for a run without a mix."""
    return (replace(f, group=group, in_mix=f.in_mix or bool(group)) for f in findings)


def of_mix(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, said of the run of a mix or of a part of it."""
    return tuple(replace(finding, in_mix=True) for finding in findings)


def of_search(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, said of a search for the capacity, whose steps are trials."""
    return tuple(replace(finding, in_search=True) for finding in findings)


def most_damaging_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sorted by severity; findings of one severity keep their order."""
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))
